// A model of an MQTT 3.1.1 broker in virtual time: it does what a good broker does, or what its options and its script say
// a bad one does, and writes everything down. Same calls, same history. Knows nothing of nodes and of what topics mean.
import type {
    IConnectPacket,
    IPublishPacket,
    ISubscribePacket,
    QoS,
} from "mqtt-packet"
import type { Clock, MemoryNetwork, MemorySocket } from "../vm"
import { BrokerConnection, type ConnectionHost } from "./broker-connection"
import {
    enter,
    type ConnectionRecord,
    type Published,
    type RetainedChange,
    type Source,
} from "./record"
import { PacketRules } from "./rules"
import { Session, type Message } from "./session"
import { matches, topicFault } from "./topics"
import { PendingWills } from "./wills"

/** How the broker behaves. A test may change any of it in `WorldBroker.behaviour` at any time. */
export interface Behaviour {
    /**
     * A CONNECT ends the connection its client identifier has [MQTT-3.1.4-2]. Without, the old one stays until its keep
     * alive ends, as in a cluster whose members do not know of each other: each has a session of its own.
     */
    takeover: boolean
    /** Whether clients silent for 1.5 times their keep alive are cut off. */
    keepAlive: boolean
    /** ms from the end of a connection to its will, 0 is at once; "never" forgets it. */
    willDelay: number | "never"
    /** Whether a connection that is taken over has its will published. */
    willAtTakeover: boolean
    /** Whether a will that is delayed comes even when its client is connected again meanwhile. */
    willAfterReturn: boolean
    /** Whether sessions outlive their connections, when the client asks for it. */
    keepsSessions: boolean
    /** The highest QoS granted to a subscription. */
    maxQos: QoS
    /** CONNACK's code for a CONNECT, the `nth` from 1; 0 accepts. */
    connack: (packet: IConnectPacket, nth: number) => number
}

export interface WorldBrokerOptions extends Partial<Behaviour> {
    /** Default "broker". */
    host?: string
    /** Default 1883. */
    port?: number
}

/** Topics the broker keeps a retained message for; a test that makes more runs away. */
const MAX_RETAINED = 10_000
/** CONNACK's codes [MQTT-3.2.2.3]. */
const BAD_PROTOCOL = 1
const BAD_IDENTIFIER = 2
/** The level of MQTT 3.1.1 in CONNECT. */
const LEVEL = 4
/** A port at which the host is up but serves nobody: it makes a refused connection one that is refused, not a name unknown. */
const DEAD_PORT = 9

const GOOD: Behaviour = {
    takeover: true,
    keepAlive: true,
    willDelay: 0,
    willAtTakeover: true,
    willAfterReturn: true,
    keepsSessions: true,
    maxQos: 2,
    connack: () => 0,
}

export class WorldBroker {
    readonly behaviour: Behaviour
    /** Drops, holds and delays packets. */
    readonly rules: PacketRules
    /** All publishes received, oldest first, wills and those from outside included. */
    readonly history: Published[] = []
    /** All changes of what is retained, oldest first. */
    readonly changes: RetainedChange[] = []
    /** All connections, oldest first. */
    readonly connections: ConnectionRecord[] = []
    private readonly host: string
    private readonly port: number
    private readonly start: number
    private readonly retained = new Map<string, Message>()
    /** Every session with a connection, and those kept for clients that are away. */
    private readonly sessions = new Set<Session>()
    private readonly open = new Set<BrokerConnection>()
    private readonly wills: PendingWills
    private stopListening: (() => void) | undefined
    private refusing = false
    private running = true
    private connects = 0

    constructor(
        private readonly clock: Clock,
        private readonly network: MemoryNetwork,
        options: WorldBrokerOptions = {}
    ) {
        const { host = "broker", port = 1883, ...behaviour } = options
        this.behaviour = { ...GOOD, ...behaviour }
        this.host = host
        this.port = port
        this.start = clock.now()
        this.rules = new PacketRules(clock)
        this.wills = new PendingWills(clock)
        network.listen(host, DEAD_PORT, socket => socket.cut())
        this.listen()
    }

    /** Whole ms since the broker was made. */
    get now(): number {
        return Math.round(this.clock.now() - this.start)
    }

