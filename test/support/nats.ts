// A real NATS server for a test, with its MQTT door open and JetStream behind it: a broker that has no QoS 2. On free
// loopback ports, stopped and restarted by its process id. Knows nothing of nodes or topics. Without nats-server on the
// machine its tests are reported as skipped by name.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LOOPBACK } from "./free-port"
import { findServer, ServerProcess } from "./server-process"
import { describeIf } from "./skip"

/** ms until it listens; it takes about 20 on an idle machine. */
const START_MS = 5_000
/** ms until it has ended after SIGTERM; it gives the clearing of sessions of clients that have just left 4 s. */
const STOP_MS = 10_000
/** "Any free port" in its configuration. It asks the system when it listens, so that nobody can take the port in between. */
const ANY_PORT = -1

const binary = findServer("nats-server")

export const natsAvailable = binary !== undefined

/** `describe` for suites that need NATS. */
export const describeWithNats = describeIf(
    natsAvailable,
    "needs nats-server, on Debian: apt-get install nats-server"
)

export interface NatsOptions {
    /** User names and passwords; when given, nobody else is let in. */
    users?: Record<string, string>
}

export class Nats {
    readonly host = LOOPBACK
    #process = new ServerProcess()
    #port = ANY_PORT

    private constructor(
        /** Where it keeps what it knows, while it is there. */
        readonly folder: string,
        private readonly options: NatsOptions
    ) {}

    /** @throws {Error} with its log when it does not come up within 5 s */
    static async start(options: NatsOptions = {}): Promise<Nats> {
        if (binary === undefined)
            throw new Error(
                "nats-server is not installed; use describeWithNats"
            )
        const broker = new Nats(mkdtempSync(join(tmpdir(), "nats-")), options)
        try {
            await broker.#run()
        } catch (error) {
            await broker.stop()
            throw error
        }
        return broker
    }

    /** Of its MQTT door. */
    get port(): number {
        return this.#port
    }

    get url(): string {
        return `mqtt://${this.host}:${this.#port}`
    }

    /** Undefined while it is not running. */
    get pid(): number | undefined {
        return this.#process.pid
    }

    /** What it said on its log, newest last. */
    get log(): string[] {
        return this.#process.log
    }

    /** Ends it and removes its folder. Nothing is to be kept, so it is not asked. */
    async stop(): Promise<void> {
        await this.#process.end("SIGKILL")
        rmSync(this.folder, { recursive: true, force: true })
    }

    /** Starts it again on the same port with the same folder, so with its sessions and messages; ends it before if it still runs. */
    async restart(): Promise<void> {
        await this.#process.end("SIGTERM")
        await this.#run()
    }

    /** Waits until the log since `from` (a length of `log`) holds a line that matches, and gives it back. */
    logged(pattern: RegExp, timeoutMs: number, from = 0): Promise<string> {
        return this.#process.logged(pattern, timeoutMs, from)
    }

    async #run(): Promise<void> {
        const file = join(this.folder, "nats.conf")
        writeFileSync(file, this.#config(), { mode: 0o600 })
        const from = this.log.length
        await this.#process.start({
            name: "nats-server",
            path: binary!,
            args: ["-c", file],
            ready: /Server is ready/,
            startMs: START_MS,
            stopMs: STOP_MS,
        })
        const line = await this.logged(/Listening for MQTT/, START_MS, from)
        this.#port = Number(/:(\d+)$/.exec(line)![1])
    }

    #config(): string {
        const { users } = this.options
        const lines = [
            // MQTT needs a name for the server, its sessions are kept under it.
            "server_name: test",
            `listen: "${LOOPBACK}:${ANY_PORT}"`,
            `mqtt { listen: "${LOOPBACK}:${this.#port}" }`,
            // In MB, far above what a test keeps; by default it reserves shares of the machine's memory and disk.
            `jetstream { store_dir: ${JSON.stringify(this.folder)}, max_memory_store: 16MB, max_file_store: 64MB }`,
        ]
        if (users) {
            const list = Object.entries(users).map(
                ([user, password]) =>
                    `{ user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)} }`
            )
            lines.push(`authorization { users: [${list.join(", ")}] }`)
        }
        return [...lines, ""].join("\n")
    }
}
