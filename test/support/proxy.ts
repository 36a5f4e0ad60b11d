// A TCP proxy on loopback between a node and its broker that can do to their bytes what networks do.
// Knows nothing of MQTT: it records and moves bytes. "up" is from the node to the broker, "down" is back.
import {
    connect,
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { LOOPBACK } from "./free-port"
import { Watch } from "./wait"

export type Direction = "up" | "down"
export type Directions = Direction | "both"

/** What happens to bytes of a direction. `hold` stops reading: TCP's own windows fill, and `pass` lets all of it through again. */
type Flow = "pass" | "swallow" | "hold"

/** Bytes recorded a connection and direction; what comes after is moved and counted, but not kept. */
const MAX_RECORDED = 8 * 1_048_576
/** Connections a proxy accepts in its life, so that a node that reconnects in a loop fails the test and not the machine. */
const MAX_CONNECTIONS = 10_000

/** ms between two pieces: without, the system joins them again before the receiver has read the first. On a busy machine it may still. */
const PIECE_GAP_MS = 2

const directions = (which: Directions): Direction[] =>
    which === "both" ? ["up", "down"] : [which]

/** One way through a connection. */
class Pipe {
    flow: Flow = "pass"
    /** Bytes a piece, 0 for as they come. */
    piece = 0
    /** Bytes that came in, and of those the ones that were swallowed. */
    bytes = 0
    swallowed = 0
    /** Writes to the other side. */
    writes = 0
    readonly chunks: Buffer[] = []
    #recorded = 0
    #waiting: Buffer[] = []
    #busy = false
    #ended = false

    constructor(
        private readonly from: Socket,
        private readonly to: Socket
    ) {
        from.on("data", data => this.#take(data))
        from.on("end", () => {
            this.#ended = true
            void this.#drain()
        })
    }

    set(flow: Flow): void {
        this.flow = flow
        if (flow === "hold") this.from.pause()
        else this.from.resume()
        void this.#drain()
    }

    #take(data: Buffer): void {
        this.bytes += data.length
        if (this.#recorded + data.length <= MAX_RECORDED) {
            this.#recorded += data.length
            this.chunks.push(data)
        }
        if (this.flow === "swallow") {
            this.swallowed += data.length
            return
        }
        this.#waiting.push(data)
        void this.#drain()
    }

    /** Writes what waits; the source is not read meanwhile. */
    async #drain(): Promise<void> {
        if (this.#busy) return
        this.#busy = true
        this.from.pause()
        while (
            this.flow !== "hold" &&
            this.#waiting.length > 0 &&
            !this.to.destroyed
        ) {
            const data = this.#waiting.shift()!
            const size = this.piece > 0 ? this.piece : data.length
            if (size < data.length) this.#waiting.unshift(data.subarray(size))
            await new Promise<void>(resolve =>
                this.to.write(data.subarray(0, size), () => resolve())
            )
            this.writes++
            if (this.piece > 0)
                await new Promise<void>(resolve =>
                    setTimeout(resolve, PIECE_GAP_MS)
                )
        }
        this.#busy = false
        if (this.flow !== "hold") this.from.resume()
        // A silent link does not tell of the end either.
        if (this.#ended && this.flow === "pass" && this.#waiting.length === 0)
            this.to.end()
    }
}

/** One connection of a node through the proxy. */
export class ProxyConnection {
    /** ms since the epoch. */
    readonly openedAt = Date.now()
    /** Settles when the node has ended its side, or its side was cut. */
    readonly closed: Promise<void>
    #pipes: Record<Direction, Pipe>
    #open = true

    constructor(
        readonly number: number,
        private readonly node: Socket,
        private readonly broker: Socket
    ) {
        this.#pipes = {
            up: new Pipe(node, broker),
            down: new Pipe(broker, node),
        }
        this.closed = new Promise(resolve => {
            const gone = () => {
                this.#open = false
                resolve()
            }
            node.once("end", gone)
            node.once("close", gone)
        })
        for (const [socket, other] of [
            [node, broker],
            [broker, node],
        ] as const) {
            // A reset on one side is a reset on the other, unless the link is silent.
            socket.on("error", () => {
                const pipe = socket === node ? this.#pipes.up : this.#pipes.down
                if (pipe.flow === "pass") other.resetAndDestroy()
            })
        }
    }

    get open(): boolean {
        return this.#open
    }

    /** All bytes of a direction that came in, up to 8 MiB, whether they were passed on or not. */
    recorded(direction: Direction): Buffer {
        return Buffer.concat(this.#pipes[direction].chunks)
    }

    /** Bytes that came in. */
    count(direction: Direction): number {
        return this.#pipes[direction].bytes
    }

    /** Bytes that came in and went nowhere. */
    swallowed(direction: Direction): number {
        return this.#pipes[direction].swallowed
    }

    /** Pieces that were passed on. */
    pieces(direction: Direction): number {
        return this.#pipes[direction].writes
    }

    /** Closes both sides with a TCP reset. */
    reset(): void {
        this.node.resetAndDestroy()
        this.broker.resetAndDestroy()
    }

    /** Ends both sides in order: each sees the end of the stream. */
    fin(): void {
        this.node.end()
        this.broker.end()
    }

    /** Sets the flow and the size of pieces of a direction; the proxy does it for all its connections. */
    apply(direction: Direction, flow: Flow, piece: number): void {
        const pipe = this.#pipes[direction]
        pipe.piece = piece
        pipe.set(flow)
    }

    destroy(): void {
        this.node.destroy()
        this.broker.destroy()
    }
}

export class Proxy {
    readonly host = LOOPBACK
    /** Every connection accepted so far, oldest first. */
    readonly connections: ProxyConnection[] = []
    #server: Server
    #flow: Record<Direction, Flow> = { up: "pass", down: "pass" }
    #piece: Record<Direction, number> = { up: 0, down: 0 }
    #port = 0
    #watch = new Watch()

    private constructor(
        private readonly target: { host?: string; port: number }
    ) {
        this.#server = createServer(
            { allowHalfOpen: true, noDelay: true },
            node => this.#accept(node)
        )
    }

    static async start(target: {
        host?: string
        port: number
    }): Promise<Proxy> {
        const proxy = new Proxy(target)
        await proxy.#listen(0)
        return proxy
    }

    get port(): number {
        return this.#port
    }

    get url(): string {
        return `mqtt://${this.host}:${this.#port}`
    }

    /** Number of connections the node has not ended and nobody has cut. */
    get open(): number {
        return this.connections.filter(connection => connection.open).length
    }

    /** The nth connection since the start, the first is 1; waits until it is there. */
    connection(n: number, timeoutMs = 10_000): Promise<ProxyConnection> {
        return this.#watch.until(
            () => this.connections[n - 1],
            timeoutMs,
            `connection ${n}`,
            () => `there were ${this.connections.length}`
        )
    }

    /** Moves bytes again; what was held arrives, what was swallowed does not. Pieces stay as they are. */
    pass(which: Directions = "both"): void {
        this.#set(which, "pass")
    }

    /** A silent link: bytes are taken and go nowhere, on open and on new connections, and neither side hears that the other has closed. */
    swallow(which: Directions = "both"): void {
        this.#set(which, "swallow")
    }

    /** A stalled link: bytes stay in the senders' buffers until pass(). */
    hold(which: Directions = "both"): void {
        this.#set(which, "hold")
    }

    /** Passes bytes on in pieces of at most `bytes`, each written by itself; 0 for as they come. */
    cut(bytes: number, which: Directions = "both"): void {
        for (const direction of directions(which))
            this.#piece[direction] = bytes
        this.#applyAll()
    }

    /** Resets every open connection on both sides. */
    reset(): void {
        for (const connection of this.connections)
            if (connection.open) connection.reset()
    }

    /** Ends every open connection on both sides. */
    fin(): void {
        for (const connection of this.connections)
            if (connection.open) connection.fin()
    }

    /** Lets no new connection in: the system refuses them. Open ones stay. */
    refuse(): void {
        this.#server.close()
    }

    /** Lets new connections in again after refuse(). */
    async accept(): Promise<void> {
        if (!this.#server.listening) await this.#listen(this.#port)
    }

    async stop(): Promise<void> {
        const closed = new Promise<void>(resolve =>
            this.#server.close(() => resolve())
        )
        for (const connection of this.connections) connection.destroy()
        await closed
    }

    #listen(port: number): Promise<void> {
        return new Promise((resolve, reject) => {
            this.#server.once("error", reject)
            this.#server.listen(port, LOOPBACK, () => {
                this.#server.off("error", reject)
                this.#port = (this.#server.address() as AddressInfo).port
                resolve()
            })
        })
    }

    #set(which: Directions, flow: Flow): void {
        for (const direction of directions(which)) this.#flow[direction] = flow
        this.#applyAll()
    }

    #applyAll(): void {
        for (const connection of this.connections) this.#apply(connection)
    }

    #apply(connection: ProxyConnection): void {
        for (const direction of directions("both")) {
            connection.apply(
                direction,
                this.#flow[direction],
                this.#piece[direction]
            )
        }
    }

    #accept(node: Socket): void {
        if (this.connections.length === MAX_CONNECTIONS) {
            node.resetAndDestroy()
            return
        }
        const { host = LOOPBACK, port } = this.target
        const broker = connect({
            host,
            port,
            allowHalfOpen: true,
            noDelay: true,
        })
        const connection = new ProxyConnection(
            this.connections.length + 1,
            node,
            broker
        )
        this.connections.push(connection)
        this.#apply(connection)
        this.#watch.changed()
    }
}
