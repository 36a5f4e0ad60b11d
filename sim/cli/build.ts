// The verb `build`: its options and its help, and nothing of how it is carried out.
import type { Command } from "commander"
import { TARGET_HELP } from "../boards/target-help"
import { EXIT } from "./errors"

export interface BuildOptions {
    functions?: boolean
    json?: boolean
}

export function addBuild(program: Command): void {
    program
        .command("build")
        .description(
            "Compiles a board's program into .devicescript/images/<board>.devs and says which module takes how many bytes. " +
                "The same sources give the same bytes, wherever they lie and whenever that is."
        )
        .usage("<board> [options]")
        .configureHelp({
            commandUsage: () => "npm run build -- <board> [options]",
        })
        .argument("<board>", TARGET_HELP)
        .option("--functions", "list the functions of each module, too")
        .option("--json", "print one JSON object, and nothing else")
        .helpOption("-h, --help", "show this help")
        .addHelpText("after", DETAILS)
        .action(async (board: string, options: BuildOptions) => {
            const { runBuild } = await import("./build-run")
            process.exitCode = runBuild(board, options)
        })
}

const DETAILS = `
Fields of --json:
  board, chip, file    the bytecode's file
  bytes, limit         of the image, and what the chip takes
  code, codeLimit      of its functions, and what a program counter reaches
  other                strings, numbers and tables
  sha256
  modules              each: module, bytes, functions (name, bytes)

Exit codes:
  ${EXIT.ok}  it is built and fits
  ${EXIT.failed}  it is built and does not fit into its chip
  ${EXIT.usage}  it cannot be built (option, board, compile error); standard error says why
`
