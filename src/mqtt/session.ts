// What MQTT owes and is owed: messages waiting and in flight, identifiers, acknowledgements, repeats.
// Pure: it knows no socket, timer, clock or console. The shell tells it what arrived and asks `take()`
// for the next packet to write, which is also how a refused write is tried again.
//
// Legal life of an outgoing message, told by the packet it awaits:
//   None (waiting) -> None (QoS 0, handed to the writer) -> settled
//   None -> PUBACK (QoS 1) -> settled
//   None -> PUBREC -> PUBCOMP (QoS 2) -> settled
// A lost connection keeps it where it is (session present) or puts it back to waiting (session gone),
// except one that awaits PUBCOMP, which the broker may or may not have handed on: settled as Uncertain.
// SUBSCRIBE and UNSUBSCRIBE live the same life and await SUBACK and UNSUBACK (subscriptions.ts).

import { PeerError, ResourceError } from "./errors"
import { MAX_ID, PacketType } from "./packet"
import { encodeAck, encodePublish } from "./encode"

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
    /** QoS 2 to a broker without it: it was sent with QoS 1 and came at least once. */
    Downgraded,
    /** Never acknowledged on several connections, and given up for those behind it (parking.ts). */
    Parked,
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
        case Outcome.Downgraded:
            return "downgraded"
        case Outcome.Parked:
            return "parked"
        default:
            return "stopped"
    }
}

/** `sentAt` of what was never written, and of what has to be written again on this connection. */
export const NEVER = -2
export const AGAIN = -1

/**
 * An application message on its way out.
 * @devsWhenUsed
 */
export class Message {
    /** Packet identifier while in flight, else 0. */
    id = 0
    /** The packet that takes it a step further; of a message, PacketType.None while it waits and after its end. */
    awaits = PacketType.None
    /**
     * When it was last written on this connection, ms; NEVER or AGAIN while it is to be written, Infinity while a
     * reply that is owed will do so.
     */
    sentAt = NEVER
    /** Its end was told while it was in flight. */
    givenUp?: boolean
    /** QoS 2 sent with QoS 1. */
    lowered?: boolean

    /**
     * @param topic valid topic name as UTF-8
     * @param payload must not be written to before the end
     * @param qos 0, 1 or 2
     * @param settled called once, when the message ended; must not throw
     */
    constructor(
        public topic: Buffer,
        public payload: Buffer,
        public qos: number,
        public retain: boolean,
        public settled?: (message: Message, outcome: Outcome) => void
    ) {}

    /** The packet that carries it again, with DUP when it was written before [MQTT-3.3.1-1]. */
    packet(): Buffer {
        return encodePublish(
            this.topic,
            this.payload,
            this.qos,
            this.retain,
            this.sentAt !== NEVER,
            this.id
        )
    }

    /** What SUBACK says. Throws PeerError when it may not; a message never gets one. */
    granted(_code: number) {}
}

/** What the session asks after each CONNACK, so that it need not know subscriptions. */
export interface Restorer {
    restore: (sessionPresent: boolean) => void
}

/** What the session tells and asks a Parking, so that it need not know how messages are given up. */
export interface GivesUp {
    /** The broker closed the connection while this message was the oldest it had not answered. */
    closedOn: (m: Message) => void

    /** All messages written before this moment, ms, have had no answer for too long. */
    overdue: (before: number) => void
    /** The identifier belongs to a message given up, and is not to be used. */
    holds: (id: number) => boolean
    /** Its last acknowledgement came after all. */
    acknowledged: (id: number) => void
    /** The broker lost the session: it holds no identifiers any more. */
    forget: () => void
}

/** The bounds of a session. */
export interface SessionLimits {
    /** QoS 1 and 2 messages in flight at once, 1 to 64. */
    window: number
    /** Messages that may wait besides those in flight. */
    queueMessages: number
    /** Bytes of topic and payload that may wait. */
    queueBytes: number
    /**
     * Inbound QoS 2 identifiers remembered at once. A broker that opens more has the oldest forgotten: that message is
     * handed over again if the broker repeats it. Ending the connection instead would begin the same again.
     */
    inboundIds: number
}

/**
 * Replies that may wait for a write at once. A chunk of 1,024 bytes holds at most 170 QoS 1 packets of 6
 * bytes; a peer that sends more before it reads our answers is cut off.
 */
const MAX_REPLIES = 256

/** Connections in a row that end with a QoS 2 PUBLISH unanswered before the broker is held to be without QoS 2. */
const QOS2_CLOSES = 3

