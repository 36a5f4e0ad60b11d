// The verb `soak`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { EXIT } from "./errors"
import { whole } from "./whole"

export interface SoakVerbOptions {
    /** Names or files; none are all boards in boards/. */
    boards: string[]
    /** A virtual day at the boards' own intervals instead of 10,000 readings. */
    day?: boolean
    /** Boards at once, each in a process of its own. */
    jobs: number
    json?: boolean
}

export function addSoak(program: Command): void {
    program
        .command("soak")
        .description(
            "Runs boards in the simulator with their chips' heaps, for 10,000 readings in virtual time, with their outbox full " +
                "once and the largest packets coming in. Prints what they take, and fails when that is over budget or grows."
        )
        .usage("[options] [boards...]")
        .configureHelp({
            commandUsage: () => "npm run soak -- [options] [boards...]",
        })
        .argument(
            "[boards...]",
            "names in boards/ or paths of .ts files (default: all boards there)"
        )
        .option(
            "--day",
            "a virtual day at the boards' own intervals instead; takes 2 to 4 min a board"
        )
        .option("--jobs <n>", "boards at once, 1 to 16", whole(1, 16), 2)
        .option("--json", "print one JSON object a board, and nothing else")
        .helpOption("-h, --help", "show this help")
        .action(
            async (
                boards: string[],
                options: Omit<SoakVerbOptions, "boards">
            ) => {
                const { runSoak } = await import("./soak-run")
                process.exitCode = await runSoak({ ...options, boards })
            }
        )
        .addHelpText("after", DETAILS)
}

const DETAILS = `
Columns: image is bytecode; peak live heap is the most that was alive after a collection; headroom is what the chip's heap has
left; grown is what was alive more in the last part of the run than in the tenth of 24. Sizes are bytes.

Exit codes: ${EXIT.ok} all boards are within budget, ${EXIT.failed} one is not, ${EXIT.usage} there is no such board, or it does not compile.
`
