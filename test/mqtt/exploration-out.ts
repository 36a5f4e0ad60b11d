// The model of messages on their way out: the real session, a broker that keeps the rules, and a network that may break
// at any moment. What must hold is written in exploration-out-rules.ts.
import { PeerError } from "../../src/mqtt/errors"
import { PacketType } from "../../src/mqtt/packet"
import { Session, type Message, type Outcome } from "../../src/mqtt/session"
import {
    brokerReads,
    decode,
    type HandOn,
    type Wire,
} from "./exploration-broker"
import {
    checkHandedOn,
    checkState,
    checkWritten,
    Tracked,
    type OutState,
} from "./exploration-out-rules"
import { constant, must, Violation, type Model, type Step } from "./explorer"
import { plain } from "./strict-buffer"

export interface OutScope {
    /** Messages published, each with any of `qos`. */
    messages: number
    qos: number[]
    window: number
    /** Connections after the first. */
    reconnects: number
    /** Acknowledgements that the broker may send twice. */
    duplicates: number
    /** Acknowledgements may come in another order than they are owed. */
    anyOrder: boolean
    handOn: HandOn
    /** Breaks the session on purpose, to see it found. */
    fault?: (session: Session) => void
}

const ended = (m: Message, outcome: Outcome) => {
    ;(m as Tracked).ends.push(outcome)
}

function clientReads(s: OutState, p: Wire) {
    if (p.type === (PacketType.Pubrec as number)) {
        const track = s.tracks.find(t => t.id === p.id)
        if (track && !track.released) {
            track.released = true
            s.released.push(p.id)
        }
        s.pubrelDue.push(p.id)
    } else if (p.type === (PacketType.Pubcomp as number))
        s.released = s.released.filter(id => id !== p.id)
    try {
        s.session.receivedAck(p.type, p.id, 0)
    } catch (e) {
        if (!(e instanceof PeerError)) throw e
        throw new Violation(
            `a broker that keeps the rules is cut off: ${e.message}`
        )
    }
}

function breaks(s: OutState) {
    s.session.disconnected(false)
    s.up = false
    s.toBroker = []
    s.broker.owed = []
    s.pubrelDue = []
    s.lastPublished = -1
}

function connects(s: OutState, present: boolean) {
    s.connects++
    s.up = true
    if (!present) {
        s.broker.held = []
        s.released = []
        for (const t of s.tracks) {
            if (t.qos === 2 && t.id !== 0 && !t.released) t.anew++
            t.id = 0
            t.released = false
        }
    }
    s.broker.hasSession = true
    s.session.connected(present)
    s.pubrelDue = [...s.released]
}

/** Takes the next packet and writes it; false when there is none. */
function writes(s: OutState): void | false {
    const { more } = s.session
    const packet = s.session.take()
    if (!packet) return false
    must(more, "there is a packet, and nobody is told to take it")
    const p = decode(plain(packet))
    checkWritten(s, p)
    s.session.wrote(0)
    s.toBroker.push(p)
}

/** The next packet is taken, and the connection breaks before it is written; false when there is none. */
function takesAndBreaks(s: OutState): void | false {
    if (!s.session.take()) return false
    breaks(s)
}

const shared = new Map<number, Buffer>()

/** One byte that tells a message from the others, the same Buffer each time. */
function byte(value: number): Buffer {
    const known = shared.get(value) ?? constant(Buffer.from([value]))
    shared.set(value, known)
    return known
}

const TOPIC = 0x74

function publishes(s: OutState, qos: number) {
    const n = s.tracks.length
    const message = new Tracked(byte(TOPIC), byte(n), qos, false, ended)
    s.tracks.push({
        qos,
        message,
        outcome: undefined,
        id: 0,
        released: false,
        anew: 0,
        handedOn: 0,
    })
    s.session.publish(message, false)
}

/**
 * Forgets what decides nothing any more: the object of a message that ended, how often QoS 0 and 1 were handed on
 * beyond once, and how high the identifiers are (only which of them are equal matters; their wrap has a test of its own).
 */
