// What an MQTT 3.1.1 client of this project's kind must never do on the wire, whatever the network and the broker do. It
// sees the packets as the chip writes and receives them, connection by connection, and keeps books of its own: apart from
// src/mqtt on purpose. Knows nothing of the time.
import type { IConnectPacket, IPublishPacket, Packet } from "mqtt-packet"
import { DEVICE, KEEP_ALIVE, STATUS_TOPIC } from "./board"
import type { Ledger } from "./breach"

/** Messages with QoS 1 unacknowledged at once, readings among them (window in src/node/node.ts, in delivery.ts). */
const WINDOW = 8
const READINGS = 4

/** A message that was written and not acknowledged. */
interface Sent {
    /** Topic, or the filter of a request. */
    about: string
    cmd: Packet["cmd"]
    /** The connection it was written on last, counted from 1, and ms when. */
    on: number
    at: number
    /** The node has given it up. */
    parked: boolean
    /** Its place among all that were first written. */
    place: number
}

/** ms between two looks of the VM at what has come, and a moment. */
const UNSEEN = 30

/** ms for an acknowledgement (ackTimeout in src/mqtt/options.ts), and looks of the VM and of the rules. */
const ANSWER = 20_000 + 100

const isReading = (topic: string) => topic.includes("/sensors/")

export class SessionRules {
    /** In the order they were first written. */
    private readonly sent = new Map<number, Sent>()
    /**
     * What was taken out of these books in the last moment of a connection: the chip may have closed it without having looked
     * at what came last, and then it does not know.
     */
    private readonly maybe = new Map<number, Sent>()
    private late: { at: number; id: number; sent: Sent }[] = []
    /** Identifiers of packets that the board's socket did not take: the chip holds them to be under way. */
    private readonly refused = new Set<number>()
    /** Topics of what is repeated as if it were new, as the broker has lost the session. */
    private renewed: string[] = []
    private places = 0
    private connection = 0
    private state: "closed" | "asked" | "up" | "bye" = "closed"
    private said = false
    private now = 0
    /** Acknowledgements owed for what was received, in order. */
    private readonly owed: string[] = []
    /** Replies to PUBREL, which may come in any number. */
    private readonly released = new Set<number>()

    constructor(private readonly ledger: Ledger) {}

    /** Messages unacknowledged that the node has not given up. */
    get inFlight(): number {
        return [...this.sent.values()].filter(({ parked }) => !parked).length
    }

    /** Whether CONNACK 0 has come on the present connection. */
    get up(): boolean {
        return this.state === "up"
    }

    /** A new run of the program: what the old one knew is gone. */
    boot(): void {
        this.sent.clear()
        this.maybe.clear()
        this.late = []
        this.renewed = []
        this.refused.clear()
        this.opened()
    }

    opened(): void {
        this.connection++
        this.state = "closed"
        this.said = false
        this.owed.length = 0
        this.released.clear()
    }

    /** The chip has ended the connection. */
    ended(now: number): void {
        for (const { at, id, sent } of this.late)
            if (now - at <= UNSEEN) this.maybe.set(id, sent)
        this.late = []
        this.state = "closed"
    }

    /** The node says that it gives a reading up. */
    gaveUp(topic: string): void {
        for (const sent of this.sent.values())
            if (sent.about === topic && !sent.parked) {
                sent.parked = true
                return
            }
    }

    /** A write that was not taken. */
    attempted(packet: Packet): void {
        if (packet.cmd === "publish" && packet.qos > 0)
            this.refused.add(packet.messageId ?? 0)
    }

    /** The chip's clock was moved: how long it has waited for what cannot be told. */
    stepped(): void {
        for (const sent of this.sent.values()) sent.at = Infinity
    }

    check(now: number): void {
        if (this.state !== "up") return
        for (const [id, { about, on, at, parked }] of this.sent)
            this.ledger.hold(
                on !== this.connection || parked || now - at <= ANSWER,
                "a connection on which an acknowledgement does not come is given up",
                () => `id ${id}: ${about}, written ${now - at} ms ago`
            )
    }

    wrote(now: number, packet: Packet): void {
        this.now = now
        const { ledger } = this
        ledger.hold(
            this.state !== "bye",
            "nothing after DISCONNECT [MQTT-3.14.4-2]",
            () => packet.cmd
        )
        if (packet.cmd === "connect") return this.asks(packet)
        ledger.hold(
            this.state !== "closed",
            "CONNECT is the first packet [MQTT-3.1.0-1]",
            () => packet.cmd
        )
        ledger.hold(
            this.state !== "asked" || packet.cmd === "disconnect",
            "nothing between CONNECT and CONNACK",
            () => packet.cmd
        )
        const id = packet.messageId ?? 0
        switch (packet.cmd) {
            case "publish":
                return this.publishes(packet, id)
            case "subscribe":
                return this.begins(
                    id,
                    packet.cmd,
                    packet.subscriptions[0]!.topic
                )
            case "unsubscribe":
                return this.begins(id, packet.cmd, packet.unsubscriptions[0]!)
            case "puback":
            case "pubrec":
                return this.replies(`${packet.cmd} ${id}`)
            case "pubcomp":
                return ledger.hold(
                    this.released.delete(id),
                    "PUBCOMP answers a PUBREL",
                    () => `id ${id}`
                )
            case "disconnect":
                this.state = "bye"
                return
            case "pingreq":
                return
            case "pubrel":
                // of a message that nobody knows any more
                return
            default:
                ledger.hold(
                    false,
                    "a client sends no such packet",
                    () => packet.cmd
                )
        }
    }

