// The clocks a VM can live by: the machine's own, or one that moves only when told to.

/** What the VM and everything around it take time from. */
export interface Clock {
    /** ms since 1970. */
    now(): number
    setTimeout(callback: () => void, ms: number): unknown
    clearTimeout(id: unknown): void
    setInterval(callback: () => void, ms: number): unknown
    clearInterval(id: unknown): void
}

export const realClock: Clock = {
    now: () => Date.now(),
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: id => clearTimeout(id as NodeJS.Timeout),
    setInterval: (callback, ms) => setInterval(callback, ms),
    clearInterval: id => clearInterval(id as NodeJS.Timeout),
}

/** 2026-01-01T00:00:00Z: any fixed start will do, so that two runs are alike. */
const START = Date.UTC(2026, 0, 1)

/**
 * A looked-at clock moves on by this much, in ms, a look: the VM has loops that wait for the time to change
 * and would spin for ever on a clock that stands still.
 */
const LOOK = 0.001

/** No timer is due sooner than this, in ms, or a timer that sets itself again would stop time. */
const MIN_DELAY = 1

interface Timer {
    at: number
    /** Timers due at the same time fire in the order they were set. */
    order: number
    callback: () => void
    period?: number
}

/**
 * A clock that moves only inside `advance`. Timers fire in order of their time; what they set is waited for
 * in the same call. Same calls, same history.
 */
export class VirtualClock implements Clock {
    private time: number
    private looked = 0
    private order = 0
    private timers: Timer[] = []

    constructor(start = START) {
        this.time = start
    }

    now(): number {
        this.looked += LOOK
        // never past the next whole ms, so that looking does not overtake timers
        return this.time + Math.min(this.looked, 0.999)
    }

    setTimeout(callback: () => void, ms: number): Timer {
        return this.insert(callback, ms)
    }

    setInterval(callback: () => void, ms: number): Timer {
        const timer = this.insert(callback, ms)
        timer.period = Math.max(ms, MIN_DELAY)
        return timer
    }

    clearTimeout(id: unknown): void {
        const at = this.timers.indexOf(id as Timer)
        if (at >= 0) this.timers.splice(at, 1)
        if (id) (id as Timer).period = undefined
    }

    clearInterval(id: unknown): void {
        this.clearTimeout(id)
    }

    /** Timers that are set and have not fired. */
    get pending(): number {
        return this.timers.length
    }

    /**
     * Lets `ms` go by: fires every timer due until then. Between two timers the event loop turns once, so
     * that promises that a timer resolved are carried on at their own time.
     */
    async advance(ms: number): Promise<void> {
        const end = this.time + ms
        for (;;) {
            const next = this.timers[0]
            if (!next || next.at > end) break
            this.timers.shift()
            this.time = Math.max(this.time, next.at)
            this.looked = 0
            if (next.period !== undefined) {
                next.at = this.time + next.period
                this.place(next)
            }
            next.callback()
            await Promise.resolve()
        }
        this.time = end
        this.looked = 0
    }

    /** Advances until `done` is true, in steps of `step` ms. Throws when `limit` ms went by without it. */
    async until(done: () => boolean, limit: number, step = 10): Promise<void> {
        for (let gone = 0; !done(); gone += step) {
            if (gone >= limit)
                throw new Error(`not within ${limit} ms of the virtual clock`)
            await this.advance(step)
        }
    }

    private insert(callback: () => void, ms: number): Timer {
        const delay = ms >= MIN_DELAY ? ms : MIN_DELAY
        const timer: Timer = {
            at: this.time + delay,
            order: this.order++,
            callback,
        }
        this.place(timer)
        return timer
    }

    private place(timer: Timer) {
        let low = 0
        let high = this.timers.length
        while (low < high) {
            const middle = (low + high) >> 1
            if (this.timers[middle]!.at <= timer.at) low = middle + 1
            else high = middle
        }
        this.timers.splice(low, 0, timer)
    }
}
