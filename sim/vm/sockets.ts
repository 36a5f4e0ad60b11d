// What stands in for the board's network: TCP and TLS through Node.js, made as unkind as a board's in the
// ways that matter (small pieces, bad ports), with hooks to watch and to refuse.
import { EventEmitter } from "node:events"
import { createConnection, Socket } from "node:net"
import { connect as tlsConnect } from "node:tls"

/**
 * One connection as the VM's code uses it: `connect`, `data` (Uint8Array), `error`, `close` come as events.
 * A simulated network implements the same.
 */
export interface VmSocket {
    once(event: "connect", listener: () => void): unknown
    on(event: "data", listener: (bytes: Uint8Array) => void): unknown
    on(event: "error", listener: (error: Error) => void): unknown
    on(event: "close", listener: (hadError: boolean) => void): unknown
    write(bytes: Uint8Array): unknown
    /** Closes in good order: FIN after what was written. */
    end(): unknown
    /** Gone at once, as in a power cut: the peer sees a reset. */
    cut(): void
}

/** A board's network. */
export interface Sockets {
    connect(host: string, port: number, tls: boolean): VmSocket
    /**
     * Called before each write; what it returns is what the firmware gets: 0 goes on to write, -1 (the
     * queue is full) or -10 (no connection) refuse.
     */
    onWrite?: (bytes: Uint8Array) => number
}

export interface NodeSocketsOptions {
    /** Names the firmware may use, and where they lead. */
    hosts?: Record<string, { host: string; port?: number }>
    /** Largest inbound piece in bytes; 1,024 as on an ESP32. */
    maxChunk?: number
    onWrite?: (bytes: Uint8Array) => number
    /** Each inbound piece, as it is handed to the VM. */
    onData?: (bytes: Uint8Array) => void
    /** Certificate authorities that TLS trusts besides the system's, PEM. */
    ca?: string
}

/** The board's receive buffer, bytes. */
const BOARD_CHUNK = 1024

/** Real sockets of this machine. */
export function nodeSockets(options: NodeSocketsOptions = {}): Sockets {
    return {
        connect(host, port, tls) {
            const mapped = options.hosts?.[host]
            return new NodeSocket(
                mapped?.host ?? host,
                mapped?.port ?? port,
                tls,
                host,
                options
            )
        },
        ...(options.onWrite ? { onWrite: options.onWrite } : {}),
    }
}

class NodeSocket extends EventEmitter implements VmSocket {
    private socket: Socket | undefined

    constructor(
        host: string,
        port: number,
        tls: boolean,
        servername: string,
        options: NodeSocketsOptions
    ) {
        super()
        if (!(port >= 1 && port <= 65535)) {
            // Node.js throws here, which would end the VM's loop for good
            setImmediate(() => {
                this.emit("error", new Error(`port ${port} is not a port`))
            })
            return
        }
        const socket = tls
            ? tlsConnect({
                  host,
                  port,
                  servername,
                  ...(options.ca ? { ca: options.ca } : {}),
              })
            : createConnection({ host, port })
        this.socket = socket
        const size = options.maxChunk ?? BOARD_CHUNK
        socket.once("connect", () => this.emit("connect"))
        socket.on("data", (bytes: Buffer) => {
            for (let at = 0; at < bytes.length; at += size) {
                const piece = new Uint8Array(bytes.subarray(at, at + size))
                options.onData?.(piece)
                this.emit("data", piece)
            }
        })
        socket.on("error", error => this.emit("error", error))
        socket.on("close", hadError => this.emit("close", hadError))
    }

    write(bytes: Uint8Array) {
        this.socket?.write(bytes)
    }

    end() {
        this.socket?.end()
    }

    cut() {
        if (!this.socket) return
        // TLS has no reset of its own; its transport's will do
        if (this.socket.constructor === Socket && !this.socket.connecting)
            this.socket.resetAndDestroy()
        else this.socket.destroy()
    }
}
