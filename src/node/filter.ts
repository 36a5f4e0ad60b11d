// Which samples of a sensor are published: a fault is no value, and a value that says nothing new need not be sent.
// Pure: the moments are handed in. Knows nothing of how a sensor is read nor of where its values go.
//
// The rules, in this order, are ESPHome's sensor filters where it has them, at https://esphome.io/components/sensor/:
//
// 1. What is no number (NaN, infinity), is outside `min` to `max`, or is nothing at all is a fault. It is not published, enters
//    no median and changes nothing of what is compared with. ESPHome hands NaN on, and its `clamp` unless told otherwise
//    makes a limit of a value outside; here a fault is not a value.
// 2. `median`: from here on the value is the median of the last n valid samples, of all there are while they are fewer, an
//    even number of them giving the mean of the two in the middle. ESPHome's `median` with `window_size: n` and `send_every: 1`;
//    there a NaN takes a place in the window.
// 3. The first value is published.
// 4. `minInterval`, ESPHome's `throttle`: nothing is published until this long after the last time. A change in the meantime is
//    not kept: the first sample after it is compared with what was published last, and is published if it differs then.
//    A change that has gone back by then has not been.
// 5. `maxInterval`, ESPHome's `heartbeat`: from this long after the last time the next valid sample is published, whatever it
//    is. ESPHome's runs on a timer of its own, which repeats the last value of a sensor that has died; a heartbeat here is
//    always a sample just taken, so the longest silence of a sensor that is well is this and one sample.
// 6. `delta`, of the same name in ESPHome: the value is published when it differs from the one published last by `delta` or
//    more (the current page of ESPHome says more). Compared with what was published, not with the last sample, so that a slow
//    drift comes through. A boolean or a text is published when it is another; neither has a median or a range.
//    Without a `delta` everything that came this far is published.

import { ConfigError } from "../mqtt/errors"
import { whole } from "../mqtt/options"
import { Reason } from "./health"

/** Which values a sensor publishes; each is off unless it is given. */
export interface FilterOptions {
    /** Least difference to what was published last, in the unit of the sensor, above 0. Booleans and texts: any number. */
    delta?: number
    /** Least time between two values in ms, 1 to 86,400,000. */
    minInterval?: number
    /** Time in ms after which an unchanged value is published again, 1 to 86,400,000, not below `minInterval`. */
    maxInterval?: number
    /** Number of samples of which the median is taken, odd, 1 to 15. */
    median?: number
    /** Least value the sensor can have; what is below is a fault. */
    min?: number
    /** Greatest value the sensor can have; what is above is a fault. */
    max?: number
}

/** What becomes of a sample. */
export const enum Verdict {
    /** `Filter.value` is to be published. */
    Publish = 0,
    /** It is a value, and not to be published. */
    Filtered = 1,
    /** It is no value; `Filter.why` says why. */
    Fault = 2,
}

/** A day in ms, the longest interval of a sensor. */
const LONGEST = 86400000

/** The greatest double: what is not between it and its negative is NaN or infinite. */
const GREATEST = 1.7976931348623157e308

/** ms, 31,000 years: how long ago the last value was published when there was none, and an interval that never ends. */
const AGES = 1e15

/** What a float32, as most Jacdac readings are, may be off by, as a part of its value. */
const FLOAT32 = 1 / 16777216

/** Step of the coarsest fixed-point format of Jacdac readings, i22.10: 21.7 and 21.8 come as 21.7002 and 21.7998. */
const FIXED = 1 / 1024

/** Throws ConfigError naming `key` and the option that is wrong. */
export function checkFilter(key: string, o: FilterOptions) {
    finite(key + ".delta", o.delta)
    finite(key + ".min", o.min)
    finite(key + ".max", o.max)
    if ((o.delta ?? 1) <= 0)
        throw new ConfigError(key + ".delta", "must be above 0")
    if ((o.min ?? -GREATEST) >= (o.max ?? GREATEST))
        throw new ConfigError(key + ".min", "must be below max")
    const least = whole(key + ".minInterval", o.minInterval, 1, 1, LONGEST)
    const most = whole(key + ".maxInterval", o.maxInterval, LONGEST, 1, LONGEST)
    if (least > most)
        throw new ConfigError(
            key + ".minInterval",
            "must not be above maxInterval"
        )
    if ((whole(key + ".median", o.median, 1, 1, 15) & 1) === 0)
        throw new ConfigError(key + ".median", "must be odd")
}

