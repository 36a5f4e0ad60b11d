// What a board may take of its chip, and the table of what it takes. Pure.
import type { SoakFigures } from "./soak"

/**
 * What the heap must have left at the most, in bytes, besides what the largest allocation at work takes: a driver of a bus,
 * which is not in the figures, and a program that is a little larger next year.
 */
export const HEADROOM = 8 * 1_024

/** What may be alive more in the end than in the tenth part, in bytes: texts with counts in them get longer. */
export const GROWTH = 64

/** Allocations a reading of a node may make, twice what the ready boards do; each costs a Pico W a quarter of a ms. */
export const ALLOCATIONS = 200

/** What is over budget, a line each. */
export function overBudget(f: SoakFigures, maxImage: number): string[] {
    const over: string[] = []
    const say = (what: string) => over.push(`${f.board} on ${f.chip}: ${what}`)
    if (f.image > maxImage)
        say(`its image has ${f.image} bytes, at most ${maxImage} fit`)
    if (f.heap - f.peak < HEADROOM)
        say(
            `${f.peak} bytes of its heap of ${f.heap} were alive, ${HEADROOM} must be left`
        )
    if (f.last - f.tenth > GROWTH)
        say(
            `its heap grows: ${f.tenth} bytes were alive in the tenth part, ${f.last} in the last`
        )
    // a comparison that NaN fails
    if (!(f.allocations <= ALLOCATIONS))
        say(
            `${f.allocations} allocations a reading, at most ${ALLOCATIONS} are allowed`
        )
    if (f.dropped === 0) say("its outbox was never full")
    for (const fault of f.faults) say(`it said: ${fault}`)
    return over
}

const COLUMNS = [
    "board",
    "chip",
    "image",
    "peak live heap",
    "headroom",
    "allocations a reading",
    "grown",
    "readings",
]

/** The table of boards, a line each and one for the heads; sizes in bytes. */
export function soakTable(figures: readonly SoakFigures[]): string[] {
    const cells = figures.map(f => [
        f.board,
        f.chip,
        String(f.image),
        `${f.peak}${f.drivers ? "*" : " "}`,
        `${f.heap - f.peak}${f.drivers ? "*" : " "}`,
        String(f.allocations),
        String(f.last - f.tenth),
        String(f.readings),
    ])
    const widths = COLUMNS.map((head, i) =>
        Math.max(head.length, ...cells.map(row => row[i]!.length))
    )
    const line = (row: string[]) =>
        row
            .map((cell, i) =>
                i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
            )
            .join("  ")
            .trimEnd()
    const notes = figures.some(f => f.drivers)
        ? ["* without the drivers of buses, which do not run in the simulator"]
        : []
    return [line(COLUMNS), ...cells.map(line), ...notes]
}
