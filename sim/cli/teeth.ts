// The verb `teeth`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { whole } from "./whole"

export interface TeethOptions {
    /** Only mutants whose name contains this. */
    only?: string
    /** Seeds tried at most, from 1. */
    seeds: number
}

export function addTeeth(program: Command): void {
    program
        .command("teeth")
        .description(
            "Breaks the firmware on purpose, in one way after the other, and prints which seed catches it and how soon; " +
                "what no seed catches is tried on the schedules that were kept. " +
                "Exit code 1 when one is not caught."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run teeth -- [options]" })
        .option("--only <text>", "only those whose name contains this")
        .option(
            "--seeds <n>",
            "seeds tried at most, 1 to 10000",
            whole(1, 10_000),
            100
        )
        .helpOption("-h, --help", "show this help")
        .action(async (options: TeethOptions) => {
            const { runTeeth } = await import("./teeth-run")
            await runTeeth(options)
        })
}
