// The broker that comes with the simulator: aedes on the loopback interface, so that a node can run with nothing else installed.
// Knows nothing of nodes, boards, topics or the command line. Not for a network: it asks nobody for a password.
import { EventEmitter } from "node:events"
import { createServer, type Server, type Socket } from "node:net"
import { Aedes, type Client } from "aedes"
import { boundBacklog, type SessionStore } from "./backlog"
import { listen } from "./listen"
import { allowUnkept, type DeliveryStore } from "./unkept"

export const LOOPBACK = "127.0.0.1"
/** The port IANA has registered for MQTT over TCP. */
export const MQTT_PORT = 1883

/** Connections at once: a fleet of a hundred nodes and a person's tools beside it; further ones are closed by the system side. */
const MAX_CONNECTIONS = 256
/** ms from TCP connection to CONNECT. On loopback a client that takes longer is not an MQTT client. */
const CONNECT_MS = 5_000
/** ms a subscriber may leave its socket full before it is cut; one that reads nothing holds up all others. */
const DRAIN_MS = 10_000
/** Bytes of one payload. A node's reading is under 100; this leaves room for a person's experiments. */
const MAX_PAYLOAD = 262_144
/** Retained topics kept: a fleet of 1,000 nodes with ten each. */
const MAX_RETAINED = 10_000
/** Bytes kept for sessions whose client is away, see backlog.ts. */
const MAX_BACKLOG = 32 * 1_048_576
/** ms stop() gives messages already accepted to reach their subscribers: aedes acknowledges QoS 1 before it hands on. */
const DELIVER_MS = 500
/** ms a client that was cut has to be noticed in: on loopback its reset is there at once. */
const GONE_MS = 500
/** ms stop() gives clients to answer the end of the stream before their sockets are destroyed. */
const CLOSE_MS = 500

export interface EmbeddedBrokerOptions {
    /** 1 to 65,535, or 0 for any free port. Default 1883. */
    port?: number
    /** Connections at once; default 256. */
    connections?: number
}

/** `refused` carries a reason a person can read; `fault` is a defect inside the broker, which goes on running. */
export interface EmbeddedBrokerEvents {
    connected: [clientId: string]
    disconnected: [clientId: string]
    refused: [clientId: string | undefined, reason: string]
    fault: [reason: string]
}

export class EmbeddedBroker extends EventEmitter<EmbeddedBrokerEvents> {
    readonly host = LOOPBACK
    #port = 0
    #aedes: Aedes
    #server: Server
    #sockets = new Set<Socket>()
    #clients = new Set<string>()
    #retained = new Set<string>()
    /** Messages accepted from clients and not yet handed to every subscriber. */
    #undelivered = 0
    #idle: (() => void) | undefined
    #stopped: Promise<void> | undefined

