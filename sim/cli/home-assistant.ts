// The verb `homeassistant`: its options and its help, and nothing of how it is carried out.
import { Argument, type Command, InvalidArgumentError } from "commander"
import { parseBrokerUrl, type BrokerAddress } from "./broker-url"

export interface HomeAssistantCommand {
    /** `list` only tells, `clean` takes away. */
    what: "list" | "clean"
    broker: BrokerAddress
    /** Only this device. */
    device?: string
    /** Also of devices that are up. */
    all: boolean
    prefix: string
}

const DEFAULT_BROKER = "mqtt://127.0.0.1:1883"

export function addHomeAssistant(program: Command): void {
    program
        .command("homeassistant")
        .description(
            "Lists what nodes have announced to Home Assistant at a broker, or takes away what is left of nodes that are gone: " +
                "retained configurations stay, and with them dead entities, until somebody publishes an empty message."
        )
        .usage("list|clean [options]")
        .configureHelp({
            commandUsage: () => "npm run homeassistant -- list|clean [options]",
        })
        .addArgument(new Argument("<what>").choices(["list", "clean"]))
        .option(
            "--broker <url>",
            `mqtt://[user:password@]host[:port], or mqtts:// for TLS; default ${DEFAULT_BROKER}`,
            parseBrokerUrl
        )
        .option("--device <id>", "only this device, whether it is up or not")
        .option("--all", "also of devices that are up", false)
        .option(
            "--prefix <text>",
            "what Home Assistant's discovery topics begin with",
            prefix,
            "homeassistant"
        )
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(
            async (
                what: HomeAssistantCommand["what"],
                options: Omit<HomeAssistantCommand, "what">
            ) => {
                const { runHomeAssistant } =
                    await import("./home-assistant-run")
                process.exitCode = await runHomeAssistant({
                    ...options,
                    what,
                    broker: options.broker ?? parseBrokerUrl(DEFAULT_BROKER),
                })
            }
        )
}

const DETAILS = `
Only configurations that a node of this project has announced are looked at. clean takes those away whose device is not up
(down, or without a status); with --device or --all the others, too: a node that runs announces itself again when Home
Assistant or the node is started anew.
`

function prefix(text: string): string {
    if (text === "" || /[+#\0]/.test(text) || text.endsWith("/"))
        throw new InvalidArgumentError(
            "Must be the beginning of a topic without + and #, for example homeassistant."
        )
    return text
}
