// Control packets a client sends, as bytes: one Buffer a packet, ready for one socket write. Pure.
// Arguments are already valid (client.ts checks them once); nothing here looks at a string's characters.

import { PacketType } from "./packet"

/** What CONNECT carries (section 3.1). Text is already UTF-8 bytes. */
export interface ConnectFields {
    clientId: Buffer
    cleanSession: boolean
    /** Seconds, 0 to 65,535; 0 switches keep alive off. */
    keepAlive: number
    will?: WillFields
    username?: Buffer
    /** Only with a user name [MQTT-3.1.2-22]. */
    password?: Buffer
}

/** The last will: published by the broker when the connection ends without DISCONNECT. */
export interface WillFields {
    topic: Buffer
    payload: Buffer
    /** 0, 1 or 2. */
    qos: number
    retain: boolean
}

/** A buffer for one packet with its fixed header written; `at` of the body is `length - remaining`. */
function packet(first: number, remaining: number): Buffer {
    let digits = 1
    if (remaining > 127) digits = 2
    if (remaining > 16383) digits = 3
    if (remaining > 2097151) digits = 4
    const b = Buffer.alloc(1 + digits + remaining)
    b[0] = first
    let rest = remaining
    for (let i = 1; i < digits; i++) {
        b[i] = (rest & 127) | 128
        rest = rest >> 7
    }
    b[digits] = rest
    return b
}

/** Writes a length-prefixed field (section 1.5.3) at `at`; returns the index after it. */
function putField(b: Buffer, at: number, bytes: Buffer): number {
    b[at] = bytes.length >> 8
    b[at + 1] = bytes.length & 255
    b.set(bytes, at + 2)
    return at + 2 + bytes.length
}

/** CONNECT (section 3.1), protocol level 4. */
export function encodeConnect(c: ConnectFields): Buffer {
    let flags = 0
    let remaining = 10 + 2 + c.clientId.length
    if (c.cleanSession) flags |= 0x02
    if (c.will) {
        // [MQTT-3.1.2-9]; without a will its QoS and retain bits stay 0 [MQTT-3.1.2-11..15]
        flags |= 0x04 | (c.will.qos << 3)
        if (c.will.retain) flags |= 0x20
        remaining += 4 + c.will.topic.length + c.will.payload.length
    }
    if (c.username) {
        flags |= 0x80
        remaining += 2 + c.username.length
        if (c.password) {
            flags |= 0x40
            remaining += 2 + c.password.length
        }
    }
    const b = packet(PacketType.Connect << 4, remaining)
    let at = b.length - remaining
    b[at + 1] = 4
    b[at + 2] = 0x4d // M
    b[at + 3] = 0x51 // Q
    b[at + 4] = 0x54 // T
    b[at + 5] = 0x54 // T
    b[at + 6] = 4
    b[at + 7] = flags
    b[at + 8] = c.keepAlive >> 8
    b[at + 9] = c.keepAlive & 255
    // this order is the standard's [MQTT-3.1.3-1]
    at = putField(b, at + 10, c.clientId)
    if (c.will) {
        at = putField(b, at, c.will.topic)
        at = putField(b, at, c.will.payload)
    }
    if (c.username) {
        at = putField(b, at, c.username)
        if (c.password) putField(b, at, c.password)
    }
    return b
}

/**
 * PUBLISH (section 3.3).
 * @param id 1 to 65,535 with QoS 1 and 2; not sent with QoS 0 [MQTT-2.3.1-5]
 * @param dup true on every repeat of a QoS 1 or 2 message [MQTT-3.3.1-1]
 */
export function encodePublish(
    topic: Buffer,
    payload: Buffer,
    qos: number,
    retain: boolean,
    dup: boolean,
    id: number
): Buffer {
    let remaining = 2 + topic.length + payload.length
    if (qos > 0) remaining += 2
    let first = (PacketType.Publish << 4) | (qos << 1)
    if (retain) first |= 1
    if (dup) first |= 8
    const b = packet(first, remaining)
    // written out, not through putField: this is the path of every reading
    let at = b.length - remaining
    b[at] = topic.length >> 8
    b[at + 1] = topic.length & 255
    at += 2
    b.set(topic, at)
    at += topic.length
    if (qos > 0) {
        b[at] = id >> 8
        b[at + 1] = id & 255
        at += 2
    }
    b.set(payload, at)
    return b
}

/**
 * PUBACK, PUBREC, PUBREL or PUBCOMP (sections 3.4 to 3.7) with the identifier of the PUBLISH it
 * belongs to [MQTT-2.3.1-6].
 */
export function encodeAck(type: number, id: number): Buffer {
    const b = Buffer.alloc(4)
    b[0] = type << 4
    if (type === PacketType.Pubrel) b[0] = (type << 4) | 2 // [MQTT-3.6.1-1]
    b[1] = 2
    b[2] = id >> 8
    b[3] = id & 255
    return b
}

/** SUBSCRIBE for one filter (section 3.8). */
export function encodeSubscribe(
    id: number,
    filter: Buffer,
    qos: number
): Buffer {
    const remaining = 2 + 2 + filter.length + 1
    const b = packet((PacketType.Subscribe << 4) | 2, remaining)
    const at = b.length - remaining
    b[at] = id >> 8
    b[at + 1] = id & 255
    b[putField(b, at + 2, filter)] = qos
    return b
}

/** UNSUBSCRIBE for one filter (section 3.10). */
export function encodeUnsubscribe(id: number, filter: Buffer): Buffer {
    const remaining = 2 + 2 + filter.length
    const b = packet((PacketType.Unsubscribe << 4) | 2, remaining)
    const at = b.length - remaining
    b[at] = id >> 8
    b[at + 1] = id & 255
    putField(b, at + 2, filter)
    return b
}

/** PINGREQ or DISCONNECT (sections 3.12 and 3.14): a packet without a body. */
export function encodeEmpty(type: PacketType): Buffer {
    const b = Buffer.alloc(2)
    b[0] = type << 4
    return b
}