    /** Publishes received for a topic, oldest first. */
    published(topic: string): Published[] {
        return this.history.filter(entry => entry.topic === topic)
    }

    /** What is retained for a topic now, as UTF-8. */
    retainedNow(topic: string): string | undefined {
        return this.retained.get(topic)?.payload.toString()
    }

    /** What was retained for a topic, oldest first: of a status topic, all that the world could take for the truth. */
    statusHistory(topic: string): RetainedChange[] {
        return this.changes.filter(change => change.topic === topic)
    }

    /** The open connection of a client, of several the newest. */
    connection(client: string): BrokerConnection | undefined {
        return [...this.open].filter(c => c.client === client).at(-1)
    }

    /** The session of a client: that of its newest connection, or the one kept for it. */
    session(client: string): Session | undefined {
        return (
            this.connection(client)?.session ??
            [...this.sessions].filter(s => s.client === client).at(-1)
        )
    }

    /**
     * A message from somebody who is not modelled.
     * @throws {Error} when the broker is stopped, or the topic is none
     */
    publish(
        topic: string,
        payload: string | Uint8Array,
        { qos = 0, retain = false }: { qos?: QoS; retain?: boolean } = {}
    ): void {
        if (!this.running) throw new Error("the broker is stopped")
        const fault = topicFault(topic)
        if (fault !== undefined) throw new Error(fault)
        const message = { topic, payload: Buffer.from(payload), qos, retain }
        this.receive(message, "outside", "")
    }

    /** Retains a message that nobody is told of before they subscribe; an empty one removes it. */
    plant(topic: string, payload: string | Uint8Array, qos: QoS = 0): void {
        const message = {
            topic,
            payload: Buffer.from(payload),
            qos,
            retain: true,
        }
        this.retain(message, "outside")
    }

    /** New connections are refused by the host, or taken again; those that are there stay. */
    refuse(on: boolean): void {
        this.refusing = on
        this.listen()
    }

    /**
     * The broker's process ends. No will is sent, as with Mosquitto; delayed ones are forgotten.
     * @param how whether sessions and retained messages are there after `run`, and how connections end
     */
    stop({ memory = true, reset = false } = {}): void {
        this.running = false
        this.listen()
        this.wills.clear()
        for (const connection of [...this.open]) {
            connection.will = undefined
            if (reset) connection.cut("broker stopped")
            else connection.close("broker stopped")
        }
        if (memory) return
        this.sessions.clear()
        this.retained.clear()
    }

    /** Starts again after `stop`. */
    run(): void {
        this.running = true
        this.listen()
    }

    /** Stops, and starts again after `ms`, at least 1. */
    restart(ms: number, how: { memory?: boolean; reset?: boolean } = {}): void {
        this.stop(how)
        this.clock.setTimeout(() => this.run(), ms)
    }

    private listen(): void {
        this.stopListening?.()
        this.stopListening =
            this.running && !this.refusing
                ? this.network.listen(this.host, this.port, socket =>
                      this.accept(socket)
                  )
                : undefined
    }

    private accept(socket: MemorySocket): void {
        const connection = new BrokerConnection(this.hosting(), socket)
        this.open.add(connection)
        enter(this.connections, connection.record)
    }

    /** What connections may ask of it; not part of what a test sees. */
    private hosting(): ConnectionHost {
        const { clock, rules, behaviour } = this
        return {
            clock,
            rules,
            get enforcesKeepAlive() {
                return behaviour.keepAlive
            },
            now: () => this.now,
            connect: (connection, packet) => this.decide(connection, packet),
            published: (connection, packet, fresh) =>
                this.taken(connection, packet, fresh),
            subscribe: (connection, packet) =>
                this.subscribe(connection.session!, packet),
            gone: connection => this.gone(connection),
        }
    }

