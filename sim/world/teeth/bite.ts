// Breaks the firmware and sees which schedule of faults catches it.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { PROJECT_ROOT } from "../../vm"
import {
    drawScript,
    exploredBoard,
    live,
    type Breach,
    type Script,
} from "../explore"
import type { Mutant } from "./mutants"

/** How a mutant was caught. */
export interface Catch {
    /** What caught it: a seed, or a kept script. */
    by: string
    breach: Breach
    /** Schedules lived through, that one included, and ms of virtual time. */
    lives: number
    lived: number
}

/**
 * @param scripts tried in this order
 * @returns undefined when none catches it
 * @throws {Error} when the mutant is not one any more: its text is not in the source, or does not compile
 */
export async function bite(
    mutant: Mutant,
    scripts: Iterable<{ name: string; script: Script }>
): Promise<Catch | undefined> {
    const program = exploredBoard(mutated(mutant))
    let lives = 0
    let lived = 0
    for (const { name, script } of scripts) {
        const life = await live(script, program)
        lives++
        lived += life.lived
        const [breach] = life.breaches
        if (breach) return { by: name, breach, lives, lived }
    }
    return undefined
}

/** Schedules of seeds. */
export function* seeded(
    from: number,
    to: number
): Generator<{ name: string; script: Script }> {
    for (let seed = from; seed <= to; seed++)
        yield { name: `seed ${seed}`, script: drawScript(seed) }
}

/**
 * The file that is broken, by its name.
 * @throws {Error} when the text that is replaced is not there exactly once
 */
export function mutated({
    name,
    file,
    from,
    to,
}: Mutant): Record<string, string> {
    const text = readFileSync(join(PROJECT_ROOT, file), "utf8")
    const parts = text.split(from)
    if (parts.length !== 2)
        throw new Error(
            `${name}: its text is ${parts.length - 1} times in ${file}, and must be once`
        )
    return { [file]: parts.join(to) }
}
