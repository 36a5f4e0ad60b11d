// Runs the platform's own command line (bundle, flash) in a process of its own and turns the ways in which it fails into one
// line that says what to do. Knows the CLI's words, and nothing of boards.
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { stripVTControlCharacters } from "node:util"

const nodeRequire = createRequire(import.meta.url)

/** Lines kept of what a run prints; a flash prints about 200. */
const MAX_LINES = 2_000

export interface CliRun {
    args: string[]
    cwd: string
    env?: NodeJS.ProcessEnv
    /** ms until it is ended. */
    limit: number
    /** Each line as it comes, without colours. */
    onLine?: (line: string) => void
    signal?: AbortSignal
}

export interface CliEnd {
    /** Undefined when it was ended from outside: its time was over, or `signal` said so. */
    code: number | undefined
    lines: string[]
}

/** Runs `devs ...args` to its end; its standard input is empty and it is told that nobody is there to ask. */
export async function runCli(run: CliRun): Promise<CliEnd> {
    const cli = join(
        dirname(nodeRequire.resolve("@devicescript/cli/package.json")),
        "devicescript"
    )
    const child = spawn(process.execPath, [cli, "--no-colors", ...run.args], {
        cwd: run.cwd,
        env: {
            ...process.env,
            // Neither a question nor a look for a newer version, which this project would not run with.
            CI: "1",
            NO_UPDATE_NOTIFIER: "1",
            ...run.env,
        },
        stdio: ["ignore", "pipe", "pipe"],
    })
    const lines: string[] = []
    const listen = (stream: NodeJS.ReadableStream) =>
        new Promise<void>(resolve => {
            const reader = createInterface({ input: stream })
            reader.on("line", text => {
                const line = stripVTControlCharacters(text)
                if (lines.length === MAX_LINES) lines.shift()
                lines.push(line)
                run.onLine?.(line)
            })
            reader.on("close", resolve)
        })
    let cut = false
    const end = () => {
        cut = true
        child.kill("SIGKILL")
    }
    const timer = setTimeout(end, run.limit)
    run.signal?.addEventListener("abort", end)
    try {
        const exit = new Promise<number | undefined>((resolve, reject) => {
            child.on("error", reject)
            child.on("close", code => resolve(code ?? undefined))
        })
        const [code] = await Promise.all([
            exit,
            listen(child.stdout),
            listen(child.stderr),
        ])
        return { code: cut ? undefined : code, lines }
    } finally {
        clearTimeout(timer)
        run.signal?.removeEventListener("abort", end)
    }
}

/** What a message about a failure needs to know besides what the CLI printed. */
export interface Failure {
    /** Where the runtime of the board is downloaded from. */
    runtimeUrl: string
    /** Its file's name, which --file wants. */
    runtimeFile: string
    port?: string
}

/** The ports of the platform's tools, which its bundle verb needs for itself. */
export const TOOL_PORTS = [8081, 8082, 8083]

/** What the CLI exits with when a port is taken. */
const PORT_TAKEN = 100

type Explanation = (match: RegExpExecArray, failure: Failure) => string

/** What the CLI prints when it fails, and what that means; the first that is found counts. */
const EXPLANATIONS: [RegExp, Explanation][] = [
    [
        /can't fetch: (\d+)/,
        ([, status], { runtimeUrl, runtimeFile }) =>
            `the runtime cannot be downloaded: ${runtimeUrl} answers ${status}. Fix: get ${runtimeFile} elsewhere and pass it with --file`,
    ],
    [
        /fetch failed|ENOTFOUND|EAI_AGAIN|ENETUNREACH|UND_ERR|ECONNRESET/,
        (_match, { runtimeUrl, runtimeFile }) =>
            `the runtime cannot be downloaded: there is no way to ${runtimeUrl}. Fix: download ${runtimeFile} from there on another computer and pass it with --file`,
    ],
    [
        /EADDRINUSE/,
        () =>
            `one of the ports ${TOOL_PORTS.join(", ")} is in use, which the platform's CLI needs while it makes an image. Fix: end DeviceTools, or the DeviceScript server of VS Code`,
    ],
    [
        /failed to require package "?serialport/,
        () =>
            "the package serialport, an optional part of @devicescript/cli, is not installed. Fix: npm ci without --omit=optional",
    ],
    [
        /spawn udevadm ENOENT/,
        () =>
            "the program udevadm, which lists the serial ports, is missing. Fix: install it (Debian: apt-get install udev); a container needs the board's port from outside, too (--device)",
    ],
    [
        /port (\S+) not found/,
        ([, port]) =>
            `there is no serial port ${port}. Fix: plug the board in while you hold BOOT, or give another --port`,
    ],
    [
        /no serial ports found|no viable ports found/,
        () =>
            "there is no board on a serial port. Fix: plug it in while you hold BOOT (IO0), or name its port with --port",
    ],
    [
        /more than one port viable; use '(--port \S+)'/,
        ([, option]) =>
            `there is more than one board. Fix: say which with --port, for example ${option}`,
    ],
    [
        /no drives found/,
        () =>
            "there is no drive RPI-RP2. Fix: plug the board in while you hold BOOTSEL",
    ],
    [
        /multiple drives found/,
        () =>
            "there is more than one drive RPI-RP2. Fix: plug in one board at a time",
    ],
    [
        /detected esptool\.py (\S+);/,
        ([, version]) =>
            `esptool ${version} is too old. Fix: pip install --upgrade 'esptool<5' (4.5 or newer)`,
    ],
    [
        /esptool\.py not found/,
        () =>
            "esptool, which writes the flash of an ESP32, is missing, or is none that the platform's CLI knows. Fix: pip install 'esptool<5' (4.5 or newer)",
    ],
    [
        /Permission denied: '?([^\s']+)|EACCES.*?(\/dev\/\S+)/,
        (match, { port }) =>
            `this user may not open ${match[1] ?? match[2] ?? port ?? "the port"}. Fix: add the user to the port's group (Debian: adduser "$USER" dialout) and log in again`,
    ],
    [
        /Can't start flashing|No serial data received|Failed to connect to/,
        () =>
            "the chip does not answer. Fix: plug the board in while you hold BOOT (IO0), and try again",
    ],
    [
        /Chip mismatch: (.*)/,
        ([, what]) =>
            `this is another chip: ${what}. Fix: flash a board file for the chip that is connected`,
    ],
    [/ENOSPC/, () => "there is no space left for the image. Fix: make some"],
]

/** One line on why the CLI failed, without its stack trace. */
export function explain(end: CliEnd, failure: Failure): string {
    if (end.code === undefined)
        return "the platform's CLI did not end in time and was ended. Fix: try again with the board plugged in"
    if (end.code === PORT_TAKEN)
        return explain({ code: 1, lines: ["EADDRINUSE"] }, failure)
    const text = end.lines.join("\n")
    for (const [pattern, explanation] of EXPLANATIONS) {
        const match = pattern.exec(text)
        if (match) return explanation(match, failure)
    }
    const said = end.lines
        .map(line => line.trim())
        .filter(line => line !== "" && !/^at |^Node\.js v|^\^+$/.test(line))
        .findLast(line => /error|fatal|fail|can't|invalid/i.test(line))
    return `the platform's CLI failed with code ${end.code}${said === undefined ? "" : `: ${said}`}`
}
