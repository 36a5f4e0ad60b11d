// Readings that cannot be sent yet, in a queue of a fixed number of slots. At the bound it thins the curves it
// holds, or drops the oldest reading. Pure: it knows no clock, message, topic or connection.
//
// Thinning takes out the one reading whose absence hurts its sensor's rebuilt curve least. A number's curve is
// the straight lines between its readings; a boolean's or a string's holds each value until the next. What is
// weighed is an error squared times the ms it lasts, in the sensor's own range, so that sensors of different
// units and rates share the queue. docs/outbox.md shows what that comes to.

import { whole } from "../mqtt/options"

/** What happens to a reading when every slot is taken. */
export const enum Policy {
    /** One reading between two others of its sensor is dropped: the queue spans the outage in coarser steps. */
    Thin,
    /** The oldest reading is dropped. */
    DropOldest,
}

/**
 * Slots a node takes unless told otherwise: 3.1 kB with numbers, 8.5 kB with the longest texts, of the 40 KiB of an
 * ESP32-S2. docs/outbox.md has the arithmetic.
 */
export const DEFAULT_SLOTS = 64

/** Fewest and most slots. At 512 a put takes up to 60 % of the opcodes the VM allows without a rest. */
export const MIN_SLOTS = 4
export const MAX_SLOTS = 512

/** Most sensors; each takes 56 bytes besides its readings. */
export const MAX_SENSORS = 64

/**
 * Most bytes of a text in UTF-8; times the slots, the bound of the queue in bytes. A longer one is refused: cut off it
 * would be a lie.
 */
export const MAX_TEXT = 64

/**
 * What the length of a step weighs beside the error: as much as an error of 1 % of the sensor's range, squared,
 * all through it. Less leaves gaps of hours in a calm stretch, more rounds off what is not calm. Four times,
 * as all costs are, because areas are kept doubled.
 */
const EVEN = 4 * 0.0001

/**
 * Bounds within which squares stay numbers whatever has been thinned away; a value beyond has its sensor thinned as
 * a curve of steps.
 */
const LEAST_RANGE = 1e-30
const MOST_VALUE = 1e30

/** Above any cost, and still a number to compute with. */
const NO_COST = 1e300

/** @devsWhenUsed */
export class Outbox {
    /** Readings waiting. */
    length = 0
    /** Dropped because others tell the curve well enough. */
    thinned = 0
    /** Dropped as the oldest. */
    full = 0
    /** Refused: a text of more than MAX_TEXT bytes. */
    toobig = 0
    /** Refused: a number that is not finite. */
    invalid = 0

    // A reading is the same index in each of these; the oldest is at 0.
    private sensors: number[]
    private values: (number | boolean | string)[]
    private times: number[]
    /**
     * Twice the area between what was read and the line from the sensor's reading before to this one, value times
     * ms: what thinning took away there, with its sign. Without it the foot of a spike wanders off in steps that
     * are each of no account. Of a curve of steps, the ms for which the value before may be wrong: without it a
     * switch that is never at rest would be told to have stood still for all but its newest moves.
     */
    private areas: number[]

    // Of each sensor: the least and the greatest value that waits, texts aside, and how many readings have it, and
    // 1 / range^2, 0 when all are equal, -1 when the curve is one of steps.
    private least: (number | boolean)[]
    private greatest: (number | boolean)[]
    private leastCount: number[]
    private greatestCount: number[]
    private scale: number[]
    /** An extreme has gone: the five above must be found again. */
    private stale = true

    // Of each sensor, while readings are weighed: the last two seen, or -1.
    private before: number[]
    private last: number[]

    /**
     * Takes all the memory it will ever need, but for texts.
     * @param slots readings it holds, 4 to 512
     * @param sensorCount sensors it serves, 1 to 64; with more than slots / 4 the oldest reading may have to go
     *   although the policy is to thin
     */
    constructor(
        private slots: number,
        private sensorCount: number,
        private policy: Policy
    ) {
        whole("slots", slots, 0, MIN_SLOTS, MAX_SLOTS)
        whole("sensors", sensorCount, 0, 1, MAX_SENSORS)
        // one more than the slots: the newest reading is weighed with the others
        this.sensors = reserved(slots + 1)
        this.values = reserved(slots + 1)
        this.times = reserved(slots + 1)
        this.areas = reserved(slots + 1)
        this.least = new Array<number | boolean>(sensorCount)
        this.greatest = new Array<number | boolean>(sensorCount)
        this.leastCount = new Array<number>(sensorCount)
        this.greatestCount = new Array<number>(sensorCount)
        this.scale = new Array<number>(sensorCount)
        this.before = new Array<number>(sensorCount)
        this.last = new Array<number>(sensorCount)
    }

    /**
     * Takes a reading in; at the bound another one is dropped for it and counted.
     * @param sensor its index, 0 to sensorCount - 1
     * @param value a finite number, a boolean, or a text of at most MAX_TEXT bytes
     * @param at when it was taken, ms of a monotonic clock; not before the readings put earlier
     */
    put(sensor: number, value: number | boolean | string, at: number) {
        if (typeof value === "string") {
            // by its characters first: a very long one must not be copied
            if (
                value.length > MAX_TEXT ||
                Buffer.from(value).length > MAX_TEXT
            ) {
                this.toobig++
                return
            }
        } else if (typeof value === "number") {
            // NaN and the infinities leave NaN
            if (value - value !== 0) {
                this.invalid++
                return
            }
        }
        const n = this.length
        this.sensors[n] = sensor
        this.values[n] = value
        this.times[n] = at
        this.areas[n] = 0
        this.length++
        if (this.policy === Policy.Thin) {
            // what made it stale left a slot free too, so a put measures all or thins, seldom both
            this.measure(this.stale ? 0 : n)
            if (n < this.slots) return
            if (this.thin()) {
                this.thinned++
                return
            }
        } else if (n < this.slots) return
        this.drop(0)
        this.full++
    }

