// A model of an MQTT 3.1.1 broker in virtual time: it does what a good broker does, or what its behaviour and its rules say
// a bad one does, and writes everything down. Same calls, same history. Knows nothing of nodes and of what topics mean.
import type {
    IConnectPacket,
    IPublishPacket,
    ISubscribePacket,
    QoS,
} from "mqtt-packet"
import type { Clock, MemoryNetwork, MemorySocket } from "../vm"
import { GOOD, type Behaviour } from "./behaviour"
import { BrokerConnection, type ConnectionHost } from "./broker-connection"
import {
    enter,
    type ConnectionRecord,
    type Published,
    type RetainedChange,
    type Source,
} from "./record"
import { PacketRules } from "./rules"
import type { Message, Session } from "./session"
import { lower, RetainedStore, SessionStore } from "./stores"
import { topicFault } from "./topics"
import { PendingWills } from "./wills"

export interface WorldBrokerOptions extends Partial<Behaviour> {
    /** Default "broker". */
    host?: string
    /** Default 1883. */
    port?: number
}

/** What becomes of the broker's memory and of its connections when its process ends. */
export interface Stop {
    /** Whether sessions and retained messages are there afterwards. Default true. */
    memory?: boolean
    /** Whether connections are reset rather than closed. Default false. */
    reset?: boolean
    /** Whether it says the wills of those that are connected, as Mosquitto does unless it is killed. Default true. */
    wills?: boolean
}

/** Codes of CONNACK (section 3.2.2.3). */
const BAD_PROTOCOL = 1
const BAD_IDENTIFIER = 2
/** What SUBACK says instead of a granted QoS [MQTT-3.9.3-2]. */
const REFUSED = 0x80
/** The level of MQTT 3.1.1 in CONNECT. */
const LEVEL = 4
/** A port where the host is up and serves nobody: a connection is then refused, and the name not unknown. */
const DEAD_PORT = 9

export class WorldBroker {
    readonly behaviour: Behaviour
    /** Drops, holds and delays packets. */
    readonly rules: PacketRules
    /** All publishes received, oldest first, wills and those from outside included. */
    readonly history: Published[] = []
    /** All changes of what is retained, oldest first; what a restart loses is not one. */
    readonly changes: RetainedChange[] = []
    /** All connections, oldest first. */
    readonly connections: ConnectionRecord[] = []
    private readonly host: string
    private readonly port: number
    private readonly start: number
    private readonly retained = new RetainedStore()
    private readonly sessions = new SessionStore()
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

