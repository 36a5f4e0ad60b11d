// What the outbox holds, counts and refuses, by examples. outbox-random.test.ts has the same rules on random readings,
// docs/outbox.md what it makes of curves as sensors draw them.
import { describe, expect, it } from "vitest"
import { ConfigError } from "../../src/mqtt/errors"
import { Outbox, Policy } from "../../src/node/outbox"
import { readings, type Value } from "./outbox-model"

/** An outbox that was given these values of one sensor, a second apart. */
function holding(slots: number, values: Value[], policy = Policy.Thin): Outbox {
    const box = new Outbox(slots, 1, policy)
    values.forEach((value, i) => box.put(0, value, i * 1000))
    return box
}

const values = (box: Outbox) => readings(box).map(({ value }) => value)
const seconds = (box: Outbox) => readings(box).map(({ at }) => at / 1000)
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

describe("an outbox", () => {
    it("is empty at first, and taking from it does nothing", () => {
        const box = new Outbox(4, 1, Policy.Thin)
        for (const i of [-1, 0, 1]) box.drop(i)
        expect([box.length, box.thinned, box.full]).toEqual([0, 0, 0])
    })

    it("holds readings of all kinds as they were put, the oldest first", () => {
        const all: Value[] = [-1.5, "", true, "é", false, 0, 1e308, "1"]
        for (const policy of [Policy.Thin, Policy.DropOldest]) {
            const box = holding(8, all, policy)
            expect(values(box)).toEqual(all)
            expect(seconds(box)).toEqual(count(8))
        }
    })

    it("gives up any reading it is told to, and none that is not there", () => {
        for (const policy of [Policy.Thin, Policy.DropOldest]) {
            const box = holding(6, count(6), policy)
            box.drop(2)
            box.drop(0)
            box.drop(3)
            box.drop(3)
            box.drop(-1)
            expect(values(box)).toEqual([1, 3, 4])
            expect([box.thinned, box.full]).toEqual([0, 0])
        }
    })

    it.each([NaN, Infinity, -Infinity])(
        "refuses %d and counts it, also when it is full",
        value => {
            for (const policy of [Policy.Thin, Policy.DropOldest]) {
                const box = holding(4, [1, 2, value, 3, 4, value], policy)
                expect(values(box)).toEqual([1, 2, 3, 4])
                expect(box.invalid).toBe(2)
                expect([box.thinned, box.full, box.toobig]).toEqual([0, 0, 0])
            }
        }
    )

    it.each([
        ["1 byte a character", "x".repeat(64), "x".repeat(65)],
        ["2 bytes a character", "é".repeat(32), `${"é".repeat(32)}x`],
        ["4 bytes a character", "🌡".repeat(16), `${"🌡".repeat(16)}x`],
    ])(
        "takes a text of 64 bytes and refuses and counts a longer one, also when it is full, at %s",
        (_, most, more) => {
            for (const policy of [Policy.Thin, Policy.DropOldest]) {
                const box = holding(4, [most, more, 1, 2, 3, more], policy)
                expect(values(box)).toEqual([most, 1, 2, 3])
                expect(box.toobig).toBe(2)
                expect([box.thinned, box.full, box.invalid]).toEqual([0, 0, 0])
            }
        }
    )

    it.each([
        [3, 1, "slots"],
        [513, 1, "slots"],
        [4.5, 1, "slots"],
        [NaN, 1, "slots"],
        [64, 0, "sensors"],
        [64, 65, "sensors"],
        [64, 1.5, "sensors"],
        [64, NaN, "sensors"],
    ])("of %d slots for %d sensors is refused", (slots, sensors, key) => {
        const made = () => new Outbox(slots, sensors, Policy.Thin)
        expect(made).toThrow(ConfigError)
        expect(made).toThrow(
            new RegExp(`^${key}: must be a whole number from \\d+ to \\d+, is `)
        )
    })

    it.each([
        [4, 1],
        [4, 64],
        [512, 64],
    ])(
        "of %d slots for %d sensors holds as many readings and no more",
        (slots, sensors) => {
            for (const policy of [Policy.Thin, Policy.DropOldest]) {
                const box = new Outbox(slots, sensors, policy)
                for (let i = 0; i < slots; i++) box.put(i % sensors, i, i)
                expect([box.length, box.thinned + box.full]).toEqual([slots, 0])
                box.put(0, 1, slots)
                expect([box.length, box.thinned + box.full]).toEqual([slots, 1])
            }
        }
    )
})

describe("drop-oldest", () => {
    it("drops the oldest reading, of whatever sensor", () => {
        const box = new Outbox(4, 2, Policy.DropOldest)
        for (const i of count(7)) box.put(i % 3 === 0 ? 1 : 0, i, i)
        expect(values(box)).toEqual([3, 4, 5, 6])
        expect([box.full, box.thinned]).toEqual([3, 0])
    })
})

