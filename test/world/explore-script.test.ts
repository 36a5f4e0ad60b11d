// Schedules of faults as text, and how a failing one is made small. Nothing here runs a node.
import { describe, expect, test } from "vitest"
import {
    drawScript,
    KINDS,
    parseScript,
    printScript,
    shrink,
    type Script,
} from "../../sim/world/explore"
import { complete } from "../../sim/world/explore/kind"
import { kindOf } from "../../sim/world/explore/kinds"
import { lastEnd } from "../../sim/world/explore/script"

const seeds = Array.from({ length: 500 }, (_, i) => i + 1)

describe("a schedule", () => {
    test("that is printed reads as itself, whatever the seed", () => {
        for (const seed of seeds) {
            const script = drawScript(seed)
            expect(parseScript(printScript(script, ["why"]))).toEqual(script)
        }
    })

    test("is the same for the same seed, and another for another", () => {
        expect(drawScript(7)).toEqual(drawScript(7))
        const all = seeds.map(seed => printScript(drawScript(seed)))
        expect(new Set(all).size).toBe(seeds.length)
    })

    test("is drawn within the bounds of its kinds, and ends when its last fault does", () => {
        for (const seed of seeds) {
            const { steps, end } = drawScript(seed)
            for (const { kind, args, lasts } of steps) {
                complete(kindOf(kind), args)
                const [from, to] = kindOf(kind).lasts ?? [0, 0]
                expect(lasts ?? 0).toBeGreaterThanOrEqual(from)
                expect(lasts ?? 0).toBeLessThanOrEqual(to)
            }
            expect(end).toBe(lastEnd(steps))
        }
    })

    test("of 500 seeds have each kind of fault in them", () => {
        const drawn = new Set(
            seeds.flatMap(seed => drawScript(seed).steps.map(s => s.kind))
        )
        const all = KINDS.filter(({ weight }) => weight !== 0)
        expect(all.filter(({ name }) => !drawn.has(name))).toEqual([])
    })

    test("is read with its remarks, its times in seconds", () => {
        const text = `
# a remark
setup luck=3 port=pico-w
1.5 reset
2 silence way=up for 0.25
end 10`
        expect(parseScript(text)).toEqual({
            setup: { luck: 3, port: "pico-w" },
            steps: [
                { at: 1_500, kind: "reset", args: {} },
                {
                    at: 2_000,
                    kind: "silence",
                    args: { way: "up" },
                    lasts: 250,
                },
            ],
            end: 10_000,
        })
    })

    test.each([
        ["", "has no line `end <seconds>`"],
        ["1 reset\nx reset\nend 2", "line 2: x is not a time in seconds"],
        ["1\nend 2", "line 1: says nothing after its time"],
        ["1 silence way\nend 2", "line 1: way is not of the form key=value"],
        ["1 silence for\nend 2", "line 1: `for <seconds>` is the end"],
        ["2 reset\n1 reset\nend 3", "1 comes after a later time"],
        ["1 silence for 3\nend 2", "ends before its last fault does"],
        ["end 1\n2 reset", "line 2: comes after the end"],
    ])("%j is refused: %s", (text, why) => {
        expect(() => parseScript(text)).toThrow(why)
    })

    test("with a fault or an argument that does not exist is refused by name", () => {
        expect(() => kindOf("earthquake")).toThrow(
            "there is no fault earthquake"
        )
        const silence = kindOf("silence")
        expect(() => complete(silence, { way: "round" })).toThrow(
            "silence way=round: must be both or up or down"
        )
        expect(() => complete(silence, { wy: "up" })).toThrow(
            "silence has no wy"
        )
        expect(() => complete(kindOf("slow"), { delay: 5 })).toThrow(
            "slow delay=5: must be 10 to 3000"
        )
    })
})

describe("a failing schedule is made small", () => {
    /** Fails when a silence of 10 s or more comes after a power cut. */
    const fails = async ({ steps }: Script) =>
        steps.some(
            ({ kind, lasts }, i) =>
                kind === "silence" &&
                lasts! >= 10_000 &&
                steps.slice(0, i).some(step => step.kind === "power-cut")
        )

    test("to the faults it takes, with simple arguments and round times", async () => {
        const script = parseScript(`
setup luck=5 port=pico-w delay=77
2.345 fin
11.111 power-cut reset=yes for 12.345
20.202 ask count=3
31.313 silence way=down for 77.777
44.444 reset
end 200`)
        const { script: small, tries } = await shrink(script, fails)
        const [cut, silence, ...more] = small.steps
        expect({ setup: small.setup, cut, more }).toEqual({
            setup: { luck: 5 },
            cut: {
                at: 10_000,
                kind: "power-cut",
                args: { reset: "no" },
                lasts: 100,
            },
            more: [],
        })
        expect(silence).toMatchObject({ at: 30_000, args: { way: "both" } })
        // of a second's precision, and less than a fifth above what it takes
        expect(silence!.lasts).toBeLessThan(12_000)
        expect(silence!.lasts! % 1_000).toBe(0)
        expect(tries).toBeLessThan(120)
    })

    test("and stays what it is when nothing can go", async () => {
        const script = parseScript(
            "setup luck=1\n10 power-cut reset=no for 0.1\n30 silence way=both for 10\nend 40"
        )
        const { script: small } = await shrink(script, fails)
        expect(small).toEqual(script)
    })

    test("within a bound of tries", async () => {
        let asked = 0
        await shrink(drawScript(3), async () => {
            asked++
            return true
        })
        expect(asked).toBeLessThanOrEqual(250)
    })
})
