// The clocks a VM can live by: the machine's own, or one that moves only when told to. Knows nothing of VMs.

/** What a timer's callback may return: no promise was settled and nothing was told, so that nobody has anything to do. */
export const IDLE = Symbol("idle")

/** What the VM and everything around it take time from. */
export interface Clock {
    /** ms since 1970, never less than before. */
    now(): number
    /** @param callback a virtual clock goes on at once when it returns IDLE */
    setTimeout(callback: () => unknown, ms: number): unknown
    clearTimeout(id: unknown): void
    setInterval(callback: () => void, ms: number): unknown
    clearInterval(id: unknown): void
}

/**
 * The machine's time. Not `Date.now()`: the VM counts in 32 bits of microseconds and takes a step back of the
 * system's clock for a leap of 71 minutes.
 */
export const realClock: Clock = {
    now: () => performance.timeOrigin + performance.now(),
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: id => clearTimeout(id as NodeJS.Timeout),
    setInterval: (callback, ms) => setInterval(callback, ms),
    clearInterval: id => clearInterval(id as NodeJS.Timeout),
}

/** 2026-01-01T00:00:00Z: any fixed start will do, so that two runs are alike. */
const START = Date.UTC(2026, 0, 1)

/**
 * A clock that is looked at moves on by this much, in us, a look: the VM has loops that wait for the time to
 * change and would spin for ever on a clock that stands still.
 */
const LOOK_US = 1

/** No timer is due sooner than this, in ms, or one that sets itself again would stop time. */
const MIN_DELAY = 1

/** Longest delay, in ms; Node.js takes a longer one for 1 ms, and so does this. */
const MAX_DELAY = 2 ** 31 - 1

/** How long a call of `advance` keeps the thread, in ms of the machine, before others may run. */
const BREATH = 50

/** Timers between two looks at that: each takes some us. */
const LOOKS = 64

interface Timer {
    /** us since 1970. */
    at: number
    callback: () => unknown
    /** us; undefined for a timer that fires once. */
    period: number | undefined
}

/**
 * A clock that moves only inside `advance`, and by 1 us each time it is looked at. Timers fire in the order of
 * their times, those of one time in the order they were set. Same calls, same history.
 *
 * Sockets of the machine know nothing of it: use an in-memory network.
 */
export class VirtualClock implements Clock {
    /** us since 1970, a whole number. */
    private time: number
    private readonly start: number
    private readonly timers: Timer[] = []
    private advancing = false

    /** @param start ms since 1970 */
    constructor(start = START) {
        this.start = Math.round(start * 1000)
        this.time = this.start
    }

    now(): number {
        this.time += LOOK_US
        return this.time / 1000
    }

    /** ms since the start; unlike `now`, asking changes nothing. */
    get elapsed(): number {
        return (this.time - this.start) / 1000
    }

    /** Timers that are set and have not fired. */
    get pending(): number {
        return this.timers.length
    }

    setTimeout(callback: () => unknown, ms: number): Timer {
        return this.insert(callback, ms, false)
    }

    setInterval(callback: () => void, ms: number): Timer {
        return this.insert(callback, ms, true)
    }

    clearTimeout(id: unknown): void {
        const at = this.timers.indexOf(id as Timer)
        if (at >= 0) this.timers.splice(at, 1)
    }

    clearInterval(id: unknown): void {
        this.clearTimeout(id)
    }

    /**
     * Lets `ms` go by and fires every timer due meanwhile. After each, what promises it settled have to do is
     * done, at that time. What a timer throws ends the call and is thrown.
     * @throws {Error} when a call is under way already: two would tear the order of timers apart
     */
    async advance(ms: number): Promise<void> {
        if (this.advancing)
            throw new Error("the virtual clock is being advanced already")
        this.advancing = true
        const end = this.time + Math.round(ms * 1000)
        let breath = performance.now() + BREATH
        let fired = 0
        try {
            // what was settled before this call belongs to the time before it
            await settled()
            for (;;) {
                const next = this.timers[0]
                if (!next || next.at > end) break
                this.timers.shift()
                this.time = Math.max(this.time, next.at)
                if (next.period !== undefined) {
                    next.at += next.period
                    this.place(next)
                }
                const done = next.callback()
                if (done !== IDLE) await settled()
                if (fired++ % LOOKS === 0 && performance.now() > breath) {
                    await new Promise(resolve => setImmediate(resolve))
                    breath = performance.now() + BREATH
                }
            }
            this.time = Math.max(this.time, end)
        } finally {
            this.advancing = false
        }
    }

    /** Advances until `done` is true, in steps of `step` ms. Throws when `limit` ms went by without it. */
    async until(done: () => boolean, limit: number, step = 10): Promise<void> {
        for (let gone = 0; !done(); gone += step) {
            if (gone >= limit)
                throw new Error(`not within ${limit} ms of the virtual clock`)
            await this.advance(step)
        }
    }

    private insert(callback: () => unknown, ms: number, again: boolean): Timer {
        // a comparison that NaN fails
        const delay = ms >= MIN_DELAY && ms <= MAX_DELAY ? ms : MIN_DELAY
        const us = Math.round(delay * 1000)
        const timer: Timer = {
            at: this.time + us,
            callback,
            period: again ? us : undefined,
        }
        this.place(timer)
        return timer
    }

    /** After those of the same time. */
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

/** Resolves when all promises settled so far, and what follows from them at once, have been dealt with. */
function settled(): Promise<void> {
    // Node.js empties its queue of promises before it takes the next tick
    return new Promise(resolve => process.nextTick(resolve))
}
