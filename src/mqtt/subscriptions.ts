// What the application subscribed to: asked for, granted, restored, dropped. Pure, like the session whose
// messages its requests are. A program that never subscribes does not contain it.

import { encodeSubscribe, encodeUnsubscribe } from "./encode"
import { PeerError, ResourceError } from "./errors"
import { PacketType, SUBACK_FAILURE } from "./packet"
import { Message, Outcome, Restorer, Session } from "./session"

/** A filter the application wants, and what the broker granted. */
export class Subscription {
    /** QoS granted, SUBACK_FAILURE, or undefined while unanswered. */
    granted: number | undefined
    /** Its SUBSCRIBE is on its way. */
    asked = false
    constructor(
        public topicFilter: Buffer,
        public qos: number
    ) {}
}

/** A SUBSCRIBE or UNSUBSCRIBE that is not answered yet. */
class Request extends Message {
    constructor(
        public owner: Subscriptions,
        public about: Subscription,
        public adds: boolean,
        public answered?: (code: number) => void
    ) {
        // no payload of its own; QoS 1 as far as the window and the identifier go
        super(about.topicFilter, about.topicFilter, 1, false, requestSettled)
        owner.open++
        if (adds) about.asked = true
        this.awaits = adds ? PacketType.Suback : PacketType.Unsuback
    }

    override packet(): Buffer {
        if (this.adds)
            return encodeSubscribe(this.id, this.topic, this.about.qos)
        return encodeUnsubscribe(this.id, this.topic)
    }

    override granted(code: number) {
        if (code !== SUBACK_FAILURE && code > this.about.qos)
            throw new PeerError(
                "MQTT-3.8.4-6",
                "granted QoS " + code + " is above the one asked for"
            )
        this.about.granted = code
    }
}

function requestSettled(m: Message, outcome: Outcome) {
    const r = m as Request
    r.owner.open--
    if (r.adds) r.about.asked = false
    if (outcome !== Outcome.Delivered || !r.answered) return
    r.answered(r.adds ? (r.about.granted ?? 0) : 0)
}

/** @devsWhenUsed */
export class Subscriptions implements Restorer {
    list: Subscription[] = []
    /** Requests that are not answered. */
    open = 0

    /** @param most subscriptions, and requests unanswered, at once */
    constructor(
        private asker: Session,
        private most: number
    ) {
        asker.restorer = this
    }

    /**
     * Asks for a subscription; a second one to the same filter replaces the first.
     * @param answered called once with the QoS granted or SUBACK_FAILURE
     */
    add(
        filter: Buffer,
        qos: number,
        answered?: (code: number) => void
    ): Subscription {
        const s = new Subscription(filter, qos)
        let at = this.indexOf(filter)
        if (at < 0) at = this.list.length
        if (at >= this.most || this.open >= this.most)
            throw new ResourceError("subscriptions", "more than " + this.most)
        this.list[at] = s
        this.ask(s, true, answered)
        return s
    }

    /** Drops a subscription; `answered` is called with 0 on UNSUBACK. False when there is none. */
    remove(filter: Buffer, answered?: (code: number) => void): boolean {
        const at = this.indexOf(filter)
        if (at < 0) return false
        const s = this.list[at] as Subscription
        this.list.insert(at, -1)
        this.ask(s, false, answered)
        return true
    }

    /** After CONNACK: asks for what the broker does not know, and again for what it refused: its rights may be others now. */
    restore(sessionPresent: boolean) {
        for (const s of this.list) {
            if (s.asked) continue
            let known = sessionPresent
            if (s.granted === undefined) known = false
            if (s.granted === SUBACK_FAILURE) known = false
            if (!known) this.ask(s, true)
        }
    }

    private ask(
        s: Subscription,
        adds: boolean,
        answered?: (code: number) => void
    ) {
        this.asker.publish(new Request(this, s, adds, answered), true)
    }

    private indexOf(filter: Buffer): number {
        for (let i = 0; i < this.list.length; i++)
            if (sameBytes((this.list[i] as Subscription).topicFilter, filter))
                return i
        return -1
    }
}

function sameBytes(a: Buffer, b: Buffer): boolean {
    // as text, which the VM compares by itself: a loop over many long filters would be too long a run
    return a.length === b.length && a.toString() === b.toString()
}
