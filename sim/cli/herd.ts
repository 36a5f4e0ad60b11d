// The verb `herd`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { whole } from "./whole"

export interface HerdVerbOptions {
    nodes: number
    /** Connections a second. */
    rate: number
    /** s. */
    away: number
    /** Only policies whose name contains this. */
    only: string
    /** A file for the plot. */
    plot?: string
    json?: boolean
}

export function addHerd(program: Command): void {
    program
        .command("herd")
        .description(
            "Takes a broker away from many nodes at once and lets so many connections a second in when it is back: how long " +
                "until 99 % are connected, and how many connects a second there were, for this firmware and for fixed waits. " +
                "1,000 nodes take some minutes a policy, 100 half a minute."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run herd -- [options]" })
        .option("--nodes <n>", "nodes, 2 to 2,000", whole(2, 2_000), 1_000)
        .option(
            "--rate <n>",
            "connections a second that the broker lets in, 1 to 1,000",
            whole(1, 1_000),
            20
        )
        .option(
            "--away <s>",
            "seconds that the broker is away, 1 to 600",
            whole(1, 600),
            30
        )
        .option("--only <text>", "only policies whose name contains this", "")
        .option("--plot <file>", "write an SVG plot there")
        .option("--json", "print one JSON object, and nothing else")
        .helpOption("-h, --help", "show this help")
        .action(async (options: HerdVerbOptions) => {
            const { runHerd } = await import("./herd-run")
            await runHerd(options)
        })
}
