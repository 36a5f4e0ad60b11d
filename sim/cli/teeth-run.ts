// Carries out `teeth`: tries the mutants one after the other and prints what caught them.
import { keptScripts } from "../world/explore"
import { bite, MUTANTS, seeded } from "../world/teeth"
import { EXIT, UserError } from "./errors"
import type { TeethOptions } from "./teeth"

const print = (text: string) => process.stdout.write(text + "\n")

export async function runTeeth({ only = "", seeds }: TeethOptions) {
    const mutants = MUTANTS.filter(({ name }) => name.includes(only))
    if (mutants.length === 0)
        throw new UserError(`--only ${only}: no mutant has that in its name`)
    const width = Math.max(...mutants.map(({ name }) => name.length))
    const kept = keptScripts()
    let missed = 0
    for (const mutant of mutants) {
        const caught =
            (await bite(mutant, seeded(1, seeds))) ?? (await bite(mutant, kept))
        if (!caught) missed++
        print(
            `${mutant.name.padEnd(width)}  ` +
                (caught
                    ? `${caught.by}, ${(caught.lived / 1_000).toFixed(0)} s of virtual time: ${caught.breach.rule}`
                    : `not caught by ${seeds} seeds`)
        )
    }
    print(`${mutants.length - missed} of ${mutants.length} caught`)
    if (missed > 0) process.exitCode = EXIT.failed
}
