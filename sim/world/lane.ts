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

/** A board's TCP, which keeps only so much for a program that has not looked yet; the rest stays at its peer's. */
export interface Intake {
    /** Bytes of a piece at most. */
    bytes: number
    /** Pieces that wait at most, and ms until they have been looked at. */
    pieces: number
    everyMs: number
}

/** What a link does to one direction of all its connections. Lasting ones are undefined or 0 when they do nothing. */
export interface Condition {
    /** Nothing arrives; what is sent waits, as TCP sends it again. */
    silent: boolean
    /** ms from one byte to the next; undefined: as fast as they come. */
    dripMs: number | undefined
    /** ms on the way besides the network's own, for what is sent from now on. */
    delayMs: number
    /** Up to so many ms more, drawn for each write. None overtakes another: TCP hands over in order. */
    jitterMs: number
    /** Bytes a second. */
    rate: number | undefined
    /** Largest piece in which bytes arrive, 1 or more. */
    pieceBytes: number | undefined
    /** For so many ms bytes are put together, and arrive as one piece. */
    mergeMs: number | undefined
    /** The connection is reset when so many more bytes have arrived. */
    resetAfter: number | undefined
    damage: Damage[]
    /** How the end takes what arrives; undefined: whatever comes, at once. */
    intake: Intake | undefined
    /** From 0 up to 1, for jitter; the same each run. */
    random: () => number
}

/** A direction that does nothing to what passes. */
export function healthy(random: () => number): Condition {
    return {
        silent: false,
        dripMs: undefined,
        delayMs: 0,
        jitterMs: 0,
        rate: undefined,
        pieceBytes: undefined,
        mergeMs: undefined,
        resetAfter: undefined,
        damage: [],
        intake: undefined,
        random,
    }
}

/** Bytes, or something that happens when all before it have arrived. */
type Item = Uint8Array | (() => void)

interface Queued {
    item: Item
    /** ms of the clock before which it does not arrive; 0: none. */
    due: number
}

/** Bytes on their way in one direction at most: what a broker's TCP takes before it blocks, and more. */
const MAX_HELD = 4 * 1_048_576
/** Bytes of a packet on the wire, Ethernet's: what a narrow link carries at a time. */
const MTU_BYTES = 1_460

export class Lane {
    /** Bytes that wait. */
    held = 0
    private queue: Queued[] = []
    private timer: unknown
    /** When the last of the queue is due. */
    private lastDue = 0
    /** Pieces handed over since the end looked last, and when that was. */
    private taken = 0
    private lookedAt = -Infinity

    /** @param cut ends the connection by a reset from between the ends */
    constructor(
        private readonly clock: Clock,
        private readonly condition: Condition,
        private readonly arrive: (bytes: Uint8Array) => void,
        private readonly cut: () => void = () => {}
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
        this.queue.push({ item, due: this.dueOf(item) })
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

    /** Takes out the bytes that wait; they will not arrive here. */
    take(): Uint8Array[] {
        const bytes = this.queue.flatMap(({ item }) =>
            item instanceof Uint8Array ? [item] : []
        )
        this.clear()
        return bytes
    }

    private dueOf(item: Item): number {
        const { delayMs, jitterMs, mergeMs, random } = this.condition
        let ms = delayMs
        if (jitterMs > 0) ms += Math.floor(random() * (jitterMs + 1))
        // the first waits for those that are to be put to it
        if (mergeMs !== undefined && item instanceof Uint8Array)
            if (this.queue.length === 0) ms += mergeMs
        if (ms > 0) this.lastDue = Math.max(this.lastDue, this.clock.now() + ms)
        else if (this.queue.length === 0) this.lastDue = 0
        return this.lastDue
    }

    private wait(ms: number): void {
        this.timer = this.clock.setTimeout(() => {
            this.timer = undefined
            this.pump()
        }, ms)
    }

    private pump(): void {
        while (!this.condition.silent) {
            const head = this.queue[0]
            if (head === undefined) return
            const left = head.due === 0 ? 0 : head.due - this.clock.now()
            // the clock's own steps are smaller
            if (left > 0.5) return this.wait(left)
            const full = this.claim()
            if (full > 0.5) return this.wait(full)
            this.queue.shift()
            const { item } = head
            if (!(item instanceof Uint8Array)) {
                item()
                continue
            }
            const { dripMs, rate, pieceBytes, mergeMs, intake } = this.condition
            let whole = item
            if (mergeMs !== undefined) whole = this.merged(whole)
            let most = dripMs === undefined ? (pieceBytes ?? Infinity) : 1
            if (rate !== undefined) most = Math.min(most, MTU_BYTES)
            if (intake) most = Math.min(most, intake.bytes)
            const now = whole.subarray(0, most)
            const rest = whole.subarray(now.length)
            if (rest.length > 0)
                this.queue.unshift({ item: rest, due: head.due })
            this.held -= now.length
            let pause = dripMs
            if (rate !== undefined)
                pause = Math.max(pause ?? 0, (now.length * 1_000) / rate)
            // before it arrives: what arrives may end this lane
            if (pause !== undefined) this.wait(pause)
            this.pass(now)
            if (pause !== undefined) return
        }
    }

    /** Takes one of the places that the end has for pieces. @returns 0, or ms until there is one again */
    private claim(): number {
        const { intake } = this.condition
        if (!intake) return 0
        const now = this.clock.now()
        if (now - this.lookedAt >= intake.everyMs) {
            this.lookedAt = now
            this.taken = 0
        }
        this.taken++
        if (this.taken <= intake.pieces) return 0
        return this.lookedAt + intake.everyMs - now
    }

    /** The bytes at the head of the queue that are due with these, put to them. */
    private merged(first: Uint8Array): Uint8Array {
        const parts = [first]
        for (let next = this.queue[0]; next; next = this.queue[0]) {
            if (!(next.item instanceof Uint8Array)) break
            if (next.due > this.clock.now()) break
            parts.push(next.item)
            this.queue.shift()
        }
        return parts.length === 1 ? first : new Uint8Array(Buffer.concat(parts))
    }

    private pass(bytes: Uint8Array): void {
        const { condition } = this
        const { resetAfter } = condition
        if (resetAfter === undefined || bytes.length < resetAfter) {
            if (resetAfter !== undefined)
                condition.resetAfter = resetAfter - bytes.length
            return this.arrive(this.damaged(bytes))
        }
        condition.resetAfter = undefined
        if (resetAfter > 0)
            this.arrive(this.damaged(bytes.subarray(0, resetAfter)))
        this.cut()
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
