// The verb `uptime`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { whole } from "./whole"

export interface UptimeOptions {
    /** Virtual days. */
    days: number
    /** Hours after which the chip restarts itself; undefined is the firmware's default. */
    restartAfter?: number
}

export function addUptime(program: Command): void {
    program
        .command("uptime")
        .description(
            "Runs a node for so many days of virtual time and prints its restarts, and what it read, lost and was late with. " +
                "A day takes 10 to 25 s."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run uptime -- [options]" })
        .option("--days <n>", "days, 1 to 200", whole(1, 200), 60)
        .option(
            "--restart-after <hours>",
            "age at which the chip restarts itself, 1 to 1080; default 960",
            whole(1, 1080)
        )
        .helpOption("-h, --help", "show this help")
        .action(async (options: UptimeOptions) => {
            const { runUptime } = await import("./uptime-run")
            await runUptime(options)
        })
}
