// Learns wall time from the `Date` header of an HTTP server. A device has one socket, so this happens before a connection
// to the broker is opened, never by dropping one that is healthy.
//
// Bounds: it holds up a connection by at most 5 s, and by nothing at all while time was learnt in the last 10 minutes or a
// try failed in the last 10. In between time is kept by the chip's own clock: a crystal of 159 ppm, the worst measured,
// drifts 13.7 s a day (wall-clock.ts says how much at any moment).

import * as ds from "@devicescript/core"
import { whole } from "../mqtt/options"
import { Socket, SocketState } from "../mqtt/socket"
import { placeKept, sendBatch } from "./backlog"
import type { Delivery } from "./delivery"
import { Dialect, payload } from "./dialect"
import { report, reportFault } from "./report"
import { request, TimeAnswer, TimeResponse } from "./time-request"
import { WallClock } from "./wall-clock"

/** Longest wait for the server, from opening to its Date, in ms. */
const LIMIT = 5000

/** ms after which time is asked for again, at the next connection. */
const AGAIN = 600000

/** What a board says of the server that knows the time. */
export interface HttpTimeOptions {
    /** Name or address. */
    host: string
    /** Default 80. Plain HTTP: a date is no secret, and one that was tampered with is bounded by 2020 and 2099. */
    port?: number
    /** Default "/". */
    path?: string
}

/** @devsWhenUsed */
export class HttpTime {
    private wall = new WallClock()
    private question: Buffer
    private port: number
    private triedAt = -AGAIN
    private fiber?: ds.Fiber
    private cancelled = false

    /** @param options checked here: throws ConfigError naming what is wrong */
    constructor(private options: HttpTimeOptions) {
        this.port = whole("time.port", options.port, 80, 1, 65535)
        this.question = request(options.host, this.port, options.path ?? "/")
    }

    /** See WallTime, as the next three. */
    timeAt(moment: number): number | undefined {
        return this.wall.at(moment)
    }

    late(dialect: Dialect, value: string, moment: number, age: number): string {
        return payload(dialect, value, this.wall.at(moment), age)
    }

    sendBacklog(delivery: Delivery): boolean {
        return sendBatch(delivery, this)
    }

    place(delivery: Delivery, now: number) {
        placeKept(delivery, this, now)
    }

    /** Gives up asking, now and for good: the node stops. */
    cancel() {
        this.cancelled = true
        this.wake()
    }

    wake() {
        const fiber = this.fiber
        if (fiber) if (fiber.suspended) fiber.resume(undefined)
    }

    /** Asks when it is time to. The socket must be free; it is again afterwards. Never throws. */
    async refresh() {
        const begun = ds.millis()
        if (this.cancelled) return
        if (begun - this.triedAt < AGAIN) return
        this.triedAt = begun
        const socket = new Socket(this)
        const answer = new TimeResponse()
        this.fiber = ds.Fiber.self()
        let why = ""
        try {
            why = await this.ask(socket, answer, begun + LIMIT)
        } catch (e) {
            why = (e as Error).message
        }
        this.fiber = undefined
        // a board that is still opening is not disturbed: the next open takes its place
        if (socket.state === SocketState.Open) socket.close()
        if (this.cancelled) return
        if (why !== "") reportFault("time", new Error(why))
    }

    /** One question and its answer; returns what went wrong, or nothing. */
    private async ask(
        socket: Socket,
        answer: TimeResponse,
        until: number
    ): Promise<string> {
        socket.open(this.options.host, this.port, false)
        let asked = -1
        while (true) {
            let chunk = socket.read()
            while (chunk) {
                const r = answer.push(chunk)
                const now = ds.millis()
                if (r === TimeAnswer.Failed) return answer.why
                if (r === TimeAnswer.Done) {
                    this.wall.learn(answer.dateMs, now, now - asked)
                    report("time ms=" + Math.round(now - asked))
                    return ""
                }
                chunk = socket.read()
            }
            if (this.cancelled) return "stopped"
            if (socket.state === SocketState.Closed)
                return socket.reason === "" ? "no Date" : socket.reason
            const now = ds.millis()
            if (now >= until) return "no answer"
            if (asked < 0)
                if (socket.state === SocketState.Open) {
                    asked = now
                    socket.write(this.question)
                }
            await ds.suspend(Math.ceil(until - now))
        }
        return ""
    }
}
