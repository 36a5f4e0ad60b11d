// What a board file says about its node, checked. Pure but for the types of its sources.

import { idFault } from "../config/ids"
import { ConfigError } from "../mqtt/errors"
import { whole } from "../mqtt/options"
import { topicNameFault } from "../mqtt/topic"
import * as ds from "@devicescript/core"
import type { WallTime } from "./delivery"
import { Dialect } from "./dialect"
import { checkFilter, FilterOptions } from "./filter"
import { DEFAULT_SLOTS, MAX_SENSORS, MAX_SLOTS, MIN_SLOTS } from "./outbox"
import type { NodePart } from "./node"
import { Readable } from "./source"
import { RESTART_AFTER } from "./uptime"
import { MAX_PRECISION } from "./value"

/** A sensor of a board. */
export interface SensorOptions extends FilterOptions {
    /** A topic level: 1 to 64 letters, digits, `_`, `-`, `.`. */
    id: string
    /** A Jacdac register, e.g. `new ds.Temperature().reading`, or a function that gives the value now. */
    read: Readable
    /** Milliseconds between readings, 100 to 86,400,000; default 5,000. */
    interval?: number
    /** Decimals published, 0 to 6; default 1. */
    precision?: number
}

/** The broker a board file names; settings override each part. */
export interface BrokerOptions {
    /** Default 127.0.0.1, which is right only in the simulator. */
    host?: string
    port?: number
    /** Default "tcp". */
    proto?: "tcp" | "tls"
    username?: string
    password?: string
}

/** What a node asks of whatever knows the time. */
export interface TimeSource extends WallTime {
    /** Called before each connection, while the socket is free. Must have a limit and not throw. */
    refresh: () => ds.AsyncVoid
    /** Ends a `refresh` that is under way, and all later ones. */
    cancel: () => void
}

/** A node. */
export interface NodeOptions {
    /** Device id, a topic level and the MQTT client id; default the chip's identifier. */
    device?: string
    /** Name of the board, for the console. */
    board: string
    broker?: BrokerOptions
    sensors: SensorOptions[]
    /** Seconds, 0 (off) to 65,535; default 60. */
    keepAlive?: number
    /** Default false: the broker keeps our session while we are away. */
    cleanSession?: boolean
    /** Quality of service of readings, 0, 1 or 2; default 1. */
    qos?: number
    /** Readings that may wait while they cannot be sent, 4 to 512; default 64. See docs/outbox.md. */
    slots?: number
    /**
     * What goes when all slots are taken: `thin`, the default, keeps the shape of each sensor's curve, `drop-oldest` the
     * newest readings.
     */
    policy?: "thin" | "drop-oldest"
    /** How a late reading says when it was taken, see dialect.ts; default plain. */
    dialect?: "plain" | "wazicloud" | "wazigate"
    /**
     * Largest packet that is taken in, in bytes, 128 to 16,384; default 2,048. Larger ones are skipped. A command has at most
     * 300, and a chip with little heap needs room for what it takes in twice.
     */
    maxPacket?: number
    /** Where `up` and `down` go, a topic; default devices/<device>/status. */
    status?: string
    /** What knows the time, e.g. `new HttpTime({ host: "api.waziup.io" })`; without it late readings say how old they are. */
    time?: TimeSource
    /**
     * Hours after which the chip restarts itself, 1 to 1,080 (45 days); default 960. Spread over the fleet by up to a
     * tenth: see uptime.ts.
     */
    restartAfter?: number
    /** Minutes between diagnostics besides those on connect, 1 to 1,440; 0 is never; default 10. */
    diagnostics?: number
    /** What this board has and others do without, e.g. `new Actuators([...])`. */
    parts?: NodePart[]
}

/** Throws ConfigError naming the first thing that is wrong. */
export function checkNode(o: NodeOptions) {
    checkId("device", o.device)
    if (o.sensors.length === 0)
        throw new ConfigError("sensors", "are missing: a node needs one")
    if (o.sensors.length > MAX_SENSORS)
        throw new ConfigError("sensors", "are more than " + MAX_SENSORS)
    const seen: string[] = []
    for (const s of o.sensors) {
        checkId("sensors.id", s.id)
        const key = "sensors." + s.id
        if (seen.indexOf(s.id) >= 0)
            throw new ConfigError(key, "is there twice")
        seen.push(s.id)
        if (s.read === undefined)
            throw new ConfigError(key + ".read", "is missing")
        whole(key + ".interval", s.interval, 5000, 100, 86400000)
        whole(key + ".precision", s.precision, 1, 0, MAX_PRECISION)
        checkFilter(key, s)
    }
    checkText("MQTT_HOST", o.broker.host)
    checkText("MQTT_USER", o.broker.username)
    checkText("MQTT_PASS", o.broker.password)
    whole("qos", o.qos, 1, 0, 2)
    whole("slots", o.slots, DEFAULT_SLOTS, MIN_SLOTS, MAX_SLOTS)
    whole("diagnostics", o.diagnostics, 10, 0, 1440)
    whole("restartAfter", o.restartAfter, RESTART_AFTER, 1, 1080)
    const policies = ["thin", "drop-oldest"]
    oneOf("policy", o.policy, policies)
    oneOf("dialect", o.dialect, DIALECTS)
    if (o.status !== undefined) {
        const fault = topicNameFault(Buffer.from(o.status))
        if (fault !== undefined) throw new ConfigError("status", fault)
    }
}

/** The names of dialects, each at its number. */
const DIALECTS = ["plain", "wazicloud", "wazigate"]

/** The dialect of a node, whose options were checked. */
export function dialectOf(o: NodeOptions): Dialect {
    return Math.max(0, DIALECTS.indexOf(o.dialect))
}

/** A setting of digits is a number where it is not quoted. */
function checkText(key: string, given: string | undefined) {
    if (typeof (given ?? "") !== "string")
        throw new ConfigError(key, "is no text; digits need quotes")
}

function oneOf(key: string, given: string | undefined, names: string[]) {
    if (given === undefined) return
    if (names.indexOf(given) < 0)
        throw new ConfigError(key, "must be " + names.join(" or "))
}

/** Throws ConfigError when `id` cannot be a level of a topic. */
export function checkId(key: string, id: string) {
    const fault = idFault(id)
    if (fault !== undefined) throw new ConfigError(key, fault)
}
