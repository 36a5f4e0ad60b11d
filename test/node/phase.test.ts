// When sensors are sampled: a grid of their own that a restart does not move, spread over a fleet, and a first reading early.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import {
    FIRST_READING,
    firstSample,
    nextSample,
    phaseOf,
} from "../../src/node/phase"

const HOUR = 3_600_000

/** Identifiers as they come from a factory: all alike but for the end. */
const fleets: Record<string, (n: number) => string> = {
    "chip identifiers": n => (0x24a160ff10000000n + BigInt(n)).toString(16),
    "numbered names": n => `ESP32-${n}`,
}
const SIZE = 1000

/** How far numbers from 0 up to 1 are from being evenly spread: chi-square over 100 bins. */
function unevenness(fractions: number[]): number {
    const bins = new Array<number>(100).fill(0)
    for (const f of fractions) bins[Math.floor(f * 100)]!++
    const each = fractions.length / 100
    return bins.reduce((sum, n) => sum + (n - each) ** 2 / each, 0)
}

/** 99 degrees of freedom: exceeded once in a thousand; the identifiers are fixed. */
const UNEVEN = 148.2

const interval = fc.integer({ min: 1, max: 86_400_000 })
const id = fc.string({ unit: "grapheme-ascii", maxLength: 64 })
const moment = fc.double({ min: 0, max: 2 ** 32, noNaN: true })
const earliest = fc.integer({ min: 0, max: 3000 })

describe("the phase of a sensor", () => {
    it("is a whole number of ms from 0 to below its interval", () => {
        fc.assert(
            fc.property(id, id, interval, (device, sensor, ms) => {
                const phase = phaseOf(device, sensor, ms)
                expect(Number.isInteger(phase)).toBe(true)
                expect(phase).toBeGreaterThanOrEqual(0)
                expect(phase).toBeLessThan(ms)
            })
        )
    })

    it("is a matter of the two names and nothing else: the figures of another start and another machine", () => {
        // also in test/device/filter.ts, where the VM computes them
        expect(phaseOf("24a160ff10000000", "temp", HOUR)).toBe(1_967_838)
        expect(phaseOf("ESP32-1", "humidity", 5000)).toBe(860)
        expect(phaseOf("", "", 86_400_000)).toBe(55_598_559)
    })

    for (const [kind, name] of Object.entries(fleets)) {
        const phases = Array.from({ length: SIZE }, (_, n) =>
            phaseOf(name(n), "temp", HOUR)
        )

        it(`is evenly spread over 1,000 devices with ${kind}`, () => {
            expect(unevenness(phases.map(p => p / HOUR))).toBeLessThan(UNEVEN)
        })

        it(`leaves no gap over 15 times the mean one between 1,000 devices with ${kind}`, () => {
            const sorted = [...phases].sort((a, b) => a - b)
            const gaps = sorted.map((p, i) => p - (sorted[i - 1] ?? 0))
            gaps.push(HOUR - sorted[SIZE - 1]! + sorted[0]!)
            // by chance once in 3,000 fleets
            expect(Math.max(...gaps)).toBeLessThan((15 * HOUR) / SIZE)
        })

        it(`is another for each sensor of a device with ${kind}, however alike they are called`, () => {
            const apart = Array.from({ length: SIZE }, (_, n) => {
                const d =
                    phaseOf(name(n), "t1", HOUR) - phaseOf(name(n), "t2", HOUR)
                return (d < 0 ? d + HOUR : d) / HOUR
            })
            expect(unevenness(apart)).toBeLessThan(UNEVEN)
        })
    }

    it("tells where one name ends and the other begins", () => {
        expect(phaseOf("a", "bc", HOUR)).not.toBe(phaseOf("ab", "c", HOUR))
    })
})

describe("the next sample", () => {
    it("is the first moment of the grid that is later, whatever has been missed", () => {
        fc.assert(
            fc.property(interval, fc.nat(), moment, (ms, salt, after) => {
                const phase = salt % ms
                const next = nextSample(phase, ms, after)
                expect(Number.isInteger(next)).toBe(true)
                expect(next).toBeGreaterThan(after)
                expect((next - phase) % ms === 0).toBe(true)
                // not the one before, unless that is before the start
                expect(next - ms <= after || next === phase).toBe(true)
            })
        )
    })

    it("is one interval later when nothing was missed", () => {
        expect(nextSample(70, 1000, 5070)).toBe(6070)
        expect(nextSample(70, 1000, 5071)).toBe(6070)
        expect(nextSample(70, 1000, 6069.9)).toBe(6070)
        expect(nextSample(70, 1000, 0)).toBe(70)
    })
})

describe("the first sample", () => {
    const start = fc.double({ min: 0, max: 2 ** 31, noNaN: true })

    it("is not before there is something to read, and within 2 s whatever the interval", () => {
        fc.assert(
            fc.property(
                interval,
                fc.nat(),
                start,
                earliest,
                (ms, salt, now, early) => {
                    const first = firstSample(salt % ms, ms, now, early)
                    expect(Number.isInteger(first)).toBe(true)
                    expect(first).toBeGreaterThanOrEqual(now + early)
                    // a whole ms later where nothing can be read within 2 s
                    expect(first).toBeLessThan(
                        now + Math.max(FIRST_READING, early + 1) + 0.001
                    )
                }
            )
        )
    })

    it("is one of the grid where the grid has one in time", () => {
        fc.assert(
            fc.property(
                fc.integer({ min: 1, max: 500 }),
                fc.nat(),
                fc.nat({ max: 2 ** 31 }),
                (ms, salt, now) => {
                    const phase = salt % ms
                    const first = firstSample(phase, ms, now, 1500)
                    expect((first - phase) % ms === 0).toBe(true)
                }
            )
        )
        expect(firstSample(1800, HOUR, 0, 1500)).toBe(1800)
    })

    it("comes before the grid at an interval of an hour, and the grid follows it within the hour", () => {
        expect(firstSample(0, HOUR, 100, 1500)).toBe(1600)
        expect(firstSample(HOUR / 2, HOUR, 100, 1500)).toBe(1850)
        expect(firstSample(HOUR - 1, HOUR, 100, 1500)).toBe(2100)
        expect(nextSample(HOUR / 2, HOUR, 1850)).toBe(HOUR / 2)
    })

    it("is spread over its time in a fleet that is switched on at once", () => {
        const firsts = Array.from({ length: SIZE }, (_, n) =>
            firstSample(
                phaseOf(fleets["numbered names"]!(n), "temp", HOUR),
                HOUR,
                0,
                1500
            )
        )
        expect(unevenness(firsts.map(t => (t - 1500) / 501))).toBeLessThan(
            UNEVEN
        )
    })

    it("is as soon as there is something to read where that takes longer than 2 s", () => {
        expect(firstSample(17, HOUR, 100, 3000)).toBe(3100)
    })
})
