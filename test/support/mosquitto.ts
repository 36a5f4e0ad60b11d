// A real Mosquitto for a test: started on a free loopback port, stopped, killed, frozen and restarted by its process id.
// Knows nothing of nodes or topics. Without Mosquitto on the machine its tests are reported as skipped by name.
import { spawn, type ChildProcess } from "node:child_process"
import { pbkdf2Sync, randomBytes } from "node:crypto"
import {
    accessSync,
    constants,
    mkdtempSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { freePort, LOOPBACK } from "./free-port"
import { describeIf } from "./skip"
import { Watch, within } from "./wait"

/** Debian installs servers where a user's PATH does not look. */
const SERVER_FOLDERS = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/usr/local/opt/mosquitto/sbin",
]

/** ms until Mosquitto listens; it takes about 20 on an idle machine. */
const START_MS = 5_000
/** ms until it has ended after SIGTERM; it writes its database first. */
const STOP_MS = 5_000
/** ms between two signals that ask it to end. */
const SIGNAL_MS = 100
/** A port found free may be taken before Mosquitto has it. */
const PORT_ATTEMPTS = 3
/** Lines of log kept, the oldest ones. A wait for a later line fails, and so tells. */
const LOG_LINES = 100_000

function findMosquitto(): string | undefined {
    const folders = [
        ...(process.env.PATH ?? "").split(delimiter),
        ...SERVER_FOLDERS,
    ]
    return folders
        .map(folder => join(folder, "mosquitto"))
        .find(path => {
            try {
                accessSync(path, constants.X_OK)
                return true
            } catch {
                return false
            }
        })
}

const binary = findMosquitto()

export const mosquittoAvailable = binary !== undefined

/** `describe` for suites that need Mosquitto. */
export const describeWithMosquitto = describeIf(
    mosquittoAvailable,
    "needs mosquitto, on Debian: apt-get install mosquitto"
)

export interface MosquittoOptions {
    /** User names and passwords; when given, nobody else is let in. */
    users?: Record<string, string>
    /** Paths of PEM files; when given, the port speaks TLS. */
    tls?: { cert: string; key: string; ca?: string }
    /** Whether retained messages and sessions survive stop() and restart(); not kill(), Mosquitto writes them when it ends. */
    persistence?: boolean
    /** Further lines of mosquitto.conf. */
    config?: string[]
    /** Default: any free port. */
    port?: number
}

/** A line of a password file as mosquitto_passwd 2 writes it: PBKDF2 with SHA-512. */
function passwordLine(user: string, password: string): string {
    const salt = randomBytes(12)
    const rounds = 101
    const hash = pbkdf2Sync(password, salt, rounds, 64, "sha512")
    return `${user}:$7$${rounds}$${salt.toString("base64")}$${hash.toString("base64")}\n`
}

const running = new Set<ChildProcess>()
process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL")
})

export class Mosquitto {
    readonly host = LOOPBACK
    /** What it said on its log, newest last. */
    readonly log: string[] = []
    #child: ChildProcess | undefined
    #ended: Promise<void> = Promise.resolve()
    #watch = new Watch()

    private constructor(
        readonly port: number,
        private readonly folder: string,
        private readonly options: MosquittoOptions
    ) {}

    /** @throws {Error} with Mosquitto's log when it does not come up within 5 s */
    static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
        if (binary === undefined)
            throw new Error(
                "mosquitto is not installed; use describeWithMosquitto"
            )
        for (let attempt = 1; ; attempt++) {
            const port = options.port ?? (await freePort())
            const folder = mkdtempSync(join(tmpdir(), "mosquitto-"))
            const broker = new Mosquitto(port, folder, options)
            try {
                await broker.#run()
                return broker
            } catch (error) {
                rmSync(folder, { recursive: true })
                const taken = broker.log.some(line =>
                    line.includes("Address already in use")
                )
                if (
                    !taken ||
                    options.port !== undefined ||
                    attempt === PORT_ATTEMPTS
                )
                    throw error
            }
        }
    }

    /** Undefined while it is not running. */
    get pid(): number | undefined {
        return this.#child?.pid
    }

    get url(): string {
        return `${this.options.tls ? "mqtts" : "mqtt"}://${this.host}:${this.port}`
    }

    /** Ends it as an administrator would and removes its folder. */
    async stop(): Promise<void> {
        await this.#end("SIGTERM")
        rmSync(this.folder, { recursive: true, force: true })
    }

    /** Ends it as a power cut would: no DISCONNECT, nothing written. The system resets its connections. */
    async kill(): Promise<void> {
        await this.#end("SIGKILL")
    }

    /** Starts it again on the same port with the same folder; ends it before if it still runs. */
    async restart(): Promise<void> {
        await this.#end("SIGTERM")
        await this.#run()
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
            `line ${pattern} in Mosquitto's log`,
            () => log.slice(from).join("\n")
        )
    }

    async #run(): Promise<void> {
        const { folder, log } = this
        writeFileSync(join(folder, "mosquitto.conf"), this.#config())
        const child = spawn(binary!, ["-c", join(folder, "mosquitto.conf")], {
            stdio: ["ignore", "pipe", "pipe"],
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
                `mosquitto ended at its start\n${log.slice(from).join("\n")}`
            )
        })
        // "running" is the first line after every listener is open.
        await Promise.race([
            this.logged(/mosquitto version .* running/, START_MS, from),
            failed,
        ]).catch(async (error: unknown) => {
            await this.#end("SIGKILL")
            throw error
        })
    }

    #config(): string {
        const { users, tls, persistence, config } = this.options
        const lines = [
            `listener ${this.port} ${LOOPBACK}`,
            "log_dest stderr",
            "log_type all",
            "log_timestamp false",
        ]
        // Started by root it would change to a user that cannot write into the folder.
        if (process.getuid?.() === 0) lines.push("user root")
        if (persistence)
            lines.push(
                "persistence true",
                `persistence_location ${this.folder}/`
            )
        if (users) {
            const file = join(this.folder, "passwords")
            const text = Object.entries(users).map(([user, password]) =>
                passwordLine(user, password)
            )
            writeFileSync(file, text.join(""), { mode: 0o600 })
            lines.push("allow_anonymous false", `password_file ${file}`)
        } else {
            lines.push("allow_anonymous true")
        }
        if (tls) {
            lines.push(`certfile ${tls.cert}`, `keyfile ${tls.key}`)
            if (tls.ca) lines.push(`cafile ${tls.ca}`)
        }
        return [...lines, ...(config ?? []), ""].join("\n")
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

    async #end(signal: NodeJS.Signals): Promise<void> {
        const child = this.#child
        if (!child) return
        const ask = () => {
            child.kill(signal)
            // A frozen process takes the signal only when it goes on.
            child.kill("SIGCONT")
        }
        ask()
        // Mosquitto forgets a signal that comes between its "running" and its main loop.
        const repeat = setInterval(ask, SIGNAL_MS)
        try {
            await within(
                STOP_MS,
                `end of mosquitto after ${signal}`,
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
}
