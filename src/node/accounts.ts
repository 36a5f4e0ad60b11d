// What became of every reading since the program started, as numbers. Pure.
//
// The law: read = filtered + queued + inflight + acked + sent + full + thinned + parked + toobig + invalid + lost, at
// every step. A reading is counted as read when it is a value; a fault is none (health.ts) and is counted beside.

import { Outbox } from "./outbox"

/** The names, in the order of `values`. All but the first and the last are what a reading that was read may be. */
const NAMES = [
    "read",
    "filtered",
    "queued",
    "inflight",
    "acked",
    "sent",
    "full",
    "thinned",
    "parked",
    "toobig",
    "invalid",
    "lost",
    "faults",
]

/** @devsWhenUsed */
export class Accounts {
    /** Values taken from sources. */
    read = 0
    /** Values that their sensor's filter did not let through. */
    filtered = 0
    /** Handed to the session and not ended. */
    inflight = 0
    /** QoS 1 and 2: acknowledged by the broker. */
    acked = 0
    /** QoS 0: written. */
    sent = 0
    /** The session's own queue was full. */
    full = 0
    /** Never acknowledged on several connections, and given up. */
    parked = 0
    /** Numbers too large to be written exactly. */
    invalid = 0
    /** QoS 0 that the connection's end overtook; QoS 2 of which the broker lost all trace past its PUBREC. */
    lost = 0
    /** Samples that were no value. */
    faults = 0

    constructor(private box: Outbox) {}

    /** The numbers, in the order of the names above. */
    values(): number[] {
        const box = this.box
        return [
            this.read,
            this.filtered,
            box.length,
            this.inflight,
            this.acked,
            this.sent,
            this.full + box.full,
            box.thinned,
            this.parked,
            box.toobig,
            this.invalid + box.invalid,
            this.lost,
            this.faults,
        ]
    }

    /**
     * Names and numbers as one text, with `mark` around a name, `is` between it and its number, `next` between two of
     * them: `read=1 filtered=0` or `"read":1,"filtered":0`.
     */
    text(mark: string, is: string, next: string): string {
        const values = this.values()
        const parts: string[] = []
        for (let i = 0; i < values.length; i++) {
            if (i > 0) parts.push(next)
            parts.push(mark + NAMES[i] + mark + is + values[i])
        }
        return parts.join("")
    }
}