    /** Whether its process runs. */
    get serving(): boolean {
        return this.running
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

    /** The newest session of a client, with a connection or kept for it. */
    session(client: string): Session | undefined {
        return this.sessions.of(client)
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

    /** Retains a message that nobody hears of before they subscribe; an empty one removes it. */
    plant(topic: string, payload: string | Uint8Array, qos: QoS = 0): void {
        const bytes = Buffer.from(payload)
        this.retain({ topic, payload: bytes, qos, retain: true }, "outside")
    }

    /** A client's session is removed, and its connection cut for that. */
    forget(client: string): void {
        this.connection(client)?.cut()
        this.sessions.forget(client)
    }

    /** New connections are refused by the host, or taken again; those that are there stay. */
    refuse(on: boolean): void {
        this.refusing = on
        this.listen()
    }

    /** Its process ends. Wills that were delayed are forgotten. */
    stop({ memory = true, reset = false, wills = true }: Stop = {}): void {
        this.running = false
        this.listen()
        this.wills.clear()
        for (const connection of [...this.open]) {
            if (!wills) connection.will = undefined
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
    restart(ms: number, how: Stop = {}): void {
        this.stop(how)
        this.clock.setTimeout(() => this.run(), ms)
    }

    private listen(): void {
        this.stopListening?.()
        this.stopListening = undefined
        if (!this.running || this.refusing) return
        const host = this.hosting()
        const accept = (socket: MemorySocket) => {
            const connection = new BrokerConnection(host, socket)
            this.open.add(connection)
            enter(this.connections, connection.record)
        }
        this.stopListening = this.network.listen(this.host, this.port, accept)
    }

    /** What connections may ask of it; no part of what a test sees. */
    private hosting(): ConnectionHost {
        return {
            clock: this.clock,
            rules: this.rules,
            behaviour: this.behaviour,
            now: () => this.now,
            connect: (connection, packet) => this.decide(connection, packet),
            published: (client, packet, fresh) =>
                this.taken(client, packet, fresh),
            subscribe: (session, packet) => this.subscribe(session, packet),
            gone: connection => this.gone(connection),
        }
    }

    private decide(connection: BrokerConnection, packet: IConnectPacket): void {
        const code = this.code(packet)
        if (code !== 0) return connection.refuse(packet.clientId, code)
        const client = packet.clientId || `anonymous-${this.connects}`
        const { takeover, willAfterReturn, keepsSessions } = this.behaviour
        if (takeover)
            for (const other of [...this.open])
                if (other.client === client) other.close("taken over")
        if (!willAfterReturn) this.wills.forget(client)
        const { session, present } = this.sessions.take(
            client,
            packet.clean === true,
            keepsSessions
        )
        connection.will = packet.will
        connection.accept(session, present, packet.keepalive ?? 0)
    }

    private code(packet: IConnectPacket): number {
        if (packet.protocolVersion !== LEVEL) return BAD_PROTOCOL
        if (packet.clientId === "" && packet.clean !== true)
            return BAD_IDENTIFIER // [MQTT-3.1.3-8]
        this.connects++
        return this.behaviour.connack(packet, this.connects)
    }

    private gone(connection: BrokerConnection): void {
        this.open.delete(connection)
        const { session, will, client } = connection
        if (!session) return
        const { keepsSessions, willDelay, willAtTakeover } = this.behaviour
        this.sessions.leave(session, keepsSessions)
        if (!will || willDelay === "never") return
        if (connection.record.end === "taken over" && !willAtTakeover) return
        const message: Message = {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos ?? 0,
            retain: will.retain === true,
        }
        const delay = this.running ? willDelay : 0
        this.wills.after(delay, client, () =>
            this.receive(message, "will", client)
        )
    }

    private taken(
        client: string,
        packet: IPublishPacket,
        fresh: boolean
    ): void {
        const { topic, qos, retain, dup } = packet
        const payload = Buffer.from(packet.payload)
        const message = { topic, payload, qos, retain }
        this.receive(message, "client", client, dup, fresh)
    }

    /** Writes a publish down, keeps it if it is to be retained, and hands it on. */
    private receive(
        message: Message,
        source: Source,
        client: string,
        dup = false,
        fresh = true
    ): void {
        const { topic, qos, retain } = message
        const { now: at } = this
        const payload = message.payload.toString()
        const what = { topic, payload, qos, retain, dup, fresh }
        enter(this.history, { at, source, client, ...what })
        if (!fresh) return
        if (retain && this.behaviour.retains) this.retain(message, source)
        // to a subscription that was there it is news [MQTT-3.3.1-9]
        this.sessions.route({ ...message, retain: false })
    }

    private retain(message: Message, source: Source): void {
        if (!this.retained.put(message)) return
        const { topic, payload } = message
        const text = payload.length === 0 ? undefined : payload.toString()
        enter(this.changes, { at: this.now, source, topic, payload: text })
    }

    private subscribe(session: Session, packet: ISubscribePacket) {
        const { maxQos, grants } = this.behaviour
        const granted = packet.subscriptions.map(({ topic, qos }) =>
            grants(topic) ? lower(qos, maxQos) : REFUSED
        )
        const retained = packet.subscriptions.flatMap(({ topic }, i) => {
            if (granted[i] === REFUSED) return []
            session.subscriptions.set(topic, granted[i] as QoS)
            return this.retained.matching(topic, granted[i] as QoS)
        })
        return { granted, retained }
    }
}
