// A network in memory, on the clock that is handed in: what a virtual clock needs, since the machine's own sockets
// know nothing of it. Same calls, same history. Knows nothing of MQTT and of faults: every byte arrives.
import { EventEmitter } from "node:events"
import type { Clock } from "./clock"
import { badPort, pieces, type Sockets, type VmSocket } from "./sockets"

export interface MemoryNetworkOptions {
    /** ms a piece is under way, one way; at least 1, which is also the default. */
    delay?: number
    /** Largest piece that a client is handed, in bytes; 1,024 as on an ESP32. */
    maxChunk?: number
    onWrite?: (bytes: Uint8Array) => number
}

/** The least ms under way: nothing arrives in the moment it was sent. */
const MIN_DELAY = 1

export class MemoryNetwork implements Sockets {
    readonly onWrite?: (bytes: Uint8Array) => number
    private readonly clock: Clock
    private readonly delay: number
    private readonly maxChunk: number | undefined
    private readonly servers = new Map<string, (peer: MemorySocket) => void>()

    constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
        this.clock = clock
        this.delay = Math.max(MIN_DELAY, options.delay ?? MIN_DELAY)
        this.maxChunk = options.maxChunk
        if (options.onWrite) this.onWrite = options.onWrite
    }

    /**
     * Serves connections to `host`:`port`: `handler` is given the server's end of each.
     * @returns a function that ends it; connections that are there stay
     */
    listen(
        host: string,
        port: number,
        handler: (peer: MemorySocket) => void
    ): () => void {
        const key = `${host}:${port}`
        if (this.servers.has(key)) throw new Error(`${key} is in use`)
        this.servers.set(key, handler)
        return () => this.servers.delete(key)
    }

    /** TLS is taken for granted: the bytes pass as they are. */
    connect(host: string, port: number, _tls: boolean): MemorySocket {
        const client = new MemorySocket(this.clock, this.delay, this.maxChunk)
        const fail = (what: string) => client.fail(new Error(what))
        this.clock.setTimeout(() => {
            if (!client.writable) return
            const bad = badPort(port)
            if (bad) return client.fail(bad)
            const handler = this.servers.get(`${host}:${port}`)
            if (handler) {
                const peer = new MemorySocket(this.clock, this.delay)
                client.join(peer)
                handler(peer)
                return
            }
            const known = [...this.servers.keys()].some(key =>
                key.startsWith(`${host}:`)
            )
            if (known) fail(`connect ECONNREFUSED ${host}:${port}`)
            else fail(`getaddrinfo ENOTFOUND ${host}`)
        }, this.delay)
        return client
    }
}

/**
 * One end of a connection. Emits `connect` (the client's end only), `data`, `error` and `close`, as a socket of
 * Node.js does: a close of the peer in good order is `close`, a cut is `error` and then `close`.
 */
export class MemorySocket extends EventEmitter implements VmSocket {
    private readonly clock: Clock
    private readonly delay: number
    private readonly maxChunk: number | undefined
    private peer: MemorySocket | undefined
    /** Written before the connection was there. */
    private early: Uint8Array[] = []
    private ended = false
    private closed = false

    /** @internal use MemoryNetwork */
    constructor(clock: Clock, delay: number, maxChunk = Infinity) {
        super()
        this.clock = clock
        this.delay = delay
        this.maxChunk = maxChunk
    }

    /** Whether it can still be written to. */
    get writable(): boolean {
        return !this.ended && !this.closed
    }

    /** What is written after the end vanishes. */
    write(bytes: Uint8Array): boolean {
        if (!this.writable) return false
        const copy = new Uint8Array(bytes)
        if (this.peer) this.carry(peer => peer.receive(copy))
        else this.early.push(copy)
        return true
    }

    /** Closes in good order: the peer gets what was written, then closes too. */
    end(): void {
        if (!this.writable) return
        this.ended = true
        if (!this.peer) {
            // later, as all events: who closes may be in the midst of something
            this.clock.setTimeout(() => this.close(false), this.delay)
            return
        }
        this.carry(peer => {
            peer.ended = true
            peer.carry(self => self.close(false))
            peer.close(false)
        })
    }

    /** Gone at once: the peer sees a reset, even of what was still under way to here. */
    cut(): void {
        if (this.closed) return
        this.carry(peer => peer.fail(new Error("read ECONNRESET")))
        this.close(false)
    }

    /** The same, by the name that Node.js has for it. */
    destroy(): void {
        this.cut()
    }

    /** @internal Connects two ends. */
    join(peer: MemorySocket): void {
        this.peer = peer
        peer.peer = this
        this.emit("connect")
        for (const bytes of this.early.splice(0)) this.write(bytes)
    }

    /** @internal The end of it by an error. */
    fail(error: Error): void {
        if (this.closed) return
        if (this.listenerCount("error") > 0) this.emit("error", error)
        this.close(true)
    }

    private receive(bytes: Uint8Array): void {
        for (const piece of pieces(bytes, this.maxChunk)) {
            if (this.closed) return
            this.emit("data", piece)
        }
    }

    private close(hadError: boolean): void {
        if (this.closed) return
        this.closed = true
        this.emit("close", hadError)
    }

    /** Lets something happen at the other end when it gets there; what was sent before gets there before. */
    private carry(arrive: (peer: MemorySocket) => void): void {
        const { peer } = this
        if (!peer) return
        this.clock.setTimeout(() => arrive(peer), this.delay)
    }
}
