// The model of subscriptions: an application that subscribes and unsubscribes as it likes, a broker, and a network that
// may break at any moment. In the end the broker's list must be the application's.
import { PacketType } from "../../src/mqtt/packet"
import { Session } from "../../src/mqtt/session"
import { Subscriptions } from "../../src/mqtt/subscriptions"
import { constant, must, type Model, type Step } from "./explorer"
import { plain } from "./strict-buffer"

export interface SubscribeScope {
    /** Filters, by number. */
    filters: number
    /** Subscribe and unsubscribe calls. */
    calls: number
    /** Connections after the first. */
    reconnects: number
}

interface Packet {
    type: number
    id: number
    filter: number
    qos: number
}

/** Granted or wanted QoS by filter; -1 where there is no subscription. */
type List = number[]

interface SubscribeState {
    session: Session
    subscriptions: Subscriptions
    wanted: List
    calls: number
    connects: number
    up: boolean
    toBroker: Packet[]
    toClient: Packet[]
    broker: List
}

const names = new Map<number, Buffer>()

/** A filter of one byte, the same Buffer each time. */
function name(filter: number): Buffer {
    const known = names.get(filter) ?? constant(Buffer.from([0x61 + filter]))
    names.set(filter, known)
    return known
}

function writes(s: SubscribeState): void | false {
    const { more } = s.session
    const packet = s.session.take()
    if (!packet) return false
    must(more, "there is a packet, and nobody is told to take it")
    s.session.wrote(0)
    const bytes = plain(packet)
    const at = (i: number) => bytes[i] ?? 0
    const p = {
        type: at(0) >> 4,
        id: (at(2) << 8) | at(3),
        filter: at(6) - 0x61,
        qos: at(7),
    }
    must(p.id !== 0, "identifier 0 [MQTT-2.3.1-1]")
    for (const open of [...s.toBroker, ...s.toClient])
        must(open.id !== p.id, "an identifier in use twice [MQTT-2.3.1-2]")
    s.toBroker.push(p)
}

function brokerReads(s: SubscribeState) {
    const p = s.toBroker.shift() as Packet
    const subscribe = p.type === (PacketType.Subscribe as number)
    s.broker[p.filter] = subscribe ? p.qos : -1
    s.toClient.push(p)
}

function clientReads(s: SubscribeState) {
    const p = s.toClient.shift() as Packet
    const subscribe = p.type === (PacketType.Subscribe as number)
    must(
        s.session.receivedAck(
            subscribe ? PacketType.Suback : PacketType.Unsuback,
            p.id,
            p.qos
        ),
        "an answer that nobody waits for"
    )
}

function connects(s: SubscribeState, present: boolean) {
    s.connects++
    s.up = true
    if (!present) s.broker = s.broker.map(() => -1)
    s.session.connected(present)
}

function breaks(s: SubscribeState) {
    s.session.disconnected(false)
    s.up = false
    s.toBroker = []
    s.toClient = []
}

function calls(s: SubscribeState, scope: SubscribeScope) {
    const steps: Step<SubscribeState>[] = []
    if (s.calls >= scope.calls) return steps
    for (let filter = 0; filter < scope.filters; filter++) {
        for (const qos of [0, 1])
            steps.push({
                name: `subscribe ${filter} qos${qos}`,
                act: n => {
                    n.calls++
                    n.wanted[filter] = qos
                    n.subscriptions.add(name(filter), qos)
                },
            })
        steps.push({
            name: `unsubscribe ${filter}`,
            act: n => {
                n.calls++
                const was = n.wanted[filter] !== -1
                n.wanted[filter] = -1
                must(
                    n.subscriptions.remove(name(filter)) === was,
                    "unsubscribe says otherwise whether there was one"
                )
            },
        })
    }
    return steps
}

/** Subscriptions that come and go, over connections that break anywhere. */
export function subscribeModel(scope: SubscribeScope): Model<SubscribeState> {
    return {
        initial() {
            const session = new Session(
                constant({
                    window: 1,
                    queueMessages: 1,
                    queueBytes: 64,
                    inboundIds: 1,
                }),
                0
            )
            return {
                session,
                subscriptions: new Subscriptions(session, 8),
                wanted: new Array<number>(scope.filters).fill(-1),
                calls: 0,
                connects: 0,
                up: false,
                toBroker: [],
                toClient: [],
                broker: new Array<number>(scope.filters).fill(-1),
            }
        },
        steps(s) {
            const steps = calls(s, scope)
            if (!s.up) {
                if (s.connects > scope.reconnects) return steps
                if (s.connects > 0)
                    steps.push({ name: "resume", act: n => connects(n, true) })
                steps.push({
                    name: "connect anew",
                    act: n => connects(n, false),
                })
                return steps
            }
            steps.push({ name: "write", act: writes })
            steps.push({
                name: "take and break",
                act: n => {
                    if (!n.session.take()) return false
                    breaks(n)
                },
            })
            steps.push({ name: "break", act: breaks })
            if (s.toBroker.length > 0)
                steps.push({ name: "broker reads", act: brokerReads })
            if (s.toClient.length > 0)
                steps.push({ name: "client reads", act: clientReads })
            return steps
        },
        check(s) {
            must(
                s.up || s.session.take() === undefined,
                "a packet handed out while offline"
            )
        },
        fair: [
            "resume",
            "connect anew",
            "broker reads",
            "client reads",
            "write",
        ],
        checkEnd(s) {
            if (!s.up) return
            must(s.session.idle(), "a request that is never answered")
            must(
                s.broker.join() === s.wanted.join(),
                `the broker has ${s.broker.join()}, wanted is ${s.wanted.join()}`
            )
        },
    }
}