/** @devsWhenUsed */
export class Session {
    /**
     * QoS 1 and 2 messages handed out: those past their PUBREC in the order of the PUBRECs, then the others in the
     * order they were first handed out. This is the order of repeats [MQTT-4.6.0-1] [MQTT-4.6.0-4].
     */
    inflight: Message[] = []
    /** Acknowledgements that answered nothing we sent. */
    strayAcks = 0
    /** The highest QoS the broker takes, as far as is known. */
    maxQos = 2
    /** QoS 2 messages sent again as new because the broker lost the session: each may have come twice. */
    sentAnew = 0
    /** Inbound QoS 2 messages whose identifier was forgotten before its PUBREL: each may be handed over twice. */
    forgotten = 0
    /** Looks after the subscriptions, once there are any. */
    restorer?: Restorer
    /** Gives up what is never acknowledged, where there is one. */
    parking?: GivesUp = undefined

    /** What goes before all that waits: requests, and messages published as urgent. */
    private urgent: Message[] = []
    /** What waits besides. */
    queue: Message[] = []
    /** Acknowledgements to write, each `type << 16 | id`, in the order they are owed [MQTT-4.6.0-2..4]. */
    private replies: number[] = []
    /** Identifiers of inbound QoS 2 messages handed over and not yet released. */
    private received: number[] = []
    /** `take` may have a packet. True for sure when it has one. */
    more = false
    private online = false
    /** What the last `take` handed out and `wrote` has not confirmed, unless it was a reply. */
    private taken: Message | undefined = undefined
    /** Some of `inflight` is still to be repeated on this connection. */
    private resending = false
    /** Connections in a row that the broker closed on a QoS 2 PUBLISH. */
    private closedOnQos2 = 0

    /**
     * @param limits checked by options.ts
     * @param lastId the identifier before the first one to use, 0 to 65,535
     */
    constructor(
        private limits: SessionLimits,
        private lastId: number
    ) {}

    /** Messages and requests waiting, not counting those in flight. */
    waiting(): number {
        return this.queue.length + this.urgent.length
    }

    /** True when nothing is owed in either direction. */
    idle(): boolean {
        if (this.taken) return false
        return this.inflight.length + this.replies.length + this.waiting() === 0
    }

    /**
     * Whether a QoS 0 message may be written at once without overtaking anything. True spares the hot
     * path the queue.
     */
    mayBypass(): boolean {
        if (this.resending) return false
        if (this.taken) return false
        if (!this.online) return false
        return (
            this.queue.length + this.urgent.length + this.replies.length === 0
        )
    }

    /**
     * CONNACK accepted us.
     * @param present the broker kept its half of the session
     * @param doubtful that may be a session of which we were never told, without subscriptions
     */
    connected(present: boolean, doubtful?: boolean) {
        this.online = true
        this.more = true
        if (!present) {
            this.received = []
            this.requeue()
            if (this.parking) this.parking.forget()
        }
        this.resending = this.inflight.length > 0
        if (doubtful) present = false
        if (this.restorer) this.restorer.restore(present)
    }

    /**
     * The connection is gone. QoS 0 messages end; the rest waits for the next `connected`.
     * @param closed the broker ended it
     * @returns whether it is held to have done so because of a QoS 2 PUBLISH
     */
    disconnected(closed: boolean): boolean {
        this.online = false
        this.replies = []
        const taken = this.taken
        this.taken = undefined
        if (taken) if (taken.qos === 0) this.settle(taken, Outcome.Offline)
        for (let i = 0; i < this.queue.length;) {
            const m = this.queue[i] as Message
            if (m.qos > 0) i++
            else {
                this.queue.insert(i, -1)
                this.settle(m, Outcome.Offline)
            }
        }
        let unanswered = false
        let first: Message | undefined
        for (const m of this.inflight) {
            if (m.sentAt === NEVER) continue
            if (!first) if (m.sentAt >= 0) first = m
            if (m.awaits === PacketType.Pubrec)
                if (m.sentAt !== AGAIN) unanswered = closed
            m.sentAt = AGAIN
        }
        if (unanswered) {
            this.closedOnQos2++
            // that many are no accident: from now on they go with QoS 1
            if (this.closedOnQos2 >= QOS2_CLOSES) {
                this.maxQos = 1
                for (const m of this.inflight)
                    if (m.awaits === PacketType.Pubrec) {
                        this.lower(m)
                        m.awaits = PacketType.Puback
                    }
            }
        } else if (closed)
            if (first) if (this.parking) this.parking.closedOn(first)
        return unanswered
    }

