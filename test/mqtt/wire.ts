// Bytes on the wire and what they say, as tests write and read them: hexadecimal text, and packets told in one line by
// mqtt-packet. Knows nothing of the session.
import { generate, parser, type Packet } from "mqtt-packet"
import { PeerError } from "../../src/mqtt/errors"
import { PacketType } from "../../src/mqtt/packet"
import { PacketReader } from "../../src/mqtt/reader"
import { fromReceived, plain } from "./strict-buffer"

/** Bytes as pairs of hexadecimal digits, without spaces. */
export function hex(bytes: Uint8Array): string {
    let text = ""
    for (const byte of bytes) text += byte.toString(16).padStart(2, "0")
    return text
}

/** The bytes of a strict Buffer, as `hex`. */
export const hexOf = (buffer: Buffer) => hex(plain(buffer))

/** Bytes from hexadecimal digits; spaces are for the reader. */
export function unhex(text: string): Uint8Array {
    const digits = text.replace(/\s/g, "")
    const bytes = new Uint8Array(digits.length / 2)
    for (let i = 0; i < bytes.length; i++)
        bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16)
    return bytes
}

/** Bytes one after another. */
export function glue(parts: Uint8Array[]): Uint8Array {
    const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
    let at = 0
    for (const part of parts) {
        all.set(part, at)
        at += part.length
    }
    return all
}

/** A packet's bytes as mqtt-packet writes them. */
export const wireOf = (packet: Packet): Uint8Array =>
    Uint8Array.from(generate(packet))

/** The packets mqtt-packet finds, and the message of the error it stopped at. */
export function oracle(bytes: Uint8Array): {
    packets: Packet[]
    error?: string
} {
    const packets: Packet[] = []
    let error: string | undefined
    const reader = parser({ protocolVersion: 4 })
    reader.on("packet", packet => packets.push(packet))
    reader.on("error", (e: Error) => (error ??= e.message))
    // mqtt-packet takes Node.js' Buffer only through its view of a Uint8Array
    reader.parse(bytes as Buffer)
    return error === undefined ? { packets } : { packets, error }
}

/** What the reader found, with the fields that its type has. Text and payload as bytes. */
export interface Found {
    type: PacketType
    id?: number
    code?: number
    sessionPresent?: boolean
    qos?: number
    retain?: boolean
    dup?: boolean
    topic?: string
    payload?: string
    /** A PUBLISH that was counted off. */
    skipped?: true
}

function found(type: PacketType, r: PacketReader): Found {
    switch (type) {
        case PacketType.Connack:
            return { type, code: r.code, sessionPresent: r.sessionPresent }
        case PacketType.Pingresp:
            return { type }
        case PacketType.Suback:
            return { type, id: r.id, code: r.code }
        case PacketType.Publish: {
            const { id, qos, retain, dup, topic, payload } = r
            const head = { type, id, qos, retain, dup }
            if (!topic || !payload) return { ...head, skipped: true }
            return { ...head, topic: hexOf(topic), payload: hexOf(payload) }
        }
        default:
            return { type, id: r.id }
    }
}

/** All that a reader finds in the chunks, fetched as the client does, and the error it stopped at. */
export function read(
    chunks: Uint8Array[],
    maxPacket = 2048
): { packets: Found[]; error?: PeerError } {
    const reader = new PacketReader(maxPacket)
    const packets: Found[] = []
    try {
        for (const chunk of chunks) {
            reader.push(fromReceived(chunk))
            for (;;) {
                const type = reader.next()
                if (type === PacketType.None) break
                packets.push(found(type, reader))
            }
        }
    } catch (e) {
        if (!(e instanceof PeerError)) throw e
        return { packets, error: e }
    }
    return { packets }
}

/** The clause, or the short name, in the error of the only packet in `text` (hexadecimal digits). */
export const clauseOf = (text: string, maxPacket?: number) =>
    read([unhex(text)], maxPacket).error?.clause
