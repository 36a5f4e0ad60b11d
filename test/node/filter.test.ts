// Which samples are published: each rule by examples, and all of them together on random samples.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { ConfigError } from "../../src/mqtt/errors"
import {
    checkFilter,
    Filter,
    Verdict,
    type FilterOptions,
} from "../../src/node/filter"
import { Reason } from "../../src/node/health"

type Value = number | boolean | string | undefined

/** What is published of samples that come every second, with `.` for one that is filtered and `!` for a fault. */
function published(o: FilterOptions, samples: Value[]): Value[] {
    const f = new Filter(o)
    return samples.map((value, i) => {
        const verdict = f.sample(value, i * 1000)
        if (verdict === Verdict.Fault) return "!"
        return verdict === Verdict.Filtered ? "." : f.value
    })
}

const f32 = Math.fround
/** A reading as it comes over the Jacdac bus in i22.10. */
const i22 = (x: number) => Math.round(x * 1024) / 1024

describe("a filter without options", () => {
    it("publishes every value, changed or not", () => {
        const all = [21.5, 21.5, 0, -3, true, true, "", "a", "a", 1e308]
        expect(published({}, all)).toEqual(all)
    })
})

describe("a fault", () => {
    const none = [NaN, Infinity, -Infinity, undefined, null, {}] as Value[]

    it("is not published, and is told from a value out of range", () => {
        const f = new Filter({ min: -40, max: 85 })
        for (const value of none) {
            expect(f.sample(value, 0)).toBe(Verdict.Fault)
            expect(f.why).toBe(Reason.Nan)
        }
        for (const value of [-40.1, 85.1, 1e308]) {
            expect(f.sample(value, 0)).toBe(Verdict.Fault)
            expect(f.why).toBe(Reason.Range)
        }
    })

    it("leaves the first value the first one", () => {
        expect(published({ delta: 1, min: 0 }, [NaN, -1, 5, 5])).toEqual([
            "!",
            "!",
            5,
            ".",
        ])
    })

    it("does not move what is compared with, and is no heartbeat", () => {
        expect(
            published({ delta: 1, maxInterval: 3000, max: 50 }, [
                20,
                NaN,
                20.5,
                99,
                20.5,
                20.5,
            ])
        ).toEqual([20, "!", ".", "!", 20.5, "."])
    })

    it("enters no median", () => {
        expect(
            published({ median: 3, max: 100 }, [
                1,
                NaN,
                200,
                3,
                2,
                undefined,
                8,
            ])
        ).toEqual([1, "!", "!", 2, 2, "!", 3])
    })

    it("is not a value at the very limit, nor the float32 next to it", () => {
        const o = { min: 0.3, max: 85.1 }
        const all = [0.3, 85.1, f32(0.3), f32(85.1)]
        expect(published(o, all)).toEqual(all)
        const p = { min: 0.7, max: 85.3 }
        const other = [0.7, 85.3, f32(0.7), f32(85.3)]
        expect(published(p, other)).toEqual(other)
        expect(published(o, [0.2999, 85.1001])).toEqual(["!", "!"])
    })
})

describe("delta", () => {
    it("publishes what differs by it or more from what was published last, so that a slow drift comes through", () => {
        expect(
            published({ delta: 1 }, [20, 20.5, 20.9, 21, 21.5, 20.5, 20, 19])
        ).toEqual([20, ".", ".", 21, ".", ".", 20, 19])
    })

    const buses: [string, (x: number) => number][] = [
        ["as double", x => x],
        ["as float32", f32],
        ["as i22.10", i22],
    ]
    for (const [how, sent] of buses)
        it(`of 0.1 is met by a step of 0.1 between any two tenths ${how}, and of 0.2 is not`, () => {
            for (let n = -4000; n < 110_000; n += 37) {
                const a = sent(n / 10)
                const b = sent((n + 1) / 10)
                expect(published({ delta: 0.1 }, [a, b])).toEqual([a, b])
                expect(published({ delta: 0.2 }, [a, b])).toEqual([a, "."])
            }
        })

    it("publishes 21.8 after 21.7, and not 21.7 after 21.700000762939453", () => {
        const noisy = 21.700000762939453
        expect(published({ delta: 0.1 }, [noisy, 21.7, 21.8])).toEqual([
            noisy,
            ".",
            21.8,
        ])
    })

    it("never publishes what has not changed, however small it is beside the value", () => {
        expect(published({ delta: 1e-6 }, [1e9, 1e9, 1e9])).toEqual([
            1e9,
            ".",
            ".",
        ])
        // of a delta as fine as the steps of the bus at least fifteen sixteenths count
        expect(published({ delta: 0.001 }, [20, 20.0008, 20.00094])).toEqual([
            20,
            ".",
            20.00094,
        ])
    })

    it("means another one for booleans and texts, and for a value of another kind", () => {
        expect(
            published({ delta: 5 }, [true, true, false, "a", "a", "b", 1, true])
        ).toEqual([true, ".", false, "a", ".", "b", 1, true])
    })
})

