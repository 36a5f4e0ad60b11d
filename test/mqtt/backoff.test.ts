// The wait before the next try to connect: full jitter under a ceiling that doubles.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { Backoff } from "../../src/mqtt/backoff"
import { Random } from "../../src/mqtt/random"

const FIRST = 900
const CAP = 60000
const make = (seed: string, first = FIRST, cap = CAP) =>
    new Backoff(first, cap, new Random(seed, 0))

/** The nth wait (from 0) of many devices. */
function waits(n: number, devices = 2000): number[] {
    return Array.from({ length: devices }, (_, i) => {
        const b = make(`device${i}`)
        for (let k = 0; k < n; k++) b.next()
        return b.next()
    })
}

describe("the wait before the next try", () => {
    it("is whole ms from 0 to a ceiling that doubles up to the cap, for any bounds", () => {
        fc.assert(
            fc.property(
                fc.string(),
                fc.integer({ min: 10, max: 60000 }),
                fc.integer({ min: 10, max: 3600000 }),
                (seed, first, cap) => {
                    const b = make(seed, first, cap)
                    for (let n = 0; n < 40; n++) {
                        const wait = b.next()
                        expect(Number.isInteger(wait)).toBe(true)
                        expect(wait).toBeGreaterThanOrEqual(0)
                        expect(wait).toBeLessThanOrEqual(
                            Math.min(cap, first * 2 ** n)
                        )
                    }
                }
            )
        )
    })

    it.each([
        [0, 900],
        [1, 1800],
        [2, 3600],
        [6, 57600],
        [7, 60000],
        [20, 60000],
    ])(
        "after %i failures is drawn evenly under %i ms over many devices",
        (failures, ceiling) => {
            const all = waits(failures)
            expect(Math.max(...all)).toBeGreaterThan(ceiling * 0.99)
            expect(Math.min(...all)).toBeLessThan(ceiling * 0.01)
            const mean = all.reduce((n, w) => n + w, 0) / all.length
            // 2,000 draws: three standard deviations are 2 % of the ceiling
            expect(mean).toBeGreaterThan(ceiling * 0.48)
            expect(mean).toBeLessThan(ceiling * 0.52)
        }
    )

    it("is below a second at first, and short again after a session that held", () => {
        const b = make("x")
        for (let n = 0; n < 20; n++) b.next()
        for (let n = 0; n < 100; n++) {
            b.reset()
            expect(b.next()).toBeLessThan(1000)
        }
    })

    it("goes up to the cap at once when the broker refuses, and stays there until a session holds", () => {
        const b = make("x")
        b.refused()
        const drawn = Array.from({ length: 200 }, () => b.next())
        expect(Math.max(...drawn)).toBeGreaterThan(CAP * 0.9)
        expect(Math.max(...drawn.slice(0, 20))).toBeGreaterThan(CAP / 2)
        b.reset()
        expect(b.next()).toBeLessThanOrEqual(FIRST)
    })

    it("differs between devices, so that a fleet does not come back together", () => {
        expect(new Set(waits(7, 500)).size).toBeGreaterThan(450)
    })
})
