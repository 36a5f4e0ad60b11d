// How values, ids and topics come out on the board itself, whose numbers print differently from the host's.
import { describe, expect, test } from "@devicescript/test"
import { idFault } from "../../src/config/ids"
import { Backoff } from "../../src/mqtt/backoff"
import { Random } from "../../src/mqtt/random"
import { matches, topicFilterFault } from "../../src/mqtt/topic"
import { numberText, valueText } from "../../src/node/value"

describe("values", () => {
    test("a reading is rounded to its precision, and no digit of a float leaks", () => {
        expect(numberText(21.700000762939453, 1)).toBe("21.7")
        expect(numberText(25, 1)).toBe("25")
        expect(numberText(-0.04, 1)).toBe("0")
        expect(numberText(0.125, 2)).toBe("0.13")
        expect(numberText(1013.25, 2)).toBe("1013.25")
        expect(numberText(123456789.125, 3)).toBe("123456789.125")
        expect(numberText(-123456789.5, 2)).toBe("-123456789.5")
        expect(numberText(16777217, 0)).toBe("16777217")
        expect(numberText(3000000000.05, 2)).toBe("3000000000.05")
    })
    test("what is no number is no value", () => {
        expect(numberText(NaN, 1)).toBe(undefined)
        expect(numberText(Infinity, 1)).toBe(undefined)
        expect(numberText(1e300, 1)).toBe(undefined)
        expect(valueText(undefined, 1)).toBe(undefined)
    })
    test("booleans and text are JSON", () => {
        expect(valueText(true, 0)).toBe("true")
        expect(valueText('a"b', 0)).toBe('"a\\"b"')
        expect(valueText('ž"\n€', 0)).toBe('"ž\\"\\n€"')
    })
})

describe("ids", () => {
    test("an id can not smuggle a level, a wildcard or markup into a topic", () => {
        expect(idFault("ESP-32_a.b")).toBe(undefined)
        expect(idFault("") !== undefined).toBe(true)
        for (const bad of ["a/b", "a+", "#", "a b", "<b>", "caf\u00e9"])
            expect(idFault(bad) !== undefined).toBe(true)
    })
})

describe("topics", () => {
    test("[MQTT-4.7.2-1] filters match on the board as on the host", () => {
        const m = (f: string, t: string) =>
            matches(Buffer.from(f), Buffer.from(t))
        expect(m("sport/#", "sport")).toBe(true)
        expect(m("sport/+", "sport/a/b")).toBe(false)
        expect(m("#", "$SYS/x")).toBe(false)
        expect(m("+/+", "/finance")).toBe(true)
        expect(topicFilterFault(Buffer.from("a#")) !== undefined).toBe(true)
    })
})

describe("waits", () => {
    test("are whole milliseconds under a ceiling that doubles, and differ by device", () => {
        const a = new Backoff(900, 60000, new Random("device-a", 1))
        const b = new Backoff(900, 60000, new Random("device-b", 1))
        let ceiling = 900
        let differ = 0
        for (let i = 0; i < 12; i++) {
            const wait = a.next()
            expect(wait === Math.floor(wait)).toBe(true)
            expect(wait >= 0 && wait <= ceiling).toBe(true)
            if (wait !== b.next()) differ++
            ceiling = ceiling * 2
            if (ceiling > 60000) ceiling = 60000
        }
        expect(differ > 6).toBe(true)
    })
})
