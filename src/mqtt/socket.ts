// The device's one TCP or TLS connection, over the platform's socket natives. The only file that touches
// them. It keeps what arrives in order until the client fetches it and wakes the client; it parses nothing.
//
// Why not @devicescript/net's Socket: its close() leaves a fiber waiting for ever (728 bytes lost at each
// reconnect), its send() throws after a refused write even when the next try succeeds, and its connect()
// asserts when the old connection's data comes before the new one's `open`.

import * as ds from "@devicescript/core"

type SocketEvent = "open" | "close" | "data" | "error"

type Natives = typeof ds & {
    _socketOpen(host: string, port: number): number
    _socketClose(): number
    _socketWrite(data: Buffer): number
    _socketOnEvent(event: SocketEvent, arg?: Buffer | string): void
}

const natives = ds as Natives

export const enum SocketState {
    Closed,
    /** `open` was asked for and not answered yet. */
    Opening,
    Open,
}

/** What a write came to. */
export const enum Written {
    /** Taken by the platform, which is not yet sent, let alone received. */
    Ok,
    /** The board's send queue is full: the same bytes may be written again later. */
    Busy,
    /** The connection is unusable. */
    Lost,
}

/** What a write gives when the platform has no open socket. */
const NO_SOCKET = -100

/**
 * Bytes received and not yet fetched at which the peer is cut off: half of a 64 KiB heap. The platform has them in
 * the heap before it tells, so a lower bound would save nothing and lose a connection over a burst.
 */
const MAX_UNREAD = 32768

export class Socket {
    state = SocketState.Closed
    /** Why the connection ended, or empty after a plain close by the peer. */
    reason = ""
    /** Writes handed to the platform since the start. */
    writes = 0

    /** Received and not yet fetched, oldest first. */
    unread: Buffer[] = []
    private unreadBytes = 0

    /** @param owner woken after each event; `wake` must neither wait nor throw */
    constructor(private owner: { wake: () => void }) {}

    /**
     * Begins to open a connection; `state` becomes Open or Closed later. What an earlier connection may
     * still deliver is dropped until the platform says `open`.
     * @param port 1 to 65,535
     */
    open(host: string, port: number, tls: boolean) {
        this.state = SocketState.Opening
        this.reason = ""
        this.unread = []
        this.unreadBytes = 0
        natives._socketOnEvent = this.onEvent
        try {
            // a negative port asks the platform for TLS
            const r = natives._socketOpen(host, tls ? -port : port)
            if (r !== 0) this.ended("cannot open: code " + r)
        } catch (e) {
            // no network yet, or sockets are reserved for the cloud gateway
            this.ended((e as Error).message)
        }
    }

    /** Writes one packet; the platform takes all of it or nothing. */
    write(packet: Buffer): Written {
        if (this.state !== SocketState.Open) return Written.Lost
        const r = natives._socketWrite(packet)
        if (r === 0) {
            this.writes++
            return Written.Ok
        }
        // without a socket the event that says why is on its way; should it be lost, the wait for an answer ends it
        if (r === -1 || r === NO_SOCKET) return Written.Busy
        this.close()
        this.reason = "write refused: code " + r
        return Written.Lost
    }

    /** The next received chunk, or undefined. Remains readable after the peer closed. */
    read(): Buffer | undefined {
        if (this.unread.length === 0) return undefined
        const chunk = this.unread[0]
        this.unread.insert(0, -1)
        this.unreadBytes -= chunk.length
        return chunk
    }

    /** Ends the connection. No event follows. */
    close() {
        if (this.state !== SocketState.Closed) natives._socketClose()
        this.state = SocketState.Closed
        this.unread = []
        this.unreadBytes = 0
    }

    private ended(reason: string) {
        this.state = SocketState.Closed
        this.reason = reason
        this.owner.wake()
    }

    private onEvent(event: SocketEvent, arg?: Buffer | string) {
        if (this.state === SocketState.Closed) return
        if (event === "open") {
            if (this.state === SocketState.Opening)
                this.state = SocketState.Open
        } else if (event === "data") {
            // before `open` it is the last of an older connection
            if (this.state !== SocketState.Open) return
            const chunk = arg as Buffer
            this.unread.push(chunk)
            this.unreadBytes += chunk.length
            if (this.unreadBytes > MAX_UNREAD) {
                this.close()
                this.reason = "peer sent more than can be read"
            }
        } else if (event === "close") {
            this.ended("")
            return
        } else {
            // the platform has closed the socket; a Pico W says so for a plain close too
            this.ended("" + arg)
            return
        }
        this.owner.wake()
    }
}
