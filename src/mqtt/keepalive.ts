// Knows at every moment whether the connection is alive. Pure: the time comes in as an argument.
//
// The rule, once. With a keep alive of K seconds:
//   - a PINGREQ is due when nothing was sent, or nothing was received, for K/2. A link that is busy both
//     ways sends none; one that only sends still asks whether anybody answers;
//   - its PINGRESP must come within the smaller of K/2 - MARGIN and `ackTimeout`.
// So the gap between two packets that we send never exceeds K/2 [MQTT-3.1.2-23], and a link that went
// silent is found at most K - MARGIN after the last byte received. K = 0 sends none; a PINGREQ sent for another
// reason still has to be answered within `ackTimeout`.

/**
 * Milliseconds kept back from the second half of the keep alive, so that waking late (the VM looks at
 * timers every 10 ms) still ends within K. A fifth of the smallest half, 500 ms.
 */
const MARGIN_MS = 100

export const enum Alive {
    /** Nothing to do before `wakeAt`. */
    Ok,
    /** Send a PINGREQ and call `pinged`. */
    Ping,
    /** The PINGRESP is missing: the connection has failed. */
    Dead,
}

/** @devsWhenUsed */
export class KeepAlive {
    /** When anything was last sent, and received; ms. */
    lastSent = 0
    lastReceived = 0
    /** A PINGRESP is awaited. */
    waiting = false
    private half: number
    private answer: number
    private pingAt = 0

    /**
     * @param seconds 0 to 65,535; 0 is off
     * @param ackTimeout longest wait for a PINGRESP in ms
     */
    constructor(seconds: number, ackTimeout: number) {
        this.half = seconds * 500
        this.answer = this.half - MARGIN_MS
        if (seconds === 0 || this.answer > ackTimeout) this.answer = ackTimeout
    }

    /** A connection begins. Times in ms, of any clock that does not go back. */
    start(now: number) {
        this.lastSent = now
        this.lastReceived = now
        this.waiting = false
    }

    /** A PINGREQ went out. */
    pinged(now: number) {
        this.lastSent = now
        this.pingAt = now
        this.waiting = true
    }

    /** The PINGRESP came. False when none was awaited, which is the broker's mistake. */
    answered(): boolean {
        const awaited = this.waiting
        this.waiting = false
        return awaited
    }

    state(now: number): Alive {
        if (this.waiting)
            return now - this.pingAt >= this.answer ? Alive.Dead : Alive.Ok
        if (this.half === 0) return Alive.Ok
        if (now - this.lastSent >= this.half) return Alive.Ping
        if (now - this.lastReceived >= this.half) return Alive.Ping
        return Alive.Ok
    }

    /** When `state` has to be asked again at the latest, or Infinity when keep alive is off. */
    wakeAt(): number {
        if (this.waiting) return this.pingAt + this.answer
        if (this.half === 0) return Infinity
        const oldest =
            this.lastSent < this.lastReceived
                ? this.lastSent
                : this.lastReceived
        return oldest + this.half
    }
}
