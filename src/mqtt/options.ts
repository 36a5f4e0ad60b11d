// What a program says to the client, its defaults and bounds, each written once. Pure.

import { ConfigError } from "./errors"
import { topicNameFault } from "./topic"
import { isMqttText } from "./utf8"

/**
 * Longest client identifier and user name in bytes. The standard allows 65,535, but each byte costs 20 opcodes to
 * check, and with a will topic beside them all must fit in the 131,072 that the VM runs without a pause.
 */
const MAX_TEXT = 1024

/** Bytes that may be on their way under TLS: what an ESP32 has to send, 5,744, less records and a full packet. */
const TLS_WINDOW = 4000

/** The last will, as a program gives it. */
export interface MQTTConnectOptionsWill {
    topic: string
    message: string | Buffer
    /** 0, 1 or 2; default 0. */
    qos?: number
    /** Default false. */
    retain?: boolean
}

/** How to reach the broker and who we are; the names are those of @devicescript/net. */
export interface MQTTConnectOptions {
    host: string
    /** Default 8883 with TLS, else 1883. */
    port?: number
    /** Default "tls", as in @devicescript/net. */
    proto?: "tcp" | "tls"
    /** Limit of opening TCP or TLS in ms, default 60,000: an ESP32 tries as long, and may not be disturbed. */
    timeout?: number
    username?: string
    /** Only with a user name [MQTT-3.1.2-22]; the empty password is one. */
    password?: string
    /** Default `devs_` and the chip's identifier. Empty only with a clean session [MQTT-3.1.3-7]. */
    clientId?: string
    /** Seconds, 0 (off) to 65,535; default 60. */
    keepAlive?: number
    /** Default true: the broker forgets us when the connection ends. */
    cleanSession?: boolean
    will?: MQTTConnectOptionsWill
    /** Limit of the wait for any acknowledgement in ms, 1,000 to 600,000; default 20,000. */
    ackTimeout?: number
    /** Longest wait of `publish` for its message's end in ms; 0, the default, waits as long as it takes. */
    publishTimeout?: number
    /**
     * Bytes written of which nothing shows that they arrived, 0 for no limit; at it a PINGREQ asks. Default
     * 4,000 on RP2040, whose socket breaks when more than 8 KB are on their way, and with TLS, where an ESP32
     * loses writes once its 5,744 bytes to send are full; else 0.
     */
    maxUnproven?: number
    /** Accepted as @devicescript/net's; this client looks after its connection by `keepAlive` and `ackTimeout`. */
    watchdogInterval?: number
    /** Accepted as @devicescript/net's; half of `keepAlive` rules. */
    pingInterval?: number
    /** QoS 1 and 2 messages in flight at once, 1 to 64; default 4: about 2 KB of a Pico W's 8 KB. */
    window?: number
    /** Messages that wait besides those in flight; default 32. */
    queueMessages?: number
    /** Bytes of topic and payload that wait; default 4,096, a tenth of the smallest heap. */
    queueBytes?: number
    /**
     * Largest inbound packet body in bytes, 128 to 16,384; default 2,048. While it is taken apart it is held twice,
     * which is all that a heap of 64 KiB has beside 16 KiB of unread data.
     */
    maxPacket?: number
    /** Messages received and not yet handled; default 16. */
    inboxMessages?: number
    /** Bytes of their topics and payloads, 64 to 32,768; default 4,096. A single message may have more. */
    inboxBytes?: number
    /** Subscriptions, and requests for them unanswered, at once; default 32. */
    subscriptions?: number
    /** Ceiling of the first wait before a new try to connect, in ms; default 900. */
    retryFirst?: number
    /** Highest ceiling of that wait, in ms; default 60,000. */
    retryCap?: number
}

/** The options with every default filled in and everything checked. Text is UTF-8 bytes. */
export interface Settled {
    host: string
    port: number
    tls: boolean
    timeout: number
    clientId: Buffer
    cleanSession: boolean
    keepAlive: number
    will?: { topic: Buffer; payload: Buffer; qos: number; retain: boolean }
    username?: Buffer
    password?: Buffer
    ackTimeout: number
    publishTimeout: number
    maxUnproven: number
    window: number
    queueMessages: number
    queueBytes: number
    maxPacket: number
    inboxMessages: number
    inboxBytes: number
    subscriptions: number
    inboundIds: number
    retryFirst: number
    retryCap: number
}

/** Inbound QoS 2 messages that may be open at once: two bytes each, and brokers open 20 or 100. */
const INBOUND_IDS = 64

