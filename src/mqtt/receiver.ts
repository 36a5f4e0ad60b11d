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

/** Bytes of topics compared with filters without a pause: each costs some 15 of the 131,072 opcodes the VM allows. */
const MOST_COMPARED = 2048

/** How long handlers are let run when the inbox is full, ms: as often as the VM looks at its timers. */
const PAUSE = 10

/** One `subscribe` of the program's. */
export class Handler {
    constructor(
        public name: string,
        public pattern: Buffer,
        public handle: ((m: MQTTMessage) => ds.AsyncVoid) | undefined,
        /** For those who subscribe to the observable. It would drop a handler that throws, so ours is not there. */
        public observable: ObservableValue<MQTTMessage> | undefined
    ) {}
}

/** @devsWhenUsed */
export class Receiver {
    handlers: Handler[] = []
    private inbox: MQTTMessage[] = []
    private inboxBytes = 0
    private delivering = false
    /** The handlers were let run when the inbox was full, and it has not been empty since. */
    private stuck = false
    /** Whose message waits for that. */
    private reading?: ds.Fiber = undefined

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

    /**
     * Puts the message that the reader holds in the inbox and sees that a fiber empties it. When the inbox is full that
     * fiber is let run first, as a broker sends what it kept in one piece: handlers that do not wait lose nothing.
     * For handlers that wait it takes PAUSE once, until the inbox has been empty again.
     */
    async deliver(r: PacketReader) {
        const payload = r.payload as Buffer
        const topic = (r.topic as Buffer).toString()
        const bytes = payload.length + topic.length
        if (this.full(bytes) && !this.stuck) {
            this.stuck = true
            this.reading = ds.Fiber.self()
            const until = ds.millis() + PAUSE
            // what else arrives wakes this fiber too
            while (this.stuck && ds.millis() < until) await ds.suspend(PAUSE)
            this.reading = undefined
        }
        if (this.full(bytes)) {
            this.counters.inboxDropped++
            return
        }
        this.inboxBytes += bytes
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

    /** Whether a message of so many bytes is over the bounds. */
    private full(bytes: number): boolean {
        if (this.inbox.length >= this.mostMessages) return true
        if (this.inbox.length === 0) return false
        return this.inboxBytes + bytes > this.mostBytes
    }

    private async handOver() {
        let compared = 0
        while (this.inbox.length > 0) {
            const m = this.inbox[0]
            this.inbox.insert(0, -1)
            this.inboxBytes -= m.content.length + m.topic.length
            const name = Buffer.from(m.topic)
            let handled = false
            for (const h of this.handlers) {
                compared += name.length
                if (compared > MOST_COMPARED) {
                    await ds.sleep(0)
                    compared = 0
                }
                if (!matches(h.pattern, name)) continue
                handled = true
                if (h.handle) await this.unhandled.tell(h.handle, m)
                if (h.observable)
                    await this.unhandled.tell(h.observable.emit, m)
            }
            if (!handled)
                // a handler may take itself away
                for (const handle of this.unhandled.handlers.slice(0))
                    await this.unhandled.tell(handle, m)
            // the handlers of many messages in one go would be too long a run
            await ds.sleep(0)
            compared = 0
        }
        this.delivering = false
        this.stuck = false
        const fiber = this.reading
        if (fiber) if (fiber.suspended) fiber.resume(undefined)
    }
}
