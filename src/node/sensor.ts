// One sensor: samples its source on the grid of its interval and hands on what its filter lets through. A fiber of its
// own, so that one that hangs or throws holds up neither the others nor the session.

import * as ds from "@devicescript/core"
import { Accounts } from "./accounts"
import { Delivery, Origin } from "./delivery"
import { Filter, Verdict } from "./filter"
import { Health, Reason, reasonName, State } from "./health"
import { SensorOptions } from "./options"
import { firstSample, nextSample, phaseOf } from "./phase"
import { reportFault } from "./report"
import { Source, Value } from "./source"

/** A source that has not answered for this long, in ms, is at fault; a slow I2C sensor takes a second. */
const ANSWER_LIMIT = 10000

/** @devsWhenUsed */
export class Sensor implements Origin {
    readonly topicBytes: Buffer
    readonly health: Health
    readonly precision: number
    /** There was a sample, or none in time. */
    sampled = false
    /** ms between samples; see `every`. */
    interval: number
    private source: Source
    private filter: Filter
    private phase = 0
    private fiber?: ds.Fiber
    /** In the sleep between two samples, where it may be woken. */
    private resting = false
    /** The next sample is due now, and is published whatever the filter says. */
    private asked = false
    /** When the source was asked for what it has not answered, or -1. */
    private begun = -1

    constructor(
        private device: string,
        public readonly options: SensorOptions,
        public readonly index: number,
        public readonly topic: string,
        private accounts: Accounts,
        private delivery: Delivery
    ) {
        this.topicBytes = Buffer.from(topic)
        this.source = new Source(options.read)
        this.precision = options.precision ?? 1
        this.filter = new Filter(options)
        this.health = new Health(ds.millis())
        this.interval = options.interval ?? 5000
        this.phase = phaseOf(device, options.id, this.interval)
    }

    /** Samples at another interval from now on, ms. */
    every(interval: number) {
        this.interval = interval
        this.phase = phaseOf(this.device, this.options.id, interval)
        this.wake()
    }

    /** Samples now, and publishes what comes of it. */
    ask() {
        this.asked = true
        this.wake()
    }

    private wake() {
        if (!this.resting) return
        this.resting = false
        if (this.fiber.suspended) this.fiber.resume(undefined)
    }

    /** Samples until the fiber is terminated. Never throws. */
    async run() {
        this.fiber = ds.Fiber.self()
        let due = firstSample(
            this.phase,
            this.interval,
            ds.millis(),
            this.source.earliest
        )
        while (true) {
            const wait = Math.ceil(due - ds.millis())
            if (wait > 0) {
                this.resting = true
                await ds.suspend(wait)
                this.resting = false
            }
            const now = ds.millis()
            if (this.asked) {
                this.asked = false
                this.filter.force()
                await this.take(now)
                this.sampled = true
            } else if (now >= due) {
                await this.take(due)
                this.sampled = true
                due = nextSample(
                    this.phase,
                    this.interval,
                    Math.max(due, ds.millis())
                )
            } else due = nextSample(this.phase, this.interval, now)
        }
    }

    /** A source that does not answer is at fault though its fiber waits. */
    check(now: number) {
        if (this.begun < 0) return
        if (now - this.begun >= ANSWER_LIMIT) {
            this.begun = now
            this.fault(Reason.Stale, "no answer")
        }
    }

    /** @param due when it was due, ms */
    private async take(due: number) {
        let value: Value | undefined
        this.begun = ds.millis()
        try {
            value = await this.source.value()
        } catch (e) {
            this.begun = -1
            this.fault(Reason.Threw, (e as Error).message)
            return
        }
        this.begun = -1
        if (value === undefined) {
            this.fault(this.source.why, "no value")
            return
        }
        const verdict = this.filter.sample(value, due)
        if (verdict === Verdict.Fault) {
            this.fault(this.filter.why, "value " + value)
            return
        }
        // a call less on the path of every reading
        if (this.health.state !== State.Ok) this.health.ok(due)
        this.accounts.read++
        if (verdict === Verdict.Publish)
            this.delivery.put(this, this.filter.value, ds.millis())
        else this.accounts.filtered++
    }

    /** Counts a missing reading, and says so when that is news. */
    private fault(reason: Reason, detail: string) {
        this.accounts.faults++
        if (this.health.fault(reason, ds.millis()))
            reportFault(
                "sensor " + this.options.id + ": " + reasonName(reason),
                new Error(detail)
            )
    }
}
