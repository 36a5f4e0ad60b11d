// Every packet we can emit, read by mqtt-packet: the same fields come out.
import { Buffer as NodeBuffer } from "node:buffer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "../support/property"
import type { Packet } from "mqtt-packet"
import {
    encodeAck,
    encodeConnect,
    encodeEmpty,
    encodePublish,
    encodeSubscribe,
    encodeUnsubscribe,
} from "../../src/mqtt/encode"
import { PacketType } from "../../src/mqtt/packet"
import { id, payload, qos, text, topicName } from "./oracle"
import { fromReceived, installStrictBuffer, plain } from "./strict-buffer"
import { hex, oracle } from "./wire"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const RUNS = { numRuns: 1000 }

const utf8 = (s: string) => Buffer.from(s)
const bytes = (b: Uint8Array) => fromReceived(b)

/** The only packet mqtt-packet finds, and nothing else. */
function parsed(packet: Buffer): Packet {
    const wire = plain(packet)
    const { packets, error } = oracle(wire)
    expect(error).toBeUndefined()
    expect(packets.length).toBe(1)
    const [found] = packets
    if (!found) throw new Error("no packet")
    // the packet ends where its bytes end
    const digits = wire.findIndex((byte, i) => i > 0 && byte < 128)
    expect(wire.length).toBe(1 + digits + (found.length ?? 0))
    return found
}

/** A payload as mqtt-packet gives it, as hexadecimal digits. */
const digits = (payload: unknown) =>
    hex(payload instanceof NodeBuffer ? payload : new Uint8Array())

describe("what we emit, mqtt-packet reads with the same fields:", () => {
    it("CONNECT", () => {
        const will = fc.record({
            topic: topicName,
            payload,
            qos,
            retain: fc.boolean(),
        })
        fc.assert(
            fc.property(
                text(0, 30),
                fc.boolean(),
                fc.oneof(
                    fc.integer({ min: 0, max: 65535 }),
                    fc.constantFrom(0, 255, 256, 65535)
                ),
                fc.option(will, { nil: undefined }),
                fc.option(text(0, 10), { nil: undefined }),
                fc.option(payload, { nil: undefined }),
                (clientId, cleanSession, keepAlive, w, username, password) => {
                    const found = parsed(
                        encodeConnect({
                            clientId: utf8(clientId),
                            cleanSession,
                            keepAlive,
                            ...(w && {
                                will: {
                                    ...w,
                                    topic: utf8(w.topic),
                                    payload: bytes(w.payload),
                                },
                            }),
                            ...(username !== undefined && {
                                username: utf8(username),
                            }),
                            ...(password && { password: bytes(password) }),
                        })
                    )
                    if (found.cmd !== "connect") throw new Error(found.cmd)
                    expect(found.protocolId).toBe("MQTT")
                    expect(found.protocolVersion).toBe(4)
                    expect(found.clientId).toBe(clientId)
                    expect(found.clean).toBe(cleanSession)
                    expect(found.keepalive).toBe(keepAlive)
                    expect(found.username).toBe(username)
                    expect(found.password && digits(found.password)).toBe(
                        // [MQTT-3.1.2-22]
                        username !== undefined && password
                            ? hex(password)
                            : undefined
                    )
                    expect(
                        found.will && {
                            ...found.will,
                            payload: digits(found.will.payload),
                        }
                    ).toEqual(w && { ...w, payload: hex(w.payload) })
                }
            ),
            RUNS
        )
    })

    it("PUBLISH", () => {
        fc.assert(
            fc.property(
                topicName,
                payload,
                qos,
                fc.boolean(),
                fc.boolean(),
                id,
                (topic, body, q, retain, again, n) => {
                    const dup = again && q > 0
                    const found = parsed(
                        encodePublish(
                            utf8(topic),
                            bytes(body),
                            q,
                            retain,
                            dup,
                            n
                        )
                    )
                    if (found.cmd !== "publish") throw new Error(found.cmd)
                    expect(found).toMatchObject({ topic, qos: q, retain, dup })
                    expect(found.messageId).toBe(q > 0 ? n : undefined)
                    expect(digits(found.payload)).toBe(hex(body))
                }
            ),
            RUNS
        )
    })

    it("PUBLISH of every length around a new digit of the remaining length", () => {
        for (const remaining of [126, 127, 128, 129, 16383, 16384, 32768]) {
            const body = new Uint8Array(remaining - 3).fill(7)
            const found = parsed(
                encodePublish(utf8("t"), bytes(body), 0, false, false, 0)
            )
            expect(found.length).toBe(remaining)
        }
    })

    it("PUBACK, PUBREC, PUBREL, PUBCOMP", () => {
        const acks = [
            ["puback", PacketType.Puback],
            ["pubrec", PacketType.Pubrec],
            ["pubrel", PacketType.Pubrel],
            ["pubcomp", PacketType.Pubcomp],
        ] as const
        for (const [cmd, type] of acks)
            for (let n = 1; n <= 65535; n += n < 300 || n > 65200 ? 1 : 101)
                expect(parsed(encodeAck(type, n))).toMatchObject({
                    cmd,
                    messageId: n,
                })
    })

    it("SUBSCRIBE and UNSUBSCRIBE", () => {
        const filter = fc.oneof(
            topicName,
            fc.constantFrom("#", "+", "a/+/#", "$SYS/#")
        )
        fc.assert(
            fc.property(id, filter, qos, (messageId, topic, q) => {
                expect(
                    parsed(encodeSubscribe(messageId, utf8(topic), q))
                ).toMatchObject({
                    cmd: "subscribe",
                    messageId,
                    subscriptions: [{ topic, qos: q }],
                })
                expect(
                    parsed(encodeUnsubscribe(messageId, utf8(topic)))
                ).toMatchObject({
                    cmd: "unsubscribe",
                    messageId,
                    unsubscriptions: [topic],
                })
            }),
            RUNS
        )
    })

    it("PINGREQ and DISCONNECT", () => {
        expect(parsed(encodeEmpty(PacketType.Pingreq)).cmd).toBe("pingreq")
        expect(parsed(encodeEmpty(PacketType.Disconnect)).cmd).toBe(
            "disconnect"
        )
    })
})
