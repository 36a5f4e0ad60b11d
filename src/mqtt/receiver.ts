// Hands received messages to the program: the inbox between the client's fiber and the handlers, which run
// in a fiber of their own. A program that neither subscribes nor listens does not contain it.

import * as ds from "@devicescript/core"
import { ObservableValue } from "@devicescript/observables"
import { ClientCounters } from "./counters"
import { Listeners } from "./listeners"
import { PacketReader } from "./reader"
import { matches } from "./topic"

/** A message received; the names are those of @devicescript/net. */
export interface MQTTMessage {
    /** Packet identifier, 0 with QoS 0. */
    pid?: number
    topic: string
    content: Buffer
    qos: number
    /** 1 when the broker kept it from before the subscription. */
    retain: number
    /** True when the broker may have sent it before. */
    dup: boolean
}

/** One `subscribe` of the program's. */
export class Handler {
    constructor(
        public name: string,
        public pattern: Buffer,
        public handle: ((m: MQTTMessage) => ds.AsyncVoid) | undefined,
        /** For those who subscribe to the observable. It would drop a handler that throws, so ours is not there. */
        public observable: ObservableValue<MQTTMessage>
    ) {}
}

/** @devsWhenUsed */
export class Receiver {
    handlers: Handler[] = []
    private inbox: MQTTMessage[] = []
    private inboxBytes = 0
    private delivering = false

    /**
     * @param mostMessages messages that may wait
     * @param mostBytes bytes of their topics and payloads; a single one may have more
     */
    constructor(
        private counters: ClientCounters,
        private unhandled: Listeners<MQTTMessage>,
        private mostMessages: number,
        private mostBytes: number
    ) {}

    /** Puts the message that the reader holds in the inbox and sees that a fiber empties it. */
    deliver(r: PacketReader) {
        const payload = r.payload as Buffer
        const topic = (r.topic as Buffer).toString()
        const bytes = this.inboxBytes + payload.length + topic.length
        let full = this.inbox.length >= this.mostMessages
        if (bytes > this.mostBytes && this.inbox.length > 0) full = true
        if (full) {
            this.counters.inboxDropped++
            return
        }
        this.inboxBytes = bytes
        this.inbox.push({
            pid: r.id,
            topic,
            content: payload,
            qos: r.qos,
            retain: r.retain ? 1 : 0,
            dup: r.dup,
        })
        if (this.delivering) return
        this.delivering = true
        this.handOver.start()
    }

    private async handOver() {
        while (this.inbox.length > 0) {
            const m = this.inbox[0]
            this.inbox.insert(0, -1)
            this.inboxBytes -= m.content.length + m.topic.length
            const name = Buffer.from(m.topic)
            let handled = false
            for (const h of this.handlers) {
                if (!matches(h.pattern, name)) continue
                handled = true
                if (h.handle) await this.unhandled.tell(h.handle, m)
                await this.unhandled.tell(h.observable.emit, m)
            }
            if (!handled)
                for (const handle of this.unhandled.handlers)
                    await this.unhandled.tell(handle, m)
            // many filters against many messages in one go would be too long a run
            await ds.sleep(0)
        }
        this.delivering = false
    }
}