describe("minInterval", () => {
    it("publishes when it is over what came in it and still differs", () => {
        expect(
            published({ delta: 1, minInterval: 3000 }, [20, 25, 26, 26, 26])
        ).toEqual([20, ".", ".", 26, "."])
    })

    it("forgets what came in it and went back", () => {
        expect(
            published({ delta: 1, minInterval: 3000 }, [20, 25, 20, 20, 20])
        ).toEqual([20, ".", ".", ".", "."])
    })

    it("alone thins the samples", () => {
        expect(published({ minInterval: 2000 }, [1, 1, 1, 1, 1])).toEqual([
            1,
            ".",
            1,
            ".",
            1,
        ])
    })
})

describe("maxInterval", () => {
    it("publishes an unchanged value, and counts from the last time whatever the reason was", () => {
        expect(
            published(
                { delta: 1, maxInterval: 3000 },
                [20, 20, 22, 22, 22, 22, 22]
            )
        ).toEqual([20, ".", 22, ".", ".", 22, "."])
    })

    it("repeats booleans and texts too", () => {
        expect(
            published({ delta: 1, maxInterval: 2000 }, [true, true, true])
        ).toEqual([true, ".", true])
    })
})

describe("median", () => {
    it("takes out a single wrong value", () => {
        expect(
            published({ median: 3, delta: 1 }, [20, 20.1, 20.2, 85, 20.1, 20])
        ).toEqual([20, ".", ".", ".", ".", "."])
    })

    it("is of all there are while they are too few, an even number giving the mean of the middle two", () => {
        expect(published({ median: 5 }, [4, 2, 3, 9, 1, 8])).toEqual([
            4, 3, 3, 3.5, 3, 3,
        ])
    })

    it("does not touch booleans and texts", () => {
        expect(published({ median: 3 }, [1, true, "a", 3])).toEqual([
            1,
            true,
            "a",
            2,
        ])
    })

    it("is that of the last n valid samples, sorted anew each time", () => {
        // few different values, so that some are there twice
        const value = fc.oneof(
            fc.integer({ min: -3, max: 3 }),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.constantFrom(NaN, Infinity)
        )
        const size = fc.integer({ min: 0, max: 7 }).map(n => 2 * n + 1)
        fc.assert(
            fc.property(size, fc.array(value, { maxLength: 60 }), (n, all) => {
                const valid: number[] = []
                const results = published({ median: n }, all)
                all.forEach((x, i) => {
                    if (!Number.isFinite(x)) {
                        expect(results[i]).toBe("!")
                        return
                    }
                    valid.push(x)
                    const sorted = valid.slice(-n).sort((a, b) => a - b)
                    const low = sorted[(sorted.length - 1) >> 1]!
                    const high = sorted[sorted.length >> 1]!
                    const median = low === high ? low : low / 2 + high / 2
                    // not toBe: there is no -0 on a board
                    expect(results[i] === median).toBe(true)
                })
            })
        )
    })
})