    private lower(m: Message) {
        m.qos = 1
        m.lowered = true
    }

    /** Ends everything: nothing will be sent any more. */
    end(outcome: Outcome) {
        const lists = [this.inflight, this.urgent, this.queue]
        this.inflight = []
        this.urgent = []
        this.queue = []
        for (const list of lists) for (const m of list) this.settle(m, outcome)
    }

    /**
     * Accepts a message, or settles it at once as Full or, QoS 0 without a connection, Offline.
     * @param urgent goes before all that waits, whatever the bounds; its sender limits how many there are
     */
    publish(m: Message, urgent: boolean) {
        if (m.qos === 0)
            if (!this.online) {
                this.settle(m, Outcome.Offline)
                return
            }
        this.more = true
        if (urgent) {
            this.urgent.push(m)
            return
        }
        let bytes = m.topic.length + m.payload.length
        for (const other of this.queue)
            bytes += other.topic.length + other.payload.length
        let full = this.queue.length >= this.limits.queueMessages
        if (bytes > this.limits.queueBytes) full = true
        if (full) this.settle(m, Outcome.Full)
        else this.queue.push(m)
    }

    /**
     * The next packet to write, or undefined when there is nothing or the window is full. It must be written, then
     * call `wrote`; until that or the end of the connection nothing else is handed out.
     */
    take(): Buffer | undefined {
        if (this.taken) return undefined
        this.more = this.online
        if (!this.online) return undefined
        const reply = this.replies[0]
        if (reply !== undefined) return encodeAck(reply >> 16, reply & 0xffff)
        if (this.resending) {
            for (const m of this.inflight)
                if (m.sentAt < 0) {
                    this.taken = m
                    if (m.awaits === PacketType.Pubcomp)
                        return encodeAck(PacketType.Pubrel, m.id)
                    return m.packet()
                }
            this.resending = false
        }
        this.more = false
        const from = this.urgent.length > 0 ? this.urgent : this.queue
        const m = from[0]
        if (!m) return undefined
        if (m.qos > 0) {
            if (this.inflight.length >= this.limits.window) return undefined
            if (m.qos > this.maxQos) this.lower(m)
            // the next identifier not in use, over all 16 bits, never 0 [MQTT-2.3.1-1] [MQTT-2.3.1-2]
            for (;;) {
                this.lastId++
                if (this.lastId > MAX_ID) this.lastId = 1
                if (this.parking) if (this.parking.holds(this.lastId)) continue
                if (this.inflight.length === 0) break
                if (!this.inflightById(this.lastId)) break
            }
            m.id = this.lastId
            if (m.awaits === PacketType.None)
                m.awaits = m.qos === 1 ? PacketType.Puback : PacketType.Pubrec
            this.inflight.push(m)
        }
        this.taken = m
        from.insert(0, -1)
        this.more = this.urgent.length + this.queue.length > 0
        if (m.awaits >= PacketType.Suback) return m.packet()
        return encodePublish(m.topic, m.payload, m.qos, m.retain, false, m.id)
    }

    /** What `take` handed out was written at `now` (ms). */
    wrote(now: number) {
        const m = this.taken
        if (m) {
            this.taken = undefined
            m.sentAt = now
            if (m.qos === 0) this.settle(m, Outcome.Delivered)
            return
        }
        const reply = this.replies[0] as number
        this.replies.insert(0, -1)
        if (reply >> 16 !== PacketType.Pubrel) return
        // the wait for PUBCOMP begins now
        const released = this.inflightById(reply & 0xffff)
        if (released) released.sentAt = now
    }

    /** When the oldest thing that awaits an answer on this connection was written, or Infinity. */
    oldestUnanswered(): number {
        let oldest = Infinity
        for (const m of this.inflight)
            if (m.sentAt >= 0) if (m.sentAt < oldest) oldest = m.sentAt
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
        // first, as it may throw: a message that is noted as received must have been handed over
        this.reply(PacketType.Pubrec, id)
        if (isNew) {
            if (this.received.length >= this.limits.inboundIds) {
                this.received.insert(0, -1)
                this.forgotten++
            }
            this.received.push(id)
        }
        return isNew
    }

