// The verb `new`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { EXIT } from "./errors"

export interface NewOptions {
    hardware?: string
    device?: string
    add?: string[]
    i2c?: string
    yes?: boolean
    json?: boolean
}

export function addNew(program: Command): void {
    program
        .command("new")
        .description(
            "Writes boards/<board>.ts for hardware of your choice, and checks it. Asks for what is not given by options."
        )
        .usage("<board> [options]")
        .configureHelp({
            commandUsage: () => "npm run new -- <board> [options]",
        })
        .argument("<board>", "name of the new board: letters, digits, - and _")
        .option(
            "--hardware <id>",
            "DeviceScript's name of the hardware, such as seeed_xiao_esp32c3 or pico_w"
        )
        .option(
            "--device <id>",
            "device id of the only board of this kind; without it each board gives its own, or is called by its chip's number"
        )
        .option(
            "--add <part>",
            "a sensor or actuator: sht30, shtc3, aht20, bme680 (I2C); soil:<pin>, light:<pin>, water:<pin>, poti:<pin> (analog); " +
                "switch:<pin>, motion:<pin>, relay:<pin>. Its id follows after =, soil:A0_D0=BED1. Give it once for each",
            (value: string, before: string[] = []) => [...before, value]
        )
        .option(
            "--i2c <sda,scl>",
            "pins of the I2C bus, for hardware without an I2C connector"
        )
        .option("--yes", "ask nothing: without --add it has an SHT30")
        .option(
            "--json",
            "print one JSON object, and nothing else; asks nothing"
        )
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (name: string, options: NewOptions) => {
            const { runNew } = await import("./new-run")
            process.exitCode = await runNew(name, options)
        })
}

const DETAILS = `
Examples:
  npm run new -- cellar
  npm run new -- cellar --hardware seeed_xiao_esp32c3 --add sht30 --add relay:A2_D2=FAN --yes

Fields of --json: those of npm run check.

Exit codes:
  ${EXIT.ok}  the file is written and passes the check
  ${EXIT.failed}  it is written and does not
  ${EXIT.usage}  it cannot be written as asked (name, hardware, pin, id); standard error says why
`
