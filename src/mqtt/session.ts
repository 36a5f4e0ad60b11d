// What MQTT owes and is owed: messages waiting and in flight, identifiers, acknowledgements, repeats,
// subscriptions. Pure: it knows no socket, timer, clock or console. The shell tells it what arrived and
// asks `take()` for the next packet to write, which is also how a refused write is tried again.
//
// Legal life of an outgoing message:
//   Queued -> Taken (QoS 0) -> settled
//   Queued -> AwaitPuback (QoS 1) -> settled
//   Queued -> AwaitPubrec -> AwaitPubcomp (QoS 2) -> settled
// A lost connection keeps it where it is (session present) or puts it back to Queued (session gone),
// except AwaitPubcomp, which the broker may or may not have handed on: settled as Uncertain.

import { moveToFront, removeAt } from "./arrays"
import { ConfigError, PeerError, ResourceError } from "./errors"
import { MAX_ID, PacketType, SUBACK_FAILURE } from "./packet"
import {
    encodeAck,
    encodePublish,
    encodeSubscribe,
    encodeUnsubscribe,
} from "./encode"

export const enum MessageState {
    Queued,
    /** QoS 0: handed to the writer, not yet known to be written. */
    Taken,
    AwaitPuback,
    AwaitPubrec,
    AwaitPubcomp,
    Settled,
}

/** How a message ended. */
export const enum Outcome {
    /** QoS 0: written. QoS 1: PUBACK. QoS 2: PUBCOMP. */
    Delivered,
    /** The queue was full. */
    Full,
    /** QoS 0 while there is no connection, or it broke before the packet was written. */
    Offline,
    /** The time limit of this message was over. */
    TimedOut,
    /** QoS 2 past its PUBREC when the broker lost the session: delivered or not, nobody can say. */
    Uncertain,
    /** The client was stopped first. */
    Stopped,
}

/** The name of an outcome, for messages. */
export function outcomeName(outcome: Outcome): string {
    switch (outcome) {
        case Outcome.Delivered:
            return "delivered"
        case Outcome.Full:
            return "full"
        case Outcome.Offline:
            return "offline"
        case Outcome.TimedOut:
            return "timed-out"
        case Outcome.Uncertain:
            return "uncertain"
        default:
            return "stopped"
    }
}

/** An application message on its way out. */
export class Message {
    /** Packet identifier while in flight, else 0. */
    id = 0
    state = MessageState.Queued
    /** When it was last written, ms. */
    sentAt = 0
    /** Has to be written (again) on this connection. While in flight only. */
    mustSend = false
    /** Was written before: DUP on the next write [MQTT-3.3.1-1]. */
    sentBefore = false
    /** Its end was told while it was in flight. */
    givenUp = false

    /**
     * @param topic valid topic name as UTF-8
     * @param settled called once, when the message ended; must not throw
     */
    constructor(
        public topic: Buffer,
        public payload: Buffer,
        public qos: number,
        public retain: boolean,
        public settled?: (message: Message, outcome: Outcome) => void
    ) {}
}

/** A filter the application wants, and what the broker granted. */
export class Subscription {
    /** QoS granted, SUBACK_FAILURE, or undefined while unanswered. */
    granted: number | undefined
    constructor(
        public filter: Buffer,
        public qos: number
    ) {}
}

/** A SUBSCRIBE or UNSUBSCRIBE that is not answered yet. */
export class Request {
    id = 0
    sentAt = 0
    mustSend = true
    constructor(
        public subscribe: boolean,
        public subscription: Subscription,
        /** Called once with the granted QoS, SUBACK_FAILURE, or 0 for an UNSUBACK. */
        public answered?: (code: number) => void
    ) {}
}

/** The bounds of a session. */
export interface SessionLimits {
    /** QoS 1 and 2 messages in flight at once. */
    window: number
    /** Messages that may wait besides those in flight. */
    queueMessages: number
    /** Bytes of topic and payload that may wait. */
    queueBytes: number
    /** Inbound QoS 2 identifiers that may be open at once; a broker that opens more is cut off. */
    inboundIds: number
}

/**
 * Replies that may wait for a write at once. A chunk of 1,024 bytes holds at most 170 QoS 1 packets of 6
 * bytes; a peer that sends more before it reads our answers is cut off.
 */
const MAX_REPLIES = 256

export class Session {
    /** Wanted subscriptions. */
    subscriptions: Subscription[] = []
    /**
     * QoS 1 and 2 messages handed out: those past their PUBREC in the order of the PUBRECs, then the others in the
     * order they were first handed out. This is the order of repeats [MQTT-4.6.0-1] [MQTT-4.6.0-4].
     */
    inflight: Message[] = []
    /** Acknowledgements that answered nothing we sent. */
    strayAcks = 0
    /** QoS 2 messages that a broker without QoS 2 answered with PUBACK. */
    downgraded = 0
    /** QoS 2 messages sent again as new because the broker lost the session: each may have come twice. */
    sentAnew = 0