    /**
     * PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK arrived. False when it answers nothing that was sent.
     * @param code what SUBACK grants, else 0
     */
    receivedAck(type: PacketType, id: number, code: number): boolean {
        if (type === PacketType.Pubrel) {
            const at = this.received.indexOf(id)
            if (at >= 0) this.received.insert(at, -1)
            this.reply(PacketType.Pubcomp, id)
            return true
        }
        // no call to find it: this is the path of every PUBACK
        let at = this.inflight.length - 1
        for (; at >= 0; at--) if (this.inflight[at]?.id === id) break
        const m = this.inflight[at]
        if (!m) {
            this.strayAcks++
            // the broker holds a QoS 2 message we no longer know: let it finish
            if (type === PacketType.Pubrec) this.reply(PacketType.Pubrel, id)
            else if (this.parking) this.parking.acknowledged(id)
            return false
        }
        if (m.sentAt === NEVER) {
            this.strayAcks++
            return false
        }
        if (type === m.awaits) {
            if (type === PacketType.Pubrec) {
                this.release(m, at)
                this.reply(PacketType.Pubrel, id)
                return true
            }
            if (type === PacketType.Suback) m.granted(code)
        } else if (
            type === PacketType.Puback &&
            m.awaits === PacketType.Pubrec
        ) {
            this.maxQos = 1
            this.lower(m)
        } else if (
            type === PacketType.Pubrec &&
            m.awaits === PacketType.Pubcomp
        ) {
            // never PUBLISH again after PUBREL; a repeated PUBREC is answered again [MQTT-4.3.3-1]
            if (m.sentAt === AGAIN) m.sentAt = Infinity
            this.reply(PacketType.Pubrel, id)
            return true
        } else
            throw new PeerError(
                "MQTT-4.8.0-1",
                "packet type " + type + " for one that awaits " + m.awaits
            )
        this.inflight.insert(at, -1)
        if (this.queue.length + this.urgent.length > 0) this.more = true
        this.settle(m, Outcome.Delivered)
        return true
    }

    /**
     * The message will not be waited for any longer. One in flight keeps its identifier until it is answered, but is
     * not sent as new when the broker lost the session.
     */
    giveUp(m: Message, outcome: Outcome) {
        const at = this.queue.indexOf(m)
        if (at >= 0) {
            this.queue.insert(at, -1)
            this.settle(m, outcome)
        } else {
            const settled = m.settled
            m.settled = undefined
            m.givenUp = true
            if (settled) settled(m, outcome)
        }
    }

    private reply(type: number, id: number) {
        if (this.replies.length >= MAX_REPLIES)
            throw new ResourceError(
                "replies",
                "packets without reading answers"
            )
        this.replies.push((type << 16) | id)
        this.more = true
    }

    /** PUBREC came: its place is behind those that had theirs before, ahead of all others [MQTT-4.6.0-4]. */
    private release(m: Message, at: number) {
        this.closedOnQos2 = 0
        let to = 0
        for (const other of this.inflight)
            if (other.awaits === PacketType.Pubcomp) to++
        for (; at > to; at--)
            this.inflight[at] = this.inflight[at - 1] as Message
        this.inflight[to] = m
        m.awaits = PacketType.Pubcomp
        if (m.sentAt === AGAIN) m.sentAt = Infinity
    }

    /** Ends a message: its identifier is free, and its sender is told. */
    settle(m: Message, outcome: Outcome) {
        m.awaits = PacketType.None
        m.id = 0
        const settled = m.settled
        m.settled = undefined
        if (m.lowered)
            if (outcome === Outcome.Delivered) outcome = Outcome.Downgraded
        if (settled) settled(m, outcome)
    }

    /** The broker lost the session: what was in flight is sent as new, before what waits. */
    private requeue() {
        const left = this.inflight
        this.inflight = []
        for (let i = left.length - 1; i >= 0; i--) {
            const m = left[i] as Message
            if (m.awaits === PacketType.Pubcomp)
                this.settle(m, Outcome.Uncertain)
            else if (m.givenUp) this.settle(m, Outcome.TimedOut)
            else {
                let to = this.urgent
                if (m.awaits < PacketType.Suback) {
                    to = this.queue
                    m.awaits = PacketType.None
                }
                if (m.qos === 2) if (m.sentAt !== NEVER) this.sentAnew++
                m.id = 0
                m.sentAt = NEVER
                to.insert(0, 1)
                to[0] = m
            }
        }
    }

    private inflightById(id: number): Message | undefined {
        for (const m of this.inflight) if (m.id === id) return m
        return undefined
    }
}
