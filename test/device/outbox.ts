// The outbox as it is flashed: on the VM's own numbers, booleans and arrays, with garbage collected at every allocation.
import { describe, expect, test } from "@devicescript/test"
import { Outbox, Policy } from "../../src/node/outbox"

type Value = number | boolean | string

/** What waits, a reading as `sensor:value@time`. */
function told(box: Outbox): string {
    const all: string[] = []
    for (let i = 0; i < box.length; i++)
        all.push(box.sensorAt(i) + ":" + box.valueAt(i) + "@" + box.takenAt(i))
    return all.join(" ")
}

/** What waits of values of one sensor that came every second. */
function kept(slots: number, values: Value[], policy: Policy): string {
    const box = new Outbox(slots, 1, policy)
    for (let i = 0; i < values.length; i++) box.put(0, values[i], i * 1000)
    const all: string[] = []
    for (let i = 0; i < box.length; i++) all.push("" + box.valueAt(i))
    return all.join(" ")
}

describe("an outbox", () => {
    test("holds what it was given, and gives up any of it", () => {
        const box = new Outbox(4, 2, Policy.Thin)
        box.drop(0)
        box.put(0, 20.5, 0.25)
        box.put(1, "é", 0.25)
        box.put(1, true, 4294967296)
        box.put(0, 0, 4294967296)
        expect(told(box)).toBe(
            "0:20.5@0.25 1:é@0.25 1:true@4294967296 0:0@4294967296"
        )
        box.drop(4)
        box.drop(-1)
        box.drop(1)
        expect(told(box)).toBe("0:20.5@0.25 1:true@4294967296 0:0@4294967296")
        box.drop(2)
        box.drop(0)
        box.drop(0)
        expect(box.length).toBe(0)
        expect(box.thinned + box.full).toBe(0)
    })

    test("refuses and counts what is not finite and texts of more than 64 bytes", () => {
        const most =
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        for (const policy of [Policy.Thin, Policy.DropOldest]) {
            const box = new Outbox(4, 1, policy)
            box.put(0, NaN, 0)
            box.put(0, Infinity, 0)
            box.put(0, -Infinity, 0)
            box.put(0, most + "x", 0)
            box.put(0, most.slice(1) + "é", 0)
            expect(box.length).toBe(0)
            expect(box.invalid).toBe(3)
            expect(box.toobig).toBe(2)
            box.put(0, most, 0)
            box.put(0, 1e308, 0)
            box.put(0, most.slice(2) + "é", 0)
            expect(box.length).toBe(3)
        }
    })

    test("drops the oldest when that is its policy", () => {
        expect(kept(4, [0.5, 1, true, "a", 4.5, 5], Policy.DropOldest)).toBe(
            "true a 4.5 5"
        )
    })

    test("drops the oldest when there are too many sensors to thin", () => {
        const box = new Outbox(4, 4, Policy.Thin)
        for (let i = 0; i < 6; i++) box.put(i & 3, i + 0.5, i)
        expect(told(box)).toBe("2:2.5@2 3:3.5@3 0:4.5@4 1:5.5@5")
        expect(box.full).toBe(2)
        expect(box.thinned).toBe(0)
    })

    test("keeps the ends and the bends of a curve, fractions and all", () => {
        const values = [20.5, 20.75, 21, 21.25, 21.5, 21.5, 21.5, 20.5, 19.5]
        expect(kept(4, values, Policy.Thin)).toBe("20.5 21.5 21.5 19.5")
    })

    test("keeps what stuck out once, of numbers and of a switch", () => {
        const box = new Outbox(8, 2, Policy.Thin)
        for (let i = 0; i < 24; i++) {
            box.put(0, i === 12 ? 21.25 : i === 17 ? 20.25 : 20.5, i * 1000.5)
            box.put(1, i === 5, i * 1000.5)
        }
        expect(box.length).toBe(8)
        expect(box.full).toBe(0)
        expect(box.thinned).toBe(40)
        const all = told(box)
        expect(all.indexOf("0:20.5@0 ")).toBe(0)
        expect(all.indexOf("0:21.25@12006") > 0).toBe(true)
        expect(all.indexOf("0:20.25@17008.5") > 0).toBe(true)
        expect(all.indexOf("1:true@5002.5") > 0).toBe(true)
        expect(all.indexOf("1:false@23011.5") > 0).toBe(true)
    })

    test("takes from a switch and from texts what says nothing new, and then what held shortest", () => {
        expect(
            kept(4, [true, true, false, false, false, true, true], Policy.Thin)
        ).toBe("true false true true")
        const box = new Outbox(4, 1, Policy.Thin)
        box.put(0, "a", 0)
        box.put(0, "b", 10)
        box.put(0, "a", 20)
        box.put(0, "b", 21)
        box.put(0, "a", 40)
        expect(told(box)).toBe("0:a@0 0:b@10 0:b@21 0:a@40")
    })

    test("is refused with bounds that are none", () => {
        const bad = [3, 1, 513, 1, 4.5, 1, NaN, 1, 64, 0, 64, 65, 64, 1.5]
        let refused = 0
        for (let i = 0; i < bad.length; i += 2) {
            try {
                new Outbox(bad[i], bad[i + 1], Policy.Thin)
            } catch (e) {
                refused++
            }
        }
        expect(refused).toBe(7)
    })
})
