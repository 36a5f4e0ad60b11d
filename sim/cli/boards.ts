// The verb `boards`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { EXIT } from "./errors"

export interface BoardsOptions {
    chips?: boolean
    json?: boolean
}

export function addBoards(program: Command): void {
    program
        .command("boards")
        .description(
            "Lists the boards in boards/: chip, device id, sensors, actuators, image size against the chip's flash, heap needed " +
                "against the chip's heap. Compiles each and runs it in the simulator, 5 s a board."
        )
        .usage("[options]")
        .configureHelp({ commandUsage: () => "npm run boards -- [options]" })
        .option(
            "--chips",
            "print what each chip can do instead, as the table of docs/boards.md"
        )
        .option("--json", "print one JSON object a line, and nothing else")
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (options: BoardsOptions) => {
            const { runBoards } = await import("./boards-run")
            process.exitCode = await runBoards(options)
        })
}

const DETAILS = `
Heap is what the program has in use at most after a collection, in a minute with a broker and ten without. Drivers of I2C
sensors do not run in the simulator: boards with some are marked *, and their heap is without them.

Fields of --json:
  board, file, chip, hardware
  device                   missing when that is the chip's own number
  sensors, actuators       their ids
  boards                   names of the settings files of its kind
  image, imageLimit, code, heap, heapLimit     bytes; missing when it does not compile or start
  drivers                  heap is without its drivers
  fault                    why it does not compile or start

Exit codes:
  ${EXIT.ok}  all compile and start
  ${EXIT.failed}  some do not
  ${EXIT.usage}  an option or a board file is wrong; standard error says why
`
