// A session under test: what it writes, told in words, and how its messages ended. Knows the packets, not the rules.
import { PacketType } from "../../src/mqtt/packet"
import {
    Message,
    Outcome,
    Session,
    type SessionLimits,
} from "../../src/mqtt/session"
import { Subscriptions } from "../../src/mqtt/subscriptions"
import { plain } from "./strict-buffer"
import { oracle } from "./wire"

/**
 * A packet in one line: its name, its identifier, what it is about, and its flags, for example `publish 1 a qos1 dup`
 * (a is the payload), `publish a qos0 retain`, `pubrel 1`, `subscribe 1 t/# qos2`. The words are mqtt-packet's.
 */
export function told(bytes: Uint8Array): string {
    const { packets, error } = oracle(bytes)
    const packet = packets[0]
    if (error !== undefined || packets.length !== 1 || !packet)
        throw new Error(error ?? `${packets.length} packets in one write`)
    const words: (string | number)[] = [packet.cmd]
    if (packet.messageId !== undefined) words.push(packet.messageId)
    if (packet.cmd === "publish") {
        words.push(packet.payload.toString(), `qos${packet.qos}`)
        if (packet.retain) words.push("retain")
        if (packet.dup) words.push("dup")
    }
    if (packet.cmd === "subscribe")
        for (const s of packet.subscriptions) words.push(s.topic, `qos${s.qos}`)
    if (packet.cmd === "unsubscribe") words.push(...packet.unsubscriptions)
    return words.join(" ")
}

const outcomes: Record<Outcome, string> = {
    [Outcome.Delivered]: "Delivered",
    [Outcome.Full]: "Full",
    [Outcome.Offline]: "Offline",
    [Outcome.TimedOut]: "TimedOut",
    [Outcome.Uncertain]: "Uncertain",
    [Outcome.Stopped]: "Stopped",
    [Outcome.Downgraded]: "Downgraded",
    [Outcome.Parked]: "Parked",
}

const defaults: SessionLimits = {
    window: 4,
    queueMessages: 8,
    queueBytes: 1000,
    inboundIds: 4,
}

export class SessionProbe {
    readonly session: Session
    readonly subscriptions: Subscriptions
    /** How messages ended, in order: payload and the outcome's name. */
    ended: string[] = []
    /** What SUBACK and UNSUBACK said: filter and code. */
    answers: string[] = []

    /** @param lastId the identifier before the first; 0 makes the first one 1 */
    constructor(limits: Partial<SessionLimits> = {}, lastId = 0) {
        this.session = new Session({ ...defaults, ...limits }, lastId)
        this.subscriptions = new Subscriptions(this.session, 8)
    }

    publish(
        payload: string,
        qos: number,
        options: { topic?: string; retain?: boolean; urgent?: boolean } = {}
    ): Message {
        const m = new Message(
            Buffer.from(options.topic ?? "t"),
            Buffer.from(payload),
            qos,
            options.retain ?? false,
            (_, outcome) => this.ended.push(`${payload} ${outcomes[outcome]}`)
        )
        this.session.publish(m, options.urgent ?? false)
        return m
    }

    subscribe(filter: string, qos: number) {
        return this.subscriptions.add(Buffer.from(filter), qos, code =>
            this.answers.push(`${filter} ${code}`)
        )
    }

    unsubscribe(filter: string): boolean {
        return this.subscriptions.remove(Buffer.from(filter), code =>
            this.answers.push(`${filter} ${code}`)
        )
    }

    /** The next packet, written at `now` (ms), or undefined. */
    write(now = 0): string | undefined {
        const packet = this.session.take()
        if (!packet) return undefined
        this.session.wrote(now)
        return told(plain(packet))
    }

    /** All that can be written now. */
    writeAll(now = 0): string[] {
        const all: string[] = []
        for (let p = this.write(now); p !== undefined; p = this.write(now))
            all.push(p)
        return all
    }

    puback = (id: number) => this.session.receivedAck(PacketType.Puback, id, 0)
    pubrec = (id: number) => this.session.receivedAck(PacketType.Pubrec, id, 0)
    pubrel = (id: number) => this.session.receivedAck(PacketType.Pubrel, id, 0)
    pubcomp = (id: number) =>
        this.session.receivedAck(PacketType.Pubcomp, id, 0)
    suback = (id: number, code: number) =>
        this.session.receivedAck(PacketType.Suback, id, code)
    unsuback = (id: number) =>
        this.session.receivedAck(PacketType.Unsuback, id, 0)

    /** The connection breaks and comes back. */
    reconnect(present: boolean, doubtful = false) {
        this.session.disconnected(false)
        this.session.connected(present, doubtful)
    }
}
