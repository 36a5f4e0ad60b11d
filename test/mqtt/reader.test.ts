// Bytes from a broker, well-formed and hostile: what the reader finds, refuses, and waits for.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import fc from "../support/property"
import { MAX_TOPIC, PacketType } from "../../src/mqtt/packet"
import { PacketReader } from "../../src/mqtt/reader"
import { allocations, fromReceived, installStrictBuffer } from "./strict-buffer"
import { clauseOf, glue, hex, hexOf, read, unhex } from "./wire"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())
beforeEach(() => allocations.forget())

const found = (text: string, maxPacket?: number) =>
    read([unhex(text)], maxPacket)

/** A packet whose remaining length is written in the fewest digits. */
function packet(first: number, body: Uint8Array): Uint8Array {
    const digits: number[] = []
    let rest = body.length
    do {
        digits.push((rest & 127) | (rest > 127 ? 128 : 0))
        rest >>= 7
    } while (rest > 0)
    return glue([Uint8Array.from([first, ...digits]), body])
}

/** A PUBLISH with a topic and a payload of so many bytes. */
function publish(qos: number, id: number, topic: number, payload: number) {
    return packet(
        0x30 | (qos << 1),
        glue([
            Uint8Array.from([topic >> 8, topic & 255]),
            new Uint8Array(topic).fill(0x74),
            Uint8Array.from(qos > 0 ? [id >> 8, id & 255] : []),
            new Uint8Array(payload).fill(0x70),
        ])
    )
}

describe("a well-formed packet", () => {
    it("CONNACK tells code and session present, both ways [MQTT-3.2.2-2] [MQTT-3.2.2-3]", () => {
        const type = PacketType.Connack
        expect(found("20020000" + "20020100").packets).toEqual([
            { type, code: 0, sessionPresent: false },
            { type, code: 0, sessionPresent: true },
        ])
    })

    it.each([1, 2, 3, 4, 5])("CONNACK tells the refusal %i", code => {
        expect(found("2002000" + code).packets).toEqual([
            { type: PacketType.Connack, code, sessionPresent: false },
        ])
    })

    it.each([
        [PacketType.Puback, "40"],
        [PacketType.Pubrec, "50"],
        [PacketType.Pubrel, "62"],
        [PacketType.Pubcomp, "70"],
        [PacketType.Unsuback, "b0"],
    ])("of type %i tells its identifier", (type, first) => {
        expect(found(first + "02ffff" + first + "020001").packets).toEqual([
            { type, id: 65535 },
            { type, id: 1 },
        ])
    })

    it.each([0, 1, 2, 0x80])(
        "SUBACK tells its only code, %i [MQTT-3.8.4-5]",
        code => {
            const bytes = "90031234" + hex(Uint8Array.from([code]))
            expect(found(bytes).packets).toEqual([
                { type: PacketType.Suback, id: 0x1234, code },
            ])
        }
    )

    it("PINGRESP has no fields", () => {
        expect(found("d000d000").packets).toEqual([
            { type: PacketType.Pingresp },
            { type: PacketType.Pingresp },
        ])
    })

    it("PUBLISH tells topic, payload, QoS, identifier, DUP, and retain as it was sent [MQTT-3.3.1-8] [MQTT-3.3.1-9]", () => {
        const type = PacketType.Publish
        const topic = "612f62"
        expect(
            found(
                "3106" +
                    "0003612f62" +
                    "31" + //
                    "3c09" +
                    "0003612f62" +
                    "00ff" +
                    "3132" + //
                    "3207" +
                    "0003612f62" +
                    "0100"
            ).packets
        ).toEqual([
            {
                type,
                qos: 0,
                id: 0,
                dup: false,
                retain: true,
                topic,
                payload: "31",
            },
            {
                type,
                qos: 2,
                id: 255,
                dup: true,
                retain: false,
                topic,
                payload: "3132",
            },
            {
                type,
                qos: 1,
                id: 256,
                dup: false,
                retain: false,
                topic,
                payload: "",
            },
        ])
    })

    it("keeps U+FEFF in a topic, first or last [MQTT-1.5.3-3]", () => {
        const topic = "efbbbf61efbbbf"
        expect(found("3009" + "0007" + topic).packets[0]?.topic).toBe(topic)
    })

    it("may write its remaining length with more digits than it needs", () => {
        expect(found("40828000" + "0001").packets).toEqual([
            { type: PacketType.Puback, id: 1 },
        ])
    })
})

