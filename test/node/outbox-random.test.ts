// The rules of the outbox on random readings, and its thinning against a slow one that remembers everything.
import { describe, expect, test } from "vitest"
import fc from "../support/property"
import { Outbox, Policy } from "../../src/node/outbox"
import {
    readings,
    SlowThinning,
    type Reading,
    type Value,
} from "./outbox-model"

const count = (n: number) => Array.from({ length: n }, (_, i) => i)

const numbers = fc.integer({ min: -20, max: 20 })
const awkward = fc.constantFrom(20.5, -0, 0, 1e-40, 1e308, -1e308, 0.1 + 0.2)
const texts = fc.constantFrom("", "a", "b")
/** What one sensor may say; few different values, so that they come twice. */
const voices: fc.Arbitrary<Value>[] = [
    fc.oneof(numbers, awkward),
    fc.boolean(),
    texts,
    fc.oneof(numbers, texts),
    fc.oneof(fc.boolean(), texts),
]
/** ms from a reading to the next: at once, a while, days. */
const waits = fc.constantFrom(0, 0, 0.25, 1, 1000, 60_000.5, 2e8)

/** Either a reading, or where to take one away: a share of the length. */
type Step = { sensor: number; value: Value; after: number } | { take: number }

/** What sensors say, each in its own voice, and readings that are taken away in between. */
function stepsOf(
    sensors: readonly fc.Arbitrary<Value>[],
    after: fc.Arbitrary<number>,
    take: fc.Arbitrary<number>
): fc.Arbitrary<Step[]> {
    const puts = sensors.map((value, sensor) => ({
        weight: 9,
        arbitrary: fc.record({ sensor: fc.constant(sensor), value, after }),
    }))
    const takes = { weight: sensors.length, arbitrary: fc.record({ take }) }
    return fc.array(fc.oneof(...puts, takes), { maxLength: 120, size: "max" })
}

interface Case {
    slots: number
    sensors: number
    steps: Step[]
}

/** @param atLeast slots for each sensor */
const cases = (atLeast: number): fc.Arbitrary<Case> =>
    fc
        .array(fc.constantFrom(...voices), { minLength: 1, maxLength: 4 })
        .chain(sensors =>
            fc.record({
                slots: fc.integer({
                    min: Math.max(4, sensors.length * atLeast),
                    max: 20,
                }),
                sensors: fc.constant(sensors.length),
                steps: stepsOf(
                    sensors,
                    waits,
                    fc.double({
                        min: 0,
                        max: 1,
                        maxExcluded: true,
                        noNaN: true,
                    })
                ),
            })
        )

/** Does all the steps; `check` sees what waited before each put, that reading included, and what waits after it. */
function doAll(
    box: Outbox,
    { steps }: Case,
    check: (before: Reading[], after: Reading[]) => void
): { put: number; taken: number } {
    let at = 0.5
    let put = 0
    let taken = 0
    for (const step of steps)
        if ("take" in step) {
            const i = Math.floor(step.take * box.length)
            const rest = readings(box)
            if (rest.splice(i, 1).length > 0) taken++
            box.drop(i)
            expect(readings(box)).toEqual(rest)
        } else {
            at += step.after
            put++
            const { sensor, value } = step
            const before = [...readings(box), { sensor, value, at }]
            box.put(sensor, value, at)
            check(before, readings(box))
        }
    return { put, taken }
}

/** The first and the last reading of each sensor, and its least and its greatest value, texts aside. */
function landmarks(all: Reading[], sensors: number): unknown[] {
    return count(sensors).map(sensor => {
        const own = all.filter(reading => reading.sensor === sensor)
        const ordered = own
            .map(({ value }) => value)
            .filter(value => typeof value !== "string")
            .sort((a, b) => Number(a) - Number(b))
        // zeros of either sign are the same value
        const [least, greatest] = [ordered[0], ordered.at(-1)].map(value =>
            value === 0 ? 0 : value
        )
        return { first: own[0], last: own.at(-1), least, greatest }
    })
}