describe("thinning", () => {
    it("takes the readings on a straight line and keeps its ends and bends", () => {
        // up, a plateau, down: four points tell it all
        const box = holding(5, [0, 1, 2, 3, 4, 4, 4, 4, 2, 0, 0])
        expect(seconds(box).filter(s => [0, 4, 7, 9, 10].includes(s))).toEqual([
            0, 4, 7, 9, 10,
        ])
        expect([box.thinned, box.full]).toEqual([6, 0])
    })

    it("keeps a spike with both its feet through any length of calm", () => {
        const box = new Outbox(8, 1, Policy.Thin)
        for (const i of count(5000)) box.put(0, i === 700 ? 9 : 1, i * 1000)
        expect(seconds(box)).toEqual(
            expect.arrayContaining([0, 699, 700, 701, 4999])
        )
    })

    it.each([
        ["calm", 20.5, 20.5],
        ["too small to square", 0, 1e-200],
        ["too large to square", -1e300, 1e300],
        ["a switch that is never at rest", true, false],
        ["a text that always changes", "open", "shut"],
    ])(
        "spreads the readings of a curve that is %s over all of it",
        (_, a, b) => {
            const all = count(1000).map(i => (i & 1 ? a : b))
            const at = seconds(holding(12, all))
            const steps = at.slice(1).map((s, i) => s - at[i]!)
            // steps double when they merge, and a switch loses two of its moves at a time
            expect(Math.max(...steps)).toBeLessThanOrEqual((4 * 999) / 11)
        }
    )

    it("keeps the least and the greatest where the curve around them would not", () => {
        // as short as can be beside what comes later
        const box = new Outbox(4, 1, Policy.Thin)
        const all: [number, number][] = [
            [5, 0],
            [4.999, 1],
            [5.001, 2],
        ]
        for (const i of count(50)) all.push([5, 3 + i * 1e6])
        for (const [value, at] of all) box.put(0, value, at)
        expect(values(box)).toEqual([5, 4.999, 5.001, 5])
    })

    it("keeps one of several that are all the least or all the greatest", () => {
        const box = holding(4, [3, 1, 1, 1, 5, 5, 5, 1, 5, 3])
        expect([...values(box)].sort()).toEqual([1, 3, 3, 5])
    })

    it("weighs a curve by its own range: in other units it keeps the same moments", () => {
        // powers of two, so that both are computed without a difference
        const wave = count(400).map(i => Math.round(99 * Math.sin(i / 20)))
        const other = wave.map(value => value * 4096 - 2 ** 20)
        const kept = seconds(holding(16, wave))
        expect(seconds(holding(16, other))).toEqual(kept)

        const box = new Outbox(32, 2, Policy.Thin)
        for (const i of count(400)) {
            box.put(0, wave[i]!, i * 1000)
            box.put(1, other[i]!, i * 1000)
        }
        const own = readings(box).filter(({ sensor }) => sensor === 1)
        expect(own.length).toBe(16)
    })

    it.each([
        ["booleans", true, false],
        ["texts", "open", "shut"],
    ])(
        "takes %s that say nothing new first, and then what held shortest",
        (_, a, b) => {
            expect(seconds(holding(5, [a, a, a, b, b, b, a, a, a]))).toEqual(
                expect.arrayContaining([0, 3, 6, 8])
            )
            const box = new Outbox(4, 1, Policy.Thin)
            // changes at 10, 20 (held 1), 21, 40
            for (const [value, at] of [
                [a, 0],
                [b, 10],
                [a, 20],
                [b, 21],
                [a, 40],
            ] as const)
                box.put(0, value, at)
            expect(readings(box).map(({ at }) => at)).toEqual([0, 10, 21, 40])
        }
    )

    it("keeps the one time a switch was on, however short and long ago", () => {
        const box = new Outbox(8, 2, Policy.Thin)
        box.put(0, false, 0)
        box.put(0, true, 1000)
        for (const i of count(3000)) {
            box.put(0, false, 1001 + i * 1000)
            box.put(1, Math.round(99 * Math.sin(i)), 1001 + i * 1000)
        }
        expect(
            readings(box)
                .filter(r => r.sensor === 0)
                .map(r => r.value)
        ).toContain(true)
    })

    it("copes with a sensor whose kind of value changes", () => {
        const mixed: Value[] = [
            0,
            false,
            1,
            true,
            "1",
            0,
            "",
            2.5,
            false,
            1e308,
        ]
        const box = holding(4, [...mixed, ...mixed, 7])
        expect([box.length, box.thinned, box.full]).toEqual([4, 17, 0])
        expect(values(box)[0]).toBe(0)
        expect(values(box)).toContain(1e308)
        expect(values(box)[3]).toBe(7)
    })

    it("thins again by the range of what waits once what made the range has gone", () => {
        const waves = (box: Outbox, from: number) => {
            for (const i of count(200))
                box.put(0, Math.round(50 * Math.sin(i / 9)), from + i * 1000)
        }
        const once = new Outbox(12, 1, Policy.Thin)
        once.put(0, 1e20, 0)
        once.drop(0)
        waves(once, 1e6)
        const never = new Outbox(12, 1, Policy.Thin)
        waves(never, 1e6)
        expect(readings(once)).toEqual(readings(never))
    })

    it("drops the oldest, and counts it as such, when there are too many sensors to keep four readings of each", () => {
        const box = new Outbox(6, 6, Policy.Thin)
        for (const i of count(9)) box.put(i % 6, i, i)
        expect(values(box)).toEqual([3, 4, 5, 6, 7, 8])
        expect([box.thinned, box.full]).toEqual([0, 3])
    })
})