describe("a packet with invalid flags ends the stream", () => {
    it.each(["21", "41", "51", "60", "61", "63", "71", "91", "b2", "d1"])(
        "first byte %s [MQTT-2.2.2-2]",
        first => {
            expect(clauseOf(first + "020001")).toBe("MQTT-2.2.2-2")
        }
    )

    it.each(["60", "61", "63", "66", "6a", "6f"])(
        "PUBREL %s, since its flags are 0010 [MQTT-3.6.1-1]",
        first => {
            expect(clauseOf(first + "020001")).toBe("MQTT-2.2.2-2")
        }
    )

    it.each(["36", "37", "3e", "3f"])(
        "PUBLISH %s, with QoS bits 11 [MQTT-3.3.1-4]",
        first => {
            expect(clauseOf(first + "06" + "000161" + "0001" + "70")).toBe(
                "MQTT-3.3.1-4"
            )
        }
    )

    it.each(["38", "39"])(
        "PUBLISH %s, with DUP on QoS 0 [MQTT-3.3.1-2]",
        first => {
            expect(clauseOf(first + "04" + "000161" + "70")).toBe(
                "MQTT-3.3.1-2"
            )
        }
    )

    it.each(["02", "80", "ff"])(
        "CONNACK with reserved flag bits, %s [MQTT-2.2.2-1]",
        flags => {
            expect(clauseOf("2002" + flags + "00")).toBe("MQTT-2.2.2-1")
        }
    )
})

describe("a packet that no client receives ends the stream", () => {
    it.each(["00", "10", "82", "a2", "c0", "e0", "f0"])(
        "first byte %s",
        first => {
            expect(clauseOf(first + "00")).toBe("MQTT-4.8.0-1")
        }
    )
})

describe("a wrong length ends the stream", () => {
    it.each([
        ["CONNACK of one byte", "200100"],
        ["CONNACK of three bytes", "2003000000"],
        ["PUBACK without an identifier", "4000"],
        ["PUBACK of one byte", "400101"],
        ["PUBACK of three bytes", "4003000100"],
        ["UNSUBACK of three bytes", "b003000100"],
        ["PINGRESP with a body", "d00100"],
        ["SUBACK without a code", "90020001"],
        [
            "SUBACK with two codes, as each SUBSCRIBE has one filter",
            "900400010000",
        ],
    ])("%s", (_name, bytes) => {
        expect(clauseOf(bytes)).toBe("MQTT-4.8.0-1")
    })

    it("is refused before the body has come, however long it is said to be", () => {
        expect(clauseOf("40ffffff7f")).toBe("MQTT-4.8.0-1")
        expect(clauseOf("d0ffffff7f")).toBe("MQTT-4.8.0-1")
        expect(allocations.sizes).toEqual([])
    })

    it("of more than four digits is refused at the fourth", () => {
        expect(clauseOf("30ffffff")).toBeUndefined()
        expect(clauseOf("30ffffffff")).toBe("MQTT-2.2.3")
        expect(clauseOf("3080808080")).toBe("MQTT-2.2.3")
    })
})

