// Writes an image to a board by the CLI's flash verb, and tells how far it is. Knows nothing of what is in the image.
import { EXIT, UserError } from "../cli/errors"
import { PROJECT_ROOT } from "../vm"
import type { BoardFile } from "./board-file"
import type { Runtime } from "./bundle"
import { explain, runCli } from "./platform-cli"

/** ms for the CLI: it waits up to 120 s for the board, and writing 2 MB takes 30 s, at a low speed of the port five times that. */
const WRITE_MS = 400_000

export interface WriteOptions {
    board: BoardFile
    /** Absolute path. */
    image: string
    runtime: Runtime
    port?: string
    baud?: string
    esptool?: string
    allSerial?: boolean
    /** Whether to wait for a board that is not plugged in yet, up to 2 min. */
    wait: boolean
    /** A line of the CLI, or of the flashing program. */
    onLine?: (line: string) => void
    /** Per cent that are written. */
    onProgress?: (percent: number) => void
}

/** esptool: `Writing at 0x00010000... (12 %)`. */
const PROGRESS = /^Writing at 0x[0-9a-f]+.*?\(?(\d{1,3}(?:\.\d)?) ?%/i

/** @throws {UserError} that says what to do */
export async function writeImage(options: WriteOptions): Promise<void> {
    const { board, runtime, port } = options
    const end = await runCli({
        args: writeArguments(options),
        cwd: PROJECT_ROOT,
        limit: WRITE_MS,
        onLine(line) {
            const percent = PROGRESS.exec(line)?.[1]
            if (percent === undefined) options.onLine?.(line)
            else options.onProgress?.(Math.floor(Number(percent)))
        },
    })
    if (end.code !== 0)
        throw new UserError(
            `${board.name} was not written: ${explain(end, { ...runtime, port })}`,
            EXIT.failed
        )
}

/** What the CLI is called with. */
export function writeArguments(options: WriteOptions): string[] {
    const { board, image, port, baud, esptool, allSerial, wait } = options
    const pico = board.chip.id === "rp2040w"
    if (pico && port !== undefined)
        throw new UserError(
            `--port: ${board.hardwareName} is not written over a serial port, but by its drive: leave --port out and plug it in while you hold BOOTSEL`
        )
    return [
        ...["flash", pico ? "rp2040" : "esp32"],
        ...["--board", board.hardware!, "--file", image],
        ...(wait ? [] : ["--once"]),
        ...(port === undefined ? [] : ["--port", port]),
        ...(baud === undefined || pico ? [] : ["--baud", baud]),
        ...(esptool === undefined || pico ? [] : ["--esptool", esptool]),
        ...(allSerial === true && !pico ? ["--all-serial"] : []),
    ]
}
