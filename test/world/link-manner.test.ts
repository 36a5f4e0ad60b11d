// How a link carries bytes when it is slow, narrow or odd, how connections fail to come about, and what boards' platforms
// make of it: byte for byte and ms for ms.
import { beforeEach, describe, expect, test } from "vitest"
import type { Overheard, Port } from "../../sim/world"
import { bytes, LinkEnds } from "./link-ends"

let ends: LinkEnds
let { clock, link, told, servers } = (ends = new LinkEnds())

const connect = (name?: string) => ends.connect(name)
const connected = () => ends.connected()

function make(port?: Port) {
    ends = new LinkEnds(port)
    ;({ clock, link, told, servers } = ends)
}

beforeEach(() => make())

describe("latency", () => {
    test("all is later by as much, one way or both; the end after the bytes", async () => {
        const { chip, server } = await connected()
        link.set("up", { delayMs: 100 })
        chip.write(bytes("up"))
        chip.end()
        server.write(bytes("down"))
        await clock.advance(200)
        expect(told).toEqual([
            "11 chip down",
            "111 server up",
            "111 server close",
            "112 chip close",
        ])
    })

    test("jitter draws a delay for each write, and none overtakes another", async () => {
        const { chip } = await connected()
        link.set("up", { jitterMs: 50 })
        for (const name of "abcdefgh") chip.write(bytes(name))
        await clock.advance(100)
        expect(told.map(line => line.at(-1)).join("")).toBe("abcdefgh")
        const times = told.map(line => Number(line.split(" ")[0]))
        expect(new Set(times).size).toBeGreaterThan(1)
        expect(Math.max(...times)).toBeLessThanOrEqual(10 + 50 + 2)
    })

    test("that ends lets what is on its way come when it was due, and the rest after it", async () => {
        const { chip } = await connected()
        link.set("up", { delayMs: 100 })
        chip.write(bytes("slow"))
        link.set("up", { delayMs: 0 })
        chip.write(bytes("fast"))
        await clock.advance(200)
        expect(told).toEqual(["111 server slow", "111 server fast"])
    })
})

test("a narrow link takes its time for each packet of 1,460 bytes", async () => {
    const { chip } = await connected()
    link.set("up", { rate: 1_460 })
    chip.write(new Uint8Array(3_000))
    chip.write(bytes("end"))
    await clock.advance(3_000)
    expect(told).toEqual([
        "11 server 1460 bytes",
        "1011 server 1460 bytes",
        "2011 server 80 bytes",
        "2065 server end",
    ])
})

test("pieces of a size, in one moment", async () => {
    const { server } = await connected()
    link.set("down", { pieceBytes: 1 })
    server.write(bytes("abc"))
    link.set("up", { pieceBytes: 2 })
    await clock.advance(10)
    expect(told).toEqual(["11 chip a", "11 chip b", "11 chip c"])
})

test("a board takes six pieces until its program has looked, the rest stays on the way", async () => {
    const { server } = await connected()
    link.set("down", { pieceBytes: 1 })
    server.write(bytes("abcdefghijklmn"))
    await clock.advance(40)
    const at = told.map(line => line.split(" chip "))
    expect(at.map(([, text]) => text).join("")).toBe("abcdefghijklmn")
    const times = at.map(([ms]) => Number(ms))
    const [first] = times
    expect(times.map(ms => ms - first!)).toEqual([
        0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 20, 20,
    ])
})

test("what comes within a time is merged, and handed over in a board's pieces of 1,024", async () => {
    const { server } = await connected()
    link.set("down", { mergeMs: 100 })
    server.write(bytes("ab"))
    await clock.advance(50)
    server.write(bytes("cd"))
    await clock.advance(100)
    expect(told).toEqual(["111 chip abcd"])
    told.length = 0
    for (let i = 0; i < 3; i++) server.write(new Uint8Array(500))
    await clock.advance(200)
    expect(told.map(line => line.split(" chip ")[1])).toEqual([
        "1024 bytes",
        "476 bytes",
    ])
})

test.each([0, 1, 3])(
    "a reset after %d bytes: those arrive, no other",
    async count => {
        const { chip } = await connected()
        link.resetAfter("up", count)
        chip.write(bytes("ab"))
        chip.write(bytes("cdef"))
        await clock.advance(10)
        const came = told.filter(line => /server [a-f]+$/.test(line))
        const text = came.map(line => line.split(" ")[2]).join("")
        expect(text).toBe("abcdef".slice(0, count))
        expect(told).toContain("10 chip read ECONNRESET")
        expect(told).toContain("11 server read ECONNRESET")
    }
)