function finite(key: string, given: number | undefined) {
    const value = given ?? 0
    // a negated comparison, so that NaN is refused too
    if (!(value >= -GREATEST && value <= GREATEST))
        throw new ConfigError(key, "must be a finite number")
}

/** @devsWhenUsed The filter of one sensor, with options that were checked. */
export class Filter {
    /** What to publish after Verdict.Publish; kept as what was published last. */
    value: number | boolean | string = 0
    /** Why the last fault was one: Reason.Nan or Reason.Range. */
    why: Reason = Reason.Nan
    /** When a value was published last. */
    private at = -AGES
    private recent: Recent | undefined = undefined

    constructor(private options: FilterOptions) {
        const size = options.median ?? 1
        if (size > 1) this.recent = new Recent(size)
    }

    /** The next value is published, whatever it is. */
    force() {
        this.at = -AGES
    }

    /**
     * Judges a sample.
     * @param now when it was due, ms of the monotonic clock: with the moment it really came, a few ms late now and then, a
     * `minInterval` or `maxInterval` of so many intervals would be met one sample too late now and then
     */
    sample(value: number | boolean | string | undefined, now: number): Verdict {
        const o = this.options
        if (typeof value === "number") {
            let well = true
            this.why = Reason.Range
            // a limit of 0.1 is met by the float32 next to 0.1, which is above it
            const min = o.min
            if (min !== undefined) well = value >= min - Math.abs(min) * FLOAT32
            const max = o.max
            if (max !== undefined)
                if (value > max + Math.abs(max) * FLOAT32) well = false
            // a negated comparison, so that NaN is out too
            if (!(value >= -GREATEST && value <= GREATEST)) {
                well = false
                this.why = Reason.Nan
            }
            if (!well) return Verdict.Fault
            if (this.recent) value = this.recent.median(value)
        } else if (typeof value !== "boolean" && typeof value !== "string") {
            this.why = Reason.Nan
            return Verdict.Fault
        }
        const gap = now - this.at
        if (gap < (o.minInterval ?? 0)) return Verdict.Filtered
        const delta = o.delta
        if (delta !== undefined)
            if (gap < (o.maxInterval ?? AGES))
                if (!this.differs(value, delta)) return Verdict.Filtered
        this.value = value
        this.at = now
        return Verdict.Publish
    }

    /**
     * Whether a value is another than the last, numbers by `delta`. What may be missing because numbers on the bus have
     * steps does not count, up to a sixteenth of `delta`.
     */
    private differs(value: number | boolean | string, delta: number): boolean {
        const last = this.value
        if (typeof value !== "number" || typeof last !== "number")
            return value !== last
        const steps = FIXED + (Math.abs(value) + Math.abs(last)) * FLOAT32
        return Math.abs(value - last) >= delta - Math.min(steps, delta / 16)
    }
}

/** @devsWhenUsed The last n valid samples. */
class Recent {
    /** In the order they came, from `oldest` on and round again. */
    private ring: number[] = []
    private oldest = 0
    /** The same, the least first. */
    private sorted: number[] = []

    /** @param size n */
    constructor(private size: number) {}

    /** Takes a sample in, the oldest out if there are n, and gives the median. */
    median(value: number): number {
        const sorted = this.sorted
        // the place that becomes free in `sorted`
        let i = sorted.length
        if (i < this.size) {
            this.ring.push(value)
            sorted.push(value)
        } else {
            i = sorted.indexOf(this.ring[this.oldest] as number)
            this.ring[this.oldest] = value
            this.oldest++
            if (this.oldest === this.size) this.oldest = 0
        }
        // move it to where the value belongs
        const last = sorted.length - 1
        for (; i > 0; i--) {
            const below = sorted[i - 1] as number
            if (below <= value) break
            sorted[i] = below
        }
        for (; i < last; i++) {
            const above = sorted[i + 1] as number
            if (above >= value) break
            sorted[i] = above
        }
        sorted[i] = value
        const middle = sorted[last >> 1] as number
        if ((last & 1) === 0) return middle
        // halved one by one: the sum of two great numbers is no number
        return middle / 2 + (sorted[(last >> 1) + 1] as number) / 2
    }
}
