// What a broker writes down of its life, for tests to look at afterwards. Times are whole ms of the virtual clock since
// the broker was made. Says nothing of how a broker works.
import type { Packet, QoS } from "mqtt-packet"
import type { Way } from "./rules"

/** Who said it: a client by a PUBLISH, a client's will, or the world by `WorldBroker.publish` or `plant`. */
export type Source = "client" | "will" | "outside"

/** A publish as the broker received it. */
export interface Published {
    at: number
    source: Source
    /** Client identifier; empty from outside. */
    client: string
    topic: string
    /** As UTF-8. */
    payload: string
    qos: QoS
    retain: boolean
    dup: boolean
    /** False for a QoS 2 message the broker had already: it went to nobody a second time. */
    fresh: boolean
}

/** A change of what is retained for a topic. */
export interface RetainedChange {
    at: number
    source: Source
    topic: string
    /** Undefined: removed. */
    payload: string | undefined
}

/** How a connection came to its end, seen from the broker. */
export type ConnectionEnd =
    | "disconnect"
    | "closed by peer"
    | "reset by peer"
    | "keep alive"
    | "taken over"
    | "refused"
    | "no CONNECT"
    | "broke a rule"
    | "cut"
    | "broker stopped"

/** A packet that passed between the broker and a client. */
export interface Passed {
    at: number
    way: Way
    packet: Packet
}

/** One TCP connection of a client. */
export interface ConnectionRecord {
    openedAt: number
    /** Client identifier, from CONNECT; empty before. */
    client: string
    /** When CONNACK 0 was decided on; undefined when it was not. */
    acceptedAt?: number
    sessionPresent?: boolean
    closedAt?: number
    end?: ConnectionEnd
    /** Which rule the client broke. */
    fault?: string
    /** The newest 10,000, oldest first. What a rule of the test dropped is not among them. */
    packets: Passed[]
}

/** Packets kept of one connection: a node's day at one reading every 20 s. */
const MAX_PACKETS = 10_000
/** Entries of each list of the record; a test that makes more runs away. */
const MAX_ENTRIES = 1_000_000

/** Appends, within the bound of a record. */
export function enter<T>(list: T[], entry: T): void {
    if (list.length === MAX_ENTRIES)
        throw new Error(`the broker has more than ${MAX_ENTRIES} entries`)
    list.push(entry)
}

/** Appends a packet; the oldest gives way. */
export function enterPacket(record: ConnectionRecord, passed: Passed): void {
    if (record.packets.length === MAX_PACKETS) record.packets.shift()
    record.packets.push(passed)
}
