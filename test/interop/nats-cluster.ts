// Three NATS servers as one cluster with JetStream and an MQTT door each, on free loopback ports, stopped by their process ids.
// Knows nothing of nodes or topics.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, LOOPBACK } from "../support/free-port"
import { findServer, ServerProcess } from "../support/server-process"

/** A majority of three goes on when one is gone. */
const MEMBERS = 3
/** ms until a member listens; it takes about 30 on an idle machine. */
const START_MS = 10_000
/** ms until the members have a leader and so take clients: 2 to 5 s. */
const LEADER_MS = 40_000

const binary = findServer("nats-server")

export interface Member {
    readonly process: ServerProcess
    /** Of its MQTT door. */
    readonly port: number
}

export class NatsCluster {
    readonly members: Member[] = []

    private constructor(private readonly folder: string) {}

    /** @throws {Error} with a log when it does not come up */
    static async start(): Promise<NatsCluster> {
        const cluster = new NatsCluster(
            mkdtempSync(join(tmpdir(), "nats-cluster-"))
        )
        try {
            const routes: number[] = []
            const doors: number[] = []
            for (let i = 0; i < MEMBERS; i++) {
                routes.push(await freePort())
                doors.push(await freePort())
            }
            for (let i = 0; i < MEMBERS; i++)
                await cluster.add(i, routes, doors[i]!)
            const leads = cluster.members.map(({ process }) =>
                process.logged(
                    /(Self is new JetStream cluster|JetStream cluster new) metadata leader/,
                    LEADER_MS
                )
            )
            await Promise.all(leads)
        } catch (error) {
            await cluster.stop()
            throw error
        }
        return cluster
    }

    /** Ports of the members' MQTT doors. */
    get ports(): number[] {
        return this.members.map(({ port }) => port)
    }

    /** Ends a member as a power cut would. */
    async kill(port: number): Promise<void> {
        const member = this.members.find(m => m.port === port)
        await member?.process.end("SIGKILL")
    }

    /** Ends all of them and removes what they kept. */
    async stop(): Promise<void> {
        for (const { process } of this.members) await process.end("SIGKILL")
        rmSync(this.folder, { recursive: true, force: true })
    }

    private async add(
        index: number,
        routes: readonly number[],
        port: number
    ): Promise<void> {
        const name = `n${index + 1}`
        const others = routes
            .filter((_, i) => i !== index)
            .map(route => `"nats://${LOOPBACK}:${route}"`)
        const file = join(this.folder, `${name}.conf`)
        const store = JSON.stringify(join(this.folder, name))
        writeFileSync(
            file,
            [
                `server_name: ${name}`,
                `listen: "${LOOPBACK}:-1"`,
                // copies of sessions and messages: without it as many as there are members when the first client comes
                `mqtt { listen: "${LOOPBACK}:${port}", stream_replicas: ${MEMBERS} }`,
                // in MB, far above what a run keeps; by default it reserves shares of the machine's
                `jetstream { store_dir: ${store}, max_memory_store: 16MB, max_file_store: 64MB }`,
                `cluster { name: interop, listen: "${LOOPBACK}:${routes[index]}", routes: [${others.join(", ")}] }`,
                "",
            ].join("\n")
        )
        const process = new ServerProcess()
        this.members.push({ process, port })
        await process.start({
            name: `nats-server ${name}`,
            path: binary!,
            args: ["-c", file],
            ready: /Server is ready/,
            startMs: START_MS,
        })
    }
}