    received(now: number, packet: Packet): void {
        const id = packet.messageId ?? 0
        switch (packet.cmd) {
            case "connack":
                if (this.state !== "asked" || packet.returnCode !== 0) return
                this.state = "up"
                if (packet.sessionPresent) return
                this.renewed = [...this.sent.values(), ...this.maybe.values()]
                    .filter(({ cmd, parked }) => cmd === "publish" && !parked)
                    .map(({ about }) => about)
                this.maybe.clear()
                for (const [id, sent] of this.sent)
                    this.late.push({ at: now, id, sent })
                this.sent.clear()
                return
            case "publish":
                if (this.state !== "up") return
                if (packet.qos === 1) this.owed.push(`puback ${id}`)
                if (packet.qos === 2) this.owed.push(`pubrec ${id}`)
                return
            case "pubrel":
                this.released.add(id)
                return
            case "puback":
            case "suback":
            case "unsuback": {
                const kind = { puback: "publish", suback: "subscribe" }
                const cmd =
                    kind[packet.cmd as keyof typeof kind] ?? "unsubscribe"
                const sent = this.sent.get(id)
                if (sent?.cmd !== cmd) return
                this.late = this.late.filter(({ at }) => now - at <= UNSEEN)
                this.late.push({ at: now, id, sent })
                this.sent.delete(id)
                return
            }
            default:
        }
    }

    /** Acknowledgements that are owed on the present connection. */
    get debts(): readonly string[] {
        return this.state === "up" ? this.owed : []
    }

    private asks(packet: IConnectPacket): void {
        this.ledger.hold(
            this.state === "closed",
            "one CONNECT a connection [MQTT-3.1.0-2]",
            () => ""
        )
        this.state = "asked"
        const { clientId, clean, keepalive, will } = packet
        const right =
            clientId === DEVICE &&
            clean === false &&
            keepalive === KEEP_ALIVE &&
            will?.topic === STATUS_TOPIC &&
            String(will.payload) === "down" &&
            will.qos === 1 &&
            will.retain === true
        this.ledger.hold(
            right,
            "CONNECT asks for a session that is kept, with a retained will that says down",
            () => JSON.stringify({ clientId, clean, keepalive, will })
        )
    }

    private publishes(packet: IPublishPacket, id: number): void {
        const { ledger } = this
        const { topic, qos, dup } = packet
        const reading = isReading(topic)
        if (topic === STATUS_TOPIC) this.said = true
        if (qos === 0) return
        if (dup) {
            this.remember(id, topic)
            const known = this.sent.get(id)
            ledger.hold(
                known?.cmd === "publish" && known.about === topic,
                "DUP only for what was sent before with that identifier",
                () => `id ${id} topic ${topic}, not ${known?.about}`
            )
            ledger.hold(
                known?.on !== this.connection,
                "a message is repeated once a connection",
                () => `id ${id} topic ${topic}`
            )
            return this.repeats(id)
        }
        const again = this.renewed.indexOf(topic)
        if (again >= 0) this.renewed.splice(again, 1)
        ledger.hold(
            !reading || this.said || this.refused.has(id) || again >= 0,
            "the status is said before a new reading",
            () => topic
        )
        this.refused.delete(id)
        this.begins(id, "publish", topic)
        const readings = [...this.sent.values()].filter(
            sent => isReading(sent.about) && !sent.parked
        ).length
        ledger.hold(
            this.inFlight <= WINDOW && readings <= READINGS,
            `at most ${WINDOW} messages in flight, ${READINGS} of them readings`,
            () => `${this.inFlight}, ${readings} readings`
        )
    }

    /** Something new that will be acknowledged. */
    private begins(id: number, cmd: Packet["cmd"], about: string): void {
        if (cmd === "subscribe") this.remember(id, about)
        const known = this.sent.get(id)
        if (known && cmd === "subscribe" && known.cmd === cmd) {
            // SUBSCRIBE has no DUP: a repeat looks like a new one
            this.ledger.hold(
                known.about === about && known.on !== this.connection,
                "an identifier in flight is not used again [MQTT-2.3.1-2]",
                () => `id ${id}: ${known.about}, now ${about}`
            )
            return this.repeats(id)
        }
        this.ledger.hold(
            id > 0 && known === undefined,
            "an identifier in flight is not used again [MQTT-2.3.1-2]",
            () => `id ${id}: ${known?.about}, now ${about} without DUP`
        )
        const forgotten = [...this.sent].find(
            ([, { on, parked }]) => on !== this.connection && !parked
        )
        this.ledger.hold(
            forgotten === undefined,
            "what is unacknowledged is repeated first [MQTT-4.4.0-1]",
            () => `id ${forgotten?.[0]}: ${forgotten?.[1].about}`
        )
        const on = this.connection
        const place = this.places++
        const at = this.now
        this.sent.set(id, { about, cmd, on, at, parked: false, place })
    }

    /** It was not seen to be acknowledged, after all. */
    private remember(id: number, about: string): void {
        const sent = this.maybe.get(id)
        if (sent?.about === about && !this.sent.has(id)) this.sent.set(id, sent)
        this.maybe.delete(id)
    }

    private repeats(id: number): void {
        const again = this.sent.get(id)
        if (!again) return
        again.on = this.connection
        again.at = this.now
        const before = [...this.sent].find(
            ([, { on, parked, place }]) =>
                on !== this.connection && !parked && place < again.place
        )
        this.ledger.hold(
            before === undefined,
            "repeats come in their first order [MQTT-4.6.0-1]",
            () => `id ${id} before ${before?.[0]}`
        )
    }

    private replies(what: string): void {
        this.ledger.hold(
            this.owed[0] === what,
            "acknowledgements come in the order of what they answer [MQTT-4.6.0-2]",
            () => `${what}, owed: ${this.owed.slice(0, 5).join(", ")}`
        )
        const at = this.owed.indexOf(what)
        if (at >= 0) this.owed.splice(at, 1)
    }
}