describe("half open", () => {
    test("the node believes that it is connected until it sends something", async () => {
        const { chip } = await connected()
        link.halve("node")
        await clock.advance(60_000)
        expect(told).toEqual(["11 server read ECONNRESET", "11 server close"])
        chip.write(bytes("anyone?"))
        await clock.advance(10)
        expect(told.slice(2)).toEqual([
            "60010 chip read ECONNRESET",
            "60010 chip close",
        ])
    })

    test("the broker believes it until it does", async () => {
        const { server } = await connected()
        link.halve("broker")
        await clock.advance(60_000)
        expect(told).toEqual(["10 chip read ECONNRESET", "10 chip close"])
        server.write(bytes("anyone?"))
        await clock.advance(10)
        expect(told.slice(2)).toEqual([
            "60012 server read ECONNRESET",
            "60012 server close",
        ])
    })
})

describe("a connection that does not come about", () => {
    test.each([
        ["unknown", ["1 chip getaddrinfo ENOTFOUND no.broker"]],
        ["late", ["47000 chip connect ETIMEDOUT broker:1883"]],
        ["offline", ["1 chip network not available"]],
        ["never", []],
    ] as const)("%s", async (reach, heard) => {
        link.reach = reach
        connect()
        await clock.advance(3_600_000)
        expect(told.filter(line => !line.endsWith("close"))).toEqual(heard)
        expect(servers).toEqual([])
    })

    test("the next one does when nothing is wrong any more", async () => {
        link.reach = "never"
        connect("first").end()
        link.reach = "normal"
        connect("second")
        await clock.advance(10)
        expect(told).toEqual(["1 second connect"])
    })
})

describe("how ends are told to the chip", () => {
    test.each([
        ["close", "reset", ["10 chip close"]],
        ["error", "reset", ["10 chip read ECONNRESET", "10 chip close"]],
        ["error", "close", ["11 chip recv without buf?", "11 chip close"]],
        ["none", "reset", []],
    ] as const)("%s, of a %s", async (ends, how, heard) => {
        await connected()
        link.ends = ends
        if (how === "reset") link.reset()
        else servers[0]!.end()
        await clock.advance(10)
        expect(told.filter(line => line.includes("chip"))).toEqual(heard)
    })
})

describe("a board's socket", () => {
    test("refuses writes with the code it is told to", () => {
        link.refuses = -10
        expect(link.onWrite(bytes("x"))).toBe(-10)
        link.refuses = undefined
        expect(link.onWrite(bytes("x"))).toBe(0)
    })

    test("of a Pico W breaks when more than 8 KB are on their way, and says so of its peer's FIN as an error", async () => {
        make("pico-w")
        const { chip, server } = await connected()
        link.silence("up")
        let writes = 0
        for (; link.onWrite(new Uint8Array(1_000)) === 0; writes++)
            chip.write(new Uint8Array(1_000))
        expect(writes).toBe(8)
        await clock.advance(10)
        expect(told).toEqual(["11 chip write error: -1", "11 chip close"])
        link.restore()
        told.length = 0
        const next = connect("next")
        await clock.advance(10)
        expect(next.alive).toBe(true)
        server.end()
        servers.at(-1)!.end()
        await clock.advance(10)
        expect(told.filter(line => line.includes("next"))).toEqual([
            "21 next connect",
            "31 next recv without buf?",
            "31 next close",
        ])
    })

    test("of an ESP32 may bring what an older connection had still to bring before the new one is open", async () => {
        const { server } = await connected()
        link.mixes = true
        link.silence("down")
        server.write(bytes("old"))
        await clock.advance(10)
        connect("next")
        link.restore("down")
        await clock.advance(10)
        expect(told).toEqual(["20 next old", "21 next connect"])
    })
})

test("all that happens at the chip's end is overheard", async () => {
    const heard: string[] = []
    link.overhear = (connection: number, { what }: Overheard) =>
        heard.push(`${connection} ${what}`)
    const { chip, server } = await connected()
    chip.write(bytes("a"))
    server.write(bytes("b"))
    link.refuses = -1
    link.onWrite(bytes("c"))
    await clock.advance(10)
    chip.end()
    connect("next").cut()
    expect(heard).toEqual([
        "1 opened",
        "1 connect",
        "1 write",
        "1 refused",
        "1 data",
        "1 end",
        "2 opened",
        "2 cut",
    ])
})
