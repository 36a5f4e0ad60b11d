// The time a chip counts for itself, made from a clock that may stand still, step back or leap. Knows nothing of VMs.
//
// The VM keeps the time since its last look in 32 bits of us: a step back of the clock is to it a leap of 71 minutes,
// and of a longer leap it loses the multiples of 71 minutes. A chip's own counter does none of this, but a debugger,
// or a machine that was asleep, does it to the simulated one.
import type { Clock } from "./clock"

/** us that a look takes: the VM has loops that wait for the time to change. */
const LOOK = 1

/**
 * us by which the time moves in one pass of the VM at most; what is left over is made up for in the next passes,
 * 10 ms apart. Far below the 35 minutes from which on jacdac-c takes the past for the future.
 */
export const MAX_LEAP = 60_000_000

/** us at the start: not 0, which the VM takes for not started. */
const START = 1_000_000

export class Uptime {
    private readonly clock: Clock
    private time = START
    /** ms of the clock when it was last looked at. */
    private seen: number
    /** us that went by on the clock and not yet here; below 0 when looking took longer than nothing. */
    private owed = 0
    /** us that the time may still move in this pass. */
    private left = MAX_LEAP

    constructor(clock: Clock) {
        this.clock = clock
        this.seen = clock.now()
    }

    /** A pass of the VM begins. */
    pass(): void {
        this.left = MAX_LEAP
    }

    /** So many ms go by here and not on the clock: at most 30 minutes in one pass of the VM. */
    grow(ms: number): void {
        this.time += ms * 1000
    }

    /** ms, more than at the last look; a step back of the clock counts as no time. */
    now(): number {
        const now = this.clock.now()
        this.owed += Math.max(0, (now - this.seen) * 1000)
        this.seen = now
        const step = Math.max(LOOK, Math.floor(Math.min(this.owed, this.left)))
        this.owed -= step
        this.left -= step
        this.time += step
        // the half keeps the VM from cutting off a whole us when it multiplies by 1000
        return (this.time + 0.5) / 1000
    }
}