describe("a field with a forbidden value ends the stream", () => {
    it.each([
        ["PUBACK", "40020000"],
        ["PUBREL", "62020000"],
        ["UNSUBACK", "b0020000"],
        ["SUBACK", "9003000000"],
        ["PUBLISH of QoS 1", "3205" + "000161" + "0000"],
        ["PUBLISH of QoS 2", "3405" + "000161" + "0000"],
    ])("%s with identifier 0 [MQTT-2.3.1-1]", (_name, bytes) => {
        expect(clauseOf(bytes)).toBe("MQTT-2.3.1-1")
    })

    it.each(["03", "7f", "81", "ff"])(
        "SUBACK with return code %s [MQTT-3.9.3-2]",
        code => {
            expect(clauseOf("90030001" + code)).toBe("MQTT-3.9.3-2")
        }
    )

    it("CONNACK with a reserved code", () => {
        expect(clauseOf("20020006")).toBe("MQTT-3.2.2.3")
        expect(clauseOf("200200ff")).toBe("MQTT-3.2.2.3")
    })

    it.each(["01", "02", "03", "04", "05"])(
        "CONNACK that refuses with %s and says session present [MQTT-3.2.2-4]",
        code => {
            expect(clauseOf("200201" + code)).toBe("MQTT-3.2.2-4")
        }
    )
})

describe("a PUBLISH with a bad topic ends the stream", () => {
    it.each([
        ["ff", "a byte that UTF-8 does not have"],
        ["eda080", "a surrogate"],
        ["c080", "an over-long form"],
        ["e282", "a character cut short"],
    ])("%s: %s [MQTT-1.5.3-1] [MQTT-3.3.2-1]", topic => {
        const n = topic.length / 2
        expect(clauseOf(`300${2 + n}000${n}` + topic)).toBe("MQTT-1.5.3-1")
    })

    it("U+0000 [MQTT-1.5.3-2] [MQTT-4.7.3-2]", () => {
        expect(clauseOf("3005" + "0003610062")).toBe("MQTT-1.5.3-1")
    })

    it.each([
        ["+", "2b"],
        ["#", "23"],
        ["a/+", "612f2b"],
        ["a+b", "612b62"],
        ["a/#", "612f23"],
    ])("the wildcard in %s [MQTT-3.3.2-2] [MQTT-4.7.1-1]", (_name, topic) => {
        const n = topic.length / 2
        expect(clauseOf(`300${2 + n}000${n}` + topic)).toBe("MQTT-3.3.2-2")
    })

    it.each(["3000", "300100", "30020000", "3003000070", "32040000" + "0001"])(
        "none at all: %s [MQTT-4.7.3-1]",
        bytes => {
            expect(clauseOf(bytes)).toBe("MQTT-4.7.3-1")
        }
    )

    it.each([
        ["by one byte", "3004" + "000361" + "62"],
        ["by far", "3004" + "ffff" + "6162"],
        // the length that ends a client that believes it
        ["by 24 KiB", "300a" + "6000" + "6162636465666768"],
        ["by the identifier that follows", "3206" + "0003616263" + "01"],
    ])("longer than its packet %s [MQTT-3.3.2-1]", (_name, bytes) => {
        expect(clauseOf(bytes)).toBe("MQTT-3.3.2-1")
        expect(allocations.sizes).toEqual([])
    })
})

