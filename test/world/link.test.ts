// The faults of a link, byte for byte and ms for ms, between a socket as the chip has it and a server in memory.
import { beforeEach, describe, expect, test } from "vitest"
import { bytes, LinkEnds } from "./link-ends"

let ends: LinkEnds
let { clock, link, told, servers } = (ends = new LinkEnds())

const connect = (name?: string) => ends.connect(name)
const connected = () => ends.connected()

beforeEach(() => {
    ends = new LinkEnds()
    ;({ clock, link, told, servers } = ends)
})

describe("a link without faults", () => {
    test("passes all as the network does", async () => {
        const chip = connect()
        chip.write(bytes("early"))
        await clock.advance(10)
        chip.write(bytes("up"))
        servers[0]!.write(bytes("down"))
        chip.end()
        await clock.advance(10)
        expect(told).toEqual([
            "1 chip connect",
            "2 server early",
            "11 server up",
            "11 chip down",
            "11 server close",
            "12 chip close",
        ])
    })

    test("tells of a host that refuses", async () => {
        ends.connect("chip", 1)
        await clock.advance(10)
        expect(told).toEqual([
            "1 chip connect ECONNREFUSED broker:1",
            "1 chip close",
        ])
    })
})

describe("ends of a connection", () => {
    test("a reset is seen at both ends, and what was under way is lost", async () => {
        const { chip } = await connected()
        link.silence("up")
        chip.write(bytes("lost"))
        link.reset()
        link.restore()
        await clock.advance(10)
        expect(told).toEqual([
            "10 chip read ECONNRESET",
            "10 chip close",
            "11 server read ECONNRESET",
            "11 server close",
        ])
    })

    test("a close in good order is seen at both ends, after what was under way", async () => {
        const { chip } = await connected()
        chip.write(bytes("last"))
        link.close()
        await clock.advance(10)
        expect(told).toEqual([
            "11 server last",
            "11 server close",
            "12 chip close",
        ])
    })
})

describe("a connection that is forgotten on the way", () => {
    test("nothing passes any more and neither end is told; a new connection is whole", async () => {
        const { chip, server } = await connected()
        link.silence("up")
        chip.write(bytes("under way"))
        link.lose()
        link.restore()
        chip.write(bytes("up"))
        server.write(bytes("down"))
        const next = connect("next")
        await clock.advance(10)
        next.write(bytes("there"))
        chip.end()
        await clock.advance(3_600_000)
        expect(told).toEqual(["11 next connect", "21 server there"])
        expect(link.onWrite()).toBe(0)
    })
})

describe("silence", () => {
    test("both ways: nothing arrives, nobody is told, and all comes in order when it ends", async () => {
        const { chip, server } = await connected()
        link.silence()
        for (const piece of ["a", "b"]) chip.write(bytes(piece))
        server.write(bytes("c"))
        await clock.advance(3_600_000)
        expect(told).toEqual([])
        link.restore()
        await clock.advance(10)
        expect(told).toEqual([
            "3600010 chip c",
            "3600011 server a",
            "3600011 server b",
        ])
    })

    test.each([
        ["up", ["11 chip down"], "server up"],
        ["down", ["11 server up"], "chip down"],
    ] as const)(
        "%s only: the other way goes on",
        async (way, passes, waits) => {
            const { chip, server } = await connected()
            link.silence(way)
            chip.write(bytes("up"))
            server.write(bytes("down"))
            await clock.advance(1_000)
            expect(told).toEqual(passes)
            link.restore(way)
            await clock.advance(10)
            expect(told[1]).toContain(waits)
        }
    )

    test("the end of either side waits too", async () => {
        const { chip, server } = await connected()
        link.silence()
        server.cut()
        chip.end()
        await clock.advance(1_000)
        expect(told).toEqual(["10 server close"])
        link.restore()
        await clock.advance(10)
        expect(told.slice(1)).toEqual([
            "1010 chip read ECONNRESET",
            "1010 chip close",
        ])
    })

    test("a new connection comes about when it ends", async () => {
        link.silence()
        connect()
        await clock.advance(1_000)
        expect(servers).toEqual([])
        link.restore()
        await clock.advance(10)
        expect(told).toEqual(["1001 chip connect"])
    })

    test("silence towards the chip: the server has a connection the chip knows nothing of", async () => {
        link.silence("down")
        connect()
        await clock.advance(1_000)
        expect(servers).toHaveLength(1)
        expect(told).toEqual([])
    })

    test("writes are refused when the chip's buffer and queue are full, and taken again after", async () => {
        const { chip } = await connected()
        link.silence("up")
        const taken: number[] = []
        for (let i = 0; i < 100; i++) {
            const code = link.onWrite()
            if (code !== 0) {
                expect(code).toBe(-1)
                break
            }
            chip.write(new Uint8Array(1_000))
            taken.push(i)
        }
        expect(taken).toHaveLength(50)
        link.restore()
        expect(link.onWrite()).toBe(0)
    })
})

test("a stall: all that came in 20 s arrives at its end", async () => {
    const { chip, server } = await connected()
    link.stall(20_000)
    chip.write(bytes("a"))
    await clock.advance(10_000)
    server.write(bytes("b"))
    await clock.advance(10_010)
    expect(told).toEqual(["20010 chip b", "20011 server a"])
})

test("a drip: one byte every 100 ms, the end after the last", async () => {
    const { server } = await connected()
    link.drip(100, "down")
    server.write(bytes("abc"))
    server.end()
    await clock.advance(1_000)
    expect(told.filter(line => line.includes("chip"))).toEqual([
        "11 chip a",
        "111 chip b",
        "211 chip c",
        "311 chip close",
    ])
})

test("the end of a drip lets the rest through at once", async () => {
    const { chip } = await connected()
    link.drip(100, "up")
    chip.write(bytes("abcdef"))
    await clock.advance(150)
    link.restore()
    await clock.advance(10)
    expect(told).toEqual(["11 server a", "111 server b", "161 server cdef"])
})

test("a damaged byte: the one after so many, once, in that direction", async () => {
    const { chip, server } = await connected()
    link.corrupt("up", 3, 0x20)
    chip.write(bytes("AB"))
    chip.write(bytes("ABAB"))
    server.write(bytes("ABAB"))
    await clock.advance(10)
    expect(told).toEqual(["11 server AB", "11 server AbAB", "11 chip ABAB"])
})

describe("a chip without power", () => {
    test("its peer hears nothing until it sends something to a chip that has power again", async () => {
        const { chip, server } = await connected()
        link.powered = false
        chip.cut()
        server.write(bytes("anyone?"))
        await clock.advance(60_000)
        expect(told).toEqual([])
        link.powered = true
        await clock.advance(60_000)
        expect(told).toEqual([])
        server.write(bytes("anyone?"))
        await clock.advance(10)
        expect(told).toEqual([
            "120012 server read ECONNRESET",
            "120012 server close",
        ])
    })

    test("what it had not got through is lost with it", async () => {
        const { chip } = await connected()
        link.silence("up")
        chip.write(bytes("lost"))
        chip.cut()
        link.restore()
        await clock.advance(10)
        expect(told).toEqual([])
    })
})
