// The fault table as lines of text. Pure: figures in, lines out.
import type { Figures } from "./measure"

/** One fault, and what it did to each firmware. */
export interface Measured {
    name: string
    /** ms from its begin to its end. */
    lasts: number
    figures: Figures[]
}

const COLUMNS: readonly [title: string, of: (f: Figures) => string][] = [
    ["noticed", f => (f.noticed === Infinity ? "-" : time(f.noticed))],
    ["again", f => time(f.again)],
    ["lost", f => String(f.lost)],
    ["twice", f => String(f.duplicated)],
    ["status", f => time(f.status)],
    ["panics", f => String(f.restarts)],
    ["dropped", f => reasons(f.dropped)],
    ["law", f => f.law ?? "kept"],
]

/** Between two groups of columns. */
const BETWEEN = " | "

/**
 * @param groups name of each firmware, in the order of `figures`; columns in which a firmware says nothing are left out
 */
export function faultTable(
    rows: readonly Measured[],
    groups: readonly string[]
): string[] {
    const name = column("", ["fault", ...rows.map(row => row.name)], false)
    const lasts = column("", ["lasts", ...rows.map(row => time(row.lasts))])
    const parts = groups.map((group, i) => {
        const columns = COLUMNS.map(([title, of]) => ({
            title,
            cells: rows.map(({ figures }) => of(figures[i]!)),
        })).filter(
            ({ title, cells }) =>
                !["dropped", "law"].includes(title) ||
                cells.some(cell => cell !== "" && cell !== "n/a")
        )
        const lines = beside(
            columns.map(({ title, cells }) => column("", [title, ...cells])),
            " "
        )
        return column(group, lines, false)
    })
    const left = column("", beside([name, lasts], " "), false)
    return beside([left, ...parts], BETWEEN).map(line => line.trimEnd())
}

/** ms as a person reads it, at most six characters. */
export function time(ms: number): string {
    if (ms === Infinity) return "never"
    if (ms === 0) return "0"
    return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function reasons(dropped: Record<string, number>): string {
    return Object.entries(dropped)
        .map(([reason, count]) => `${count} ${reason}`)
        .join(", ")
}

/** All cells of one width below a heading, numbers to the right. */
function column(
    heading: string,
    cells: readonly string[],
    right = true
): string[] {
    const lines = [heading, ...cells]
    const width = Math.max(...lines.map(({ length }) => length))
    return lines.map(cell =>
        right ? cell.padStart(width) : cell.padEnd(width)
    )
}

function beside(columns: readonly string[][], between: string): string[] {
    return columns[0]!.map((_, line) =>
        columns.map(cells => cells[line]!).join(between)
    )
}
