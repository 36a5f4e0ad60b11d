// The verb `start`: its options, its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { boardNames } from "../boards/board-file"
import { DEFAULT_PAGE_PORT, DEFAULT_TOPICS } from "../cloud/options"
import { EXIT } from "./errors"
import {
    DEFAULT_BOARD,
    DEFAULT_MQTT_PORT,
    parseStartOptions,
    type RawStartOptions,
} from "./start-options"

export function addStart(program: Command): void {
    program
        .command("start")
        .description(
            "Runs the firmware of a board in the simulator, with simulated sensors, until Ctrl-C. " +
                "Starts an MQTT broker of its own unless --broker names one."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm start -- [options]" })
        .option(
            "--board <name|file>",
            `the board: a name in boards/ (${boardNames().join(", ")}) or the path of a .ts file (default: ${DEFAULT_BOARD})`
        )
        .option(
            "--name <name>",
            "which board of its kind: with the settings of boards/<board>.<name>.env"
        )
        .option(
            "--settings <file>",
            "with the settings of that file; boards/example.env shows what it may say"
        )
        .option(
            "--broker <url>",
            "use the broker at mqtt://[user:password@]host[:port], or mqtts:// for TLS, and start none; " +
                "percent-encode @ : / ? # % in user and password (p@ss is p%40ss)"
        )
        .option(
            "--mqtt-port <n>",
            `port of the embedded broker on 127.0.0.1 (default: ${DEFAULT_MQTT_PORT}; 0: any free one); not with --broker`
        )
        .option(
            "--http-port <n>",
            "serve the node's state as JSON at http://127.0.0.1:<n>/ (0: any free one; default: off)"
        )
        .option(
            "--page-port <n>",
            `port of the live page and the HTTP API (default: ${DEFAULT_PAGE_PORT}, or any free one if it is taken; 0: any free one)`
        )
        .option(
            "--page-host <address>",
            "let other machines reach the page: an address of this one, or 0.0.0.0 (default: 127.0.0.1); " +
                "needs a token in the environment variable PAGE_TOKEN"
        )
        .option(
            "--page-topics <filter>",
            `what the page subscribes to (default: ${DEFAULT_TOPICS})`
        )
        .option(
            "--page-history <file>",
            "where the page keeps its values (default: a file a broker in .history/; none: nowhere)"
        )
        .option("--no-page", "no live page and no HTTP API")
        .option(
            "--device <id>",
            "device id instead of the board's own: 1 to 64 of A-Z a-z 0-9 _ . -"
        )
        .option("--for <seconds>", "stop the node cleanly after that time")
        .option(
            "--json",
            "print one JSON object a line on standard output, and nothing else"
        )
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (raw: RawStartOptions) => {
            const options = parseStartOptions({
                ...raw,
                pageToken: process.env["PAGE_TOKEN"],
            })
            // Compiler and VM take a while to load: only once the options are known to be right.
            const { runStart } = await import("./run")
            process.exitCode = await runStart(options)
        })
}

const DETAILS = `
Ctrl-C asks the node to stop: it says down, disconnects, and the program ends. A node that has not stopped after 10 s is
cut; a second Ctrl-C cuts it at once. When a node is cut the broker publishes its will, which says down too.
The node is asked by a simulated switch named stop; boards/simulator.ts shows how a board file listens to it. A board
without one has its power cut in place of a clean stop, which is no error.

What is given here wins over the settings, and they over the board file. Settings that name a broker are used with it, unless
--broker or --mqtt-port is given. A broker that only the board file names is not used: a warning says how to.

Topics:
  devices/<device>/sensors/<sensor>/value   {"value":21.5}, QoS 1
  devices/<device>/status                   up or down, QoS 1, retained

Examples:
  npm start
  npm start -- --for 20
  npm start -- --broker mqtt://127.0.0.1:1884 --device kitchen
  npm start -- --broker mqtts://user:p%40ss@broker.example.com
  npm start -- --board climate-c3 --name kitchen
  npm start -- --board boards/simulator.ts --mqtt-port 1884 --page-port 8080
  npm start --silent -- --json --for 60        (--silent: npm itself prints nothing)

Events of --json, each with "time" (ISO 8601, UTC) and "event"; fields in brackets may be missing:
  start       board, file
  built       bytes, ms                                 the board's program was compiled
  broker      url, embedded                             the broker, without credentials; from now on the embedded one answers
  state       url                                       where the node's state is served, with --http-port
  page        url                                       where the live page and the HTTP API are
  boot        sensors, [board, device, client, keepalive (s), version]
  connecting  [host, port, attempt]
  connected   present, [ms]                             present: the broker had kept the session
  status      value                                     the broker has acknowledged up or down
  acked       topic, [value, qos, ms]                   the broker has acknowledged a reading, ms after it was sent
  dropped     topic, [value, reason]                    a reading that will never reach the broker
  acted       actuator, [value]                         an actuator did what a message asked for; value: its state now
  rejected    actuator, text                            what an actuator was asked for and will not do, and why
  command     text                                      a command to the node itself; text: its answer
  lost        [ms, text]                                the connection failed; ms: how long the session lasted
  retry       [ms]                                      time to the next attempt
  fault       text                                      the firmware caught an error and goes on
  refused     text                                      the board file or a setting is wrong; the node does not start
  stop        reason                                    the node was asked to stop
  stopping, stopped                                     the node's answer
  client      id, state                                 another client of the embedded broker: connected, gone
  console     text                                      any other console line of the firmware
  trouble     text                                      a line of the firmware's error console, or of an exception's report
  warning     text                                      the embedded broker or the page refused something, or what a file says has no effect
  panic       code                                      the program ended; the device starts it again after 5 s
  sleep       ms                                        the chip sleeps; a restart follows
  restart     reason                                    the device starts again
  end         code, text                                the last one; code is the exit code

Exit codes:
  ${String(EXIT.ok).padEnd(3)}  the node was stopped cleanly, or has no switch named stop and its power was cut
  ${String(EXIT.failed).padEnd(3)}  the node did not stop cleanly, ended by itself, or with --for never had a session
  ${String(EXIT.usage).padEnd(3)}  it cannot be started as asked (option, port, board, broker, compile error); standard error says why
  ${EXIT.cut}  cut by a second Ctrl-C

Environment:
  PAGE_TOKEN=<16 or more characters>   the page and the API ask for it
  NO_COLOR=1                           no colours
  NODE_EXTRA_CA_CERTS=<file>           a certificate authority more for mqtts://
`
