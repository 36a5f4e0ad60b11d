// The model of messages on their way in: a broker that sends each message by its QoS and repeats what is not acknowledged,
// the real session, and a network that may break at any moment. What must hold is in the standard's words.
import { PacketType } from "../../src/mqtt/packet"
import { Session } from "../../src/mqtt/session"
import { decode } from "./exploration-broker"
import { constant, must, type Model, type Step } from "./explorer"
import { plain } from "./strict-buffer"

export interface InScope {
    /** Messages that the broker has for the client, each with any of `qos`. */
    messages: number
    qos: number[]
    /** Messages the broker has on their way at once. */
    window: number
    /** Connections after the first. */
    reconnects: number
    /** PUBLISHes and PUBRELs that the broker may send again on the same connection. */
    repeats: number
}

/** One message of the broker's. */
interface Inbound {
    qos: number
    /** 0 before it is sent and after it is done. */
    id: number
    /** QoS 2: PUBREC came, PUBREL goes. */
    released: boolean
    /** Done, or lost with the broker's session. */
    over: boolean
    /** How often the client handed it to the application. */
    handedOver: number
}

interface Packet {
    type: number
    id: number
    /** PUBLISH: which message. */
    n: number
}

interface InState {
    session: Session
    messages: Inbound[]
    connects: number
    repeats: number
    up: boolean
    toClient: Packet[]
    toBroker: Packet[]
    /** Replies that the client owes for what it read on this connection, in order. */
    due: Packet[]
}

const packetOf = (m: Inbound, n: number): Packet =>
    m.released
        ? { type: PacketType.Pubrel, id: m.id, n: -1 }
        : { type: PacketType.Publish, id: m.id, n }

function brokerSends(s: InState, qos: number, scope: InScope) {
    // the lowest free one, so that identifiers are used again as soon as they may be; a broker that repeats on the same
    // connection may not, as the reply to a repeat would be taken for one to the next message
    let id = scope.repeats > 0 ? s.messages.length + 1 : 1
    while (s.messages.some(m => m.id === id)) id++
    const m = { qos, id, released: false, over: false, handedOver: 0 }
    s.messages.push(m)
    s.toClient.push(packetOf(m, s.messages.length - 1))
}

function clientReads(s: InState) {
    const p = s.toClient.shift() as Packet
    if (p.type === (PacketType.Pubrel as number)) {
        s.session.receivedAck(PacketType.Pubrel, p.id, 0)
        s.due.push({ type: PacketType.Pubcomp, id: p.id, n: -1 })
        return
    }
    const m = s.messages[p.n] as Inbound
    const type = m.qos === 1 ? PacketType.Puback : PacketType.Pubrec
    s.due.push({ type, id: p.id, n: -1 })
    if (!s.session.receivedPublish(m.qos, p.id)) {
        must(m.qos === 2, "a QoS 1 message not handed over [MQTT-4.3.2-2]")
        must(m.handedOver === 1, "a new QoS 2 message not handed over")
        return
    }
    m.handedOver++
    must(
        m.qos === 1 || m.handedOver === 1,
        "a QoS 2 message handed over twice [MQTT-4.3.3-2]"
    )
    for (const later of s.messages.slice(p.n + 1))
        must(
            m.handedOver > 1 || later.qos !== m.qos || later.handedOver === 0,
            "messages of one QoS handed over out of order"
        )
}

function clientWrites(s: InState): void | false {
    const { more } = s.session
    const packet = s.session.take()
    if (!packet) return false
    must(more, "there is a packet, and nobody is told to take it")
    s.session.wrote(0)
    const { type, id } = decode(plain(packet))
    const due = s.due.shift()
    must(
        due !== undefined && type === due.type && id === due.id,
        `reply ${type} for ${id} is not the next one owed [MQTT-4.6.0-2] [MQTT-4.6.0-3]`
    )
    s.toBroker.push({ type, id, n: -1 })
}

function brokerReads(s: InState) {
    const p = s.toBroker.shift() as Packet
    const m = s.messages.find(one => one.id === p.id)
    if (!m) return
    if (p.type === (PacketType.Pubrec as number)) {
        m.released = true
        s.toClient.push(packetOf(m, -1))
        return
    }
    must(m.handedOver > 0, "a message acknowledged and never handed over")
    m.id = 0
    m.over = true
}

function breaks(s: InState) {
    s.session.disconnected(false)
    s.up = false
    s.toClient = []
    s.toBroker = []
    s.due = []
}

function connects(s: InState, present: boolean) {
    s.connects++
    s.up = true
    s.session.connected(present)
    s.messages.forEach((m, n) => {
        if (m.over) return
        if (present) s.toClient.push(packetOf(m, n))
        else {
            m.over = true
            m.id = 0
        }
    })
}

function check(s: InState) {
    must(
        s.up || s.session.take() === undefined,
        "a packet handed out while offline"
    )
    const { received } = s.session as unknown as { received: number[] }
    must(new Set(received).size === received.length, "an identifier held twice")
}

function steps(s: InState, scope: InScope): Step<InState>[] {
    const all: Step<InState>[] = []
    if (!s.up) {
        if (s.connects > scope.reconnects) return all
        if (s.connects > 0)
            all.push({ name: "resume", act: n => connects(n, true) })
        all.push({ name: "connect anew", act: n => connects(n, false) })
        return all
    }
    all.push({ name: "client writes", act: clientWrites })
    all.push({ name: "break", act: breaks })
    const open = s.messages.filter(m => !m.over)
    if (s.messages.length < scope.messages && open.length < scope.window)
        for (const qos of scope.qos)
            all.push({
                name: `broker sends qos${qos}`,
                act: n => brokerSends(n, qos, scope),
            })
    if (s.repeats < scope.repeats)
        s.messages.forEach((m, n) => {
            if (m.over) return
            all.push({
                name: `broker repeats ${n}`,
                act: next => {
                    next.repeats++
                    next.toClient.push(packetOf(m, n))
                },
            })
        })
    if (s.toClient.length > 0)
        all.push({ name: "client reads", act: clientReads })
    if (s.toBroker.length > 0)
        all.push({ name: "broker reads", act: brokerReads })
    return all
}

/** Messages sent to a client with each QoS, over connections that break anywhere. */
export function inModel(scope: InScope): Model<InState> {
    return {
        initial: () => ({
            session: new Session(
                constant({
                    window: 1,
                    queueMessages: 1,
                    queueBytes: 64,
                    inboundIds: 8,
                }),
                0
            ),
            messages: [],
            connects: 0,
            repeats: 0,
            up: false,
            toClient: [],
            toBroker: [],
            due: [],
        }),
        steps: s => steps(s, scope),
        check,
        fair: [
            "resume",
            "connect anew",
            "client reads",
            "client writes",
            "broker reads",
        ],
        checkEnd(s) {
            if (!s.up) return
            must(s.due.length === 0, "a reply that is never sent")
            for (const m of s.messages)
                must(m.over, "a message that is never done")
            const { received } = s.session as unknown as { received: number[] }
            must(received.length === 0, "an identifier held for ever")
        },
    }
}
