// Carries out `soak`: each board in a process of its own, as many at once as asked for, and a table of what they took.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { boardNames, findBoard, readBoardFile } from "../boards/board-file"
import { overBudget, soakTable } from "../boards/budget"
import { soak, type SoakFigures } from "../boards/soak"
import { CompileError } from "../vm"
import { EXIT, UserError } from "./errors"
import type { SoakVerbOptions } from "./soak"

/** ms between two readings of each sensor in the short run: sensors stream as often. */
const INTERVAL = 500
/** ms that a board may take, a day on a busy machine. */
const LIMIT = 1_800_000

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url))
const run = promisify(execFile)

/** @throws {UserError} when a board is not there or does not compile */
export async function runSoak(options: SoakVerbOptions): Promise<number> {
    const from = process.env["INIT_CWD"] ?? process.cwd()
    const names = options.boards.length > 0 ? options.boards : boardNames()
    const boards = names.map(name => readBoardFile(findBoard(name, from)))
    const figures: SoakFigures[] = []
    const queue = boards.map((board, at) => ({ board, at }))
    const worker = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
            const { board, at } = next
            figures[at] =
                boards.length === 1
                    ? await here(board, options.day === true)
                    : await apart(board.path, options.day === true)
        }
    }
    await Promise.all(Array.from({ length: options.jobs }, worker))
    const over = figures.flatMap((f, i) =>
        overBudget(f, boards[i]!.chip.maxImage)
    )
    const lines = options.json
        ? figures.map(f => JSON.stringify(f))
        : soakTable(figures)
    process.stdout.write(`${lines.join("\n")}\n`)
    for (const text of over) process.stderr.write(`over budget: ${text}\n`)
    return over.length > 0 ? EXIT.failed : EXIT.ok
}

async function here(
    board: ReturnType<typeof readBoardFile>,
    day: boolean
): Promise<SoakFigures> {
    try {
        return await soak(board, day ? {} : { interval: INTERVAL })
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        throw new UserError(
            `${board.file} does not compile: ${error.diagnostics[0]}`
        )
    }
}

/** The same in another process; one that is over budget prints its figures, too. */
async function apart(path: string, day: boolean): Promise<SoakFigures> {
    const args = ["--import", "tsx", MAIN, "soak", path, "--json"]
    if (day) args.push("--day")
    try {
        const { stdout } = await run(process.execPath, args, { timeout: LIMIT })
        return JSON.parse(stdout) as SoakFigures
    } catch (error) {
        const { stdout, stderr } = error as { stdout?: string; stderr?: string }
        if (stdout) return JSON.parse(stdout) as SoakFigures
        throw new UserError(
            stderr?.trim().replace(/^error: /, "") ?? String(error),
            EXIT.usage
        )
    }
}
