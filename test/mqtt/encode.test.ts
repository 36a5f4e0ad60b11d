// Every packet a client sends, byte by byte.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
    encodeAck,
    encodeConnect,
    encodeEmpty,
    encodePublish,
    encodeSubscribe,
    encodeUnsubscribe,
    type ConnectFields,
} from "../../src/mqtt/encode"
import { PacketType } from "../../src/mqtt/packet"
import { installStrictBuffer, plain } from "./strict-buffer"
import { hex, hexOf, unhex } from "./wire"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const text = (s: string) => Buffer.from(s)

/** CONNECT in parts: first byte, remaining length, protocol name, level, flags, keep alive, payload. */
function connect(fields: Partial<ConnectFields>) {
    const all = plain(
        encodeConnect({
            clientId: text("c"),
            cleanSession: true,
            keepAlive: 60,
            ...fields,
        })
    )
    return {
        header: hex(all.slice(0, 1)),
        remaining: all[1],
        bytes: all.length,
        name: hex(all.slice(2, 8)),
        level: all[8],
        flags: all[9] ?? 0,
        keepAlive: hex(all.slice(10, 12)),
        payload: hex(all.slice(12)),
    }
}

const will = () => ({
    topic: text("w"),
    payload: text("!"),
    qos: 1,
    retain: true,
})

describe("CONNECT", () => {
    it("is the smallest packet for an empty client identifier and a clean session", () => {
        const b = encodeConnect({
            clientId: text(""),
            cleanSession: true,
            keepAlive: 0,
        })
        expect(hexOf(b)).toBe("100c00044d5154540402" + "0000" + "0000")
    })

    it("says protocol MQTT, level 4 and a reserved flag of 0, so that no server has cause to refuse it [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT-3.1.2-3]", () => {
        for (const cleanSession of [true, false]) {
            const c = connect({
                cleanSession,
                will: will(),
                username: text("u"),
            })
            expect(c.name).toBe("00044d515454")
            expect(c.level).toBe(4)
            expect(c.flags & 1).toBe(0)
        }
    })

    it("has header flags 0000 [MQTT-2.2.2-1]", () => {
        expect(connect({}).header).toBe("10")
    })

    it("asks for a clean session, or for the kept one, by one bit [MQTT-3.1.2-4] [MQTT-3.1.2-6]", () => {
        expect(connect({ cleanSession: true }).flags).toBe(0x02)
        expect(connect({ cleanSession: false }).flags).toBe(0x00)
    })

    it("carries client id, will topic, will message, user name, password in this order [MQTT-3.1.3-1] [MQTT-3.1.3-3]", () => {
        const c = connect({
            clientId: text("id"),
            will: will(),
            username: text("user"),
            password: text("pw"),
        })
        expect(c.payload).toBe(
            "0002" + "6964" + "000177" + "000121" + "000475736572" + "00027077"
        )
        expect(c.flags).toBe(0xee)
        expect(c.remaining).toBe(c.bytes - 2)
    })

    it.each([0, 1, 2])(
        "has the will's QoS %i and its retain bit, and topic and message in the payload [MQTT-3.1.2-9] [MQTT-3.1.2-14]",
        qos => {
            const kept = connect({ will: { ...will(), qos } })
            expect(kept.flags).toBe(0x02 | 0x04 | (qos << 3) | 0x20)
            const plainly = connect({ will: { ...will(), qos, retain: false } })
            expect(plainly.flags).toBe(0x02 | 0x04 | (qos << 3))
            expect(plainly.payload).toBe("000163" + "000177" + "000121")
        }
    )

    it("has neither will bits nor will fields without a will [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-15]", () => {
        const c = connect({ username: text("u") })
        expect(c.flags & 0x3c).toBe(0)
        expect(c.payload).toBe("000163" + "000175")
    })

    it("may have an empty will message", () => {
        const c = connect({ will: { ...will(), payload: text("") } })
        expect(c.payload).toBe("000163" + "000177" + "0000")
    })

    it("has a user name exactly when its flag says so [MQTT-3.1.2-18] [MQTT-3.1.2-19]", () => {
        expect(connect({}).flags & 0x80).toBe(0)
        expect(connect({}).payload).toBe("000163")
        expect(connect({ username: text("u") }).flags & 0x80).toBe(0x80)
        expect(connect({ username: text("u") }).payload).toBe("000163000175")
        // an empty one is one
        expect(connect({ username: text("") }).flags & 0x80).toBe(0x80)
        expect(connect({ username: text("") }).payload).toBe("0001630000")
    })

    it("has a password exactly when its flag says so [MQTT-3.1.2-20] [MQTT-3.1.2-21]", () => {
        const without = connect({ username: text("u") })
        expect(without.flags & 0x40).toBe(0)
        const c = connect({ username: text("u"), password: text("p") })
        expect(c.flags & 0x40).toBe(0x40)
        expect(c.payload).toBe("000163" + "000175" + "000170")
        const empty = connect({ username: text("u"), password: text("") })
        expect(empty.flags & 0x40).toBe(0x40)
        expect(empty.payload).toBe("000163" + "000175" + "0000")
    })

    it("never has a password without a user name [MQTT-3.1.2-22]", () => {
        const c = connect({ password: text("p") })
        expect(c.flags & 0xc0).toBe(0)
        expect(c.payload).toBe("000163")
    })

    it.each([
        [0, "0000"],
        [1, "0001"],
        [255, "00ff"],
        [256, "0100"],
        [65535, "ffff"],
    ])("sends a keep alive of %i s in 16 bits", (seconds, bytes) => {
        expect(connect({ keepAlive: seconds }).keepAlive).toBe(bytes)
    })
})