    private queue: Message[] = []
    private queuedBytes = 0
    private requests: Request[] = []
    /** Acknowledgements to write, each `type << 16 | id`, in the order they are owed [MQTT-4.6.0-2..4]. */
    private replies: number[] = []
    /** Identifiers of inbound QoS 2 messages handed over and not yet released. */
    private received: number[] = []
    private online = false
    /** What the last `take` handed out and `wrote` has not confirmed. */
    private taken: Message | undefined
    private takenRequest: Request | undefined
    /** Some of `inflight` is still to be repeated on this connection. */
    private resending = false

    /** @param lastId the identifier before the first one to use, 0 to 65,535 */
    constructor(
        private limits: SessionLimits,
        private lastId: number
    ) {
        if (limits.window < 1 || limits.window > 64)
            throw new ConfigError("window", "must be 1 to 64 messages")
    }

    /** Messages waiting, not counting those in flight. */
    waiting(): number {
        return this.queue.length
    }

    /** True when nothing is owed in either direction but subscriptions. */
    idle(): boolean {
        return (
            this.queue.length === 0 &&
            this.inflight.length === 0 &&
            this.requests.length === 0 &&
            this.replies.length === 0 &&
            !this.taken
        )
    }

    /**
     * Whether a QoS 0 message may be written at once without overtaking anything. True spares the hot
     * path the queue.
     */
    mayBypass(): boolean {
        return (
            this.online &&
            this.queue.length === 0 &&
            this.replies.length === 0 &&
            this.requests.length === 0 &&
            !this.taken &&
            !this.resending
        )
    }

    /** CONNACK accepted us. `present`: the broker kept its half of the session. */
    connected(present: boolean) {
        this.online = true
        if (!present) {
            this.received = []
            this.requeue()
        } else this.resending = this.inflight.length > 0
        for (const m of this.inflight) m.mustSend = true
        for (const r of this.requests) r.mustSend = true
        for (const s of this.subscriptions) {
            if (present && s.granted !== undefined) continue
            if (!this.asked(s)) this.requests.push(new Request(true, s))
        }
    }

    /** The connection is gone. QoS 0 messages end; the rest waits for the next `connected`. */
    disconnected() {
        this.online = false
        this.resending = false
        this.replies = []
        this.takenRequest = undefined
        const taken = this.taken
        this.taken = undefined
        if (taken && taken.qos === 0) this.settle(taken, Outcome.Offline)
        const waiting = this.queue
        this.queue = []
        for (const m of waiting) {
            if (m.qos > 0) this.queue.push(m)
            else this.unqueue(m, Outcome.Offline)
        }
    }

    /** Ends everything: nothing will be sent any more. */
    end(outcome: Outcome) {
        const left = this.inflight
        const waiting = this.queue
        this.inflight = []
        this.queue = []
        this.requests = []
        for (const m of left) this.settle(m, outcome)
        for (const m of waiting) this.unqueue(m, outcome)
    }

    /**
     * Accepts a message, or settles it at once as Full or, QoS 0 without a connection, Offline.
     * @param urgent goes before all that waits, whatever the bounds; its sender limits how many there are
     */
    publish(m: Message, urgent: boolean) {
        if (m.qos === 0 && !this.online) {
            this.settle(m, Outcome.Offline)
            return
        }
        const bytes = m.topic.length + m.payload.length
        if (
            !urgent &&
            (this.queue.length >= this.limits.queueMessages ||
                this.queuedBytes + bytes > this.limits.queueBytes)
        ) {
            this.settle(m, Outcome.Full)
            return
        }
        this.queuedBytes += bytes
        this.queue.push(m)
        if (urgent) moveToFront(this.queue)
    }

    /** Asks for a subscription; a second one to the same filter replaces the first. */
    subscribe(
        filter: Buffer,
        qos: number,
        answered?: (code: number) => void
    ): Subscription {
        const s = new Subscription(filter, qos)
        const at = this.indexOfFilter(filter)
        if (at >= 0) this.subscriptions[at] = s
        else this.subscriptions.push(s)
        this.requests.push(new Request(true, s, answered))
        return s
    }

    /** Drops a subscription; `answered` is called with 0 on UNSUBACK. False when there is none. */
    unsubscribe(filter: Buffer, answered?: (code: number) => void): boolean {
        const at = this.indexOfFilter(filter)
        if (at < 0) return false
        const s = this.subscriptions[at] as Subscription
        removeAt(this.subscriptions, at)
        this.requests.push(new Request(false, s, answered))
        return true
    }