    private decide(connection: BrokerConnection, packet: IConnectPacket): void {
        this.connects++
        const code = this.code(packet)
        const client = packet.clientId || `anonymous-${this.connects}`
        if (code !== 0) return connection.refuse(packet.clientId, code)
        if (this.behaviour.takeover)
            for (const other of [...this.open])
                if (other.client === client) other.close("taken over")
        if (!this.behaviour.willAfterReturn) this.wills.forget(client)
        const clean = packet.clean === true
        const kept = this.kept(client)
        const session =
            kept && !clean
                ? kept
                : new Session(client, !clean && this.behaviour.keepsSessions)
        if (kept && session !== kept) this.sessions.delete(kept)
        this.sessions.add(session)
        connection.will = packet.will
        connection.accept(
            client,
            session,
            session === kept,
            packet.keepalive ?? 0
        )
    }

    private code(packet: IConnectPacket): number {
        if (packet.protocolVersion !== LEVEL) return BAD_PROTOCOL
        if (packet.clientId === "" && packet.clean !== true)
            return BAD_IDENTIFIER // [MQTT-3.1.3-8]
        return this.behaviour.connack(packet, this.connects)
    }

    /** The session that waits for a client; one that another connection uses is not to be had. */
    private kept(client: string): Session | undefined {
        return [...this.sessions].find(s => s.client === client && !s.attached)
    }

    private gone(connection: BrokerConnection): void {
        this.open.delete(connection)
        const { session, will, client } = connection
        if (!session) return
        if (session.persistent && this.behaviour.keepsSessions) {
            // of two connections that had one client identifier, the last to end leaves its session
            this.sessions.delete(session)
            const older = this.kept(client)
            if (older) this.sessions.delete(older)
            this.sessions.add(session)
        } else this.sessions.delete(session)
        const { willDelay, willAtTakeover } = this.behaviour
        if (!will || willDelay === "never") return
        if (connection.record.end === "taken over" && !willAtTakeover) return
        const message: Message = {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos ?? 0,
            retain: will.retain === true,
        }
        this.wills.after(willDelay, client, () =>
            this.receive(message, "will", client)
        )
    }

    private taken(
        { client }: BrokerConnection,
        packet: IPublishPacket,
        fresh: boolean
    ): void {
        const { topic, qos, retain, dup } = packet
        const payload = Buffer.from(packet.payload)
        const message = { topic, payload, qos, retain }
        this.receive(message, "client", client, { dup, fresh })
    }

    /** Writes a publish down, keeps it if it is to be retained, and hands it on. */
    private receive(
        message: Message,
        source: Source,
        client: string,
        { dup = false, fresh = true } = {}
    ): void {
        const { topic, qos, retain } = message
        const payload = message.payload.toString()
        const { now: at } = this
        enter(this.history, {
            at,
            source,
            client,
            topic,
            payload,
            qos,
            retain,
            dup,
            fresh,
        })
        if (!fresh) return
        if (retain) this.retain(message, source)
        // to a subscription that was there it is news [MQTT-3.3.1-9]
        this.route({ ...message, retain: false })
    }

    private retain(message: Message, source: Source): void {
        const { topic, payload } = message
        const { now: at } = this
        if (payload.length === 0) {
            // [MQTT-3.3.1-10]
            if (!this.retained.delete(topic)) return
            enter(this.changes, { at, source, topic, payload: undefined })
            return
        }
        if (this.retained.size === MAX_RETAINED && !this.retained.has(topic))
            throw new Error(`more than ${MAX_RETAINED} retained topics`)
        this.retained.set(topic, message)
        enter(this.changes, { at, source, topic, payload: payload.toString() })
    }

    private route(message: Message): void {
        for (const session of [...this.sessions]) {
            const wanted = session.wants(message.topic)
            if (wanted !== undefined)
                session.deliver({ ...message, qos: lower(message.qos, wanted) })
        }
    }

    private subscribe(session: Session, packet: ISubscribePacket) {
        const granted: QoS[] = []
        const messages: Message[] = []
        for (const { topic: filter, qos } of packet.subscriptions) {
            const grant = lower(qos, this.behaviour.maxQos)
            granted.push(grant)
            session.subscriptions.set(filter, grant)
            for (const message of this.retained.values())
                if (matches(filter, message.topic))
                    messages.push({
                        ...message,
                        qos: lower(message.qos, grant),
                    })
        }
        const retained = () => {
            for (const message of messages) session.deliver(message)
        }
        return { granted, retained }
    }
}

function lower(a: QoS, b: QoS): QoS {
    return a < b ? a : b
}
