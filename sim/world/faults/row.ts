// What a row of the fault table is, and the times that this project's node promises, from the constants that make them.
import type { WorldBroker } from "../broker"
import type { WorldNode } from "../node"
import type { World } from "../world"
import { FRAIL_INTERVAL, INTERVAL, KEEP_ALIVE } from "./boards"

/** Where a fault happens: a node that has been publishing for a while. */
export interface Scene {
    world: World
    broker: WorldBroker
    node: WorldNode
}

export interface FaultRow {
    name: string
    /** Begins the fault. @returns what ends it, for one that lasts */
    inject: (scene: Scene) => (() => void) | void
    /** ms from its begin to its end; default 0, over as soon as it has happened. */
    lasts?: number
    /** ms from its begin within which the node says that something is wrong; undefined when it need not notice. */
    noticed: number | undefined
    /** ms from its end within which a value arrives again. */
    again: number
    /** ms for which the retained status may be wrong at a stretch, from its end on. */
    status: number
    /** ms watched after that besides `SETTLE`, for what comes late. */
    longer?: number
    /** Which sensor's values are meant by "again". Default the one that counts. */
    frail?: boolean
    /** Readings that are given up, by reason. */
    drops?: Record<string, number>
}

/** ms the VM may take to look at what has happened. */
export const TICK = 10
/** ms until an end of the connection is: two messages on the way, of 1 ms each, before it for one that somebody else brings about. */
export const SEEN = TICK + 4
/** ms until a dead link is noticed (src/mqtt/keepalive.ts). */
export const SILENT = KEEP_ALIVE * 1_000 + TICK
/** ms until an acknowledgement that is missing is noticed (ackTimeout in src/mqtt/options.ts). */
export const ACK = 20_000 + 2 * TICK
/** ms for a connection to a broker that is there, and what is sent on it first. */
export const CONNECT = 100
/** ms until then after a loss: the ceiling of the first wait for a new try (retryFirst there). */
export const RETRY = 900 + CONNECT
/** ms until then when tries fail for long, or are refused (retryCap there). */
export const LATE_RETRY = 60_000 + CONNECT
/**
 * ms until then when tries fail for `lasts` ms. The waits double, each drawn from nothing to its ceiling: the one under way at the
 * end is hardly ever longer than twice the fault, and never on the chips that are tried.
 */
export const soonRetry = (lasts: number) => 2 * lasts + RETRY
/** ms, the next value of the sensor that counts. */
export const NEXT = INTERVAL + 2 * TICK

/** A new connection to a broker that is there. */
export const RECONNECT = { again: RETRY + NEXT, status: RETRY }
/** A new connection after tries that failed. */
export const LATE = { again: LATE_RETRY + NEXT, status: LATE_RETRY }
/** The connection goes on. */
export const GOES_ON = { noticed: undefined, again: NEXT, status: 0 }

/** A sensor: its value is fresh for 2.5 s (src/node/source.ts), and its role is bound again within 1.5 s. */
export const GONE = {
    noticed: 2_500 + FRAIL_INTERVAL + 2 * TICK,
    again: 1_500 + FRAIL_INTERVAL + 2 * TICK,
    status: 0,
}