    /**
     * The next packet to write, or undefined when there is nothing or the window is full. It must be written, then
     * call `wrote`; until that or the end of the connection nothing else is handed out.
     */
    take(): Buffer | undefined {
        if (!this.online || this.taken || this.takenRequest) return undefined
        const reply = this.replies[0]
        if (reply !== undefined) return encodeAck(reply >> 16, reply & 0xffff)
        if (this.resending) {
            for (const m of this.inflight) if (m.mustSend) return this.hand(m)
            this.resending = false
        }
        for (const r of this.requests) {
            if (!r.mustSend) continue
            this.takenRequest = r
            if (r.id === 0) r.id = this.allocate()
            const s = r.subscription
            if (r.subscribe) return encodeSubscribe(r.id, s.filter, s.qos)
            return encodeUnsubscribe(r.id, s.filter)
        }
        const head = this.queue[0]
        if (!head) return undefined
        if (head.qos > 0 && this.inflight.length >= this.limits.window)
            return undefined
        this.queue.shift()
        this.queuedBytes -= head.topic.length + head.payload.length
        if (head.qos > 0) {
            head.id = this.allocate()
            head.state =
                head.qos === 1
                    ? MessageState.AwaitPuback
                    : MessageState.AwaitPubrec
            // until `wrote`, so that nobody waits for an answer to what was not sent
            head.mustSend = true
            this.inflight.push(head)
        } else head.state = MessageState.Taken
        return this.hand(head)
    }

    /** What `take` handed out was written at `now` (ms). */
    wrote(now: number) {
        const m = this.taken
        const r = this.takenRequest
        if (m) {
            this.taken = undefined
            m.sentAt = now
            m.mustSend = false
            m.sentBefore = true
            if (m.qos === 0) this.settle(m, Outcome.Delivered)
        } else if (r) {
            this.takenRequest = undefined
            r.mustSend = false
            r.sentAt = now
        } else {
            const reply = this.replies.shift() as number
            if (reply >> 16 !== PacketType.Pubrel) return
            // the wait for PUBCOMP begins now
            const released = this.inflightById(reply & 0xffff)
            if (released) released.sentAt = now
        }
    }

    /** When the oldest thing that awaits an answer on this connection was written, or -1. */
    oldestUnanswered(): number {
        let oldest = -1
        for (const m of this.inflight)
            if (!m.mustSend && (oldest === -1 || m.sentAt < oldest))
                oldest = m.sentAt
        for (const r of this.requests)
            if (!r.mustSend && (oldest === -1 || r.sentAt < oldest))
                oldest = r.sentAt
        return oldest
    }