describe("the remaining length", () => {
    // the last value of each number of digits, and the first of the next
    it.each([
        [127, "7f"],
        [128, "8001"],
        [16383, "ff7f"],
        [16384, "808001"],
        [40000, "c0b802"],
    ])("of %i is written as %s, in the fewest digits", (remaining, digits) => {
        const payload = Buffer.alloc(remaining - 3)
        const b = plain(encodePublish(text("t"), payload, 0, false, false, 0))
        expect(hex(b.slice(1, 1 + digits.length / 2))).toBe(digits)
        expect(b.length).toBe(1 + digits.length / 2 + remaining)
    })
})

describe("PUBLISH", () => {
    const publish = (
        qos: number,
        retain: boolean,
        dup: boolean,
        id: number,
        payload = "on"
    ) => hexOf(encodePublish(text("a/b"), text(payload), qos, retain, dup, id))

    it("of QoS 0 has neither packet identifier nor DUP [MQTT-2.3.1-5] [MQTT-3.3.1-2] [MQTT-4.3.1-1]", () => {
        expect(publish(0, false, false, 0)).toBe(
            "30" + "07" + "0003612f62" + "6f6e"
        )
    })

    it("has its topic first, then the identifier, then the payload [MQTT-3.3.2-1]", () => {
        expect(publish(1, false, false, 0x1234)).toBe(
            "32" + "09" + "0003612f62" + "1234" + "6f6e"
        )
    })

    it.each([
        [1, false, false, "32"],
        [1, false, true, "3a"],
        [1, true, false, "33"],
        [1, true, true, "3b"],
        [2, false, false, "34"],
        [2, false, true, "3c"],
        [2, true, false, "35"],
        [2, true, true, "3d"],
        [0, true, false, "31"],
    ])(
        "of QoS %i, retain %s, dup %s begins with %s, never with QoS bits 11 [MQTT-3.3.1-4] [MQTT-2.2.2-1]",
        (qos, retain, dup, first) => {
            expect(publish(qos, retain, dup, 1).slice(0, 2)).toBe(first)
        }
    )

    it("carries an identifier of all 16 bits [MQTT-2.3.1-1]", () => {
        expect(publish(1, false, false, 65535)).toContain("ffff")
        expect(publish(2, false, false, 1)).toContain("0001")
    })

    it("may have an empty payload", () => {
        expect(publish(0, true, false, 0, "")).toBe("31" + "05" + "0003612f62")
        expect(publish(1, true, false, 7, "")).toBe(
            "33" + "07" + "0003612f62" + "0007"
        )
    })
})

describe("acknowledgements", () => {
    it.each([
        [PacketType.Puback, "4002abcd"],
        [PacketType.Pubrec, "5002abcd"],
        [PacketType.Pubrel, "6202abcd"],
        [PacketType.Pubcomp, "7002abcd"],
    ])(
        "of type %i carry the identifier, and PUBREL the flags 0010 [MQTT-2.3.1-6] [MQTT-3.6.1-1] [MQTT-2.2.2-1]",
        (type, bytes) => {
            expect(hexOf(encodeAck(type, 0xabcd))).toBe(bytes)
        }
    )
})

describe("SUBSCRIBE", () => {
    it.each([0, 1, 2])(
        "has flags 0010, an identifier, and one filter with QoS %i and reserved bits of 0 [MQTT-3.8.1-1] [MQTT-3.8.3-3] [MQTT-3.8.3-4] [MQTT-2.3.1-1]",
        qos => {
            expect(hexOf(encodeSubscribe(0x0102, text("a/#"), qos))).toBe(
                "82" + "08" + "0102" + "0003612f23" + "0" + qos
            )
        }
    )
})

describe("UNSUBSCRIBE", () => {
    it("has flags 0010, an identifier, and one filter that fills the packet [MQTT-3.10.1-1] [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT-2.3.1-1]", () => {
        expect(hexOf(encodeUnsubscribe(0x0102, text("a/#")))).toBe(
            "a2" + "07" + "0102" + "0003612f23"
        )
    })
})

describe("packets without a body", () => {
    it("are two bytes with flags 0000 [MQTT-3.14.1-1] [MQTT-2.2.2-1]", () => {
        expect(plain(encodeEmpty(PacketType.Pingreq))).toEqual(unhex("c000"))
        expect(plain(encodeEmpty(PacketType.Disconnect))).toEqual(unhex("e000"))
    })
})
