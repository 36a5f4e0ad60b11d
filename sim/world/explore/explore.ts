// Lives through many schedules and sums up what was lived through.
import type { CompiledProgram } from "../../vm"
import { drawScript } from "./draw"
import { KINDS } from "./kinds"
import { live, type Life } from "./live"
import type { Script } from "./script"
import { shrink } from "./shrink"

/** A schedule that fails. */
export interface Failure {
    seed: number
    script: Script
    life: Life
}

export interface Summary {
    seeds: number
    /** ms of virtual time. */
    lived: number
    checks: number
    /** How often each kind of fault was injected; those that never were are there with 0. */
    injected: Record<string, number>
    failures: Failure[]
    /** The longest time from a last fault until all was right, ms. */
    slowest: number
}

/** @param each told of each schedule when it is over */
export async function explore(
    seeds: Iterable<number>,
    program: CompiledProgram,
    each: (seed: number, script: Script, life: Life) => void = () => {}
): Promise<Summary> {
    const summary: Summary = {
        seeds: 0,
        lived: 0,
        checks: 0,
        injected: Object.fromEntries(KINDS.map(({ name }) => [name, 0])),
        failures: [],
        slowest: 0,
    }
    for (const seed of seeds) {
        const script = drawScript(seed)
        const life = await live(script, program)
        summary.seeds++
        summary.lived += life.lived
        summary.checks += life.checks
        summary.slowest = Math.max(summary.slowest, life.right ?? 0)
        for (const { kind, at } of script.steps)
            if (at <= life.lived)
                summary.injected[kind] = (summary.injected[kind] ?? 0) + 1
        if (life.breaches.length > 0)
            summary.failures.push({ seed, script, life })
        each(seed, script, life)
    }
    return summary
}

/** The smallest schedule found that breaks the same rule first. */
export async function shrunk(
    { script, life }: Failure,
    program: CompiledProgram
): Promise<{ script: Script; tries: number }> {
    const rule = life.breaches[0]!.rule
    return shrink(script, async candidate => {
        const { breaches } = await live(candidate, program)
        return breaches[0]?.rule === rule
    })
}

/** A summary as lines of text. */
export function summaryLines(summary: Summary, realMs: number): string[] {
    const { seeds, lived, checks, failures, slowest } = summary
    const kinds = Object.entries(summary.injected).sort(([, a], [, b]) => b - a)
    const lines = [
        `${seeds} seeds, ${(lived / 3_600_000).toFixed(2)} h of virtual time in ${(realMs / 1_000).toFixed(1)} s, ` +
            `${checks} checks of rules, all right ${(slowest / 1_000).toFixed(1)} s after the last fault at the latest`,
    ]
    const cells = kinds.map(([kind, count]) => `${count} ${kind}`)
    for (let i = 0; i < cells.length; i += 6)
        lines.push("  " + cells.slice(i, i + 6).join(", "))
    lines.push(
        failures.length === 0
            ? "no failure"
            : `${failures.length} failed: seeds ${failures.map(({ seed }) => seed).join(", ")}`
    )
    return lines
}
