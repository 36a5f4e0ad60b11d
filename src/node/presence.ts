// Whether the device is there: a retained `up` or `down` on its status topic. `down` is also the last will,
// so the broker says it when the node cannot.
//
// That will may be late: a broker that still holds the node's old connection publishes it after the node has come back
// and said `up`, and without an answer the retained status would stay `down` for a node that is there. So the node
// watches its own status topic and says `up` again when anything else stands there. One word is on its way at a time,
// so that whoever goes on saying `down` gets one answer a round trip at most.

import { Message, MQTTClient, MQTTMessage, Outcome } from "../mqtt/index"
import { report } from "./report"

export const UP = "up"
export const DOWN = "down"

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
    status.owner.delivered()
}

export class Presence {
    /** Times the status was put right. */
    repairs = 0
    private last?: Status
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
        await this.client.subscribe(topic, m => self.heard(m), 0)
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
    delivered() {
        if (!this.again) return
        this.again = false
        this.repair()
    }

    private heard(m: MQTTMessage) {
        const last = this.last
        if (!last || last.text !== UP) return
        if (m.content.toString() === UP) return
        if (this.said()) this.repair()
        // what was kept from before we came is about to be replaced by our word
        else if (m.retain === 0) this.again = true
    }

    private repair() {
        if (!this.last || this.last.text !== UP) return
        this.repairs++
        report("repair")
        this.say(UP)
    }
}
