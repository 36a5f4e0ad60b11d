// The verb `devtools`: starts the platform's own dashboard, as it is.
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { spawn } from "node:child_process"
import type { Command } from "commander"
import { EXIT } from "./errors"

const nodeRequire = createRequire(import.meta.url)

/** The project's folder, which the CLI works in. */
const ROOT = join(import.meta.dirname, "..", "..")

export function addDevtools(program: Command): void {
    program
        .command("devtools")
        .description(
            "Starts the platform's own DeviceTools: a dashboard at http://127.0.0.1:8081/, which loads its page from the internet."
        )
        .usage("[board file] [options]")
        .configureHelp({
            commandUsage: () => "npm run devtools -- [board file] [options]",
        })
        .argument(
            "[options...]",
            "a board's name or .ts file, which the CLI then builds and deploys at each change, and the CLI's own options; npx devs devtools --help lists them"
        )
        .allowUnknownOption()
        .helpOption("-h, --help", "show this help")
        .addHelpText(
            "after",
            `
Settings that it deploys stand in .env.local, which git ignores; those of boards/<board>.<name>.env it does not know.

Examples:
  npm run devtools
  npm run devtools -- boards/simulator.ts
  npm run devtools -- boards/climate-c3.ts --serial

Exit code: that of the CLI; 100 when one of the ports 8081, 8082, 8083 is in use.
`
        )
        .action(async (options: string[]) => {
            process.exitCode = await devtools(await withBoard(options))
        })
}

/** The CLI's options that take a value, which is no board. */
const VALUED = ["-t", "--trace"]

/**
 * The options with the path of the board's file, as the CLI takes it, in place of what was typed.
 * @throws {UserError} when there is no such board: the CLI would print a stack
 */
async function withBoard(options: string[]): Promise<string[]> {
    const at = options.findIndex(
        (text, i) =>
            !text.startsWith("-") && !VALUED.includes(options[i - 1] ?? "")
    )
    if (at < 0) return options
    const { findBoard } = await import("../boards/board-file")
    const from = process.env["INIT_CWD"] ?? process.cwd()
    return options.with(at, findBoard(options[at]!, from, "the board").path)
}

function devtools(options: string[]): Promise<number> {
    const cli = join(
        dirname(nodeRequire.resolve("@devicescript/cli/package.json")),
        "devicescript"
    )
    const child = spawn(process.execPath, [cli, "devtools", ...options], {
        cwd: ROOT,
        stdio: "inherit",
    })
    // Ctrl-C reaches both; this one waits for the other.
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => child.kill(signal))
    return new Promise((resolve, reject) => {
        child.on("error", reject)
        child.on("close", code => resolve(code ?? EXIT.cut))
    })
}
