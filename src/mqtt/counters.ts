// What happened to a client since it started, as numbers. Pure.

/** Counters since the start. */
export class ClientCounters {
    /** CONNECTs accepted. */
    connects = 0
    /** Connections and tries that ended otherwise than by `stop`. */
    losses = 0
    /** How messages ended, by Outcome. */
    outcomes: number[] = [0, 0, 0, 0, 0, 0, 0, 0]
    /** Inbound messages dropped: their handlers were too slow, or there is nobody to hand them to. */
    inboxDropped = 0
    /** Inbound messages over `maxPacket`. */
    oversized = 0
    /** Exceptions caught at a root. */
    faults = 0
    pings = 0
}
