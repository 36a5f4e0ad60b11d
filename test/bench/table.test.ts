// What the tables say, and when a budget is broken.
import { describe, expect, test } from "vitest"
import { overLimits, table, timedTable, type Row } from "./table"

const row = (measured: number, more: Partial<Row> = {}): Row => ({
    what: "allocations",
    measured,
    limit: 20,
    goal: 10,
    stock: 55,
    ...more,
})
const cells = (text: string | undefined) => text?.trim().split(/\s{2,}/)

describe("the table of budgets", () => {
    test("has a line a figure, in the columns of its heading", () => {
        const [heading, first, ...rest] = table([row(9.126)])
        expect(cells(heading)).toEqual(["measured", "limit", "goal", "stock"])
        expect(cells(first)).toEqual(["allocations", "9.13", "20", "10", "55"])
        expect(first).toHaveLength(heading!.length)
        expect(rest).toEqual([])
    })

    test.each([
        [10, false],
        [11, true],
    ])("says of %d with a goal of 10 that it is not met: %s", (n, said) => {
        expect(table([row(n)])[1]!.endsWith("goal not met")).toBe(said)
    })

    test("takes a word for what the platform's client never does", () => {
        expect(cells(table([row(1, { stock: "never" })])[1])!.at(-1)).toBe(
            "never"
        )
    })

    test("fits in 120 columns with the longest numbers and names there are", () => {
        const longest = row(99_999_999, { what: "x".repeat(60) })
        for (const text of [
            ...table([longest]),
            ...timedTable("x".repeat(60), [
                {
                    what: "x".repeat(60),
                    measured: { median: 1, least: 99_999_999, most: 1 },
                    goal: 2,
                },
            ]),
        ])
            expect(text.length).toBeLessThanOrEqual(120)
    })
})

describe("what is over its limit", () => {
    test("is a figure above it, not one at it", () => {
        expect(overLimits([row(20), row(21)])).toEqual([
            "over its limit: allocations: 21, at most 20",
        ])
    })

    test.each([Infinity, NaN])("is %d", n => {
        expect(overLimits([row(n)])).toHaveLength(1)
    })
})

describe("the table of times", () => {
    const measured = (median: number) => ({ median, least: 1, most: 30_000.4 })

    test("shows the middle and the range, large numbers whole", () => {
        const [heading, first] = timedTable("a second", [
            { what: "this client", measured: measured(1.5) },
        ])
        expect(cells(heading)).toEqual([
            "a second",
            "median",
            "least",
            "most",
            "goal",
        ])
        expect(cells(first)).toEqual(["this client", "1.5", "1", "30000", "-"])
    })

    test.each([
        [1.49, true],
        [1.5, false],
    ])("says of %d with a goal of 1.5 that it is not met: %s", (n, said) => {
        const text = timedTable("", [
            { what: "ratio", measured: measured(n), goal: 1.5 },
        ])[1]!
        expect(text.endsWith("goal not met")).toBe(said)
    })
})
