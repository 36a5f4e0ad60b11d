// Server-sent events: a bounded number of clients, each with a bounded backlog. Knows the wire format and nothing of what is said.
import type { ServerResponse } from "node:http"
import { HEARTBEAT_MS, MAX_BEHIND, MAX_STREAMS, RETRY_MS } from "./limits"

/** One client of an event stream. */
export class Stream {
    #response: ServerResponse
    /** Bytes that may wait for it. */
    #allowance = MAX_BEHIND

    constructor(response: ServerResponse) {
        this.#response = response
        response.socket?.setNoDelay(true)
        // The browser has the answer from here on, and knows when to come again.
        response.write(`retry: ${RETRY_MS}\n\n`)
    }

    /** Sends one event; a client that has not read what waits for it is cut instead. */
    send(text: string): void {
        if (this.#response.writableLength > this.#allowance)
            this.#response.destroy()
        else this.#response.write(text)
    }

    /** As send(), and what is sent here does not count as being behind: it is what each client begins with. */
    begin(text: string): void {
        this.#allowance = MAX_BEHIND + Buffer.byteLength(text)
        this.send(text)
    }

    end(): void {
        this.#response.end()
    }
}

/** An event as it goes over the wire. JSON has no line end in it, so it is one line of data. */
export function eventText(event: string, data: unknown): string {
    return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

export class Streams {
    #open = new Set<Stream>()
    #heartbeat: NodeJS.Timeout
    #max: number

    constructor(max = MAX_STREAMS, heartbeatMs = HEARTBEAT_MS) {
        this.#max = max
        this.#heartbeat = setInterval(() => {
            for (const stream of this.#open) stream.send(":\n\n")
        }, heartbeatMs)
        this.#heartbeat.unref()
    }

    get size(): number {
        return this.#open.size
    }

    get full(): boolean {
        return this.#open.size >= this.#max
    }

    /** Begins a stream on an answer whose head was written. `closed` is called once when its client has gone. */
    open(response: ServerResponse, closed: () => void): Stream {
        const stream = new Stream(response)
        this.#open.add(stream)
        // A client that goes away while it is written to is no error of this program.
        response.on("error", () => {})
        response.once("close", () => {
            this.#open.delete(stream)
            closed()
        })
        return stream
    }

    /** Ends all of them. */
    stop(): void {
        clearInterval(this.#heartbeat)
        for (const stream of this.#open) stream.end()
    }
}
