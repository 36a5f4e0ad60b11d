// A server in a process of its own, started and stopped by a test: found on the machine, waited for by its log, ended,
// frozen and resumed by its process id. Knows nothing of what the server does or how it is configured.
import { spawn, type ChildProcess } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { Watch, within } from "./wait"

/** Servers are installed where a user's PATH does not look. */
const SERVER_FOLDERS = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/usr/local/opt/mosquitto/sbin",
]

/** ms until a server has ended after a signal; it writes what it keeps first. */
const STOP_MS = 5_000
/** ms between two signals that ask a server to end. */
const SIGNAL_MS = 100
/** Lines of log kept, the oldest ones. A wait for a later line fails, and so tells. */
const LOG_LINES = 100_000

/** The path of a program, or undefined when this machine has none. `first` is looked at before all other folders. */
export function findServer(name: string, first?: string): string | undefined {
    const folders = [
        ...(first === undefined ? [] : [first]),
        ...(process.env.PATH ?? "").split(delimiter),
        ...SERVER_FOLDERS,
    ]
    return folders
        .map(folder => join(folder, name))
        .find(path => {
            try {
                accessSync(path, constants.X_OK)
                return true
            } catch {
                return false
            }
        })
}

/** How one server is run. */
export interface ServerCommand {
    /** As it is called in errors. */
    name: string
    path: string
    args: string[]
    /** All of its environment; default: that of the tests. */
    env?: NodeJS.ProcessEnv
    /** The line of its log that says that it listens. */
    ready: RegExp
    /** ms it may take until then. */
    startMs: number
    /** ms it may take to end; default 5 s. */
    stopMs?: number
}

const running = new Set<ChildProcess>()
process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL")
})

export class ServerProcess {
    /** What it said, of all its runs, newest last. */
    readonly log: string[] = []
    #child: ChildProcess | undefined
    #ended: Promise<void> = Promise.resolve()
    #watch = new Watch()
    #command: ServerCommand | undefined

    /** Undefined while it is not running. */
    get pid(): number | undefined {
        return this.#child?.pid
    }

    /** @throws {Error} with its log when it does not come up in time */
    async start(command: ServerCommand): Promise<void> {
        const { log } = this
        const { name, path, args, env, ready, startMs } = command
        this.#command = command
        const child = spawn(path, args, {
            stdio: ["ignore", "pipe", "pipe"],
            ...(env === undefined ? {} : { env }),
        })
        this.#child = child
        running.add(child)
        const from = log.length
        for (const stream of [child.stdout, child.stderr]) this.#record(stream)
        const ended = new Promise<void>(resolve => {
            child.once("error", () => resolve())
            child.once("close", () => resolve())
        }).then(() => {
            running.delete(child)
            if (this.#child === child) this.#child = undefined
        })
        this.#ended = ended
        const failed = ended.then(() => {
            throw new Error(
                `${name} ended at its start\n${log.slice(from).join("\n")}`
            )
        })
        await Promise.race([this.logged(ready, startMs, from), failed]).catch(
            async (error: unknown) => {
                await this.end("SIGKILL")
                throw error
            }
        )
    }

    /** Sends the signal and waits for the end; does nothing when it is not running. */
    async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
        const child = this.#child
        if (!child) return
        const { name, stopMs = STOP_MS } = this.#command!
        const ask = () => {
            child.kill(signal)
            // A frozen process takes the signal only when it goes on.
            child.kill("SIGCONT")
        }
        ask()
        // A signal between a server's "running" and its main loop is forgotten, by Mosquitto for one.
        const repeat = setInterval(ask, SIGNAL_MS)
        try {
            await within(
                stopMs,
                `end of ${name} after ${signal}`,
                this.#ended,
                () => this.log.join("\n")
            )
        } catch (error) {
            child.kill("SIGKILL")
            await this.#ended
            throw error
        } finally {
            clearInterval(repeat)
        }
    }

    /** Freezes the process: connections stay open, nothing is read or answered. */
    pause(): void {
        this.#child?.kill("SIGSTOP")
    }

    resume(): void {
        this.#child?.kill("SIGCONT")
    }

    /** Waits until the log since `from` (a length of `log`) holds a line that matches, and gives it back. */
    logged(pattern: RegExp, timeoutMs: number, from = 0): Promise<string> {
        const { log } = this
        return this.#watch.until(
            () => log.slice(from).find(line => pattern.test(line)),
            timeoutMs,
            `line ${pattern} in the log of ${this.#command?.name ?? "the server"}`,
            () => log.slice(from).join("\n")
        )
    }

    #record(stream: NodeJS.ReadableStream): void {
        let rest = ""
        stream.setEncoding("utf8")
        stream.on("data", (text: string) => {
            const lines = (rest + text).split("\n")
            rest = lines.pop() ?? ""
            this.log.push(...lines.slice(0, LOG_LINES - this.log.length))
            this.#watch.changed()
        })
    }
}
