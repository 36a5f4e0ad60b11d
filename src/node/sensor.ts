// One sensor: reads its source at its interval and publishes each reading. A fiber of its own, so that one
// that hangs or throws holds up neither the others nor the session.

import * as ds from "@devicescript/core"
import { Message, MQTTClient, Outcome, outcomeName } from "../mqtt/index"
import { report, reportFault } from "./report"
import { SensorOptions } from "./options"
import { Source } from "./source"
import { valueText } from "./value"

/** The first reading is due this long after the start at the latest, in ms: a role is bound within 1.5 s. */
const FIRST_READING = 2000

/** What became of the readings of a node since it started. */
export class ReadingCounters {
    /** Values taken from a source. */
    read = 0
    /** Acknowledged by the broker; with QoS 0, written. */
    acked = 0
    /** Never delivered: the queue was full, or the node stopped. */
    dropped = 0
    /** No value: the role is not bound, the value is stale, NaN, or the function threw. */
    faults = 0
}

/** A reading on its way to the broker. */
class Reading extends Message {
    constructor(
        public sensor: Sensor,
        public text: string
    ) {
        super(
            sensor.topicBytes,
            Buffer.from('{"value":' + text + "}"),
            sensor.qos,
            false,
            readingSettled
        )
    }
}

/** One function for all readings: a closure for each would cost two allocations on the hot path. */
function readingSettled(m: Message, outcome: Outcome) {
    const reading = m as Reading
    const sensor = reading.sensor
    if (outcome !== Outcome.Delivered) {
        sensor.counters.dropped++
        report(
            "dropped topic=" +
                sensor.topic +
                " value=" +
                reading.text +
                " reason=" +
                outcomeName(outcome)
        )
        return
    }
    sensor.counters.acked++
    report(
        "acked topic=" +
            sensor.topic +
            " value=" +
            reading.text +
            " qos=" +
            m.qos +
            " ms=" +
            Math.round(ds.millis() - m.sentAt)
    )
}

export class Sensor {
    readonly topicBytes: Buffer
    private source: Source
    private interval: number
    private precision: number
    private faulty = false

    constructor(
        private options: SensorOptions,
        public readonly topic: string,
        public readonly qos: number,
        public readonly counters: ReadingCounters,
        private client: MQTTClient
    ) {
        this.topicBytes = Buffer.from(topic)
        this.source = new Source(options.read)
        this.interval = options.interval ?? 5000
        this.precision = options.precision ?? 1
    }

    /** Reads and publishes until the fiber is terminated. Never throws. */
    async run() {
        let next = ds.millis() + Math.min(this.interval, FIRST_READING)
        while (true) {
            await ds.sleep(Math.max(1, Math.ceil(next - ds.millis())))
            next += this.interval
            // after a long hold-up the missed readings are not made up for
            if (next < ds.millis()) next = ds.millis() + this.interval
            try {
                await this.sample()
            } catch (e) {
                this.fault((e as Error).message)
            }
        }
    }

    private async sample() {
        const value = await this.source.value()
        if (value === undefined) {
            this.fault("no value")
            return
        }
        const text = valueText(value, this.precision)
        if (text === undefined) {
            this.fault("value is not a number")
            return
        }
        this.faulty = false
        this.counters.read++
        this.client.send(new Reading(this, text))
    }

    /** Counts a missing reading, and says so when the sensor was well before. */
    private fault(why: string) {
        this.counters.faults++
        if (!this.faulty)
            reportFault("sensor " + this.options.id, new Error(why))
        this.faulty = true
    }
}
