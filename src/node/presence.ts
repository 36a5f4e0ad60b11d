// Whether the device is there: a retained `up`, `down` or `sleeping` on its status topic. `down` is also the last will,
// so the broker says it when the node cannot.
//
// That will may be late: a broker that still holds the node's old connection publishes it after the node has come back
// and said `up`, and without an answer the retained status would stay `down` for a node that is there. So the node
// watches its own status topic and says `up` again when anything else stands there: at once, and then once a second to
// whoever goes on saying `down`.

import * as ds from "@devicescript/core"
import { Message, MQTTClient, MQTTMessage, Outcome } from "../mqtt/index"
import { report } from "./report"

export const UP = "up"
export const DOWN = "down"
/** In deep sleep as planned: it will be `up` again by itself. */
export const SLEEPING = "sleeping"

/**
 * Least time between two answers in ms. One answer a round trip was a hundred a second, to somebody who answers every
 * `up` with `down`; a second is nothing to those who look at the status.
 */
const ANSWER_GAP = 1000

/** A status message on its way. */
class Status extends Message {
    constructor(
        public owner: Presence,
        topic: Buffer,
        public text: string
    ) {
        super(topic, Buffer.from(text), 1, true, statusSettled)
    }
}

function statusSettled(m: Message, outcome: Outcome) {
    const status = m as Status
    if (outcome !== Outcome.Delivered) return
    report("status value=" + status.text)
    status.owner.delivered(status.text)
}

export class Presence {
    /** Times the status was put right. */
    repairs = 0
    /** Called each time the broker has acknowledged `up`. */
    isUp?: () => void
    private last?: Status
    private answeredAt = -ANSWER_GAP
    /** An answer is due, at the end of the gap. */
    private due = false
    /** Something else was heard while our word was on its way: say it once more then. */
    again = false

    constructor(
        private client: MQTTClient,
        private topic: Buffer
    ) {}

    /**
     * Watches the status topic from the next connection on. QoS 0 is enough: what a connection loses with its end is
     * answered by the `up` of the next.
     */
    async watch(topic: string) {
        const self = this
        await this.client.listen(topic, m => self.heard(m), 0)
    }

    /** Says it before anything else that waits. One that is still on its way is not said twice. */
    say(text: string) {
        if (this.last && this.last.settled && this.last.text === text) return
        this.again = false
        this.last = new Status(this, this.topic, text)
        this.client.send(this.last, true)
    }

    /** The broker has acknowledged what was said last. */
    said(): boolean {
        return !this.last || this.last.settled === undefined
    }

    /** Our word was acknowledged. */
    delivered(text: string) {
        if (text === UP) if (this.isUp) this.isUp()
        if (!this.again) return
        this.again = false
        this.repair()
    }

    private heard(m: MQTTMessage) {
        const last = this.last
        if (!last || last.text !== UP) return
        const text = m.content.toString()
        if (text === UP) return
        // our own from before the sleep, however late it is looked at
        if (text === SLEEPING) if (m.retain !== 0) return
        if (this.said()) this.repair()
        // What was kept from before we came is about to be replaced by our word. When that is acknowledged in the same
        // read we cannot tell a `down` from before from one that a broker kept behind it: one `up` too many is harmless,
        // one too few leaves us `down`.
        else if (m.retain === 0) this.again = true
    }

    private repair() {
        if (this.due) return
        const wait = this.answeredAt + ANSWER_GAP - ds.millis()
        if (wait > 0) {
            this.due = true
            this.later.start(wait)
        } else this.answer()
    }

    private async later(ms: number) {
        await ds.sleep(ms)
        this.due = false
        this.answer()
    }

    private answer() {
        if (!this.last || this.last.text !== UP) return
        this.answeredAt = ds.millis()
        this.repairs++
        report("repair")
        this.say(UP)
    }
}