describe("on random readings", () => {
    test("thin keeps the first, the last, the least and the greatest of every sensor that has four slots", () => {
        fc.assert(
            fc.property(cases(4), given => {
                const { slots, sensors } = given
                const box = new Outbox(slots, sensors, Policy.Thin)
                doAll(box, given, (before, after) => {
                    expect(landmarks(after, sensors)).toEqual(
                        landmarks(before, sensors)
                    )
                })
                expect(box.full).toBe(0)
            })
        )
    })

    test("either policy takes one reading away when there is no slot, none else, and turns nothing round", () => {
        fc.assert(
            fc.property(
                cases(0),
                fc.constantFrom(Policy.Thin, Policy.DropOldest),
                (given, policy) => {
                    const { slots, sensors } = given
                    const box = new Outbox(slots, sensors, policy)
                    doAll(box, given, (before, after) => {
                        if (before.length > slots) {
                            const gone = before.findIndex(
                                (r, i) => !same(r, after[i])
                            )
                            before.splice(gone < 0 ? slots : gone, 1)
                        }
                        expect(after).toEqual(before)
                        expect(after.length).toBeLessThanOrEqual(slots)
                    })
                }
            )
        )
    })

    test("either policy accounts for every reading it was given", () => {
        fc.assert(
            fc.property(
                cases(0),
                fc.constantFrom(Policy.Thin, Policy.DropOldest),
                fc.array(fc.constantFrom(NaN, -Infinity, "x".repeat(65))),
                (given, policy, wrong) => {
                    const box = new Outbox(given.slots, given.sensors, policy)
                    const refused = wrong.map((value, at) => {
                        box.put(0, value, at)
                        return typeof value
                    })
                    const { put, taken } = doAll(box, given, () => {})
                    expect(box.length + box.thinned + box.full + taken).toBe(
                        put
                    )
                    expect(box.toobig).toBe(
                        refused.filter(kind => kind === "string").length
                    )
                    expect(box.invalid).toBe(
                        refused.filter(kind => kind === "number").length
                    )
                }
            )
        )
    })

    test("drop-oldest holds the newest ones", () => {
        fc.assert(
            fc.property(cases(0), given => {
                const { slots, sensors } = given
                const box = new Outbox(slots, sensors, Policy.DropOldest)
                let full = 0
                doAll(box, given, (before, after) => {
                    if (before.length > slots) full++
                    expect(after).toEqual(before.slice(-slots))
                    expect(box.full).toBe(full)
                })
                expect(box.thinned).toBe(0)
            })
        )
    })

    test("thin takes the same readings as one that remembers everything", () => {
        // whole numbers: areas are exact whichever way they are summed
        const cases = fc
            .tuple(
                fc.integer({ min: 8, max: 12 }),
                fc.constantFrom<fc.Arbitrary<Value>>(
                    numbers,
                    fc.boolean(),
                    texts
                )
            )
            .chain(([slots, voice]) =>
                fc.record({
                    slots: fc.constant(slots),
                    steps: stepsOf(
                        [numbers, voice],
                        fc.constantFrom(0, 1, 1000, 60_000),
                        fc.constant(0)
                    ),
                })
            )
        fc.assert(
            fc.property(cases, ({ slots, steps }) => {
                const box = new Outbox(slots, 2, Policy.Thin)
                const slow = new SlowThinning(slots)
                let at = 0
                for (const step of steps) {
                    if ("take" in step) {
                        box.drop(0)
                        slow.take()
                    } else {
                        at += step.after
                        box.put(step.sensor, step.value, at)
                        slow.put({ sensor: step.sensor, value: step.value, at })
                    }
                    expect(readings(box)).toEqual(slow.readings)
                }
            })
        )
    })
})

function same(a: Reading, b: Reading | undefined): boolean {
    return (
        b !== undefined &&
        a.sensor === b.sensor &&
        a.at === b.at &&
        Object.is(a.value, b.value)
    )
}
