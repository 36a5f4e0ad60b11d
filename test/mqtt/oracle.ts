// Packets at random for the tests against mqtt-packet, and its packets in our reader's terms. Knows no session.
import fc from "../support/property"
import type { Packet } from "mqtt-packet"
import { PacketType } from "../../src/mqtt/packet"
import { hex, type Found } from "./wire"

const encoder = new TextEncoder()

export const id = fc.oneof(
    fc.integer({ min: 1, max: 65535 }),
    fc.constantFrom(1, 255, 256, 65535)
)

export const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 2)

/** Text that MQTT carries: any characters but U+0000 and lone surrogates. */
export const text = (minLength: number, maxLength: number) =>
    fc
        .string({ minLength, maxLength, unit: "binary" })
        .map(s => s.replaceAll("\0", " "))

/** A topic name: text of at least one character without wildcards. */
export const topicName = fc
    .oneof(text(1, 12), fc.constantFrom("a", "a/b", "/", "$SYS/x", "\ufeffž"))
    .map(s => s.replaceAll(/[+#]/g, "-"))

/** Payload bytes, now and then as many as need one more digit of the remaining length. */
export const payload = fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    {
        weight: 1,
        arbitrary: fc
            .constantFrom(100, 120, 125, 128, 300)
            .map(n => new Uint8Array(n).fill(n & 255)),
    }
)

/** Every packet a server may send to a client whose SUBSCRIBEs have one filter each. */
export const serverPacket: fc.Arbitrary<Packet> = fc.oneof(
    fc
        .record({ returnCode: fc.nat({ max: 5 }), present: fc.boolean() })
        .map(({ returnCode, present }): Packet => ({
            cmd: "connack",
            returnCode,
            sessionPresent: present && returnCode === 0,
        })),
    {
        weight: 4,
        arbitrary: fc
            .record({
                topic: topicName,
                payload,
                qos,
                retain: fc.boolean(),
                dup: fc.boolean(),
                messageId: id,
            })
            .map(({ payload, dup, messageId, ...p }): Packet => ({
                cmd: "publish",
                ...p,
                // generate() takes any Uint8Array; its types want Node.js' own
                payload: Buffer.from(payload),
                dup: dup && p.qos > 0,
                ...(p.qos > 0 ? { messageId } : {}),
            })),
    },
    fc
        .record({
            cmd: fc.constantFrom("puback", "pubrec", "pubrel", "pubcomp"),
            messageId: id,
        })
        .map(p => p as Packet),
    fc
        .record({ messageId: id, code: fc.constantFrom(0, 1, 2, 0x80) })
        .map(({ messageId, code }): Packet => ({
            cmd: "suback",
            messageId,
            granted: [code],
        })),
    id.map((messageId): Packet => ({
        cmd: "unsuback",
        messageId,
        granted: [],
    })),
    fc.constant<Packet>({ cmd: "pingresp" })
)

/** What our reader must find where mqtt-packet found `p`; undefined for a packet no client receives. */
export function expected(p: Packet): Found | undefined {
    const id = p.messageId ?? 0
    switch (p.cmd) {
        case "connack":
            return {
                type: PacketType.Connack,
                code: p.returnCode ?? 0,
                sessionPresent: p.sessionPresent,
            }
        case "publish":
            return {
                type: PacketType.Publish,
                id,
                qos: p.qos,
                retain: p.retain,
                dup: p.dup,
                topic: hex(encoder.encode(p.topic)),
                payload: hex(p.payload as Buffer),
            }
        case "puback":
            return { type: PacketType.Puback, id }
        case "pubrec":
            return { type: PacketType.Pubrec, id }
        case "pubrel":
            return { type: PacketType.Pubrel, id }
        case "pubcomp":
            return { type: PacketType.Pubcomp, id }
        case "suback":
            return {
                type: PacketType.Suback,
                id,
                code: Number(p.granted[0]),
            }
        case "unsuback":
            return { type: PacketType.Unsuback, id }
        case "pingresp":
            return { type: PacketType.Pingresp }
        default:
            return undefined
    }
}