describe("the stream", () => {
    const packets = [
        unhex("20020100"),
        publish(0, 0, 3, 0),
        publish(1, 7, 5, 200),
        unhex("d000"),
        unhex("4002ffff"),
        publish(2, 0x1234, 1, 20),
        unhex("9003000180"),
        publish(1, 9, 40, 400),
        unhex("62020003"),
    ]
    const whole = glue(packets)
    const expected = read([whole], 256)

    it("is read in one chunk, in step over packets above the bound", () => {
        expect(expected.error).toBeUndefined()
        expect(expected.packets.map(p => p.type)).toEqual([
            2, 3, 3, 13, 4, 3, 9, 3, 6,
        ])
        expect(expected.packets[7]).toEqual({
            type: PacketType.Publish,
            id: 9,
            qos: 1,
            retain: false,
            dup: false,
            skipped: true,
        })
    })

    it("is read alike when cut in two at any byte", () => {
        for (let at = 0; at <= whole.length; at++)
            expect(read([whole.slice(0, at), whole.slice(at)], 256)).toEqual(
                expected
            )
    })

    it("is read alike when it comes byte by byte", () => {
        const bytes = Array.from(whole, byte => Uint8Array.from([byte]))
        expect(read(bytes, 256)).toEqual(expected)
    })

    it("is read alike when cut anywhere, with empty chunks between", () => {
        fc.assert(
            fc.property(
                fc.array(fc.integer({ min: 0, max: whole.length })),
                cuts => {
                    const places = [0, ...cuts.sort((a, b) => a - b)]
                    const chunks = places.map((from, i) =>
                        whole.slice(from, places[i + 1] ?? whole.length)
                    )
                    expect(read(chunks, 256)).toEqual(expected)
                }
            ),
            { numRuns: 200 }
        )
    })

    it("begins anew after reset, whatever was under way", () => {
        for (let at = 0; at <= whole.length; at++) {
            const reader = new PacketReader(256)
            reader.push(fromReceived(whole.slice(0, at)))
            while (reader.next() !== PacketType.None);
            reader.reset()
            reader.push(fromReceived(unhex("3209" + "000161")))
            expect(reader.next()).toBe(PacketType.None)
            reader.reset()
            reader.push(fromReceived(unhex("3206" + "000161" + "0005" + "62")))
            expect(reader.next()).toBe(PacketType.Publish)
            expect(reader.id).toBe(5)
            expect(reader.payload && hexOf(reader.payload)).toBe("62")
            expect(reader.next()).toBe(PacketType.None)
        }
    })

    it("counts the bytes of packet bodies", () => {
        const reader = new PacketReader(256)
        reader.push(fromReceived(unhex("40020001" + "d000" + "9003000100")))
        while (reader.next() !== PacketType.None);
        expect(reader.taken).toBe(5)
    })
})

describe("a PUBLISH over the bound", () => {
    const follows = unhex("40020001")
    const puback = { type: PacketType.Puback, id: 1 }
    const skipped = (qos: number, id: number) => ({
        type: PacketType.Publish,
        qos,
        id,
        retain: false,
        dup: false,
        skipped: true,
    })

    it.each([
        [0, 0],
        [1, 0xabcd],
        [2, 1],
    ])(
        "of QoS %i is counted off, its identifier known and the stream in step",
        (qos, id) => {
            for (const topic of [1, 2, 127, 128, 300]) {
                const bytes = glue([publish(qos, id, topic, 900), follows])
                allocations.forget()
                expect(read([bytes], 256).packets).toEqual([
                    skipped(qos, id),
                    puback,
                ])
                // cut around every place where something is looked at
                for (let at = 1; at < topic + 12; at++)
                    expect(
                        read([bytes.slice(0, at), bytes.slice(at)], 256).packets
                    ).toEqual([skipped(qos, id), puback])
                expect(allocations.sizes).toEqual([])
            }
        }
    )

    it("by one byte is counted off, and at the bound is not", () => {
        expect(read([publish(1, 7, 4, 120)], 128).packets[0]?.payload).toBe(
            "70".repeat(120)
        )
        expect(read([publish(1, 7, 4, 121)], 128).packets).toEqual([
            skipped(1, 7),
        ])
    })

    it("of 256 MiB costs no allocation and is waited for", () => {
        const head = unhex("32ffffff7f" + "0001740007")
        const megabyte = new Uint8Array(1 << 20)
        const reader = new PacketReader(2048)
        reader.push(fromReceived(head))
        expect(reader.next()).toBe(PacketType.None)
        for (let n = 0; n < 255; n++) {
            reader.push(fromReceived(megabyte))
            expect(reader.next()).toBe(PacketType.None)
        }
        reader.push(fromReceived(new Uint8Array((1 << 20) - 1 - 5)))
        expect(reader.next()).toBe(PacketType.Publish)
        expect(reader.id).toBe(7)
        expect(reader.next()).toBe(PacketType.None)
        expect(allocations.sizes).toEqual([])
    })

    it.each([
        ["identifier 0 [MQTT-2.3.1-1]", publish(1, 0, 5, 900), "MQTT-2.3.1-1"],
        [
            "an empty topic [MQTT-4.7.3-1]",
            publish(1, 1, 0, 900),
            "MQTT-4.7.3-1",
        ],
        [
            "a topic beyond its end [MQTT-3.3.2-1]",
            unhex("32808001" + "ffff"),
            "MQTT-3.3.2-1",
        ],
    ])("still ends the stream with %s", (_name, bytes, clause) => {
        expect(read([bytes], 256).error?.clause).toBe(clause)
    })

    it("may be over it by its topic alone, which is not looked at", () => {
        const long = publish(1, 5, MAX_TOPIC + 1, 10)
        expect(read([glue([long, follows])], 16384).packets).toEqual([
            skipped(1, 5),
            puback,
        ])
        expect(
            read([publish(1, 5, MAX_TOPIC, 10)], 16384).packets[0]?.topic
        ).toBe("74".repeat(MAX_TOPIC))
    })
})

