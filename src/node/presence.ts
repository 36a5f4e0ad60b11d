// Whether the device is there: a retained `up` or `down` on its status topic. `down` is also the last will,
// so the broker says it when the node cannot.

import { Message, MQTTClient, Outcome } from "../mqtt/index"
import { report } from "./report"

export const UP = "up"
export const DOWN = "down"

/** A status message on its way. */
class Status extends Message {
    constructor(
        topic: Buffer,
        public text: string
    ) {
        super(topic, Buffer.from(text), 1, true, statusSettled)
    }
}

function statusSettled(m: Message, outcome: Outcome) {
    const status = m as Status
    if (outcome === Outcome.Delivered) report("status value=" + status.text)
}

export class Presence {
    private last?: Status

    constructor(
        private client: MQTTClient,
        private topic: Buffer
    ) {}

    /** Says it before anything else that waits. One that is still on its way is not said twice. */
    say(text: string) {
        if (this.last && this.last.settled && this.last.text === text) return
        this.last = new Status(this.topic, text)
        this.client.send(this.last, true)
    }

    /** The broker has acknowledged what was said last. */
    said(): boolean {
        return !this.last || this.last.settled === undefined
    }
}