    /**
     * A PUBLISH arrived. True when it is new and must be handed to the application; the reply it is owed
     * is noted either way [MQTT-4.5.0-2]. A repeat of a QoS 2 message is answered, not handed over.
     */
    receivedPublish(qos: number, id: number): boolean {
        if (qos === 0) return true
        if (qos === 1) {
            this.reply(PacketType.Puback, id)
            return true
        }
        const isNew = this.received.indexOf(id) < 0
        if (isNew && this.received.length >= this.limits.inboundIds)
            throw new ResourceError(
                "inboundIds",
                "more than " +
                    this.limits.inboundIds +
                    " QoS 2 messages open at once"
            )
        // first, as it may throw: a message that is noted as received must have been handed over
        this.reply(PacketType.Pubrec, id)
        if (isNew) this.received.push(id)
        return isNew
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP arrived. */
    receivedAck(type: number, id: number) {
        if (type === PacketType.Pubrel) {
            const at = this.received.indexOf(id)
            if (at >= 0) removeAt(this.received, at)
            this.reply(PacketType.Pubcomp, id)
            return
        }
        const m = this.inflightById(id)
        if (!m || !m.sentBefore) {
            this.strayAcks++
            // the broker holds a QoS 2 message we no longer know: let it finish
            if (type === PacketType.Pubrec && !m)
                this.reply(PacketType.Pubrel, id)
            return
        }
        if (type === PacketType.Pubrec) {
            if (m.state === MessageState.AwaitPuback)
                throw new PeerError("MQTT-4.3.2-1", "PUBREC for QoS 1")
            // never PUBLISH again after PUBREL [MQTT-4.3.3-1]; a repeated PUBREC is answered again
            if (m.state === MessageState.AwaitPubrec) this.release(m)
            m.mustSend = false
            this.reply(PacketType.Pubrel, id)
        } else if (type === PacketType.Puback) {
            if (m.state === MessageState.AwaitPubcomp)
                throw new PeerError("MQTT-4.3.3-1", "PUBACK after PUBREC")
            if (m.state === MessageState.AwaitPubrec) this.downgraded++
            this.finish(m)
        } else {
            if (m.state !== MessageState.AwaitPubcomp)
                throw new PeerError("MQTT-4.3.3-1", "PUBCOMP before PUBREC")
            this.finish(m)
        }
    }

    /** SUBACK (with its code) or UNSUBACK arrived. False when nothing was asked with that identifier. */
    receivedAnswer(subscribe: boolean, id: number, code: number): boolean {
        for (let i = 0; i < this.requests.length; i++) {
            const r = this.requests[i] as Request
            if (r.id !== id || r.mustSend) continue
            if (r.subscribe !== subscribe)
                throw new PeerError(
                    "MQTT-3.8.4-2",
                    "SUBACK and UNSUBACK mixed up"
                )
            if (subscribe) {
                if (code !== SUBACK_FAILURE && code > r.subscription.qos)
                    throw new PeerError(
                        "MQTT-3.8.4-6",
                        "granted QoS " + code + " is above the one asked for"
                    )
                r.subscription.granted = code
            }
            removeAt(this.requests, i)
            if (r.answered) r.answered(subscribe ? code : 0)
            return true
        }
        this.strayAcks++
        return false
    }

    /**
     * The message will not be waited for any longer. One in flight keeps its identifier until it is answered, but is
     * not sent as new when the broker lost the session.
     */
    giveUp(m: Message, outcome: Outcome) {
        const at = this.queue.indexOf(m)
        if (at >= 0) {
            removeAt(this.queue, at)
            this.unqueue(m, outcome)
        } else {
            const settled = m.settled
            m.settled = undefined
            m.givenUp = true
            if (settled) settled(m, outcome)
        }
    }

    private hand(m: Message): Buffer {
        this.taken = m
        if (m.state === MessageState.AwaitPubcomp)
            return encodeAck(PacketType.Pubrel, m.id)
        return encodePublish(
            m.topic,
            m.payload,
            m.qos,
            m.retain,
            m.sentBefore && m.qos > 0,
            m.id
        )
    }

    private reply(type: number, id: number) {
        if (this.replies.length >= MAX_REPLIES)
            throw new ResourceError(
                "replies",
                "more than " + MAX_REPLIES + " packets without reading answers"
            )
        this.replies.push((type << 16) | id)
    }

    /** PUBREC came: its place is behind those that had theirs before, ahead of all others [MQTT-4.6.0-4]. */
    private release(m: Message) {
        let to = 0
        for (const other of this.inflight)
            if (other.state === MessageState.AwaitPubcomp) to++
        for (let at = this.inflight.indexOf(m); at > to; at--)
            this.inflight[at] = this.inflight[at - 1] as Message
        this.inflight[to] = m
        m.state = MessageState.AwaitPubcomp
    }

    private finish(m: Message) {
        removeAt(this.inflight, this.inflight.indexOf(m))
        this.settle(m, Outcome.Delivered)
    }

    private settle(m: Message, outcome: Outcome) {
        m.state = MessageState.Settled
        m.id = 0
        const settled = m.settled
        m.settled = undefined
        if (settled) settled(m, outcome)
    }

    private unqueue(m: Message, outcome: Outcome) {
        this.queuedBytes -= m.topic.length + m.payload.length
        this.settle(m, outcome)
    }

    /** The broker lost the session: what was in flight is sent as new, before what waits. */
    private requeue() {
        const left = this.inflight
        this.inflight = []
        const waiting = this.queue
        this.queue = []
        for (const m of left) {
            if (m.state === MessageState.AwaitPubcomp) {
                this.settle(m, Outcome.Uncertain)
                continue
            }
            if (m.givenUp) {
                this.settle(m, Outcome.TimedOut)
                continue
            }
            if (m.qos === 2 && m.sentBefore) this.sentAnew++
            m.id = 0
            m.state = MessageState.Queued
            m.sentBefore = false
            this.queuedBytes += m.topic.length + m.payload.length
            this.queue.push(m)
        }
        for (const m of waiting) this.queue.push(m)
    }

    private inflightById(id: number): Message | undefined {
        for (const m of this.inflight) if (m.id === id) return m
        return undefined
    }

    private asked(s: Subscription): boolean {
        for (const r of this.requests)
            if (r.subscription === s && r.subscribe) return true
        return false
    }

    private indexOfFilter(filter: Buffer): number {
        for (let i = 0; i < this.subscriptions.length; i++)
            if (
                sameBytes(
                    (this.subscriptions[i] as Subscription).filter,
                    filter
                )
            )
                return i
        return -1
    }

    /** The next identifier that is not in use, over all 16 bits, never 0 [MQTT-2.3.1-1] [MQTT-2.3.1-2]. */
    private allocate(): number {
        for (;;) {
            this.lastId++
            if (this.lastId > MAX_ID) this.lastId = 1
            if (this.inflightById(this.lastId)) continue
            let asked = false
            for (const r of this.requests)
                if (r.id === this.lastId) asked = true
            if (!asked) return this.lastId
        }
    }
}

function sameBytes(a: Buffer, b: Buffer): boolean {
    if (a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
    return true
}
