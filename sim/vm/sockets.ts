// What stands in for the board's network: TCP and TLS through Node.js, made as unkind as a board's in the ways that
// matter (small pieces, bad ports), with hooks to watch and to refuse. Knows nothing of MQTT.
import { EventEmitter } from "node:events"
import { createConnection, isIP, type Socket } from "node:net"
import { connect as tlsConnect, rootCertificates } from "node:tls"

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
    /** Certificate authorities that TLS trusts besides the usual ones, PEM. */
    ca?: string
}

/** The board's receive buffer, bytes. */
export const BOARD_CHUNK = 1024

/** ms a peer gets to close its side of a connection that the board has closed; a board keeps nothing for it. */
const LINGER_MS = 3_000

/** Real sockets of this machine. */
export function nodeSockets(options: NodeSocketsOptions = {}): Sockets {
    return {
        connect: (host, port, tls) => new NodeSocket(host, port, tls, options),
        ...(options.onWrite ? { onWrite: options.onWrite } : {}),
    }
}

/** Cuts what a stream brings into the pieces a board's receive buffer hands over. */
export function pieces(bytes: Uint8Array, most = BOARD_CHUNK): Uint8Array[] {
    const cut: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += most)
        cut.push(new Uint8Array(bytes.subarray(at, at + most)))
    return cut
}

/** What Node.js throws for such a port, which would end the VM's loop for good, told as the event it should be. */
export function badPort(port: number): Error | undefined {
    return port >= 1 && port <= 65535
        ? undefined
        : new Error(`port ${port} is not one of 1 to 65535`)
}

class NodeSocket extends EventEmitter implements VmSocket {
    /** The TCP connection. */
    private transport: Socket | undefined
    /** What is written to and read from: the same, or TLS over it. */
    private stream: Socket | undefined

    constructor(
        host: string,
        port: number,
        tls: boolean,
        options: NodeSocketsOptions
    ) {
        super()
        const to = options.hosts?.[host]
        const bad = badPort(to?.port ?? port)
        if (bad) {
            setImmediate(() => this.emit("error", bad))
            return
        }
        const transport = createConnection({
            host: to?.host ?? host,
            port: to?.port ?? port,
        })
        const stream = tls
            ? tlsConnect({
                  socket: transport,
                  // the name the firmware knows is the one the certificate is for
                  host,
                  ...(isIP(host) === 0 ? { servername: host } : {}),
                  ...(options.ca === undefined
                      ? {}
                      : { ca: [...rootCertificates, options.ca] }),
              })
            : transport
        this.transport = transport
        this.stream = stream
        // as the VM does it: with TLS, the connection is open before the handshake
        transport.once("connect", () => this.emit("connect"))
        stream.on("data", (bytes: Buffer) => {
            for (const piece of pieces(bytes, options.maxChunk)) {
                options.onData?.(piece)
                this.emit("data", piece)
            }
        })
        // TLS tells what breaks its transport, too
        if (tls) transport.on("error", () => {})
        stream.on("error", error => this.emit("error", error))
        stream.on("close", hadError => this.emit("close", hadError))
    }

    write(bytes: Uint8Array) {
        this.stream?.write(bytes)
    }

    end() {
        const { stream } = this
        if (!stream) return
        stream.end()
        const linger = setTimeout(() => stream.destroy(), LINGER_MS)
        linger.unref()
        stream.once("close", () => clearTimeout(linger))
    }

    cut() {
        const { transport, stream } = this
        if (!transport || !stream) return
        if (transport.connecting) transport.destroy()
        else transport.resetAndDestroy()
        if (stream !== transport) stream.destroy()
    }
}
