// Tables of boards and of chips, for a terminal and for docs/boards.md. Pure.
import { CHIPS, type Chip } from "./chips"

/** What `boards` knows of one. */
export interface BoardRow {
    board: string
    file: string
    chip: string
    hardware?: string
    device?: string
    sensors: string[]
    actuators: string[]
    /** Names of the boards of its kind that have settings. */
    boards: string[]
    image?: number
    imageLimit: number
    code?: number
    heap?: number
    heapLimit: number
    /** The heap is without what its drivers take. */
    drivers: boolean
    fault?: string
}

/** Columns aligned, two blanks between them; numbers to the right where `right` says so. */
export function columns(rows: string[][], right: number[] = []): string[] {
    const widths = rows[0]!.map((_, at) =>
        Math.max(...rows.map(row => row[at]!.length))
    )
    return rows.map(row =>
        row
            .map((cell, at) =>
                right.includes(at)
                    ? cell.padStart(widths[at]!)
                    : cell.padEnd(widths[at]!)
            )
            .join("  ")
            .trimEnd()
    )
}

export const BOARD_HEAD = [
    "board",
    "chip",
    "device",
    "sensors",
    "actuators",
    "image of",
    "flash",
    "heap of",
    "heap",
]
/** Columns of numbers. */
export const BOARD_RIGHT = [5, 6, 7, 8]

export function boardCells(row: BoardRow): string[] {
    const number = (value: number | undefined) =>
        value === undefined ? "?" : value.toLocaleString("en")
    return [
        row.board,
        row.chip,
        row.device ?? "(chip's)",
        row.sensors.join(" "),
        row.actuators.join(" ") || "-",
        number(row.image),
        number(row.imageLimit),
        number(row.heap) + (row.drivers ? "*" : ""),
        number(row.heapLimit),
    ]
}

const TLS = {
    none: "none",
    public: "public authorities, no client certificate",
    host: "as this computer",
}

/** The chips as a table of Markdown. */
export function chipTable(): string[] {
    const cells = (chip: Chip) => [
        chip.name,
        `${chip.heapKiB} KiB`,
        `${chip.maxImage.toLocaleString("en")} B`,
        `below ${chip.codeBelow.toLocaleString("en")} B`,
        TLS[chip.tls],
        chip.addresses ? "name or address" : "name only",
        chip.sleeps ? "yes" : "no",
    ]
    const rows = [
        ["chip", "heap", "image", "code", "TLS", "broker by", "deep sleep"],
        ...Object.values(CHIPS).map(cells),
    ]
    const widths = rows[0]!.map((_, at) =>
        Math.max(...rows.map(row => row[at]!.length))
    )
    const line = (row: string[]) =>
        `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`
    return [
        line(rows[0]!),
        `| ${widths.map(width => "-".repeat(width)).join(" | ")} |`,
        ...rows.slice(1).map(line),
    ]
}

/** What is to be known of chips besides, as a list of Markdown: each note once, with all the chips it is for. */
export function chipNotes(): string[] {
    const chips = new Map<string, string[]>()
    for (const { name, notes } of Object.values(CHIPS))
        for (const { text, source } of notes) {
            const note = `${text} (${source})`
            chips.set(note, [...(chips.get(note) ?? []), name])
        }
    return [...chips].map(([note, names]) => `- ${names.join(", ")}: ${note}`)
}
