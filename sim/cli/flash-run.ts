// Carries out `flash`: checks, makes the image, writes it, and says at each step what comes next.
import { resolve } from "node:path"
import { bundle, runtimeOf, type Wifi } from "../boards/bundle"
import { checkBoard, type Checked, type Target } from "../boards/check"
import { bytes, type Finding } from "../boards/finding"
import { storedSettings } from "../boards/settings-file"
import { findTarget, targetName } from "../boards/target"
import { writeImage } from "../boards/write-image"
import { PROJECT_ROOT } from "../vm"
import { IMAGES } from "./build-run"
import { ending, printer } from "./check-run"
import { EXIT, UserError } from "./errors"
import type { FlashOptions } from "./flash"
import { printable } from "./format"
import { painter } from "./output"

/** What --json prints. */
interface Result {
    board: string
    name?: string
    ok: boolean
    findings: Finding[]
    image?: string
    bytes?: number
    written: boolean
    error?: string
}

/** @returns the exit code */
export async function runFlash(
    wanted: string,
    options: FlashOptions
): Promise<number> {
    const from = process.env["INIT_CWD"] ?? process.cwd()
    const target = findTarget(wanted, from)
    const { board, name } = target
    checkOptions(options)
    // before anything that takes time: hardware that cannot be flashed
    const runtime = runtimeOf(board)
    const json = options.json === true
    const result: Result = {
        board: board.name,
        ...(name === undefined ? {} : { name }),
        ...{ ok: false, findings: [], written: false },
    }
    const say = json ? () => {} : print
    try {
        const checked = await checkBoard(
            target,
            json ? undefined : printer(target),
            { flashes: options.asIs !== true }
        )
        result.findings = checked.findings
        if (!checked.ok || !checked.program) {
            say(`${ending(checked.findings)}: nothing is flashed`)
            if (json) print(JSON.stringify(result))
            return EXIT.failed
        }
        say(
            `image     made of ${runtime.runtimeFile}, program and settings ...`
        )
        const made = await bundle({
            board,
            program: checked.program.image,
            ...given(checked),
            runtime:
                options.file === undefined
                    ? undefined
                    : resolve(from, options.file),
            folder: IMAGES,
            name: targetName(target),
            onLine: downloads(say),
        })
        Object.assign(result, { image: made.file, bytes: made.bytes })
        say(`image     ${shown(made.file)}, ${bytes(made.bytes)}`)
        if (options.imageOnly !== true) {
            await write(target, made.file, options, say)
            result.written = true
        }
        result.ok = true
        if (json) print(JSON.stringify(result))
        return EXIT.ok
    } catch (error) {
        if (!json || !(error instanceof UserError)) throw error
        print(JSON.stringify({ ...result, error: error.message }))
        throw error
    } finally {
        progress("")
    }
}

async function write(
    { board, name }: Target,
    image: string,
    options: FlashOptions,
    say: (line: string) => void
): Promise<void> {
    const where =
        options.port ??
        (board.chip.addresses ? "the board's serial port" : "the board's drive")
    say(`write     to ${where} ...`)
    const { port, baud, esptool, allSerial } = options
    await writeImage({
        ...{ board, image, port, baud, esptool, allSerial },
        runtime: runtimeOf(board),
        // a person can still plug it in, a script cannot
        wait: process.stdout.isTTY && options.json !== true,
        onLine: line => {
            if (/scan|BOOT|plug/i.test(line))
                say(`          ${printable(line)}`)
        },
        onProgress: percent => progress(`write     ${percent} %`),
    })
    progress("")
    say(
        `${painter()("good", "flashed")}   npm run monitor -- ${name === undefined ? board.name : `${board.name}.${name}`} follows it`
    )
}

/** What the board is given: its settings as the firmware reads them, and its Wi-Fi as the runtime does. */
export function given({ settings }: Checked): {
    settings: Record<string, unknown>
    wifi?: Wifi
} {
    const own = settings?.settings ?? {}
    const { WIFI_SSID: ssid, WIFI_PWD: password = "" } = own
    return {
        settings: storedSettings(own),
        ...(ssid === undefined ? {} : { wifi: { ssid, password } }),
    }
}

function checkOptions({ baud, port }: FlashOptions): void {
    if (baud !== undefined && !/^[1-9]\d{2,6}$/.test(baud))
        throw new UserError(
            `--baud ${JSON.stringify(baud)} is no speed: give bits a second, for example 460800`
        )
    if (port === "") throw new UserError("--port needs a serial port")
}

function downloads(say: (line: string) => void): (line: string) => void {
    return line => {
        const url = /^fetch (https?:\/\/\S+)/.exec(line)?.[1]
        if (url !== undefined) say(`download  ${printable(url)}`)
    }
}

function shown(path: string): string {
    return path.startsWith(PROJECT_ROOT)
        ? path.slice(PROJECT_ROOT.length)
        : path
}

/** How far it is, on a terminal only; an empty text takes it away. */
function progress(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function print(line: string): void {
    process.stdout.write(`${line}\n`)
}
