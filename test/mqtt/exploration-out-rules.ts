// What must hold of messages on their way out, in the standard's words: of every packet written, of every hand-over by
// the broker, and of every state. How the session does it is not known here.
import { PacketType } from "../../src/mqtt/packet"
import { Message, Outcome, type Session } from "../../src/mqtt/session"
import type { Broker, Wire } from "./exploration-broker"
import { must, Violation } from "./explorer"

/** A message that notes how it ended. */
export class Tracked extends Message {
    ends: Outcome[] = []
}

/** One published message and what happened to it. */
export interface Track {
    qos: number
    /** Undefined once it ended. */
    message: Tracked | undefined
    outcome: Outcome | undefined
    /** Identifier of its PUBLISH in the present session, 0 before the first and after the end. */
    id: number
    /** Its PUBREC was received in the present session. */
    released: boolean
    /** How often it was sent as new after it had been written. */
    anew: number
    /** How often the broker handed it on. */
    handedOn: number
}

export interface OutState {
    session: Session
    tracks: Track[]
    connects: number
    duplicates: number
    up: boolean
    /** On this connection: the last message in a PUBLISH with QoS, and the identifiers PUBREL is due for, in order. */
    lastPublished: number
    pubrelDue: number[]
    /** Identifiers past their PUBREC and not done, in the order of the PUBRECs. */
    released: number[]
    toBroker: Wire[]
    broker: Broker
}

/** What the rules look at in the session's own memory. */
interface Inside {
    queue: Message[]
    taken?: Message
}

export function trackOf(s: OutState, n: number): Track {
    const track = s.tracks[n]
    if (!track) throw new Violation(`message ${n} was never published`)
    return track
}

/** Looks at a packet that is about to be written, and notes it. */
export function checkWritten(s: OutState, p: Wire) {
    if (p.type === (PacketType.Pubrel as number)) {
        must(
            s.pubrelDue.shift() === p.id,
            `PUBREL ${p.id} out of the order of the PUBRECs [MQTT-4.6.0-4]`
        )
        return
    }
    must(
        p.type === (PacketType.Publish as number),
        `packet type ${p.type} written`
    )
    const track = trackOf(s, p.n)
    must(p.qos === track.qos, "PUBLISH with another QoS than the message's")
    if (p.qos === 0) {
        must(!p.dup, "DUP on QoS 0 [MQTT-3.3.1-2]")
        must(p.id === 0, "an identifier in QoS 0 [MQTT-2.3.1-5]")
        return
    }
    must(p.id !== 0, "identifier 0 [MQTT-2.3.1-1]")
    must(!track.released, "PUBLISH after PUBREC [MQTT-4.3.3-1]")
    must(
        p.n > s.lastPublished,
        "PUBLISHes out of order, or twice on a connection [MQTT-4.6.0-1]"
    )
    s.lastPublished = p.n
    const repeat = track.id !== 0
    must(
        p.dup === repeat,
        repeat ? "no DUP on a repeat [MQTT-3.3.1-1]" : "DUP on a first PUBLISH"
    )
    must(
        !repeat || track.id === p.id,
        "a repeat with another identifier [MQTT-2.3.1-3]"
    )
    for (const other of s.session.inflight)
        must(
            other === track.message || other.id !== p.id,
            "an identifier used twice in flight [MQTT-2.3.1-2]"
        )
    track.id = p.id
}

/**
 * Notes that the broker hands a message on.
 * @param ordered false where the broker itself decides the order
 */
export function checkHandedOn(s: OutState, n: number, ordered: boolean) {
    const track = trackOf(s, n)
    if (track.handedOn === 0 && ordered)
        for (const later of s.tracks.slice(n + 1))
            must(
                later.qos !== track.qos || later.handedOn === 0,
                "messages of one QoS handed on out of order [MQTT-4.6.0-1]"
            )
    track.handedOn++
}

function checkMessage(s: OutState, t: Track, { queue, taken }: Inside) {
    if (t.qos === 2)
        must(
            t.handedOn <= 1 + t.anew,
            "QoS 2 handed on twice and not counted [MQTT-4.3.3-1]"
        )
    const { message } = t
    if (!message) return
    must(message.ends.length <= 1, "a message ended twice")
    const [outcome] = message.ends
    const held =
        queue.includes(message) ||
        s.session.inflight.includes(message) ||
        taken === message
    must(
        held === (outcome === undefined),
        "a message neither ended nor held, or both"
    )
    switch (outcome) {
        case undefined:
            return
        case Outcome.Delivered:
            must(
                t.qos === 0 || t.handedOn > 0,
                `QoS ${t.qos} Delivered and never handed on`
            )
            return
        case Outcome.Uncertain:
            must(t.qos === 2, "Uncertain below QoS 2")
            return
        case Outcome.Offline:
            must(t.qos === 0, "Offline above QoS 0")
            return
        default:
            throw new Violation("given up without a cause")
    }
}

/** What must hold of every state, whatever led to it. */
export function checkState(s: OutState, window: number) {
    const inside = s.session as unknown as Inside
    for (const t of s.tracks) checkMessage(s, t, inside)
    must(
        s.session.sentAnew === s.tracks.reduce((n, t) => n + t.anew, 0),
        "possible repeats of QoS 2 counted wrongly"
    )
    must(s.session.inflight.length <= window, "more in flight than the window")
    must(
        s.up || s.session.take() === undefined,
        "a packet handed out while offline"
    )
}