    private constructor(connections: number) {
        super()
        this.#aedes = new Aedes({
            connectTimeout: CONNECT_MS,
            drainTimeout: DRAIN_MS,
            authorizePublish: (_client, packet, done) =>
                done(this.#refusal(packet)),
        })
        const aedes = this.#aedes
        aedes.on("clientReady", client => {
            this.#clients.add(client.id)
            this.emit("connected", client.id)
        })
        aedes.on("clientDisconnect", client => {
            this.#clients.delete(client.id)
            this.emit("disconnected", client.id)
        })
        aedes.on("clientError", (client, error) => this.#refuse(client, error))
        aedes.on("connectionError", (client, error) =>
            this.#refuse(client, error)
        )
        aedes.on("publish", (_packet, client) => {
            if (client) this.#delivered()
        })
        // An EventEmitter's "error" without a listener ends the process; aedes' types leave the event out.
        const emitter: EventEmitter = aedes
        emitter.on("error", (error: Error) => this.emit("fault", error.message))

        this.#server = createServer({ noDelay: true }, socket =>
            this.#accept(socket)
        )
        this.#server.maxConnections = connections
    }

    /**
     * Starts a broker on 127.0.0.1.
     * @throws {ListenError} when the port cannot be had; nothing is left running then
     */
    static async start(
        options: EmbeddedBrokerOptions = {}
    ): Promise<EmbeddedBroker> {
        const broker = new EmbeddedBroker(
            options.connections ?? MAX_CONNECTIONS
        )
        // The port first: it is what can fail, and aedes has timers as soon as it listens.
        broker.#port = await listen(
            broker.#server,
            LOOPBACK,
            options.port ?? MQTT_PORT
        )
        await broker.#aedes.listen()
        const { persistence } = broker.#aedes as unknown as {
            persistence: SessionStore & DeliveryStore
        }
        allowUnkept(persistence)
        boundBacklog(persistence, MAX_BACKLOG, topic =>
            broker.emit(
                "fault",
                `the backlog of absent clients is full, a message on ${topic} was not kept`
            )
        )
        return broker
    }

    get port(): number {
        return this.#port
    }

    /** Number of clients whose CONNECT was accepted and that are still there. */
    get clients(): number {
        return this.#aedes.connectedClients
    }

    /** Resolves when that client is not there, and its will, if it left one, is accepted; at the latest after 0.5 s. */
    async gone(clientId: string | undefined): Promise<void> {
        if (clientId === undefined || !this.#clients.has(clientId)) return
        let heard = (_: string) => {}
        await within(
            GONE_MS,
            new Promise<void>(resolve => {
                heard = id => {
                    if (id === clientId) resolve()
                }
                this.on("disconnected", heard)
            })
        )
        this.off("disconnected", heard)
    }

    /** Hands on what was accepted, ends every connection and frees the port. Takes at most about 1 s; more calls wait for the first. */
    stop(): Promise<void> {
        this.#stopped ??= this.#stop()
        return this.#stopped
    }

    async #stop(): Promise<void> {
        const closed = new Promise<void>(resolve =>
            this.#server.close(() => resolve())
        )
        if (this.#undelivered > 0) {
            await within(
                DELIVER_MS,
                new Promise<void>(resolve => (this.#idle = resolve))
            )
        }
        // The end of the stream, not a reset: a reset would throw away what a subscriber has not read yet.
        for (const socket of this.#sockets) socket.end()
        await within(CLOSE_MS, closed)
        await within(
            CLOSE_MS,
            new Promise<void>(resolve => this.#aedes.close(resolve))
        )
        for (const socket of this.#sockets) socket.destroy()
        await closed
    }

    #accept(socket: Socket): void {
        if (this.#stopped) {
            socket.destroy()
            return
        }
        this.#sockets.add(socket)
        socket.once("close", () => this.#sockets.delete(socket))
        this.#aedes.handle(socket)
    }

    #refuse(client: Client | null, error: Error): void {
        // A reset or an early end is how clients go away, not something that was refused; "disconnected" tells of it.
        if ("code" in error && typeof error.code === "string") return
        this.emit("refused", client?.id || undefined, error.message)
    }

    #refusal(packet: {
        topic: string
        payload: string | Buffer
        retain?: boolean
    }): Error | null {
        if (packet.topic.startsWith("$SYS/"))
            return new Error("$SYS topics belong to the broker")
        if (packet.payload.length > MAX_PAYLOAD) {
            return new Error(
                `a payload of ${packet.payload.length} bytes is over the bound of ${MAX_PAYLOAD}`
            )
        }
        if (packet.retain) {
            if (packet.payload.length === 0) this.#retained.delete(packet.topic)
            else if (this.#retained.size < MAX_RETAINED)
                this.#retained.add(packet.topic)
            else if (!this.#retained.has(packet.topic))
                return new Error(`more than ${MAX_RETAINED} retained topics`)
        }
        this.#undelivered++
        return null
    }

    #delivered(): void {
        this.#undelivered = Math.max(0, this.#undelivered - 1)
        if (this.#undelivered === 0) this.#idle?.()
    }
}

/** Waits for `promise`, but no longer than `ms`. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>(
        resolve => (timer = setTimeout(resolve, ms))
    )
    await Promise.race([promise, timeout])
    clearTimeout(timer)
}
