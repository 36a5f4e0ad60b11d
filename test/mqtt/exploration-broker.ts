// A broker that keeps the rules of sections 4.3.1 to 4.3.3, as far as one client's messages go. Knows packets by what the
// rules look at: type, identifier, and which message.
import { PacketType } from "../../src/mqtt/packet"
import { must } from "./explorer"

/** When the broker hands on a QoS 2 message: at its PUBLISH or at its PUBREL; both are allowed (section 4.3.3). */
export type HandOn = "publish" | "pubrel"

/** A packet on the wire, as far as the rules look at it. */
export interface Wire {
    type: number
    id: number
    /** PUBLISH: which message. */
    n: number
    qos: number
    dup: boolean
}

/** The broker's memory of a session. */
export interface Broker {
    hasSession: boolean
    /** QoS 2 messages received and not released. */
    held: { id: number; n: number }[]
    /** Acknowledgements on their way, which the network may lose. */
    owed: Wire[]
}

/** A PUBLISH with a topic and a payload of one byte each, or an acknowledgement. */
export function decode(bytes: Uint8Array): Wire {
    const at = (i: number) => bytes[i] ?? 0
    const type = at(0) >> 4
    if (type !== (PacketType.Publish as number))
        return { type, id: (at(2) << 8) | at(3), n: -1, qos: 0, dup: false }
    const qos = (at(0) >> 1) & 3
    return {
        type,
        // a topic of one byte at 4
        id: qos > 0 ? (at(5) << 8) | at(6) : 0,
        n: at(bytes.length - 1),
        qos,
        dup: (at(0) & 8) !== 0,
    }
}

const ack = (type: number, id: number): Wire => ({
    type,
    id,
    n: -1,
    qos: 0,
    dup: false,
})

/** The broker takes a packet: what it hands on, and what it owes for it. */
export function brokerReads(
    broker: Broker,
    p: Wire,
    when: HandOn,
    handOn: (n: number) => void
) {
    const { held, owed } = broker
    const at = held.findIndex(h => h.id === p.id)
    const known = held[at]
    if (p.type === (PacketType.Pubrel as number)) {
        if (known) held.splice(at, 1)
        if (known && when === "pubrel") handOn(known.n)
        owed.push(ack(PacketType.Pubcomp, p.id))
    } else if (p.qos < 2) {
        handOn(p.n)
        if (p.qos === 1) owed.push(ack(PacketType.Puback, p.id))
    } else {
        must(
            known === undefined || known.n === p.n,
            "a new message under an identifier that the broker still holds [MQTT-2.3.1-2]"
        )
        if (!known) held.push({ id: p.id, n: p.n })
        if (!known && when === "publish") handOn(p.n)
        owed.push(ack(PacketType.Pubrec, p.id))
    }
}
