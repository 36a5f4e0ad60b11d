// A real Mosquitto for a test: started on a free loopback port, stopped, killed, frozen and restarted by its process id.
// Knows nothing of nodes or topics. Without Mosquitto on the machine its tests are reported as skipped by name.
import { pbkdf2Sync, randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, LOOPBACK } from "./free-port"
import { findServer, ServerProcess } from "./server-process"
import { describeIf } from "./skip"

/** ms until Mosquitto listens; it takes about 20 on an idle machine. */
const START_MS = 5_000
/** A port found free may be taken before Mosquitto has it. */
const PORT_ATTEMPTS = 3

const binary = findServer("mosquitto")

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

export class Mosquitto {
    readonly host = LOOPBACK
    #process = new ServerProcess()

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
        return this.#process.pid
    }

    /** What it said on its log, newest last. */
    get log(): string[] {
        return this.#process.log
    }

    get url(): string {
        return `${this.options.tls ? "mqtts" : "mqtt"}://${this.host}:${this.port}`
    }

    /** Ends it as an administrator would and removes its folder. */
    async stop(): Promise<void> {
        await this.#process.end("SIGTERM")
        rmSync(this.folder, { recursive: true, force: true })
    }

    /** Ends it as a power cut would: no DISCONNECT, nothing written. The system resets its connections. */
    async kill(): Promise<void> {
        await this.#process.end("SIGKILL")
    }

    /** Starts it again on the same port with the same folder; ends it before if it still runs. */
    async restart(): Promise<void> {
        await this.#process.end("SIGTERM")
        await this.#run()
    }

    /** Freezes the process: connections stay open, nothing is read or answered. */
    pause(): void {
        this.#process.pause()
    }

    resume(): void {
        this.#process.resume()
    }

    /** Waits until the log since `from` (a length of `log`) holds a line that matches, and gives it back. */
    logged(pattern: RegExp, timeoutMs: number, from = 0): Promise<string> {
        return this.#process.logged(pattern, timeoutMs, from)
    }

    async #run(): Promise<void> {
        const file = join(this.folder, "mosquitto.conf")
        writeFileSync(file, this.#config())
        await this.#process.start({
            name: "mosquitto",
            path: binary!,
            args: ["-c", file],
            // The first line after every listener is open.
            ready: /mosquitto version .* running/,
            startMs: START_MS,
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
}
