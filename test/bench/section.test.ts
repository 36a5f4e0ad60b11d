// What the bench prints and writes: tables, exponents of curves, the estimate for a board, the plot.
import { describe, expect, test } from "vitest"
import { batteryShare, boardMs } from "./board-time"
import { exponent } from "./growth"
import { growthPlot } from "./growth-plot"
import {
    sectionLines,
    sectionMarkdown,
    valueText,
    type Section,
} from "./section"

const section: Section = {
    id: "x",
    title: "Bytes",
    columns: ["what", "this", "stock"],
    rows: [
        { what: "one", values: [1234.4, { median: 2, least: 1, most: 30 }] },
        { what: "another", values: [undefined, "never"] },
    ],
    notes: ["As it was."],
}

describe("a value", () => {
    test.each([
        [0.4567, "0.46"],
        [45.67, "45.7"],
        [52_448, "52,448"],
        ["never", "never"],
        [undefined, "-"],
        [null, "-"],
        [{ median: 2.5, least: 1, most: 1000 }, "2.5 (1 to 1,000)"],
    ])("%j reads %s", (value, text) => {
        expect(valueText(value)).toBe(text)
    })
})

describe("a table", () => {
    test("has its numbers flush right under their headings", () => {
        const [title, heading, one, another, note] = sectionLines(section)
        expect(title).toBe("Bytes")
        expect(heading).toBe("what      this        stock")
        expect(one).toBe("one      1,234  2 (1 to 30)")
        expect(another).toBe("another      -        never")
        expect(note).toBe("  As it was.")
    })

    test("is Markdown with a row for each of its own", () => {
        expect(sectionMarkdown(section).split("\n")).toEqual([
            "## Bytes",
            "",
            "| what | this | stock |",
            "| --- | ---: | ---: |",
            "| one | 1,234 | 2 (1 to 30) |",
            "| another | - | never |",
            "",
            "As it was.",
        ])
    })
})

describe("the exponent of a curve", () => {
    const curve = (power: number): [number, number][] =>
        [1, 4, 16, 64].map(x => [x, 7 * x ** power])
    test.each([0, 0.5, 1, 2])("of x to the power of %d is that", power => {
        expect(exponent(curve(power))).toBeCloseTo(power, 10)
    })
})

describe("the estimate for an RP2040", () => {
    test("is 30,000 cycles an allocation and 250 an opcode at 125 MHz", () => {
        expect(boardMs({ what: "", allocations: 50, opcodes: 2000 })).toBe(16)
        expect(boardMs({ what: "", allocations: 50 })).toBe(12)
    })

    test("is a share of 13.7 mC a reading, at 25 mA", () => {
        // 2,000 mAh are 7,200 C, a year has 525,600 minutes
        expect(batteryShare(16)).toBeCloseTo((0.4 / 13.6986) * 100, 3)
    })
})

test("the plot has a line and its points for each curve", () => {
    const curves = [
        {
            name: "this",
            points: [
                [1, 10],
                [4, 40],
            ] as [number, number][],
        },
        {
            name: "stock",
            points: [
                [1, 20],
                [4, 20],
            ] as [number, number][],
        },
    ]
    const svg = growthPlot([{ title: "t", axis: "n", unit: "us", curves }])
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg.match(/<circle/g)).toHaveLength(4)
    // from 10 to 100, linear from the left edge to the right
    expect(svg).toContain('points="0.0,260.0 330.0,103.5"')
    expect(svg).not.toContain("NaN")
})
