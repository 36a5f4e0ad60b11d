// What a broker owes one client and is owed by it (MQTT 3.1.1, sections 3.1.2.4 and 4.4): subscriptions, messages in flight
// to it with identifiers of the broker's own, and the QoS 2 identifiers it has used. Knows no socket and no clock.
import type { Packet, QoS } from "mqtt-packet"
import { matches } from "./topics"

export interface Message {
    topic: string
    payload: Buffer
    qos: QoS
    retain: boolean
}

/** A message in flight to the client. */
interface Outgoing {
    message: Message
    /** QoS 2: PUBREC has come, PUBCOMP is awaited. */
    released: boolean
}

/** Messages in flight to a client at once, as in Mosquitto's default; further ones wait. */
const WINDOW = 20
/** Messages that wait for a client. A node away for a day is sent fewer; a test that needs more would lose some unseen. */
const MAX_WAITING = 10_000
/** The largest packet identifier [MQTT-2.3.1-1]. */
const MAX_ID = 65_535

export class Session {
    /** Filter and granted QoS. */
    readonly subscriptions = new Map<string, QoS>()
    /** Identifiers of QoS 2 publishes from the client whose PUBREL has not come. */
    readonly received = new Set<number>()
    private readonly inFlight = new Map<number, Outgoing>()
    private readonly waiting: Message[] = []
    private lastId = 0
    private send: ((packet: Packet) => void) | undefined

    constructor(
        readonly client: string,
        /** Whether it outlives its connection. */
        readonly persistent: boolean
    ) {}

    /** Whether a connection uses it now. */
    get attached(): boolean {
        return this.send !== undefined
    }

    /** Messages it owes the client, in flight or waiting. */
    get owed(): number {
        return this.inFlight.size + this.waiting.length
    }

    /** Takes a connection, and sends again what is in flight, in its order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
    attach(send: (packet: Packet) => void): void {
        this.send = send
        for (const [id, outgoing] of this.inFlight)
            this.tell(id, outgoing, true)
        this.fill()
    }

    detach(): void {
        this.send = undefined
    }

    /** The QoS a message on `topic` is wanted with: of all filters that match, the highest [MQTT-3.3.5-1]. */
    wants(topic: string): QoS | undefined {
        let best: QoS | undefined
        for (const [filter, qos] of this.subscriptions)
            if (matches(filter, topic) && (best ?? -1) < qos) best = qos
        return best
    }

    /** Sends a message, now or when it can. QoS 0 without a connection is lost. */
    deliver(message: Message): void {
        if (message.qos === 0)
            this.send?.({ cmd: "publish", dup: false, ...message })
        else {
            if (this.waiting.length === MAX_WAITING)
                throw new Error(
                    `more than ${MAX_WAITING} messages wait for ${this.client}`
                )
            this.waiting.push(message)
            this.fill()
        }
    }

    /** The client has acknowledged a QoS 1 message. */
    puback(id: number): void {
        if (this.inFlight.get(id)?.message.qos === 1) this.settle(id)
    }

    /** The client has a QoS 2 message. One that is not known is released too, so that the client can forget it. */
    pubrec(id: number): void {
        const outgoing = this.inFlight.get(id)
        if (outgoing?.message.qos === 2) outgoing.released = true
        this.send?.({ cmd: "pubrel", messageId: id })
    }

    pubcomp(id: number): void {
        if (this.inFlight.get(id)?.released) this.settle(id)
    }

    private settle(id: number): void {
        this.inFlight.delete(id)
        this.fill()
    }

    private fill(): void {
        while (this.send && this.inFlight.size < WINDOW) {
            const message = this.waiting.shift()
            if (!message) return
            const outgoing = { message, released: false }
            const id = this.freeId()
            this.inFlight.set(id, outgoing)
            this.tell(id, outgoing, false)
        }
    }

    private tell(id: number, { message, released }: Outgoing, dup: boolean) {
        this.send?.(
            released
                ? { cmd: "pubrel", messageId: id }
                : { cmd: "publish", dup, messageId: id, ...message }
        )
    }

    private freeId(): number {
        do this.lastId = (this.lastId % MAX_ID) + 1
        while (this.inFlight.has(this.lastId))
        return this.lastId
    }
}
