// What a broker remembers: sessions and retained messages. Knows no connection and no clock.
import type { QoS } from "mqtt-packet"
import { Session, type Message } from "./session"
import { matches } from "./topics"

/** Topics with a retained message; a test that makes more runs away. */
const MAX_RETAINED = 10_000

/** Every session with a connection, and those kept for clients that are away. */
export class SessionStore {
    private readonly sessions = new Set<Session>()

    /** A client's session for a new connection, and whether it is one that was kept for it. */
    take(client: string, clean: boolean, keeps: boolean) {
        const kept = this.kept(client)
        if (kept && !clean) return { session: kept, present: true }
        // [MQTT-3.1.2-6]
        if (kept) this.sessions.delete(kept)
        const session = new Session(client, !clean && keeps)
        this.sessions.add(session)
        return { session, present: false }
    }

    /** Its connection is over. */
    leave(session: Session, keeps: boolean): void {
        this.sessions.delete(session)
        if (!session.persistent || !keeps) return
        // of two connections that had one client identifier, the last to end leaves its session
        const older = this.kept(session.client)
        if (older) this.sessions.delete(older)
        this.sessions.add(session)
    }

    /** What is kept for a client is removed. */
    forget(client: string): void {
        const kept = this.kept(client)
        if (kept) this.sessions.delete(kept)
    }

    /** The newest session of a client. */
    of(client: string): Session | undefined {
        return [...this.sessions].filter(s => s.client === client).at(-1)
    }

    /** Hands a message to all who want it, each with the QoS it is granted. */
    route(message: Message): void {
        for (const session of [...this.sessions]) {
            const wanted = session.wants(message.topic)
            if (wanted !== undefined)
                session.deliver({
                    ...message,
                    qos: lower(message.qos, wanted),
                })
        }
    }

    clear(): void {
        this.sessions.clear()
    }

    /** The session that waits for a client; one that another connection uses is not to be had. */
    private kept(client: string): Session | undefined {
        return [...this.sessions].find(s => s.client === client && !s.attached)
    }
}

/** The retained message of each topic that has one. */
export class RetainedStore {
    private readonly messages = new Map<string, Message>()

    /** An empty payload removes what is there [MQTT-3.3.1-10]. @returns whether anything changed hands */
    put(message: Message): boolean {
        const { topic, payload } = message
        if (payload.length === 0) return this.messages.delete(topic)
        if (this.messages.size === MAX_RETAINED && !this.messages.has(topic))
            throw new Error(`more than ${MAX_RETAINED} retained topics`)
        this.messages.set(topic, { ...message, retain: true })
        return true
    }

    get(topic: string): Message | undefined {
        return this.messages.get(topic)
    }

    /** What a new subscription is sent, with the QoS it is granted. */
    matching(filter: string, granted: QoS): Message[] {
        return [...this.messages.values()]
            .filter(({ topic }) => matches(filter, topic))
            .map(message => ({ ...message, qos: lower(message.qos, granted) }))
    }

    clear(): void {
        this.messages.clear()
    }
}

/** The lower of what is offered and what is allowed [MQTT-3.8.4-6]. */
export function lower(a: QoS, b: QoS): QoS {
    return a < b ? a : b
}
