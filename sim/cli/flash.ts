// The verb `flash`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { TARGET_HELP } from "../boards/target-help"
import { EXIT } from "./errors"

export interface FlashOptions {
    port?: string
    file?: string
    imageOnly?: boolean
    baud?: string
    esptool?: string
    allSerial?: boolean
    asIs?: boolean
    json?: boolean
}

export function addFlash(program: Command): void {
    program
        .command("flash")
        .description(
            "Checks a board, makes one image of the platform's runtime, its program and its settings, and writes it to the board " +
                "that is plugged in. Nothing is written when the check finds a mistake."
        )
        .usage("<board> [options]")
        .configureHelp({
            commandUsage: () => "npm run flash -- <board> [options]",
        })
        .argument("<board>", TARGET_HELP)
        .option(
            "--port <port>",
            "serial port of an ESP32, such as /dev/ttyUSB0"
        )
        .option(
            "--file <runtime>",
            "file of the platform's runtime; without it the platform's CLI downloads the newest and keeps it for a day"
        )
        .option(
            "--image-only",
            "make the image and do not write it: npx devs flash --board <hardware> --file <image> does, or esptool"
        )
        .option(
            "--baud <rate>",
            "speed of the serial port (the CLI's: 1500000)"
        )
        .option("--esptool <path>", "esptool.py, when it is not in PATH")
        .option(
            "--all-serial",
            "take any serial port, also one whose USB chip is not known"
        )
        .option(
            "--as-is",
            "also a board that is given no Wi-Fi, or, without <name>, no broker: it has to be told later, for example with npm run devtools"
        )
        .option("--json", "print one JSON object, and nothing else")
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (board: string, options: FlashOptions) => {
            const { runFlash } = await import("./flash-run")
            process.exitCode = await runFlash(board, options)
        })
}

const DETAILS = `
An ESP32 is written by esptool over its serial port: hold BOOT while you plug it in. A Pico W is written by copying a file to
its drive: hold BOOTSEL while you plug it in. The image, with the passwords in it, stays in .devicescript/images.

Examples:
  npm run flash -- climate-c3.kitchen --port /dev/ttyACM0
  npm run flash -- door-picow.front
  npm run flash -- climate-c3.kitchen --file devicescript-esp32c3-adafruit_qt_py_c3-0x0.bin     (no internet here)

Fields of --json:
  board, name, ok    what was asked for, and whether it was done
  findings           of the check, as in npm run check
  image, bytes       the image's file; missing when none was made
  written            whether it was written to the board
  error              why not, when the check was not the reason

Exit codes:
  ${EXIT.ok}  the board is flashed (with --image-only: the image is made)
  ${EXIT.failed}  the check found a mistake, or the image could not be made or written
  ${EXIT.usage}  it cannot be done as asked (option, board, file); standard error says why
`
