// A small herd that loses its broker: it comes back by itself, no faster than the broker lets it, and spreads its connects.
import { beforeAll, describe, expect, test } from "vitest"
import { measureHerd, type HerdFigures } from "../../sim/herd/herd"
import { POLICIES } from "../../sim/herd/policies"
import { herdPlot, herdTable } from "../../sim/herd/table"

/** 30 nodes, of which the broker lets 1 a second in: the least for 99 % of them is 30 s. */
const SCENE = { nodes: 30, away: 20_000, rate: 1 }
const LEAST = 29
/** s until all waits of this firmware, whose ceiling is 60 s, are over once. */
const CEILING = 60

let ours: HerdFigures
let second: HerdFigures
beforeAll(async () => {
    ours = await measureHerd(POLICIES[0]!, SCENE)
    second = await measureHerd(POLICIES[1]!, SCENE)
})

describe("30 nodes that lose their broker", () => {
    test("are all gone while it is away, and 99 % are back soon after it lets them in", () => {
        for (const { story, back } of [ours, second]) {
            const away = story.slice(0, SCENE.away / 1_000)
            expect(away.at(-1)!.back).toBe(0)
            expect(story.at(-1)!.back).toBe(SCENE.nodes)
            expect(back).toBeGreaterThanOrEqual(LEAST)
        }
        expect(ours.back).toBeLessThan(LEAST + CEILING)
        expect(second.back).toBeLessThan(LEAST + 10)
    })

    test("are never let in faster than the broker's rate", () => {
        for (const { story } of [ours, second])
            story.forEach((m, i) => {
                // handshakes that ended in this second may have begun in the last
                const before = story[i - 1]?.back ?? 0
                expect(m.back - before).toBeLessThanOrEqual(2)
            })
    })

    test("knock ever more seldom with this firmware, once a second each with a fixed second", () => {
        const knocks = (f: HerdFigures, from: number, to: number) =>
            f.story.slice(from, to).reduce((all, m) => all + m.connects, 0)
        expect(knocks(ours, 10, 20)).toBeLessThan(knocks(ours, 0, 10) / 2)
        expect(knocks(second, 5, 15)).toBeGreaterThan(SCENE.nodes * 8)
        expect(ours.peakReturn).toBeLessThan(SCENE.nodes / 2)
        expect(ours.connects).toBeLessThan(second.connects)
    })

    test("make a table and a plot with a row for each policy", () => {
        const figures = [ours, second]
        const table = herdTable(figures)
        expect(table).toHaveLength(4)
        expect(table[2]).toContain(`| this firmware | ${ours.back} s |`)
        const svg = herdPlot(figures, SCENE)
        expect(svg.match(/<polyline/g)).toHaveLength(4)
        expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    })
})
