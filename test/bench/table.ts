// Figures as lines of text, at most 120 columns. Pure: what is measured and what it may be is said by others.
import type { Spread } from "./figures"

/** A figure of which less is better, and what it may be. */
export interface Row {
    what: string
    measured: number
    /** What holds today and may only be lowered. */
    limit: number
    /** Where it should get. */
    goal: number
    /** The same of the platform's client, or why there is none. */
    stock: number | string
}

/** A figure that differs from round to round and of which more is better. */
export interface TimedRow {
    what: string
    measured: Spread
    goal?: number
}

const WHAT = 60
const CELL = 9
const NOT_MET = "  goal not met"

/** Two decimals at most, none from 100 on. */
function rounded(value: number): string {
    const unit = value < 100 ? 100 : 1
    return String(Math.round(value * unit) / unit)
}

const cell = (value: number | string | undefined) =>
    (typeof value === "number" ? rounded(value) : (value ?? "-")).padStart(CELL)

const line = (what: string, cells: (number | string | undefined)[]) =>
    [what.padEnd(WHAT), ...cells.map(cell)].join(" ")

export function table(rows: readonly Row[]): string[] {
    return [
        line("", ["measured", "limit", "goal", "stock"]),
        ...rows.map(
            ({ what, measured, limit, goal, stock }) =>
                line(what, [measured, limit, goal, stock]) +
                (measured <= goal ? "" : NOT_MET)
        ),
    ]
}

/** A line for each row that is over its limit. */
export function overLimits(rows: readonly Row[]): string[] {
    return rows
        .filter(({ measured, limit }) => !(measured <= limit))
        .map(
            ({ what, measured, limit }) =>
                `over its limit: ${what}: ${measured}, at most ${limit}`
        )
}

/** @param title what the rows have in common */
export function timedTable(title: string, rows: readonly TimedRow[]): string[] {
    return [
        line(title, ["median", "least", "most", "goal"]),
        ...rows.map(
            ({ what, measured: { median, least, most }, goal }) =>
                line(what, [median, least, most, goal]) +
                (goal === undefined || median >= goal ? "" : NOT_MET)
        ),
    ]
}