describe("any bytes at all", () => {
    const chunk = fc.uint8Array({ maxLength: 40 })
    const fixedLengths: Record<number, number> = { 0x20: 2, 0x90: 3, 0xd0: 0 }
    /** Bytes that get past the first checks more often than not. */
    const likely = fc
        .tuple(
            fc.constantFrom(
                0x20,
                0x30,
                0x31,
                0x32,
                0x34,
                0x40,
                0x50,
                0x62,
                0x70,
                0x90,
                0xb0,
                0xd0
            ),
            fc.uint8Array({ maxLength: 12 }),
            fc.constantFrom(0, 0, 0, 0, 1, -1)
        )
        .map(([first, random, slip]) => {
            const fixed = fixedLengths[first]
            const isPublish = first >> 4 === (PacketType.Publish as number)
            const length = fixed ?? (isPublish ? random.length : 2)
            const body = new Uint8Array(length)
            body.set(random.slice(0, length))
            // a topic that fits now and then, a code that exists
            if (isPublish && length > 3) body.set([0, 1, 0x61])
            if (first === 0x20) body.set([slip & 1, 0])
            if (first === 0x90) body[2] = slip & 3
            const said = slip < 0 && length > 0 ? length - 1 : length
            return Uint8Array.from([first, said, ...body])
        })

    it("give packets, a named error, or a wait for more, and never an allocation above the bound", () => {
        const ends = { error: 0, packets: 0, waiting: 0 }
        fc.assert(
            fc.property(
                fc.array(fc.oneof(chunk, likely), { maxLength: 6 }),
                chunks => {
                    allocations.forget()
                    const result = read(chunks, 128)
                    if (result.error) ends.error++
                    else if (result.packets.length > 0) ends.packets++
                    else ends.waiting++
                    expect(allocations.largest()).toBeLessThanOrEqual(128)
                }
            ),
            { numRuns: 5000 }
        )
        expect(ends.error).toBeGreaterThan(100)
        expect(ends.packets).toBeGreaterThan(100)
        expect(ends.waiting).toBeGreaterThan(100)
    })

    it("mean the same however they are cut", () => {
        fc.assert(
            fc.property(fc.array(likely, { maxLength: 5 }), chunks => {
                const whole = glue(chunks)
                const single = Array.from(whole, b => Uint8Array.from([b]))
                const together = read([whole], 128)
                const apart = read(single, 128)
                expect(apart.packets).toEqual(together.packets)
                expect(apart.error?.clause).toBe(together.error?.clause)
            }),
            { numRuns: 3000 }
        )
    })
})
