// What the routes of the cloud stand-in work on. Types only.
import type { BrokerLink } from "./broker-link"
import type { Gate } from "./guard"
import type { Live } from "./live"
import type { Raw } from "./raw"
import type { Streams } from "./streams"

export interface CloudContext {
    live: Live
    raw: Raw
    link: BrokerLink
    streams: Streams
    gate: Gate
    /** The broker as a person reads it, without credentials. */
    broker: { url: string; embedded: boolean }
    /** The filter of the subscription. */
    topics: string
    /** Requests a second from one address, all and for each kind that publishes. */
    rates: { requests: number; posts: number }
    now: () => number
}
