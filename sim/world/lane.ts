// One direction of a connection through a link that may be faulty: what goes in comes out in its order, when and as the
// link lets it. Knows nothing of sockets and of MQTT.
import type { Clock } from "../vm"

/** A byte to be damaged on its way. */
interface Damage {
    /** Bytes that still pass whole before it. */
    skip: number
    /** The bits that are turned round, 1 to 255. */
    mask: number
}

/** What a link does to one direction of all its connections. */
export interface Condition {
    /** Nothing arrives; what is sent waits, as TCP sends it again. */
    silent: boolean
    /** ms from one byte to the next; undefined: as fast as they come. */
    dripMs: number | undefined
    damage: Damage[]
}

/** Bytes, or something that happens when all before it have arrived. */
type Item = Uint8Array | (() => void)

/** Bytes on their way in one direction at most: what a broker's TCP takes before it blocks, and more. */
const MAX_HELD = 4 * 1_048_576

export class Lane {
    /** Bytes that wait. */
    held = 0
    private queue: Item[] = []
    private timer: unknown

    constructor(
        private readonly clock: Clock,
        private readonly condition: Condition,
        private readonly arrive: (bytes: Uint8Array) => void
    ) {}

    /** Items that wait. */
    get waiting(): number {
        return this.queue.length
    }

    push(item: Item): void {
        if (item instanceof Uint8Array) {
            if (item.length === 0) return
            this.held += item.length
            if (this.held > MAX_HELD)
                throw new Error(`a link holds more than ${MAX_HELD} bytes`)
        }
        this.queue.push(item)
        if (this.timer === undefined) this.pump()
    }

    /** The condition has changed. */
    changed(): void {
        this.clock.clearTimeout(this.timer)
        this.timer = undefined
        this.pump()
    }

    /** What is on its way is lost. */
    clear(): void {
        this.clock.clearTimeout(this.timer)
        this.timer = undefined
        this.queue = []
        this.held = 0
    }

    private pump(): void {
        while (!this.condition.silent) {
            const item = this.queue.shift()
            if (item === undefined) return
            if (!(item instanceof Uint8Array)) {
                item()
                continue
            }
            const { dripMs } = this.condition
            const now = dripMs === undefined ? item : item.subarray(0, 1)
            const rest = item.subarray(now.length)
            if (rest.length > 0) this.queue.unshift(rest)
            this.held -= now.length
            if (dripMs !== undefined)
                this.timer = this.clock.setTimeout(() => {
                    this.timer = undefined
                    this.pump()
                }, dripMs)
            this.arrive(this.damaged(now))
            if (dripMs !== undefined) return
        }
    }

    private damaged(bytes: Uint8Array): Uint8Array {
        const { damage } = this.condition
        if (damage.length === 0) return bytes
        const copy = new Uint8Array(bytes)
        for (const each of [...damage]) {
            if (each.skip < copy.length) {
                copy[each.skip]! ^= each.mask
                damage.splice(damage.indexOf(each), 1)
            } else each.skip -= copy.length
        }
        return copy
    }
}
