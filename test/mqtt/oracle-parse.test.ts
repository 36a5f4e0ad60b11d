// Every packet a server may send, written by mqtt-packet and read here, cut and glued at any byte.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { expected, serverPacket } from "./oracle"
import { installStrictBuffer } from "./strict-buffer"
import { glue, read, wireOf, type Found } from "./wire"

/** `read`, on the strict Buffer; what generates the packets needs the real one. */
function readStrictly(chunks: Uint8Array[]) {
    const restore = installStrictBuffer()
    try {
        return read(chunks)
    } finally {
        restore()
    }
}

const packets = fc.array(serverPacket, { minLength: 1, maxLength: 5 })

/** Random packets as bytes, and what must be found in them. */
const stream = packets.map(all => ({
    bytes: glue(all.map(wireOf)),
    found: all.map(p => expected(p) as Found),
}))

describe("what mqtt-packet emits for a client, we read with the same fields,", () => {
    it("in one chunk", () => {
        const types = new Set<number>()
        fc.assert(
            fc.property(stream, ({ bytes, found }) => {
                for (const f of found) types.add(f.type)
                expect(readStrictly([bytes])).toEqual({ packets: found })
            }),
            { numRuns: 2000 }
        )
        // CONNACK, PUBLISH, the four acknowledgements, SUBACK, UNSUBACK, PINGRESP
        expect([...types].sort((a, b) => a - b)).toEqual([
            2, 3, 4, 5, 6, 7, 9, 11, 13,
        ])
    })

    it("cut in two at every byte boundary", () => {
        fc.assert(
            fc.property(stream, ({ bytes, found }) => {
                for (let at = 1; at < bytes.length; at++)
                    expect(
                        readStrictly([bytes.slice(0, at), bytes.slice(at)])
                    ).toEqual({ packets: found })
            }),
            { numRuns: 150 }
        )
    })

    it("one byte at a time", () => {
        fc.assert(
            fc.property(stream, ({ bytes, found }) => {
                const single = Array.from(bytes, b => Uint8Array.from([b]))
                expect(readStrictly(single)).toEqual({ packets: found })
            }),
            { numRuns: 500 }
        )
    })

    it("glued and cut anywhere", () => {
        fc.assert(
            fc.property(
                stream,
                fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
                ({ bytes, found }, shares) => {
                    const cuts = shares
                        .map(share => Math.floor(share * bytes.length))
                        .sort((a, b) => a - b)
                    const chunks = [0, ...cuts].map((from, i) =>
                        bytes.slice(from, cuts[i] ?? bytes.length)
                    )
                    expect(readStrictly(chunks)).toEqual({ packets: found })
                }
            ),
            { numRuns: 1000 }
        )
    })
})
