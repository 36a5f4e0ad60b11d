// The verb `check`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { TARGET_HELP } from "../boards/target-help"
import { EXIT } from "./errors"

export interface CheckOptions {
    /** True: the one the board uses; else the URL of another. */
    broker?: string | true
    json?: boolean
}

export function addCheck(program: Command): void {
    program
        .command("check")
        .description(
            "Looks at a board as far as that can be done without it: its types, ids, settings, broker address, image size, heap, " +
                "whether it starts, and whether secrets are in git. With --broker at the broker it will use, too."
        )
        .usage("<board> [options]")
        .configureHelp({
            commandUsage: () => "npm run check -- <board> [options]",
        })
        .argument("<board>", TARGET_HELP)
        .option(
            "--broker [url]",
            "ask the broker, too: is it there, are the credentials right, does it acknowledge, keep retained messages, " +
                "deliver wills, enforce keep alive; takes up to 20 s. Without a URL the one that the board uses"
        )
        .option("--json", "print one JSON object, and nothing else")
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (board: string, options: CheckOptions) => {
            const { runCheck } = await import("./check-run")
            process.exitCode = await runCheck(board, options)
        })
}

const DETAILS = `
Each line is a verdict (ok, wrong, note, skipped), what was looked at, and for a mistake its file, line, key and value, and
what to write instead.

Examples:
  npm run check -- climate-c3
  npm run check -- climate-c3.kitchen --broker
  npm run check -- boards/climate-c3.kitchen.env
  npm run check --silent -- climate-c3 --json

Fields of --json:
  board, name, file, chip   what was checked
  ok                        nothing is wrong
  device                    its device id; missing when that is the chip's number
  findings                  each: check, verdict, text, [file, line, key, value, fix]

Exit codes:
  ${EXIT.ok}  nothing is wrong
  ${EXIT.failed}  something is
  ${EXIT.usage}  it cannot be checked as asked (option, board, settings file); standard error says why
`
