// Dates of HTTP headers to numbers and numbers to ISO text, against Node.js' own Date.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "../support/property"
import { httpDateMs, isoText } from "../../src/node/http-date"
import { fromReceived, installStrictBuffer } from "../mqtt/strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const bytesOf = (text: string) => new TextEncoder().encode(text)
const parse = (text: string) => httpDateMs(fromReceived(bytesOf(text)))

const FIRST = Date.UTC(2020, 0, 1)
const END = Date.UTC(2100, 0, 1)
const DAY = 86_400_000
const moments = fc.integer({ min: FIRST, max: END - 1 })

describe("an HTTP date", () => {
    it("means what Node.js takes it for, any second of 2020 to 2099", () => {
        fc.assert(
            fc.property(moments, ms => {
                const text = new Date(ms).toUTCString()
                expect(parse(text)).toBe(Math.floor(ms / 1000) * 1000)
            }),
            { numRuns: 2000 }
        )
    })

    it("means what Node.js takes it for, on every day of 2020 to 2099", () => {
        const wrong: string[] = []
        for (let ms = FIRST; ms < END; ms += DAY) {
            const text = new Date(ms + 86_399_000).toUTCString()
            if (parse(text) !== ms + 86_399_000) wrong.push(text)
        }
        expect(wrong).toEqual([])
    })

    it("is taken in one case, one form and one zone only [RFC 9110, 5.6.7]", () => {
        expect(parse("Sat, 21 Nov 2026 08:49:37 GMT")).toBe(
            Date.UTC(2026, 10, 21, 8, 49, 37)
        )
        for (const text of [
            "",
            "Saturday, 21-Nov-26 08:49:37 GMT",
            "Sat Nov 21 08:49:37 2026",
            "Sat, 21 Nov 2026 08:49:37 UTC",
            "Sat, 21 Nov 2026 08:49:37 gmt",
            "sat, 21 nov 2026 08:49:37 GMT",
            "Sat, 21 NOV 2026 08:49:37 GMT",
            "Sat,  1 Nov 2026 08:49:37 GMT",
            "Sat, 21 Nov 2026 08:49:37 GM",
            "Sat, 21 Nov 2026 08:49:37 GMT ",
            " Sat, 21 Nov 2026 08:49:37 GMT",
            "Sat, 21 Nov 2026 8:49:37 GMT",
            "2026-11-21T08:49:37Z",
        ])
            expect(parse(text), text).toBe(undefined)
    })

    it("has a day that its month has, on the weekday it was", () => {
        expect(parse("Thu, 29 Feb 2024 00:00:00 GMT")).toBe(
            Date.UTC(2024, 1, 29)
        )
        const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        const taken = (date: string) =>
            weekdays.filter(
                day => parse(`${day}, ${date} 00:00:00 GMT`) !== undefined
            )
        expect(taken("29 Feb 2024")).toEqual(["Thu"])
        for (const date of [
            "29 Feb 2025",
            "29 Feb 2099",
            "30 Feb 2024",
            "31 Apr 2026",
            "31 Jun 2026",
            "31 Sep 2026",
            "31 Nov 2026",
            "32 Jan 2026",
            "32 Dec 2026",
            "00 Jan 2026",
            "10 Foo 2026",
        ])
            expect(taken(date), date).toEqual([])
    })

    it("has an hour, a minute and a second that there are, and 60 only as a leap second", () => {
        const at = (time: string) => parse(`Fri, 01 Jan 2027 ${time} GMT`)
        const day = Date.UTC(2027, 0, 1)
        expect(at("23:59:59")).toBe(day + DAY - 1000)
        expect(at("23:59:60")).toBe(day + DAY)
        for (const time of [
            "24:00:00",
            "23:60:00",
            "23:59:61",
            "22:59:60",
            "23:58:60",
            "00:00:60",
            "-1:00:00",
            "00:-1:00",
            "00:00:+1",
        ])
            expect(at(time), time).toBe(undefined)
    })

    it("is of 2020 to 2099: 1970 comes in from nowhere", () => {
        for (const [ms, taken] of [
            [0, false],
            [FIRST - 1000, false],
            [FIRST, true],
            [END - 1000, true],
            [END, false],
        ] as const) {
            const text = new Date(ms).toUTCString()
            expect(parse(text), text).toBe(taken ? ms : undefined)
        }
    })

    it("with any byte changed is undefined, or what Node.js takes the changed text for", () => {
        const mutated = fc.record({
            ms: moments,
            at: fc.nat(28),
            byte: fc.oneof(
                fc.nat(255),
                fc.integer({ min: 0x30, max: 0x39 }),
                fc.constantFrom(...bytesOf("anuebrJSMTWF :,-"))
            ),
        })
        let changed = 0
        fc.assert(
            fc.property(mutated, ({ ms, at, byte }) => {
                const bytes = bytesOf(new Date(ms).toUTCString())
                bytes[at] = byte
                const got = httpDateMs(fromReceived(bytes))
                if (got === undefined) return
                changed++
                // read back, a date is the very text it came from; but for a leap second
                const text = new TextDecoder().decode(bytes)
                if (text.slice(23, 25) === "60") return
                expect(new Date(got).toUTCString()).toBe(text)
            }),
            { numRuns: 3000 }
        )
        expect(changed).toBeGreaterThan(10)
    })

    it("of any bytes and any length throws nothing", () => {
        fc.assert(
            fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
                expect(httpDateMs(fromReceived(bytes))).toBe(undefined)
            })
        )
    })
})

describe("ISO text", () => {
    it("is Node.js' own, any millisecond of 2020 to 2099, without milliseconds that are 0", () => {
        const whole = moments.map(ms => ms - (ms % 1000))
        fc.assert(
            fc.property(fc.oneof(moments, whole), ms => {
                const expected = new Date(ms).toISOString()
                expect(isoText(ms)).toBe(expected.replace(".000Z", "Z"))
            }),
            { numRuns: 2000 }
        )
    })

    it("is Node.js' own, on both ends of every day of 2020 to 2099", () => {
        const wrong: string[] = []
        for (let ms = FIRST; ms < END; ms += DAY)
            for (const at of [ms, ms + DAY - 1]) {
                const expected = new Date(at).toISOString()
                if (isoText(at) !== expected.replace(".000Z", "Z"))
                    wrong.push(expected)
            }
        expect(wrong).toEqual([])
    })

    it("rounds to whole milliseconds, over the end of a year too", () => {
        const end = Date.UTC(2027, 0, 1)
        expect(isoText(end - 0.4)).toBe("2027-01-01T00:00:00Z")
        expect(isoText(end - 0.6)).toBe("2026-12-31T23:59:59.999Z")
        expect(isoText(end + 7.2)).toBe("2027-01-01T00:00:00.007Z")
    })

    it("is there for 2020 to 2099 only: 1970 goes out nowhere", () => {
        expect(isoText(FIRST)).toBe("2020-01-01T00:00:00Z")
        expect(isoText(END - 1)).toBe("2099-12-31T23:59:59.999Z")
        for (const ms of [0, -1, FIRST - 1, END, 8e15, NaN, Infinity])
            expect(isoText(ms), `${ms}`).toBe(undefined)
    })
})