function normalise(s: OutState) {
    for (const t of s.tracks) {
        if (t.qos < 2 && t.handedOn > 1) t.handedOn = 1
        if (t.message?.ends.length !== 1) continue
        t.outcome = t.message.ends[0]
        t.message = undefined
        t.id = 0
        t.released = false
    }
    const session = s.session as unknown as {
        lastId: number
        replies: number[]
    }
    const holders: { id: number }[] = [
        ...s.tracks,
        ...s.session.inflight,
        ...s.toBroker,
        ...s.broker.held,
        ...s.broker.owed,
    ]
    let lowest = session.lastId + 1
    for (const { id } of holders) if (id > 0 && id < lowest) lowest = id
    const owed = session.replies.map(reply => reply & 0xffff)
    for (const id of [...s.pubrelDue, ...s.released, ...owed])
        if (id < lowest) lowest = id
    const down = lowest - 1
    if (down === 0) return
    for (const holder of holders) if (holder.id > 0) holder.id -= down
    s.pubrelDue = s.pubrelDue.map(id => id - down)
    s.released = s.released.map(id => id - down)
    session.replies = session.replies.map(reply => reply - down)
    session.lastId -= down
}

/** All that the broker and the network may do while the connection is up. */
function stepsUp(s: OutState, scope: OutScope): Step<OutState>[] {
    const steps: Step<OutState>[] = [
        { name: "write", act: writes },
        { name: "take and break", act: takesAndBreaks },
        { name: "break", act: breaks },
    ]
    const ordered = (n: OutState, message: number) =>
        n.tracks[message]?.qos !== 2 ||
        scope.handOn === "publish" ||
        !scope.anyOrder
    if (s.toBroker.length > 0)
        steps.push({
            name: "broker reads",
            act: n => {
                const p = n.toBroker.shift() as Wire
                brokerReads(n.broker, p, scope.handOn, message =>
                    checkHandedOn(n, message, ordered(n, message))
                )
            },
        })
    s.broker.owed.forEach((p, i) => {
        if (i > 0 && !scope.anyOrder) return
        steps.push({
            name: `client reads ${i}`,
            act: n => {
                n.broker.owed.splice(i, 1)
                clientReads(n, p)
            },
        })
        if (s.duplicates >= scope.duplicates) return
        steps.push({
            name: `client reads ${i} of two`,
            act: n => {
                n.duplicates++
                clientReads(n, p)
            },
        })
    })
    return steps
}

/** Messages published by an application, each with any QoS, over connections that break anywhere. */
export function outModel(scope: OutScope): Model<OutState> {
    const limits = constant({
        window: scope.window,
        queueMessages: 100,
        queueBytes: 10000,
        inboundIds: 4,
    })
    const session = new Session(limits, 0)
    scope.fault?.(session)
    return {
        initial: () => ({
            session,
            tracks: [],
            connects: 0,
            duplicates: 0,
            up: false,
            lastPublished: -1,
            pubrelDue: [],
            released: [],
            toBroker: [],
            broker: { hasSession: false, held: [], owed: [] },
        }),
        steps(s) {
            const steps: Step<OutState>[] = s.up ? stepsUp(s, scope) : []
            if (s.tracks.length < scope.messages)
                for (const qos of scope.qos)
                    steps.push({
                        name: `publish qos${qos}`,
                        act: n => publishes(n, qos),
                    })
            if (s.up || s.connects > scope.reconnects) return steps
            if (s.broker.hasSession)
                steps.push({ name: "resume", act: n => connects(n, true) })
            steps.push({ name: "connect anew", act: n => connects(n, false) })
            return steps
        },
        check: s => checkState(s, scope.window),
        normalise,
        fair: [
            "resume",
            "connect anew",
            "broker reads",
            "client reads 0",
            "write",
        ],
        checkEnd(s) {
            // without a further connection what is left is held, as `check` has seen
            if (!s.up) return
            must(s.session.idle(), "something is owed and never sent")
            for (const t of s.tracks)
                must(t.outcome !== undefined, "a message that never ends")
        },
    }
}