/**
 * Checks the options and fills in the defaults. Throws ConfigError naming the option.
 * @param deviceId the chip's identifier, for the default client id
 * @param chipWindow default of `maxUnproven` on this chip without TLS
 */
export function settle(
    o: MQTTConnectOptions,
    deviceId: string,
    chipWindow: number
): Settled {
    if (!o.host) throw new ConfigError("host", "is missing")
    const tls = o.proto === undefined || o.proto === "tls"
    const s = {
        host: o.host,
        tls,
        clientId: text("clientId", o.clientId ?? "devs_" + deviceId),
        cleanSession: o.cleanSession !== false,
        inboundIds: INBOUND_IDS,
    } as Settled
    s.port = whole("port", o.port, tls ? 8883 : 1883, 1, 65535)
    s.maxUnproven = whole(
        "maxUnproven",
        o.maxUnproven,
        tls ? TLS_WINDOW : chipWindow,
        0,
        65536
    )
    // the name, what it is when it is left out, the least and the most
    // prettier-ignore
    const numbers: (string | number)[] = [
        "timeout", 60000, 1000, 600000,
        "keepAlive", 60, 0, 65535,
        "ackTimeout", 20000, 1000, 600000,
        "publishTimeout", 0, 0, 86400000,
        "window", 4, 1, 64,
        "queueMessages", 32, 1, 1000,
        "queueBytes", 4096, 64, 32768,
        "maxPacket", 2048, 128, 16384,
        "inboxMessages", 16, 1, 256,
        "inboxBytes", 4096, 64, 32768,
        "subscriptions", 32, 1, 256,
        "retryFirst", 900, 10, 60000,
        "retryCap", 60000, 10, 3600000,
    ]
    const given = o as unknown as Record<string, number | undefined>
    const settled = s as unknown as Record<string, number>
    for (let i = 0; i < numbers.length; i += 4) {
        const key = numbers[i] as string
        settled[key] = whole(
            key,
            given[key],
            numbers[i + 1] as number,
            numbers[i + 2] as number,
            numbers[i + 3] as number
        )
    }
    if (s.clientId.length === 0)
        if (!s.cleanSession)
            throw new ConfigError(
                "clientId",
                "is empty, which needs cleanSession [MQTT-3.1.3-7]"
            )
    // null is what a setting that is missing gives
    const username = o.username ?? undefined
    const password = o.password ?? undefined
    if (username !== undefined) s.username = text("username", username)
    if (password !== undefined) {
        if (!s.username)
            throw new ConfigError(
                "password",
                "needs a username [MQTT-3.1.2-22]"
            )
        s.password = Buffer.from(password)
        if (s.password.length > 65535)
            throw new ConfigError("password", "is longer than 65535 bytes")
    }
    if (o.will) {
        const topic = Buffer.from(o.will.topic)
        const fault = topicNameFault(topic)
        if (fault !== undefined) throw new ConfigError("will.topic", fault)
        s.will = {
            topic,
            payload: payloadBytes(o.will.message),
            qos: whole("will.qos", o.will.qos, 0, 0, 2),
            retain: o.will.retain === true,
        }
        if (s.will.payload.length > 65535)
            throw new ConfigError("will.message", "is longer than 65535 bytes")
    }
    return s
}

/** A message's bytes: a Buffer as it is, text as UTF-8, anything else as JSON; nothing is empty. */
export function payloadBytes(message?: string | object | Buffer): Buffer {
    const given = message ?? ""
    if (typeof given === "string") return Buffer.from(given)
    if (given instanceof Buffer) return given
    return Buffer.from(JSON.stringify(given))
}

/** `given` when it is a whole number from `low` to `high`, `missing` when there is none. Throws ConfigError naming `key`. */
export function whole(
    key: string,
    given: number | undefined,
    missing: number,
    low: number,
    high: number
): number {
    const value = given ?? missing
    // a negated comparison, so that NaN is refused too
    if (!(value >= low && value <= high) || Math.floor(value) !== value)
        throw new ConfigError(
            key,
            "must be a whole number from " +
                low +
                " to " +
                high +
                ", is " +
                value
        )
    return value
}

function text(key: string, value: string): Buffer {
    const bytes = Buffer.from(value)
    if (bytes.length > MAX_TEXT)
        throw new ConfigError(key, "is longer than " + MAX_TEXT + " bytes")
    if (!isMqttText(bytes, 0, bytes.length))
        throw new ConfigError(key, "is not UTF-8 without U+0000")
    return bytes
}