    /** The index of the sensor of reading `i`; 0 is the oldest reading. */
    sensorAt(i: number): number {
        return this.sensors[i] as number
    }

    valueAt(i: number): number | boolean | string {
        return this.values[i] as number | boolean | string
    }

    /** When reading `i` was taken, ms of the clock `put` was given. */
    takenAt(i: number): number {
        return this.times[i] as number
    }

    /**
     * It turns out that the readings taken before moment 0 were taken `ms` later than was thought; at most up to that
     * moment, so that they stay before those after it.
     */
    shift(ms: number) {
        for (let i = 0; i < this.length; i++) {
            const at = this.times[i] as number
            if (at < 0) this.times[i] = Math.min(at + ms, 0)
        }
    }

    /** Takes reading `i` out: it was sent or refused. Does nothing when there is none. */
    drop(i: number) {
        if (i < 0 || i >= this.length) return
        const s = this.sensors[i] as number
        const v = this.values[i]
        if (v === this.least[s]) {
            this.leastCount[s] = (this.leastCount[s] as number) - 1
            if (this.leastCount[s] === 0) this.stale = true
        }
        if (v === this.greatest[s]) {
            this.greatestCount[s] = (this.greatestCount[s] as number) - 1
            if (this.greatestCount[s] === 0) this.stale = true
        }
        this.sensors.insert(i, -1)
        this.values.insert(i, -1)
        this.times.insert(i, -1)
        this.areas.insert(i, -1)
        this.length--
    }

    /**
     * Drops the reading that is missed least. False when there is none that may be: all are the first, the last,
     * the least or the greatest of their sensors.
     */
    private thin(): boolean {
        // locals: a field takes an opcode more each time, and a turn of this loop, 512 of them, takes up to 150
        const { sensors, values, times, areas, before, last, scale } = this
        const { least, greatest, leastCount, greatestCount } = this
        const n = this.length
        for (let s = 0; s < this.sensorCount; s++) {
            before[s] = -1
            last[s] = -1
        }
        let found = -1
        let lowest = NO_COST
        let heir = 0
        let lost = 0
        for (let i = 0; i < n; i++) {
            const s = sensors[i] as number
            const a = before[s] as number
            const b = last[s] as number
            before[s] = b
            last[s] = i
            if (a < 0) continue
            const end = times[i] as number
            const start = times[a] as number
            const gap = end - start
            const k = scale[s] as number
            let cost = gap * EVEN
            let area = 0
            if (k >= 0) {
                // what the step costs may be too much already
                if (cost >= lowest) continue
                const from = values[a] as number
                // twice the area of the triangle that would go, and of all that would be missing
                const bend =
                    ((values[b] as number) - from) * gap -
                    ((values[i] as number) - from) *
                        ((times[b] as number) - start)
                area = bend + (areas[b] as number) + (areas[i] as number)
                // area squared by time is error squared times time; a triangle's own error is a third more. The ms
                // keeps it a number when all three were taken at one moment
                cost += ((area * area + (bend * bend) / 3) * k) / (gap + 1)
            } else if (values[b] === values[a]) {
                // it says nothing new: before all others, those in the shortest steps first
                cost = -1 / (gap + 1)
                area = (areas[b] as number) + (areas[i] as number)
            } else {
                // wrong by the whole range for as long as it held
                area = (areas[b] as number) + end - (times[b] as number)
                cost += 4 * area
            }
            if (cost >= lowest) continue
            if (values[b] === least[s]) if (leastCount[s] === 1) continue
            if (values[b] === greatest[s]) if (greatestCount[s] === 1) continue
            found = b
            lowest = cost
            heir = i
            lost = area
        }
        if (found < 0) return false
        areas[heir] = lost
        this.drop(found)
        return true
    }

    /** Takes the readings from index `first` on into account; from 0 on, all anew. */
    private measure(first: number) {
        const { least, greatest, leastCount, greatestCount, scale } = this
        if (first === 0) {
            this.stale = false
            for (let s = 0; s < this.sensorCount; s++) {
                least[s] = 0
                greatest[s] = 0
                leastCount[s] = 0
                greatestCount[s] = 0
                scale[s] = 0
            }
        }
        const n = this.length
        for (let i = first; i < n; i++) {
            const s = this.sensors[i] as number
            // false is less than true
            const v = this.values[i] as number
            const kind = typeof v
            let line = kind === "number"
            if (line) line = v > -MOST_VALUE && v < MOST_VALUE
            if (!line) scale[s] = -1
            if (kind === "string") continue
            const none = leastCount[s] === 0
            const low = none || v < (least[s] as number)
            const high = none || v > (greatest[s] as number)
            if (low) {
                least[s] = v
                leastCount[s] = 1
            } else if (v === least[s])
                leastCount[s] = (leastCount[s] as number) + 1
            if (high) {
                greatest[s] = v
                greatestCount[s] = 1
            } else if (v === greatest[s])
                greatestCount[s] = (greatestCount[s] as number) + 1
            if (low || high)
                if (scale[s] !== -1) {
                    const range = (greatest[s] as number) - (least[s] as number)
                    if (range > LEAST_RANGE) scale[s] = 1 / (range * range)
                }
        }
    }
}

/** An empty array with room for `count` elements: growing later could fail when there is no memory left. */
function reserved<T>(count: number): T[] {
    const a = new Array<T>(count)
    a.insert(0, -count)
    return a
}
