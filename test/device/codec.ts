// The codec as it is flashed: encoder and reader in the VM, on the vectors that the host's tests use too.
import { describe, expect, test } from "@devicescript/test"
import {
    encodeAck,
    encodeConnect,
    encodePublish,
    encodeSubscribe,
} from "../../src/mqtt/encode"
import { PeerError } from "../../src/mqtt/errors"
import { PacketType } from "../../src/mqtt/packet"
import { PacketReader } from "../../src/mqtt/reader"
import { hostile, publishes } from "../mqtt/vectors"

function encoded(v: (typeof publishes)[0]): Buffer {
    return encodePublish(
        Buffer.from(v.topic),
        Buffer.from(v.payload),
        v.qos,
        v.retain,
        v.dup,
        v.id
    )
}

describe("encoder", () => {
    test("[MQTT-3.3.2-1] PUBLISH has the bytes of the standard", () => {
        for (const v of publishes)
            expect(encoded(v).toString("hex")).toBe(v.hex)
    })
    test("[MQTT-3.1.3-1] CONNECT puts its fields in the order of the standard", () => {
        const c = encodeConnect({
            clientId: Buffer.from("c"),
            cleanSession: false,
            keepAlive: 65535,
            will: {
                topic: Buffer.from("w"),
                payload: Buffer.from("down"),
                qos: 1,
                retain: true,
            },
            username: Buffer.from("u"),
            password: Buffer.from(""),
        })
        expect(c.toString("hex")).toBe(
            "101b00044d51545404ecffff0001630001770004646f776e0001750000"
        )
    })
    test("[MQTT-3.6.1-1] PUBREL carries flags 0010, SUBSCRIBE too", () => {
        expect(encodeAck(PacketType.Pubrel, 258).toString("hex")).toBe(
            "62020102"
        )
        expect(encodeSubscribe(1, Buffer.from("a/#"), 2).toString("hex")).toBe(
            "820800010003612f2302"
        )
    })
})

describe("reader", () => {
    test("finds every packet, wherever the stream is cut", () => {
        for (const v of publishes) {
            const bytes = Buffer.from(v.hex, "hex")
            for (let cut = 0; cut <= bytes.length; cut++) {
                const r = new PacketReader(128)
                r.push(bytes.slice(0, cut))
                if (cut < bytes.length) {
                    expect(r.next()).toBe(PacketType.None)
                    r.push(bytes.slice(cut))
                }
                expect(r.next()).toBe(PacketType.Publish)
                expect(r.topic.toString()).toBe(v.topic)
                expect(r.payload.toString()).toBe(v.payload)
                expect(r.qos).toBe(v.qos)
                expect(r.retain).toBe(v.retain)
                expect(r.dup).toBe(v.dup)
                expect(r.id).toBe(v.id)
                expect(r.next()).toBe(PacketType.None)
            }
        }
    })
    test("finds several packets in one chunk", () => {
        const r = new PacketReader(128)
        r.push(
            Buffer.from("20020000400200075002000790030008026202000ad000", "hex")
        )
        expect(r.next()).toBe(PacketType.Connack)
        expect(r.next()).toBe(PacketType.Puback)
        expect(r.id).toBe(7)
        expect(r.next()).toBe(PacketType.Pubrec)
        expect(r.next()).toBe(PacketType.Suback)
        expect(r.id).toBe(8)
        expect(r.code).toBe(2)
        expect(r.next()).toBe(PacketType.Pubrel)
        expect(r.id).toBe(10)
        expect(r.next()).toBe(PacketType.Pingresp)
        expect(r.next()).toBe(PacketType.None)
    })
    test("[MQTT-4.8.0-1] refuses what a broker may not send, by clause", () => {
        for (const v of hostile) {
            const r = new PacketReader(128)
            let clause = ""
            try {
                r.push(Buffer.from(v.hex, "hex"))
                r.next()
            } catch (e) {
                clause = (e as PeerError).clause
            }
            expect(v.name + ": " + clause).toBe(v.name + ": " + v.clause)
        }
    })
    test("counts off a PUBLISH over the bound and stays in step", () => {
        const r = new PacketReader(128)
        const big = encodePublish(
            Buffer.from("big/topic"),
            Buffer.alloc(500),
            1,
            false,
            false,
            77
        )
        let at = 0
        for (; at + 100 < big.length; at += 100) {
            r.push(big.slice(at, at + 100))
            expect(r.next()).toBe(PacketType.None)
        }
        r.push(big.slice(at, big.length).concat(Buffer.from("d000", "hex")))
        expect(r.next()).toBe(PacketType.Publish)
        expect(r.id).toBe(77)
        expect(r.payload).toBe(undefined)
        expect(r.next()).toBe(PacketType.Pingresp)
    })
})
