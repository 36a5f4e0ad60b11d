// The verb `fleet`: its options and its help, and nothing of how it is carried out.
import { type Command, InvalidArgumentError } from "commander"
import { parseBrokerUrl, type BrokerAddress } from "./broker-url"
import { EXIT } from "./errors"
import { whole } from "./whole"

export interface FleetCommand {
    nodes: number
    /** Without one the embedded broker is started, in a process of its own. */
    broker?: BrokerAddress
    /** Readings a second of each node. */
    rate: number
    /** Share of the nodes, 0 to 1. */
    kill?: number
    /** Seconds between two kills. */
    killEvery: number
    /** Seconds from when all are up. */
    for?: number
    prefix: string
    /** ms between two looks of an idle VM. */
    tick?: number
    keepAlive: number
    /** Whether an independent client writes down what arrives. */
    observer: boolean
    /** Whether what nodes leave at a broker that is not ours is taken away. */
    clean: boolean
    json?: boolean
}

/** One process holds them in 5 GB. */
const MAX_NODES = 10_000
const MAX_SECONDS = 2_147_483

export function addFleet(program: Command): void {
    program
        .command("fleet")
        .description(
            "Runs many simulated nodes, each a whole VM with the same bytecode and an id of its own, against one broker, " +
                "and tells how many are up, what they send, and whether a reading is lost."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run fleet -- [options]" })
        .option(
            "--nodes <n>",
            `how many, 1 to ${MAX_NODES}`,
            whole(1, MAX_NODES),
            10
        )
        .option(
            "--broker <url>",
            "use the broker at mqtt://[user:password@]host[:port], or mqtts:// for TLS; default: one of its own",
            parseBrokerUrl
        )
        .option(
            "--rate <n>",
            "readings a second of each node, 0.001 to 10",
            decimal(0.001, 10),
            1
        )
        .option(
            "--for <seconds>",
            "stop that long after all nodes are up; default: at Ctrl-C",
            decimal(1, MAX_SECONDS)
        )
        .option(
            "--kill <share>",
            "take the power of that share of the nodes, e.g. 5%, and give it back 5 s later",
            percent
        )
        .option(
            "--kill-every <seconds>",
            "time between two kills; the first comes after a third of it, or of --for if that is shorter",
            decimal(10, MAX_SECONDS),
            60
        )
        .option(
            "--prefix <text>",
            "what device ids begin with: 1 to 32 of A-Z a-z 0-9 _ . -",
            prefix,
            "fleet-"
        )
        .option(
            "--keep-alive <seconds>",
            "the nodes' keep alive, 5 to 65535",
            whole(5, 65_535),
            60
        )
        .option(
            "--tick <ms>",
            "time between two looks of an idle VM at its timers, 10 (as a single node has it) to 200: what an idle VM " +
                "costs; default: 10 for up to 100 nodes, 50 above",
            whole(10, 200)
        )
        .option(
            "--no-observer",
            "without the independent client that subscribes to devices/+/sensors/N/value and checks what arrives"
        )
        .option(
            "--no-clean",
            "leave the nodes' retained topics and sessions at the broker named by --broker"
        )
        .option(
            "--json",
            "print one JSON object at the end on standard output, and the live lines on standard error"
        )
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (options: FleetCommand) => {
            const { runFleet } = await import("./fleet-run")
            process.exitCode = await runFleet(options)
        })
}

const DETAILS = `
Ctrl-C asks all nodes to stop cleanly, with {"command":"stop"} on devices/<device>/command; a second one cuts them.

Live line:
  up          nodes whose retained up the broker has acknowledged
  readings    acknowledged in a second, and the share of what the nodes should send
  ack         time from sending to acknowledgement, half and 99 of 100 are faster; since the last line
  reconnects  connections after a node's first
  waiting     readings that are not acknowledged yet
  cut         readings that were not acknowledged when the power of their node was cut
  lost        read - acked - waiting - dropped - cut, by each node's own accounts; and what was acknowledged and has not arrived

Exit codes:
  ${String(EXIT.ok).padEnd(3)}  all nodes came up, stopped cleanly, and nothing is lost
  ${String(EXIT.failed).padEnd(3)}  they did not, or something is lost; the report says what
  ${String(EXIT.usage).padEnd(3)}  it cannot be started as asked; standard error says why
  ${EXIT.cut}  cut by a second Ctrl-C

Examples:
  npm run fleet -- --nodes 100 --for 60
  npm run fleet -- --nodes 1000 --rate 1 --kill 5% --for 120
  npm run fleet -- --nodes 50 --broker mqtt://192.168.1.10 --prefix test-
`

function decimal(low: number, high: number): (text: string) => number {
    return text => {
        const n = Number(text)
        if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || n < low || n > high)
            throw new InvalidArgumentError(
                `Must be a number from ${low} to ${high}.`
            )
        return n
    }
}

function percent(text: string): number {
    const n = /^(\d+\.?\d*|\.\d+)%$/.test(text) ? Number(text.slice(0, -1)) : 0
    if (n <= 0 || n > 100)
        throw new InvalidArgumentError(
            "Must be a share of the nodes, more than 0% and at most 100%, for example 5%."
        )
    return n / 100
}

function prefix(text: string): string {
    if (!/^[A-Za-z0-9_.-]{1,32}$/.test(text))
        throw new InvalidArgumentError(
            "Must be 1 to 32 of the characters A-Z a-z 0-9 _ . -"
        )
    return text
}
