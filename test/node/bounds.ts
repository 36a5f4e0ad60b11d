// The times a node promises, computed from the constants that make them, so that tests assert bounds and no guesses.

/**
 * How late this rig may be, ms: the VM looks at timers and sockets every 10 ms, a proxy and a broker in the same
 * process take turns with it, and a busy machine with two cores may hold any of them up.
 */
export const LATE_MS = 1000

/** A dead link is noticed within one keep alive after its last byte (src/mqtt/keepalive.ts). */
export const noticedMs = (keepAliveS: number) => keepAliveS * 1000 + LATE_MS

/** The ceiling of the first wait before a new try (retryFirst in src/mqtt/options.ts). */
export const FIRST_RETRY_MS = 900

/** A connection that the peer closes is noticed at the VM's next look. */
export const CLOSED_MS = LATE_MS

/** After a loss with a broker that is there: one wait, one connection. */
export const RECOVERED_MS = FIRST_RETRY_MS + LATE_MS
