// The verb `world`: its options and its help, and nothing of how it is carried out.
import { type Command, InvalidArgumentError, Option } from "commander"

export interface WorldOptions {
    /** First and last. */
    seeds: [number, number]
    script?: string
    history?: boolean
    speed?: boolean
    keep: boolean
}

export function addWorld(program: Command): void {
    program
        .command("world")
        .description(
            "Lets the compiled firmware live through schedules of faults in virtual time, one drawn from each seed, and sees " +
                "that no rule is broken on the way and that all is right in the end. Exit code 1 when one fails."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run world -- [options]" })
        .addOption(
            new Option("--seeds <from..to>", "seeds, e.g. 1..500")
                .argParser(seeds)
                .default([1, 100], "1..100")
        )
        .option(
            "--script <file>",
            "live through this schedule instead, e.g. test/world/kept/<name>.txt"
        )
        .option("--history", "with --script: print all that happens")
        .option(
            "--no-keep",
            "do not make failing schedules small and save them in test/world/kept"
        )
        .option("--speed", "print how fast worlds of 1, 10 and 100 nodes live")
        .helpOption("-h, --help", "show this help")
        .action(async (options: WorldOptions) => {
            const { runWorld } = await import("./world-run")
            await runWorld(options)
        })
}

function seeds(text: string): [number, number] {
    const match = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text)
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? match?.[1])
    if (!match || to < from)
        throw new InvalidArgumentError(
            "Must be a number, or two with .. between them, the smaller one first."
        )
    return [from, to]
}
