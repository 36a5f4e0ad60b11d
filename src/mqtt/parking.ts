// Gives up a message that the broker never acknowledges, so that it does not hold up those behind it for ever. Pure.
//
// A deliberate deviation from [MQTT-4.4.0-1], which has a client repeat an unacknowledged message at each reconnect
// without end: MQTT 3.1.1 repeats only there, so a server that swallows one message (a topic it refuses without a
// word, a payload it fails on) would make the client reconnect every `ackTimeout` for good, with its window blocked.
// Some brokers close the connection on such a message instead (NATS on a topic with a dot). A link that breaks looks the
// same, so this counts for a third only.
//
// A program that wants the standard's behaviour does not construct one.

import { Message, Outcome, Session } from "./session"

/**
 * Identifiers kept from use at once. Each has cost the connections below, a minute or more, and 64 of 65,535 leave
 * enough; beyond it the oldest may be used again.
 */
const MOST_RETIRED = 64

/** So many connections that the broker closed on a message count as one on which it did not answer in time. */
const CLOSES = 3

/** @devsWhenUsed */
export class Parking {
    /** Identifiers of messages given up, until a late acknowledgement or the end of the broker's session. */
    retired: number[] = []
    private waiting: Message[] = []
    private waited: number[] = []

    /** @param connections on which a message has had no answer within `ackTimeout` before it is given up */
    constructor(
        private keeper: Session,
        private connections: number
    ) {
        keeper.parking = this
    }

    /** Counts a connection against each message written before that moment; the last one ends it as Parked. */
    overdue(before: number) {
        const inflight = this.keeper.inflight
        for (let i = inflight.length - 1; i >= 0; i--) {
            const m = inflight[i] as Message
            if (m.sentAt < 0) continue
            if (m.sentAt <= before) this.count(m, CLOSES)
        }
        this.forgetEnded()
    }

    /** Those that have ended meanwhile must not be kept in memory. */
    private forgetEnded() {
        const inflight = this.keeper.inflight
        for (let i = 0; i < this.waiting.length;)
            if (inflight.indexOf(this.waiting[i] as Message) < 0) {
                this.waiting.insert(i, -1)
                this.waited.insert(i, -1)
            } else i++
    }

    holds(id: number): boolean {
        if (this.retired.length === 0) return false
        return this.retired.indexOf(id) >= 0
    }

    acknowledged(id: number) {
        const at = this.retired.indexOf(id)
        if (at >= 0) this.retired.insert(at, -1)
    }

    forget() {
        this.retired = []
    }

    closedOn(m: Message) {
        this.count(m, 1)
        this.forgetEnded()
    }

    /** One more connection without an answer to this message, which weighs `weight`. */
    private count(m: Message, weight: number) {
        let at = this.waiting.indexOf(m)
        if (at < 0) {
            at = this.waiting.length
            this.waiting.push(m)
            this.waited.push(0)
        }
        const sum = (this.waited[at] as number) + weight
        this.waited[at] = sum
        if (sum < this.connections * CLOSES) return
        const inflight = this.keeper.inflight
        inflight.insert(inflight.indexOf(m), -1)
        if (this.retired.length >= MOST_RETIRED) this.retired.insert(0, -1)
        this.retired.push(m.id)
        this.keeper.settle(m, Outcome.Parked)
    }
}
