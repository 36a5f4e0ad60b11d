// Packets damaged on the way: mqtt-packet and our reader must reject or accept alike. Where they differ, the table says
// which statement of the standard makes ours the stricter one; a difference that is not in the table fails.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { expected, serverPacket } from "./oracle"
import { installStrictBuffer } from "./strict-buffer"
import { glue, hex, oracle, read, unhex, wireOf } from "./wire"

/** What a reader makes of bytes, after the packets that both found alike. */
type Verdict = "takes" | "rejects" | "waits"

interface Difference {
    what: string
    /** What our reader does, and the clause it gives, for example `rejects MQTT-2.3.1-1`. */
    ours: string
    /** A part of our message, where a clause has more than one row. */
    says?: string
    /** What mqtt-packet does; `waits` where it looks only at a whole body. */
    theirs: Verdict[]
    /** The statement that explains it. */
    because: string
    /** Bytes that show it. */
    specimen: string
}

const differences: Difference[] = [
    {
        what: "DUP on a QoS 0 PUBLISH",
        ours: "rejects MQTT-3.3.1-2",
        theirs: ["takes", "waits"],
        because: "DUP is 0 on all QoS 0 messages [MQTT-3.3.1-2]",
        specimen: "3804" + "000161" + "62",
    },
    {
        what: "packet identifier 0",
        ours: "rejects MQTT-2.3.1-1",
        theirs: ["takes"],
        because: "identifiers are non-zero [MQTT-2.3.1-1] [MQTT-2.3.1-6]",
        specimen: "40020000",
    },
    {
        what: "a topic that is not UTF-8, or has U+0000",
        ours: "rejects MQTT-1.5.3-1",
        theirs: ["takes"],
        because:
            "ill-formed text and U+0000 close the connection [MQTT-1.5.3-1] [MQTT-1.5.3-2]",
        specimen: "3004" + "0001ff" + "62",
    },
    {
        what: "a wildcard in a topic name",
        ours: "rejects MQTT-3.3.2-2",
        theirs: ["takes"],
        because: "topic names have no wildcards [MQTT-3.3.2-2]",
        specimen: "3004" + "000123" + "62",
    },
    {
        what: "an empty topic, or no room for one",
        ours: "rejects MQTT-4.7.3-1",
        theirs: ["takes", "waits"],
        because: "topic names have at least one character [MQTT-4.7.3-1]",
        specimen: "3003" + "0000" + "62",
    },
    {
        what: "a topic or an identifier that reaches into the next packet",
        ours: "rejects MQTT-3.3.2-1",
        theirs: ["takes", "waits"],
        because:
            "the topic is a field of the packet's own variable header [MQTT-3.3.2-1]; mqtt-packet takes an identifier from beyond its end",
        specimen: "3205" + "0003616263" + "0001",
    },
    {
        what: "a length that the type does not have",
        ours: "rejects MQTT-4.8.0-1",
        says: "length of packet type",
        theirs: ["takes", "waits"],
        because:
            "the remaining length of the acknowledgements, CONNACK, SUBACK for one filter and PINGRESP is fixed; a violation closes the connection [MQTT-4.8.0-1]",
        specimen: "4003" + "000100",
    },
    {
        what: "a type that no client receives",
        ours: "rejects MQTT-4.8.0-1",
        says: "is not for a client",
        theirs: ["takes", "waits"],
        because:
            "table 2.1 gives the direction of each type; a violation closes the connection [MQTT-4.8.0-1]",
        specimen: "c000",
    },
    {
        what: "a reserved CONNACK code",
        ours: "rejects MQTT-3.2.2.3",
        theirs: ["takes"],
        because: "codes 6 to 255 are reserved (section 3.2.2.3)",
        specimen: "20020006",
    },
    {
        what: "session present in a CONNACK that refuses",
        ours: "rejects MQTT-3.2.2-4",
        theirs: ["takes"],
        because: "with a refusal session present is 0 [MQTT-3.2.2-4]",
        specimen: "20020105",
    },
    {
        what: "flags that are wrong in a packet whose length is still to come",
        ours: "waits",
        theirs: ["rejects"],
        because:
            "[MQTT-2.2.2-2] names no moment: ours looks when the fixed header is whole",
        specimen: "60",
    },
]

