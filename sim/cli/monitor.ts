// The verb `monitor`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { TARGET_HELP } from "../boards/target-help"
import { EXIT } from "./errors"

/** What commander hands over: every value still the text that was typed. */
export interface MonitorOptions {
    broker?: string
    device?: string
    for?: string
    json?: boolean
}

export function addMonitor(program: Command): void {
    program
        .command("monitor")
        .description(
            "Follows a board by what it says to its broker: readings, status, diagnostics, actuators, commands. Goes on when the " +
                "broker goes away and comes back. Ends with Ctrl-C."
        )
        .usage("[board] [options]")
        .configureHelp({
            commandUsage: () => "npm run monitor -- [board] [options]",
        })
        .argument("[board]", TARGET_HELP)
        .option(
            "--broker <url>",
            "mqtt://[user:password@]host[:port], or mqtts://; without it the one that the board uses"
        )
        .option(
            "--device <id>",
            "the device to follow, or + for all; without it the one that the board is"
        )
        .option("--for <seconds>", "end after that time")
        .option(
            "--json",
            "print one JSON object a line on standard output, and nothing else"
        )
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (board: string | undefined, options: MonitorOptions) => {
            const { runMonitor } = await import("./monitor-run")
            process.exitCode = await runMonitor(board, options)
        })
}

const DETAILS = `
A board without DEVICE_ID is called by its chip's number, which only the chip knows: give --device, or --device + to see all
that the broker has.

Examples:
  npm run monitor -- climate-c3.kitchen
  npm run monitor -- --broker mqtt://192.168.1.10 --device +
  npm run monitor --silent -- climate-c3.kitchen --json --for 60

Events of --json, each with "time" (ISO 8601, UTC) and "event"; fields in brackets may be missing:
  connected                                      to the broker; subscribed
  lost          text                             the connection; it is tried again every 2 s
  silent        device, ms                       nothing has come from it for so long
  reading       device, sensor, value, [taken, age, late]     taken: when, if it was not just now
  status        device, value, retained          retained: the broker had it
  diagnostics   device, value                    as the node sends it
  state         device, actuator, value          what an actuator does now
  asked         device, actuator, value          what somebody asked of an actuator
  command, ack  device, value                    to the node itself, and its answer
  other         topic, text                      anything else below devices/<device>/

Exit codes:
  ${EXIT.ok}  it was ended
  ${EXIT.failed}  --for was over and the broker was never reached
  ${EXIT.usage}  an option or the board is wrong, or the broker refuses; standard error says why
`
