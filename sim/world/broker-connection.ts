// One connection of the broker model: bytes to packets and back, the order packets have to come in, keep alive, and the
// acknowledgements of what the client publishes. What concerns more than this connection is its host's: sessions,
// retained messages, wills, takeover.
import mqttPacket, {
    type IConnectPacket,
    type IPublishPacket,
    type ISubscribePacket,
    type Packet,
} from "mqtt-packet"
import type { Clock, MemorySocket } from "../vm"
import type { Behaviour } from "./behaviour"
import { packetFault } from "./packet-faults"
import {
    enterPacket,
    type ConnectionEnd,
    type ConnectionRecord,
} from "./record"
import type { PacketRules } from "./rules"
import type { Message, Session } from "./session"

/** ms from TCP connection to CONNECT; without it the connection is closed. */
const CONNECT_MS = 10_000
/** A client may be silent for one and a half times its keep alive [MQTT-3.1.2-24]. */
const KEEP_ALIVE_FACTOR = 1.5

/** The broker as a connection knows it. */
export interface ConnectionHost {
    readonly clock: Clock
    readonly rules: PacketRules
    readonly behaviour: Behaviour
    /** Whole ms since the broker was made. */
    now(): number
    /** Decides on a CONNECT, and calls `accept` or `refuse` of the connection. */
    connect(connection: BrokerConnection, packet: IConnectPacket): void
    /** Hands a client's publish on. `fresh` is false for what it had already. */
    published(client: string, packet: IPublishPacket, fresh: boolean): void
    /** Subscribes, and gives back what it grants and what is retained for it. */
    subscribe(
        session: Session,
        packet: ISubscribePacket
    ): { granted: number[]; retained: Message[] }
    /** The connection is over. */
    gone(connection: BrokerConnection): void
}

export class BrokerConnection {
    readonly record: ConnectionRecord
    /** Undefined before CONNECT is accepted. */
    session: Session | undefined
    /** Undefined when there is none, or none any more. */
    will: IConnectPacket["will"]
    private readonly parser = mqttPacket.parser({ protocolVersion: 4 })
    private asked = false
    private heardAt = 0
    /** The wait for CONNECT, then the keep alive's. */
    private timer: unknown

    constructor(
        private readonly host: ConnectionHost,
        private readonly socket: MemorySocket
    ) {
        this.record = { openedAt: host.now(), client: "", packets: [] }
        this.parser.on("packet", packet => this.arrived(packet))
        this.parser.on("error", (error: Error) => this.broke(error.message))
        socket.on("data", (bytes: Uint8Array) => {
            if (this.open) this.parser.parse(Buffer.from(bytes))
        })
        socket.on("error", () => {})
        socket.on("close", (hadError: boolean) =>
            this.over(hadError ? "reset by peer" : "closed by peer")
        )
        this.timer = host.clock.setTimeout(
            () => this.close("no CONNECT"),
            CONNECT_MS
        )
    }

    get client(): string {
        return this.record.client
    }

    get open(): boolean {
        return this.record.end === undefined
    }

    /** Sends a packet, as the rules of the test have it. */
    send(packet: Packet): void {
        this.host.rules.pass("out", this.client, packet, () => {
            if (!this.open) return
            this.note("out", packet)
            this.socket.write(mqttPacket.generate(packet))
        })
    }

    /** Bytes as they are, hexadecimal or binary, for what no packet library would write. */
    raw(bytes: string | Uint8Array): void {
        this.socket.write(
            typeof bytes === "string" ? Buffer.from(bytes, "hex") : bytes
        )
    }

    /** CONNACK 0, and packets may come. @param keepAlive s, 0 is off */
    accept(session: Session, present: boolean, keepAlive: number): void {
        this.record.client = session.client
        this.record.acceptedAt = this.host.now()
        this.session = session
        this.host.clock.clearTimeout(this.timer)
        if (keepAlive > 0) this.watch(keepAlive * 1000 * KEEP_ALIVE_FACTOR)
        const { saysPresent } = this.host.behaviour
        this.record.sessionPresent = present && saysPresent
        this.send({
            cmd: "connack",
            returnCode: 0,
            sessionPresent: present && saysPresent,
        })
        session.attach(packet => this.send(packet))
    }

