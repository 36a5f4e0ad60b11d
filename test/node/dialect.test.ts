// What a reading looks like on the wire for each server, live, late and late without time.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "../support/property"
import {
    backlogCount,
    backlogPayload,
    backlogTopic,
    Dialect,
    payload,
} from "../../src/node/dialect"
import { installStrictBuffer } from "../mqtt/strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const dialects = [Dialect.Plain, Dialect.WaziCloud, Dialect.WaziGate]
const taken = Date.UTC(2026, 10, 21, 8, 49, 37)

const values = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.string()
)
const times = fc.option(
    fc.oneof(
        fc.constant(0),
        fc.constant(NaN),
        fc.integer({ min: -1e12, max: 5e12 })
    ),
    { nil: undefined }
)
const ages = fc.option(fc.double({ min: -10, max: 4e9 }), { nil: undefined })

describe("a reading", () => {
    it("that is live is the same in every dialect", () => {
        for (const dialect of dialects)
            expect(payload(dialect, "21.7", undefined, undefined)).toBe(
                '{"value":21.7}'
            )
    })

    it("that is late says when it was taken, by the key its server knows", () => {
        const late = dialects.map(d => payload(d, "21.7", taken, 60_000))
        expect(late).toEqual([
            '{"value":21.7,"timestamp":"2026-11-21T08:49:37Z"}',
            '{"value":21.7,"timestamp":"2026-11-21T08:49:37Z"}',
            '{"value":21.7,"time":"2026-11-21T08:49:37Z"}',
        ])
        expect(payload(Dialect.WaziGate, "true", taken + 250, undefined)).toBe(
            '{"value":true,"time":"2026-11-21T08:49:37.250Z"}'
        )
    })

    it("that is late while time is not known says so, and by how many seconds", () => {
        for (const dialect of dialects) {
            const aged = (ageMs: number) =>
                payload(dialect, "21.7", undefined, ageMs)
            expect(aged(61_400)).toBe('{"value":21.7,"late":true,"age":61}')
            expect(aged(0)).toBe('{"value":21.7,"late":true,"age":0}')
            expect(aged(4_294_967_296_000)).toBe(
                '{"value":21.7,"late":true,"age":4294967296}'
            )
            // a clock that goes back is no reason to lie, nor to break the JSON
            expect(aged(-5000)).toBe('{"value":21.7,"late":true,"age":0}')
            expect(aged(NaN)).toBe('{"value":21.7,"late":true,"age":0}')
        }
    })

    it("is JSON, never of 1970, and fresh only when nothing says it is late", () => {
        fc.assert(
            fc.property(
                fc.constantFrom(...dialects),
                values,
                times,
                ages,
                (dialect, value, time, age) => {
                    const text = payload(
                        dialect,
                        JSON.stringify(value),
                        time,
                        age
                    )
                    const read = JSON.parse(text) as Record<string, unknown>
                    expect(JSON.stringify(read.value)).toBe(
                        JSON.stringify(value)
                    )
                    const stamp = read.timestamp ?? read.time
                    const marks = [stamp !== undefined, read.late === true]
                    if (time === undefined && age === undefined)
                        expect(marks).toEqual([false, false])
                    else expect(marks.filter(Boolean).length).toBe(1)
                    if (stamp !== undefined) {
                        expect(Date.parse(stamp as string)).toBe(time)
                        expect(Number((stamp as string).slice(0, 4))).toSatisfy(
                            (year: number) => year >= 2020 && year <= 2099
                        )
                    }
                }
            ),
            { numRuns: 1000 }
        )
    })
})

describe("a batch for WaziGate", () => {
    it("goes beside the topic of one reading", () => {
        expect(backlogTopic("devices/d/sensors/TC/value")).toBe(
            "devices/d/sensors/TC/values"
        )
    })

    it("is an array of the payloads, in order", () => {
        const parts = [1, 2].map(x =>
            payload(Dialect.WaziGate, `${x}`, taken + x * 1000, undefined)
        )
        expect(backlogPayload(parts, 2)).toBe(
            '[{"value":1,"time":"2026-11-21T08:49:38Z"},{"value":2,"time":"2026-11-21T08:49:39Z"}]'
        )
    })

    it("has as many as its bound in bytes has room for, and not one less", () => {
        const texts = fc.array(
            fc.string({ unit: "binary" }).map(t => JSON.stringify(t)),
            {
                maxLength: 12,
            }
        )
        const size = (text: string) => new TextEncoder().encode(text).length
        fc.assert(
            fc.property(texts, fc.nat(200), (parts, bound) => {
                const count = backlogCount(parts, bound)
                const batch = backlogPayload(parts, count)
                expect(JSON.parse(batch)).toEqual(
                    parts
                        .slice(0, count)
                        .map(part => JSON.parse(part) as string)
                )
                if (count > 0) expect(size(batch)).toBeLessThanOrEqual(bound)
                if (count < parts.length)
                    expect(
                        size(backlogPayload(parts, count + 1))
                    ).toBeGreaterThan(bound)
            }),
            { numRuns: 500 }
        )
    })

    it("of nothing, or of one that is too big, has none", () => {
        expect(backlogCount([], 100)).toBe(0)
        expect(backlogCount(['{"value":1}', "1"], 12)).toBe(0)
        expect(backlogCount(['{"value":1}', "1"], 13)).toBe(1)
        expect(backlogCount(['{"value":1}', "1"], 15)).toBe(2)
    })
})