describe("on any samples and options", () => {
    interface Sample {
        value: Value
        at: number
    }

    /** What somebody may give: times of up to 20 s for samples up to 3 s apart, so that each rule is met often. */
    const options: fc.Arbitrary<FilterOptions> = fc
        .record(
            {
                delta: fc.double({ min: 0.01, max: 4, noNaN: true }),
                minInterval: fc.integer({ min: 1, max: 6000 }),
                maxInterval: fc.integer({ min: 6000, max: 20_000 }),
                min: fc.constant(-4),
                max: fc.constant(4),
            },
            { requiredKeys: [] }
        )
        .filter(o => {
            checkFilter("x", o)
            return true
        })

    const samples: fc.Arbitrary<Sample[]> = fc
        .array(
            fc.record({
                wait: fc.double({ min: 1, max: 3000, noNaN: true }),
                value: fc.oneof(
                    { weight: 8, arbitrary: fc.double({ min: -5, max: 5 }) },
                    { weight: 4, arbitrary: fc.constantFrom(1, 1.1, 1.2) },
                    { weight: 1, arbitrary: fc.boolean() },
                    { weight: 1, arbitrary: fc.constantFrom("a", "b") },
                    { weight: 1, arbitrary: fc.constant(undefined) }
                ),
            }),
            { maxLength: 60 }
        )
        .map(steps => {
            let at = 0
            return steps.map(({ wait, value }) => ({ value, at: (at += wait) }))
        })

    const isValue = (o: FilterOptions, v: Value) =>
        typeof v === "number"
            ? Number.isFinite(v) &&
              v >= (o.min ?? -Infinity) &&
              v <= (o.max ?? Infinity)
            : v !== undefined

    /** The samples that are values, and of them those that are published, by a filter that has judged them all. */
    function judged(o: FilterOptions, all: Sample[]) {
        const f = new Filter(o)
        const out: Sample[] = []
        const faults: Sample[] = []
        for (const s of all) {
            const verdict = f.sample(s.value, s.at)
            if (verdict === Verdict.Publish) {
                expect(f.value).toBe(s.value)
                out.push(s)
            }
            if (verdict === Verdict.Fault) faults.push(s)
        }
        return { values: all.filter(s => isValue(o, s.value)), out, faults }
    }

    const holds = (rule: (o: FilterOptions, all: Sample[]) => void) =>
        fc.assert(fc.property(options, samples, rule), { numRuns: 500 })

    const pairs = (out: Sample[]) =>
        out.slice(1).map((b, i) => [out[i]!, b] as const)

    /** Whether numbers are `delta` apart but for what the steps of the bus may take away, or the values are not alike. */
    function apart(a: Value, b: Value, delta: number): boolean {
        if (typeof a !== "number" || typeof b !== "number") return a !== b
        return Math.abs(a - b) >= delta - Math.min(delta / 16, 0.001)
    }

    it("faults are the samples that are no values, all of them and no others", () =>
        holds((o, all) => {
            const { faults } = judged(o, all)
            expect(faults).toEqual(all.filter(s => !isValue(o, s.value)))
        }))

    it("the first value is published", () =>
        holds((o, all) => {
            const { values, out } = judged(o, all)
            expect(out[0]).toBe(values[0])
        }))

    it("never are two within minInterval", () =>
        holds((o, all) => {
            for (const [a, b] of pairs(judged(o, all).out))
                expect(b.at - a.at).toBeGreaterThanOrEqual(o.minInterval ?? 0)
        }))

    it("no gap is longer than maxInterval and one sample, even at the end", () =>
        holds((o, all) => {
            const { values, out } = judged(o, all)
            const most = o.maxInterval ?? Infinity
            // every value that was filtered came within maxInterval of the one published before
            for (const s of values) {
                const before = out.filter(p => p.at <= s.at).at(-1)!
                if (before !== s) expect(s.at - before.at).toBeLessThan(most)
            }
        }))

    it("each published value differs by delta from the one before, unless the heartbeat was due", () =>
        holds((o, all) => {
            for (const [a, b] of pairs(judged(o, all).out)) {
                if (b.at - a.at >= (o.maxInterval ?? Infinity)) continue
                if (o.delta === undefined) continue
                expect(apart(a.value, b.value, o.delta)).toBe(true)
            }
        }))

    it("each value that is filtered comes within minInterval or differs by less than delta", () =>
        holds((o, all) => {
            const { values, out } = judged(o, all)
            for (const s of values) {
                const before = out.filter(p => p.at <= s.at).at(-1)!
                if (before === s) continue
                if (s.at - before.at < (o.minInterval ?? 0)) continue
                const delta = o.delta ?? 0
                if (typeof s.value === "number" && delta > 0) {
                    if (typeof before.value === "number") {
                        const d = Math.abs(s.value - before.value)
                        expect(d).toBeLessThan(delta)
                        continue
                    }
                }
                expect(delta).toBeGreaterThan(0)
                expect(s.value).toBe(before.value)
            }
        }))
})

describe("options", () => {
    const refused: [string, FilterOptions, string][] = [
        ["a delta of 0", { delta: 0 }, "temp.delta"],
        ["a negative delta", { delta: -0.1 }, "temp.delta"],
        ["a delta that is no number", { delta: NaN }, "temp.delta"],
        ["an infinite delta", { delta: Infinity }, "temp.delta"],
        ["a minimum that is no number", { min: NaN }, "temp.min"],
        ["an infinite minimum", { min: -Infinity }, "temp.min"],
        ["an infinite maximum", { max: Infinity }, "temp.max"],
        ["a range turned round", { min: 5, max: 4 }, "temp.min"],
        ["an empty range", { min: 5, max: 5 }, "temp.min"],
        ["a minInterval of 0", { minInterval: 0 }, "temp.minInterval"],
        ["half a ms", { minInterval: 1.5 }, "temp.minInterval"],
        ["more than a day", { maxInterval: 86_400_001 }, "temp.maxInterval"],
        [
            "a minInterval above maxInterval",
            { minInterval: 2000, maxInterval: 1000 },
            "temp.minInterval",
        ],
        ["a median of an even number", { median: 4 }, "temp.median"],
        ["a median of none", { median: 0 }, "temp.median"],
        ["a median of 17", { median: 17 }, "temp.median"],
    ]
    for (const [what, o, key] of refused)
        it(`refuse ${what} and name ${key}`, () => {
            let error: unknown
            try {
                checkFilter("temp", o)
            } catch (e) {
                error = e
            }
            expect(error).toBeInstanceOf(ConfigError)
            expect((error as ConfigError).key).toBe(key)
        })

    it("allow all that is within the bounds, and the bounds", () => {
        const allowed: FilterOptions[] = [
            {},
            { delta: 1e-9, min: -40.5, max: 85 },
            { min: 0 },
            { max: -5 },
            { minInterval: 1, maxInterval: 1, median: 1 },
            { minInterval: 86_400_000, maxInterval: 86_400_000, median: 15 },
        ]
        for (const o of allowed)
            expect(() => checkFilter("temp", o)).not.toThrow()
    })
})
