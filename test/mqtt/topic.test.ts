// Topic names and filters, with every example of section 4.7 of the standard.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "../support/property"
import { MAX_TOPIC } from "../../src/mqtt/packet"
import { matches, topicFilterFault, topicNameFault } from "../../src/mqtt/topic"
import { fromReceived, installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const match = (filter: string, topic: string) =>
    matches(Buffer.from(filter), Buffer.from(topic))

describe("a filter matches", () => {
    it.each([
        ["sport/tennis/player1/#", "sport/tennis/player1"],
        ["sport/tennis/player1/#", "sport/tennis/player1/ranking"],
        ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"],
        ["sport/#", "sport"],
        ["#", "sport"],
        ["#", "/"],
        ["sport/tennis/+", "sport/tennis/player1"],
        ["sport/tennis/+", "sport/tennis/player2"],
        ["sport/+", "sport/"],
        ["+/+", "/finance"],
        ["/+", "/finance"],
        ["+/tennis/#", "sport/tennis"],
        ["+/tennis/#", "sport/tennis/a/b"],
        ["$SYS/#", "$SYS/"],
        ["$SYS/#", "$SYS"],
        ["$SYS/monitor/+", "$SYS/monitor/Clients"],
        ["a/$b/+", "a/$b/c"],
        ["+/$b", "a/$b"],
        ["ACCOUNTS", "ACCOUNTS"],
        ["/", "/"],
        ["a//b", "a//b"],
        ["a/+/b", "a//b"],
        ["+", "žluťoučký kůň"],
    ])("%s: %s", (filter, topic) => {
        expect(match(filter, topic)).toBe(true)
    })
})

describe("a filter does not match", () => {
    it.each([
        ["sport/tennis/+", "sport/tennis/player1/ranking"],
        ["sport/+", "sport"],
        ["+", "/finance"],
        ["sport/tennis/player1/#", "sport/tennis/player10"],
        ["sport/tennis/player1/#", "sport/tennis"],
        ["a/+/#", "a"],
        ["a", "ab"],
        ["ab", "a"],
        ["a/+", "a/b/"],
    ])("%s: %s", (filter, topic) => {
        expect(match(filter, topic)).toBe(false)
    })

    it.each([
        ["#", "$SYS/monitor/Clients"],
        ["+/monitor/Clients", "$SYS/monitor/Clients"],
        ["+", "$SYS"],
        ["+/#", "$x/y"],
    ])(
        "%s: %s, whose first level begins with $ [MQTT-4.7.2-1]",
        (filter, topic) => {
            expect(match(filter, topic)).toBe(false)
        }
    )

    it.each([
        ["ACCOUNTS", "Accounts"],
        ["/finance", "finance"],
        ["a/", "a"],
        ["a//b", "a/b"],
        // the same letter, composed and decomposed
        ["caf\u00e9", "cafe\u0301"],
        ["a ", "a"],
    ])(
        "%j: %j, since nothing is normalised [MQTT-4.7.3-4]",
        (filter, topic) => {
            expect(match(filter, topic)).toBe(false)
        }
    )
})

describe("matching", () => {
    /** Levels compared one by one, as the standard's text describes it. */
    function byLevels(filter: string, topic: string): boolean {
        const f = filter.split("/")
        const t = topic.split("/")
        if (t[0]?.startsWith("$") && (f[0] === "+" || f[0] === "#"))
            return false
        for (let i = 0; i < f.length; i++) {
            if (f[i] === "#") return true
            if (i >= t.length) return false
            if (f[i] !== "+" && f[i] !== t[i]) return false
        }
        return f.length === t.length
    }

    it("agrees with a comparison level by level, for any filter and any name", () => {
        const level = fc.constantFrom("", "a", "b", "ab", "$", "$a", "ž")
        const name = fc
            .array(level, { minLength: 1, maxLength: 4 })
            .map(l => l.join("/"))
            .filter(t => t !== "")
        const filter = fc
            .tuple(
                fc.array(fc.oneof(level, fc.constant("+")), {
                    minLength: 1,
                    maxLength: 4,
                }),
                fc.boolean()
            )
            .map(([l, all]) => [...l, ...(all ? ["#"] : [])].join("/"))
            .filter(f => f !== "")
        let both = 0
        fc.assert(
            fc.property(filter, name, (f, t) => {
                const expected = byLevels(f, t)
                if (expected) both++
                expect(match(f, t)).toBe(expected)
            }),
            { numRuns: 5000 }
        )
        expect(both).toBeGreaterThan(200)
    })
})

describe("a topic name", () => {
    const fault = (text: string) => topicNameFault(Buffer.from(text))

    it("is accepted with any other character, spaces, and levels without a name", () => {
        for (const name of [
            "a",
            "/",
            "a//b",
            "a b",
            "$SYS/x",
            "žluť",
            "\ufeff",
        ])
            expect(fault(name)).toBeUndefined()
    })

    it("has at least one character [MQTT-4.7.3-1]", () => {
        expect(fault("")).toBe("is empty")
    })

    it.each(["+", "a/+", "a+b", "#", "a/#", "a#"])(
        "has no wildcard: %s [MQTT-3.3.2-2] [MQTT-4.7.1-1]",
        name => {
            expect(fault(name)).toBe("contains a wildcard, + or #")
        }
    )

    it("has no U+0000 [MQTT-4.7.3-2]", () => {
        expect(fault("a\0b")).toBe("is not UTF-8 without U+0000")
    })

    it("is UTF-8 [MQTT-3.3.2-1]", () => {
        expect(topicNameFault(fromReceived([0x61, 0xff]))).toBe(
            "is not UTF-8 without U+0000"
        )
    })

    it("is no longer than this client allows, which is less than 65,535 bytes [MQTT-4.7.3-3]", () => {
        expect(MAX_TOPIC).toBeLessThan(65536)
        expect(fault("a".repeat(MAX_TOPIC))).toBeUndefined()
        expect(fault("a".repeat(MAX_TOPIC + 1))).toBe(
            `is longer than ${MAX_TOPIC} bytes`
        )
        // counted in bytes, not in characters
        expect(fault("ž".repeat(MAX_TOPIC / 2 + 1))).toBe(
            `is longer than ${MAX_TOPIC} bytes`
        )
    })
})

describe("a topic filter", () => {
    const fault = (text: string) => topicFilterFault(Buffer.from(text))
    const NOT_WHOLE = "has a wildcard that is not a whole level"
    const NOT_LAST = "has a # that is not its last character"

    it.each(["#", "a/#", "sport/tennis/#", "/#", "+/#", "$SYS/#"])(
        "may end in #: %s [MQTT-4.7.1-2]",
        filter => {
            expect(fault(filter)).toBeUndefined()
        }
    )

    it.each([
        ["sport/tennis#", NOT_WHOLE],
        ["sport/tennis/#/ranking", NOT_LAST],
        ["#/", NOT_LAST],
        ["##", NOT_LAST],
        ["+#", NOT_WHOLE],
        ["a/b#", NOT_WHOLE],
    ])(
        "has # alone at its end: %s is refused [MQTT-4.7.1-2]",
        (filter, why) => {
            expect(fault(filter)).toBe(why)
        }
    )

    it.each(["+", "+/tennis/#", "sport/+/player1", "/+", "+/+", "a/+/"])(
        "may have + as a level: %s [MQTT-4.7.1-3]",
        filter => {
            expect(fault(filter)).toBeUndefined()
        }
    )

    it.each(["sport+", "+a", "a/+b", "a/b+/c", "++", "#+"])(
        "has + as a whole level: %s is refused [MQTT-4.7.1-3]",
        filter => {
            expect(fault(filter)).toBeDefined()
        }
    )

    it("has at least one character [MQTT-4.7.3-1]", () => {
        expect(fault("")).toBe("is empty")
    })

    it("has no U+0000 [MQTT-4.7.3-2]", () => {
        expect(fault("a/\0/#")).toBe("is not UTF-8 without U+0000")
    })

    it("is UTF-8 [MQTT-3.8.3-1] [MQTT-3.10.3-1]", () => {
        expect(topicFilterFault(fromReceived([0x2b, 0x2f, 0xed, 0xa0]))).toBe(
            "is not UTF-8 without U+0000"
        )
    })

    it("is no longer than this client allows [MQTT-4.7.3-3]", () => {
        expect(fault("a".repeat(MAX_TOPIC - 2) + "/#")).toBeUndefined()
        expect(fault("a".repeat(MAX_TOPIC - 1) + "/#")).toBe(
            `is longer than ${MAX_TOPIC} bytes`
        )
    })
})
