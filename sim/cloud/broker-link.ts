// The stand-in's own connection to the broker: subscribes, publishes, and comes back by itself whenever it is lost.
// Knows nothing of what the messages mean, and never says a password.
//
// The session is kept by the broker (clean session off) under a client id that stays with the history file: what nodes send
// while the connection is away is then handed on later, by brokers that keep sessions. A clean stop takes the subscription back, so
// that nothing piles up for a program that does not run.
import { EventEmitter } from "node:events"
import { connect, type IClientOptions, type MqttClient } from "mqtt"
import {
    CONNECT_MS,
    ECHO_MS,
    KEEP_ALIVE_S,
    MAX_PUBLISHING,
    PUBLISH_MS,
    RECONNECT_MS,
    REFUSED_MS,
} from "./limits"
import type { Message } from "./live"

/** A broker's address; `host` is a name or an address without brackets. */
export interface BrokerTarget {
    transport: "tcp" | "tls"
    host: string
    port: number
    user?: string
    password?: string
}

/** Nothing is known to have been published. The message says why, for a person. */
export class UnreachableError extends Error {
    constructor(why: string) {
        super(why)
        this.name = "UnreachableError"
    }
}

export interface LinkEvents {
    message: [Message]
    connection: [connected: boolean]
    /** The broker refused the connection or the subscription; said once until it changes. */
    refused: [reason: string]
}

export class BrokerLink extends EventEmitter<LinkEvents> {
    #client: MqttClient
    #filter: string
    #up = false
    #since = Date.now()
    #publishing = 0
    #refusal = ""
    /** Those who wait until their message has come back, by topic and payload. */
    #echoes = new Map<string, Set<() => void>>()

    constructor(target: BrokerTarget, clientId: string, filter: string) {
        super()
        this.#filter = filter
        const host = target.host.includes(":")
            ? `[${target.host}]`
            : target.host
        const options: IClientOptions = {
            clientId,
            clean: false,
            // It subscribes by itself at each connection: then the broker also sends again what it retains.
            resubscribe: false,
            keepalive: KEEP_ALIVE_S,
            connectTimeout: CONNECT_MS,
            reconnectPeriod: RECONNECT_MS,
            reconnectOnConnackError: true,
            queueQoSZero: false,
            username: target.user,
            password: target.password,
        }
        const scheme = target.transport === "tls" ? "mqtts" : "mqtt"
        this.#client = connect(`${scheme}://${host}:${target.port}`, options)
        this.#client.on("connect", () => void this.#connected())
        this.#client.on("close", () => this.#set(false))
        this.#client.on("error", error => {
            // A refusal carries CONNACK's code; everything else is a broker that is away, and that is no news.
            if (!("code" in error) || typeof error.code !== "number") return
            this.#client.options.reconnectPeriod = REFUSED_MS
            this.#refused(error.message)
        })
        this.#client.on("message", (topic, payload, { retain, qos }) => {
            this.emit("message", {
                topic,
                payload,
                retain,
                qos,
                at: Date.now(),
            })
            this.#heard(topic, payload)
        })
    }

    get connected(): boolean {
        return this.#up
    }

    /** Since when it is connected, or not, in ms since 1970. */
    get since(): number {
        return this.#since
    }

    /** Resolves when the subscription stands, or after `ms`. */
    async ready(ms: number): Promise<void> {
        if (this.#up) return
        await new Promise<void>(resolve => {
            const done = () => {
                clearTimeout(timer)
                this.off("connection", done)
                resolve()
            }
            const timer = setTimeout(done, ms)
            this.on("connection", done)
        })
    }

    /**
     * Publishes with QoS 1, not retained. Resolves when the broker has acknowledged, and the message has come back through the
     * subscription or ECHO_MS are over: so who asks next for what it led to finds it.
     * @throws {UnreachableError}
     */
    async publish(topic: string, payload: string): Promise<void> {
        if (!this.#up)
            throw new UnreachableError("the broker cannot be reached")
        if (this.#publishing >= MAX_PUBLISHING)
            throw new UnreachableError(
                `${MAX_PUBLISHING} messages wait for the broker's acknowledgement already`
            )
        const echo = this.#echo(topic, payload)
        this.#publishing++
        try {
            await within(
                PUBLISH_MS,
                this.#client.publishAsync(topic, payload, { qos: 1 })
            )
            await Promise.race([echo.heard, pause(ECHO_MS)])
        } catch (error) {
            throw error instanceof UnreachableError
                ? error
                : new UnreachableError("the connection to the broker was lost")
        } finally {
            this.#publishing--
            echo.forget()
        }
    }

    /** Takes the subscription back and disconnects. Takes at most 1 s. */
    async stop(): Promise<void> {
        if (this.#up) {
            // Its answer comes after what was sent here before it; a broker may still hold back what it has only just taken.
            const left = this.#client.unsubscribeAsync(this.#filter)
            await Promise.race([left.catch(() => {}), pause(500)])
        }
        const ended = this.#client.endAsync(!this.#up)
        await Promise.race([ended.catch(() => {}), pause(500)])
        this.#client.removeAllListeners("message")
    }

    async #connected(): Promise<void> {
        this.#client.options.reconnectPeriod = RECONNECT_MS
        try {
            const [granted] = await this.#client.subscribeAsync(this.#filter, {
                qos: 1,
            })
            if (granted === undefined || granted.qos > 2)
                throw new Error("not authorized")
        } catch (error) {
            // Without a code it is the connection that broke, and the next one subscribes again.
            if (this.#client.connected)
                this.#refused(
                    `the subscription to ${this.#filter}: ${error instanceof Error ? error.message : String(error)}`
                )
            return
        }
        this.#refusal = ""
        this.#set(true)
    }

    #set(up: boolean): void {
        if (up === this.#up) return
        this.#up = up
        this.#since = Date.now()
        this.emit("connection", up)
    }

    #refused(reason: string): void {
        if (reason === this.#refusal) return
        this.#refusal = reason
        this.emit("refused", reason)
    }

    #echo(topic: string, payload: string) {
        const key = `${topic} ${payload}`
        let wake = () => {}
        const heard = new Promise<void>(resolve => (wake = resolve))
        const waiting = this.#echoes.get(key) ?? new Set()
        this.#echoes.set(key, waiting.add(wake))
        const forget = () => {
            waiting.delete(wake)
            if (waiting.size === 0 && this.#echoes.get(key) === waiting)
                this.#echoes.delete(key)
        }
        return { heard, forget }
    }

    #heard(topic: string, payload: Buffer): void {
        if (this.#echoes.size === 0) return
        const waiting = this.#echoes.get(`${topic} ${payload.toString()}`)
        for (const wake of waiting ?? []) wake()
    }
}

function pause(ms: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, ms))
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
            () =>
                reject(
                    new UnreachableError(
                        `the broker did not acknowledge within ${ms / 1_000} s`
                    )
                ),
            ms
        )
    })
    try {
        await Promise.race([work, late])
    } finally {
        clearTimeout(timer)
    }
}