/** The first place where the two differ, as `ours / theirs`, or undefined. */
function compare(bytes: Uint8Array) {
    const restore = installStrictBuffer()
    const ours = read([bytes], 0x4000)
    restore()
    const theirs = oracle(bytes)
    let at = 0
    for (;;) {
        const a = ours.packets[at]
        const b = theirs.packets[at]
        if (!a || !b) break
        if (JSON.stringify(a) !== JSON.stringify(expected(b)))
            return {
                ours: "fields",
                theirs: "takes" as Verdict,
                says: hex(bytes),
            }
        at++
    }
    const verdict = (taken: unknown, error: unknown): Verdict =>
        taken ? "takes" : error === undefined ? "waits" : "rejects"
    const our = verdict(ours.packets[at], ours.error)
    const their = verdict(theirs.packets[at], theirs.error)
    if (our === their) return undefined
    return {
        ours:
            ours.error && our === "rejects"
                ? `${our} ${ours.error.clause}`
                : our,
        theirs: their,
        says: ours.error?.message ?? "",
    }
}

function explains(d: Difference, found: ReturnType<typeof compare>): boolean {
    return (
        found !== undefined &&
        d.ours === found.ours &&
        d.theirs.includes(found.theirs) &&
        found.says.includes(d.says ?? "")
    )
}

const damage = fc.oneof(
    // a bit flipped, anywhere or in the header, where it matters most
    fc.record({ kind: fc.constant("flip"), at: fc.nat(), value: fc.nat(7) }),
    fc.record({ kind: fc.constant("flip"), at: fc.nat(5), value: fc.nat(7) }),
    fc.record({
        kind: fc.constant("cut"),
        at: fc.nat(),
        value: fc.constant(0),
    }),
    fc.record({ kind: fc.constant("set"), at: fc.nat(), value: fc.nat(255) }),
    fc.record({
        kind: fc.constant("length"),
        at: fc.constant(1),
        value: fc.nat(255),
    }),
    fc.record({
        kind: fc.constant("insert"),
        at: fc.nat(),
        value: fc.nat(255),
    }),
    fc.record({
        kind: fc.constant("remove"),
        at: fc.nat(),
        value: fc.constant(0),
    })
)

function damaged(
    bytes: Uint8Array,
    how: { kind: string; at: number; value: number }
): Uint8Array {
    if (bytes.length === 0) return bytes
    const at = how.at % bytes.length
    const before = bytes.slice(0, at)
    const after = bytes.slice(at + 1)
    const byte = bytes[at] ?? 0
    const value = Uint8Array.from([how.value])
    switch (how.kind) {
        case "flip":
            return glue([
                before,
                Uint8Array.from([byte ^ (1 << how.value)]),
                after,
            ])
        case "cut":
            return before
        case "insert":
            return glue([before, value, bytes.slice(at)])
        case "remove":
            return glue([before, after])
        default:
            return glue([before, value, after])
    }
}

const mutated = fc
    .tuple(
        fc.array(serverPacket, { minLength: 1, maxLength: 3 }),
        fc.array(damage, { minLength: 1, maxLength: 3 })
    )
    .map(([packets, all]) => all.reduce(damaged, glue(packets.map(wireOf))))

describe("a difference to mqtt-packet", () => {
    it.each(differences)("$what: $because", d => {
        const found = compare(unhex(d.specimen))
        expect(found).toBeDefined()
        expect(differences.filter(row => explains(row, found))).toEqual([d])
    })
})

describe("damaged packets are rejected or accepted alike", () => {
    const unexplained: string[] = []
    const seen = new Map<string, number>()
    function note(bytes: Uint8Array) {
        const found = compare(bytes)
        if (!found) return
        const row = differences.find(d => explains(d, found))
        if (row) seen.set(row.what, (seen.get(row.what) ?? 0) + 1)
        else
            unexplained.push(
                `${hex(bytes)}: ours ${found.ours} (${found.says}), theirs ${found.theirs}`
            )
    }

    it("with bits flipped, bytes cut off, set, inserted and removed, and lengths changed", () => {
        fc.assert(fc.property(mutated, note), { numRuns: 30000 })
        expect(unexplained.slice(0, 5)).toEqual([])
        for (const { what } of differences)
            console.log(`${String(seen.get(what) ?? 0).padStart(6)}  ${what}`)
        // each row is one that happens
        expect([...seen.keys()].sort()).toEqual(
            differences.map(d => d.what).sort()
        )
    })

    it("for every first byte with every short remaining length", () => {
        for (let first = 0; first < 256; first++)
            for (let length = 0; length <= 6; length++)
                for (const body of [
                    "000161000162",
                    "010000000000",
                    "000000000000",
                ])
                    note(
                        glue([
                            Uint8Array.from([first, length]),
                            unhex(body).slice(0, length),
                        ])
                    )
        expect(unexplained.slice(0, 5)).toEqual([])
    })

    it("with no bytes but random ones", () => {
        fc.assert(fc.property(fc.uint8Array({ maxLength: 24 }), note), {
            numRuns: 10000,
        })
        expect(unexplained.slice(0, 5)).toEqual([])
    })
})
