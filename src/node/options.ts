// What a board file says about its node, checked. Pure but for the types of its sources.

import { idFault } from "../config/ids"
import { ConfigError } from "../mqtt/errors"
import { whole } from "../mqtt/options"
import { Readable } from "./source"
import { MAX_PRECISION } from "./value"

/** A sensor of a board. */
export interface SensorOptions {
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
}

/** Throws ConfigError naming the first thing that is wrong. */
export function checkNode(o: NodeOptions) {
    checkId("device", o.device)
    if (o.sensors.length === 0)
        throw new ConfigError("sensors", "are missing: a node needs one")
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
    }
    whole("qos", o.qos, 1, 0, 2)
}

function checkId(key: string, id: string) {
    const fault = idFault(id)
    if (fault !== undefined) throw new ConfigError(key, fault)
}