    /** CONNACK with another code, 1 to 255, and the end [MQTT-3.2.2-5]. */
    refuse(client: string, returnCode: number): void {
        this.record.client = client
        this.send({ cmd: "connack", returnCode, sessionPresent: false })
        this.close("refused")
    }

    /** Closes in good order. */
    close(end: ConnectionEnd): void {
        if (!this.open) return
        this.socket.end()
        this.over(end)
    }

    /** A TCP reset. */
    cut(end: ConnectionEnd = "cut"): void {
        if (!this.open) return
        this.socket.cut()
        this.over(end)
    }

    private over(end: ConnectionEnd): void {
        if (!this.open) return
        this.record.end = end
        this.record.closedAt = this.host.now()
        this.host.clock.clearTimeout(this.timer)
        if (end === "disconnect") this.will = undefined
        this.session?.detach()
        this.host.gone(this)
    }

    private broke(fault: string): void {
        if (!this.open) return
        this.record.fault = fault
        this.close("broke a rule")
    }

    private note(way: "in" | "out", packet: Packet): void {
        enterPacket(this.record, { at: this.host.now(), way, packet })
    }

    /** @param limit ms of silence */
    private watch(limit: number): void {
        const { clock } = this.host
        const left = this.heardAt + limit - clock.now()
        // the clock's own steps are smaller
        if (left < 1 && this.host.behaviour.keepAlive)
            return this.close("keep alive")
        this.timer = clock.setTimeout(
            () => this.watch(limit),
            left < 1 ? limit : left
        )
    }

    private arrived(packet: Packet): void {
        if (!this.open) return
        this.heardAt = this.host.clock.now()
        const client = packet.cmd === "connect" ? packet.clientId : this.client
        this.host.rules.pass("in", client, packet, () => {
            if (!this.open) return
            this.note("in", packet)
            this.take(packet)
        })
    }

    private take(packet: Packet): void {
        const fault = packetFault(packet)
        if (fault !== undefined) return this.broke(fault)
        if (packet.cmd === "connect") {
            if (this.asked) return this.broke("second CONNECT [MQTT-3.1.0-2]")
            this.asked = true
            return this.host.connect(this, packet)
        }
        if (!this.session)
            return this.broke(`${packet.cmd} before CONNECT [MQTT-3.1.0-1]`)
        const id = packet.messageId ?? 0
        switch (packet.cmd) {
            case "publish":
                return this.publish(packet, this.session)
            case "pubrel":
                this.session.received.delete(id)
                return this.send({ cmd: "pubcomp", messageId: id })
            case "puback":
                return this.session.puback(id)
            case "pubrec":
                return this.session.pubrec(id)
            case "pubcomp":
                return this.session.pubcomp(id)
            case "subscribe":
                return this.subscribe(packet, this.session)
            case "unsubscribe":
                for (const filter of packet.unsubscriptions)
                    this.session.subscriptions.delete(filter)
                return this.send({
                    cmd: "unsuback",
                    messageId: id,
                    granted: [],
                })
            case "pingreq":
                return this.send({ cmd: "pingresp" })
            case "disconnect":
                return this.close("disconnect")
            default:
                return this.broke(`${packet.cmd} is not a client's to send`)
        }
    }

    /** A message is handed on when it is first received; QoS 2 by the specification's method B (figure 4.3). */
    private publish(packet: IPublishPacket, session: Session): void {
        const id = packet.messageId ?? 0
        const { qos2 } = this.host.behaviour
        if (packet.qos === 2 && qos2 === "closed")
            return this.close("broke a rule")
        if (packet.qos === 2 && qos2 === "downgraded") {
            this.host.published(this.client, packet, true)
            return this.send({ cmd: "puback", messageId: id })
        }
        const fresh = packet.qos !== 2 || !session.received.has(id)
        if (packet.qos === 2) session.received.add(id)
        this.host.published(this.client, packet, fresh)
        if (packet.qos === 1) this.send({ cmd: "puback", messageId: id })
        if (packet.qos === 2) this.send({ cmd: "pubrec", messageId: id })
    }

    private subscribe(packet: ISubscribePacket, session: Session): void {
        const { granted, retained } = this.host.subscribe(session, packet)
        this.send({ cmd: "suback", messageId: packet.messageId ?? 0, granted })
        for (const message of retained) session.deliver(message)
    }
}
