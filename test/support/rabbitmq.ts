// A real RabbitMQ for a test, with its MQTT plugin: a broker that takes QoS 2 for QoS 1. On free loopback ports, with a
// name directory (epmd) of its own beside it, both stopped by their process ids. Knows nothing of nodes or topics.
// Without RabbitMQ on the machine its tests are reported as skipped by name.
//
// It takes 15 s to start and 130 MB of memory: one for a whole file of tests.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, LOOPBACK } from "./free-port"
import { findServer, ServerProcess } from "./server-process"
import { describeIf } from "./skip"

/** ms until it listens: 15 s on an idle machine, 5 of them the plugin's wait for a cluster. */
const START_MS = 60_000
/** ms until it has ended; it takes about 1 s. */
const STOP_MS = 15_000
/** ms until the name directory listens. */
const EPMD_START_MS = 5_000

/** The script of that name in the PATH changes to a user of its own and writes to the system's folders. */
const binary = findServer("rabbitmq-server", "/usr/lib/rabbitmq/bin")
const epmd = findServer("epmd")

export const rabbitmqAvailable = binary !== undefined && epmd !== undefined

/** `describe` for suites that need RabbitMQ. */
export const describeWithRabbitmq = describeIf(
    rabbitmqAvailable,
    "needs rabbitmq-server, on Debian: apt-get install rabbitmq-server"
)

export class Rabbitmq {
    readonly host = LOOPBACK
    #broker = new ServerProcess()
    #names = new ServerProcess()

    private constructor(
        readonly port: number,
        /** Where it keeps what it knows, while it is there. */
        readonly folder: string
    ) {}

    /** @throws {Error} with its log when it does not come up within 60 s */
    static async start(): Promise<Rabbitmq> {
        if (!rabbitmqAvailable)
            throw new Error(
                "rabbitmq-server is not installed; use describeWithRabbitmq"
            )
        const folder = mkdtempSync(join(tmpdir(), "rabbitmq-"))
        const broker = new Rabbitmq(await freePort(), folder)
        try {
            await broker.#run()
        } catch (error) {
            await broker.stop()
            throw error
        }
        return broker
    }

    get url(): string {
        return `mqtt://${this.host}:${this.port}`
    }

    /** Of the broker and of its name directory, of those that run. */
    get pids(): number[] {
        return [this.#broker.pid, this.#names.pid].filter(
            pid => pid !== undefined
        )
    }

    /** What it said on its log, newest last. */
    get log(): string[] {
        return this.#broker.log
    }

    /** Ends it as an administrator would, and removes its folder. */
    async stop(): Promise<void> {
        await this.#broker.end("SIGTERM")
        await this.#names.end("SIGTERM")
        rmSync(this.folder, { recursive: true, force: true })
    }

    async #run(): Promise<void> {
        const { folder } = this
        const namePort = String(await freePort())
        const names = {
            ERL_EPMD_PORT: namePort,
            ERL_EPMD_ADDRESS: LOOPBACK,
        }
        await this.#names.start({
            name: "epmd",
            path: epmd!,
            args: ["-d", "-d", "-port", namePort, "-address", LOOPBACK],
            // "-d" makes it talk; this is its last word before it serves
            ready: /entering the main select\(\) loop/,
            startMs: EPMD_START_MS,
        })
        const file = (name: string, lines: string[]) => {
            const path = join(folder, name)
            writeFileSync(path, [...lines, ""].join("\n"))
            return path
        }
        const sub = (name: string) => {
            const path = join(folder, name)
            mkdirSync(path)
            return path
        }
        await this.#broker.start({
            name: "rabbitmq-server",
            path: binary!,
            args: [],
            ready: /Server startup complete/,
            startMs: START_MS,
            stopMs: STOP_MS,
            env: {
                ...names,
                PATH: process.env.PATH,
                // its cookie is written there
                HOME: folder,
                // the script becomes the broker and leaves no shell behind, and the broker reads no commands
                RABBITMQ_ALLOW_INPUT: "1",
                RABBITMQ_SERVER_START_ARGS:
                    "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
                // nothing of the system's own RabbitMQ
                RABBITMQ_CONF_ENV_FILE: "/dev/null",
                RABBITMQ_NODENAME: "test@localhost",
                RABBITMQ_DIST_PORT: String(await freePort()),
                RABBITMQ_MNESIA_BASE: sub("database"),
                RABBITMQ_LOG_BASE: sub("log"),
                RABBITMQ_LOGS: "-",
                RABBITMQ_PID_FILE: join(folder, "pid"),
                RABBITMQ_ENABLED_PLUGINS_FILE: file("plugins", [
                    "[rabbitmq_mqtt].",
                ]),
                RABBITMQ_CONFIG_FILE: file("rabbitmq.conf", [
                    "listeners.tcp = none",
                    `mqtt.listeners.tcp.1 = ${LOOPBACK}:${this.port}`,
                    "log.console = true",
                    "log.console.level = info",
                ]),
            },
        })
    }
}
