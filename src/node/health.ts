// How well a sensor is: its state, since when, and what its last fault was. Pure: the moments are handed in. Knows nothing
// of how a sensor is read nor of how its state is published.

/** What a sensor is. */
export const enum State {
    /** Its last sample was a value. */
    Ok = 0,
    /** There is nothing to read it from: its role is not bound, or it has not been read since the start. */
    Unbound = 1,
    /** It is there, and its last sample was no value. */
    Fault = 2,
}

/** Why a sample is no value. */
export const enum Reason {
    /** The role is not bound. */
    Unbound = 0,
    /** The newest value is too old. */
    Stale = 1,
    /** NaN, an infinity, or nothing that is a number, a boolean or a text. */
    Nan = 2,
    /** Outside the range of the sensor. */
    Range = 3,
    /** The function that reads it threw. */
    Threw = 4,
}

/** @devsWhenUsed The health of one sensor. Nothing but its call is allocated by a sample. */
export class Health {
    /** Unbound until the first sample: a node that has just started must not call a sensor well. */
    state: State = State.Unbound
    /** When the sensor came into this state, ms of the monotonic clock. A change of reason within it does not count. */
    since: number
    /** The reason of the last fault. */
    private reason: Reason = Reason.Unbound
    /** Somebody was told of the last trouble, so that its end is news too. */
    private told = false

    /** @param now the start, ms of the monotonic clock */
    constructor(now: number) {
        this.since = now
    }

    /**
     * A sample was a value.
     * @returns whether that is news: the sensor is well again after a fault that was news. The first sample of a sensor is none.
     */
    ok(now: number): boolean {
        if (this.state === State.Ok) return false
        this.state = State.Ok
        this.since = now
        return this.told
    }

    /**
     * A sample was no value.
     * @returns whether that is news: the sensor was well, or unbound and is now faulty or the other way round, or this is
     * its first sample. Another reason for the same state is none, or a sensor that is now stuck and now out of range
     * would be reported at each sample.
     */
    fault(reason: Reason, now: number): boolean {
        this.reason = reason
        const state = reason === Reason.Unbound ? State.Unbound : State.Fault
        if (state !== this.state) {
            this.state = state
            this.since = now
            this.told = false
        }
        const news = !this.told
        this.told = true
        return news
    }

    /** The state as the diagnostics have it: `ok`, `unbound`, or `fault:` and the reason of the last fault. */
    text(): string {
        if (this.state === State.Ok) return "ok"
        if (this.state === State.Unbound) return "unbound"
        return "fault:" + reasonName(this.reason)
    }
}

/** A reason in one word: `unbound`, `stale`, `nan`, `range` or `threw`. */
export function reasonName(reason: Reason): string {
    switch (reason) {
        case Reason.Unbound:
            return "unbound"
        case Reason.Stale:
            return "stale"
        case Reason.Nan:
            return "nan"
        case Reason.Range:
            return "range"
        case Reason.Threw:
            return "threw"
    }
    return "unknown"
}
