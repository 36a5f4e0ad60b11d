// What an outbox that thins should hold, found the slow way: every reading of a sensor is remembered, and what a step
// would lose is measured against all of them. Knows nothing of how the outbox does it in one pass.

import type { Outbox } from "../../src/node/outbox"

export type Value = number | boolean | string

export interface Reading {
    sensor: number
    value: Value
    at: number
}

/** All that waits. */
export const readings = (box: Outbox): Reading[] =>
    Array.from({ length: box.length }, (_, i) => ({
        sensor: box.sensorAt(i),
        value: box.valueAt(i),
        at: box.takenAt(i),
    }))

/** Twice the signed area between the readings of a path and the straight line from its first to its last. */
function area(path: readonly Reading[]): number {
    let sum = 0
    for (let i = 0; i < path.length; i++) {
        const p = path[i]!
        const q = path[(i + 1) % path.length]!
        sum += p.at * (q.value as number) - q.at * (p.value as number)
    }
    // a path above its line goes round clockwise
    return -sum
}

/** A reading, and all that were read of its sensor from the one that waits before it on. */
interface Waiting {
    reading: Reading
    path: Reading[]
    /** The ms of its last step, from the one that waits before it, in which something else may have been read. */
    hidden: number
}

/** Thins readings whose sensors are each all numbers or all not numbers. */
export class SlowThinning {
    private readonly waiting: Waiting[] = []

    constructor(private readonly slots: number) {}

    get readings(): Reading[] {
        return this.waiting.map(({ reading }) => reading)
    }

    take(): void {
        this.waiting.shift()
    }

    put(reading: Reading): void {
        const before = this.own(reading.sensor).at(-1)
        this.waiting.push({
            reading,
            path: before ? [before.reading, reading] : [reading],
            hidden: 0,
        })
        if (this.waiting.length <= this.slots) return
        // of those that cost the same, the one whose next reading is the older
        const costs = this.waiting.map((_, i) => this.cost(i))
        const heir = this.waiting[costs.indexOf(Math.min(...costs))]!
        const gone = this.before(heir)!
        heir.hidden = this.hiddenWithout(gone, heir)
        heir.path = [...gone.path, ...heir.path.slice(1)]
        this.waiting.splice(this.waiting.indexOf(gone), 1)
    }

    /** All that wait of one sensor. */
    private own(sensor: number): Waiting[] {
        return this.waiting.filter(each => each.reading.sensor === sensor)
    }

    private before(each: Waiting): Waiting | undefined {
        const own = this.own(each.reading.sensor)
        return own[own.indexOf(each) - 1]
    }

    private hiddenWithout(gone: Waiting, heir: Waiting): number {
        const changed = this.before(gone)!.reading.value !== gone.reading.value
        const held = heir.reading.at - gone.reading.at
        return gone.hidden + (changed ? held : heir.hidden)
    }

    /** What is lost with the reading before this one of its sensor; Infinity when that one may not go. */
    private cost(i: number): number {
        const right = this.waiting[i]!
        const middle = this.before(right)
        const left = middle && this.before(middle)
        if (!left) return Infinity
        const [a, b, c] = [left.reading, middle.reading, right.reading]
        const values = this.own(b.sensor).map(each => each.reading.value)
        const extreme =
            values.every(v => v >= b.value) || values.every(v => v <= b.value)
        const only = values.filter(v => v === b.value).length === 1
        if (typeof b.value !== "string" && extreme && only) return Infinity
        const gap = c.at - a.at
        // an error of 1 % all through the step
        const even = gap * 4 * 0.01 ** 2
        if (typeof b.value !== "number")
            return a.value === b.value
                ? -1 / (gap + 1)
                : even + 4 * this.hiddenWithout(middle, right)
        const numbers = values as number[]
        const range = Math.max(...numbers) - Math.min(...numbers)
        if (range === 0) return even
        const bend = area([a, b, c])
        const all = area([...middle.path, ...right.path.slice(1)])
        return (
            even + ((all ** 2 + bend ** 2 / 3) * (1 / range ** 2)) / (gap + 1)
        )
    }
}
