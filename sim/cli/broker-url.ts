// Reads the --broker option. Pure. Its errors never repeat what was typed after `://`, because a password may be in it.
import { isIPv6 } from "node:net"
import { UserError } from "./errors"

export interface BrokerAddress {
    transport: "tcp" | "tls"
    /** A host name or address; an IPv6 address without its brackets. */
    host: string
    port: number
    user?: string
    password?: string
}

/** The ports IANA has registered for MQTT over TCP and over TLS. */
export const DEFAULT_PORT = { tcp: 1883, tls: 8883 }
/** Bytes of a host, user or password: a setting in the node's flash holds 232 bytes of JSON, its key and a zero; a longer one
 *  would make the node wait for it for ever. */
const MAX_SETTING = 200
const FORM = "mqtt://[user:password@]host[:port] or mqtts://..."

/**
 * @param text `mqtt://[user[:password]@]host[:port]`, or `mqtts://` for TLS; user and password percent-encoded where they
 *     contain `@ : / ? # %`
 * @throws {UserError} that says which part is wrong
 */
export function parseBrokerUrl(text: string): BrokerAddress {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)
    if (!scheme) throw wrong(`it does not begin with mqtt:// or mqtts://`)
    const transport = TRANSPORTS.get(scheme[1]!.toLowerCase())
    if (!transport) throw wrong(`${scheme[1]}:// is not a broker's protocol`)

    const rest = text.slice(scheme[0].length).replace(/\/$/, "")
    const at = rest.lastIndexOf("@")
    const place = rest.slice(at + 1)
    if (/[/?#]/.test(place)) {
        throw wrong(
            "nothing may follow the port (in a user or password write / as %2F, ? as %3F, # as %23)"
        )
    }
    const parts = /^(\[.*\]|[^:]*)(?::([^:]*))?$/.exec(place)
    if (!parts)
        throw wrong(
            "its host has too many colons (an IPv6 address goes in brackets: mqtt://[::1])"
        )
    return {
        transport,
        host: host(parts[1] ?? ""),
        port: parts[2] === undefined ? DEFAULT_PORT[transport] : port(parts[2]),
        ...(at < 0 ? {} : credentials(rest.slice(0, at))),
    }
}

/** The address as a person reads it: never with credentials. */
export function brokerName(
    address: Pick<BrokerAddress, "transport" | "host" | "port">
): string {
    return `${address.transport === "tls" ? "mqtts" : "mqtt"}://${hostPort(address)}`
}

/** `host:port`, an IPv6 address in brackets. */
export function hostPort(address: { host: string; port: number }): string {
    return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`
}

/** The settings of a node (src/config/settings.ts) that lead it there. */
export function brokerSettings(broker: BrokerAddress): Record<string, unknown> {
    return {
        MQTT_HOST: broker.host,
        MQTT_PORT: broker.port,
        MQTT_PROTO: broker.transport,
        ...(broker.user === undefined ? {} : { MQTT_USER: broker.user }),
        ...(broker.password === undefined
            ? {}
            : { MQTT_PASS: broker.password }),
    }
}

const TRANSPORTS = new Map<string, "tcp" | "tls">([
    ["mqtt", "tcp"],
    ["mqtts", "tls"],
])

function wrong(why: string): UserError {
    return new UserError(`--broker: ${why}; write ${FORM}`)
}

function host(text: string): string {
    if (text === "") throw wrong("its host is missing")
    if (text.startsWith("[")) {
        const address = text.slice(1, -1)
        if (!isIPv6(address))
            throw wrong("what is in the brackets is not an IPv6 address")
        return address
    }
    if (!/^[A-Za-z0-9._-]+$/.test(text))
        throw wrong("its host holds a character no host name has")
    if (text.length > MAX_SETTING)
        throw wrong(`its host is longer than ${MAX_SETTING} characters`)
    return text
}

function port(text: string): number {
    const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
    if (value < 1 || value > 65_535)
        throw wrong("its port is not a number from 1 to 65535")
    return value
}

function credentials(text: string): { user: string; password?: string } {
    const colon = text.indexOf(":")
    const user = decode("user", colon < 0 ? text : text.slice(0, colon))
    // [MQTT-3.1.2-22]: without a user name there can be no password.
    if (user === "") throw wrong("there is an @ but no user before it")
    return colon < 0
        ? { user }
        : { user, password: decode("password", text.slice(colon + 1)) }
}

function decode(part: "user" | "password", text: string): string {
    let value: string
    try {
        value = decodeURIComponent(text)
    } catch {
        throw wrong(
            `its ${part} has a % that begins no percent code (write % itself as %25)`
        )
    }
    if (Buffer.byteLength(JSON.stringify(value)) > MAX_SETTING) {
        throw wrong(
            `its ${part} is longer than ${MAX_SETTING - 2} bytes, more than a setting of the node holds`
        )
    }
    if (value.includes("\0"))
        throw wrong(
            `its ${part} contains the character U+0000, which MQTT forbids`
        )
    return value
}
