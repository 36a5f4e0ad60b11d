// The verb `faults`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { whole } from "./whole"

export interface FaultsOptions {
    /** Only faults whose name contains this. */
    only?: string
    /** Chips of this project's node, 1 to 15. */
    chips: number
    json?: boolean
}

export function addFaults(program: Command): void {
    program
        .command("faults")
        .description(
            "Prints what each fault does to a node of this project, and to one with the platform's own MQTT client, " +
                "in virtual time."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run faults -- [options]" })
        .option("--only <text>", "only faults whose name contains this")
        .option(
            "--chips <n>",
            "chips that this project's node is tried on, 1 to 15; the worst is shown. They differ in their luck " +
                "with the wait before a new connection",
            whole(1, 15),
            5
        )
        .option(
            "--json",
            "print one JSON object, and nothing else; times in ms, null: never"
        )
        .helpOption("-h, --help", "show this help")
        .action(async (options: FaultsOptions) => {
            const { runFaults } = await import("./faults-run")
            await runFaults(options)
        })
}
