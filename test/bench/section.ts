// One table of the bench: what stands in it, as text for a terminal and as Markdown for a page. Pure: what is measured,
// and how, others know.
import type { Spread } from "./figures"

/** A figure, many of one kind, a word for why there is none, or nothing where the question makes no sense. */
export type Value = number | Spread | string | undefined

export interface Section {
    /** One word: how the command names it. */
    id: string
    title: string
    /** What the first column is, and those of the values. */
    columns: string[]
    rows: { what: string; values: Value[] }[]
    /** How it was measured, and what the figures do not say. */
    notes: string[]
}

/** Digits that say something: two decimals below 10, one below 100, none above. */
function number(value: number): string {
    const unit = value < 10 ? 100 : value < 100 ? 10 : 1
    const rounded = Math.round(value * unit) / unit
    return rounded.toLocaleString("en-US", { maximumFractionDigits: 2 })
}

/** @param value null is what undefined becomes in the JSON that is kept */
export function valueText(value: Value | null): string {
    if (value === undefined || value === null) return "-"
    if (typeof value === "string") return value
    if (typeof value === "number") return number(value)
    const { median, least, most } = value
    return `${number(median)} (${number(least)} to ${number(most)})`
}

/** The cells of a table, its heading first. */
function cells({ columns, rows }: Section): string[][] {
    return [
        columns,
        ...rows.map(({ what, values }) => [what, ...values.map(valueText)]),
    ]
}

/** Lines for a terminal: the first column flush left, the others flush right. */
export function sectionLines(section: Section): string[] {
    const table = cells(section)
    const widths = section.columns.map((_, i) =>
        Math.max(...table.map(row => (row[i] ?? "").length))
    )
    const lines = table.map(row =>
        row
            .map((cell, i) =>
                i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
            )
            .join("  ")
    )
    return [section.title, ...lines, ...section.notes.map(note => `  ${note}`)]
}

export function sectionMarkdown(section: Section): string {
    const row = (texts: string[]) => `| ${texts.join(" | ")} |`
    const [heading, ...rest] = cells(section)
    const rule = section.columns.map((_, i) => (i === 0 ? "---" : "---:"))
    return [
        `## ${section.title}`,
        "",
        ...[heading!, rule, ...rest].map(row),
        ...section.notes.flatMap(note => ["", note]),
    ].join("\n")
}
