// The network in memory: a connection on a virtual clock behaves as one of TCP, and as the same one each time.
import { afterEach, describe, expect, test } from "vitest"
import {
    MemoryNetwork,
    VirtualClock,
    type MemorySocket,
} from "../../sim/vm/index"
import { Lab } from "./lab"

/** Writes down what an end of a connection tells, with the ms of the clock. */
function record(
    clock: VirtualClock,
    name: string,
    socket: MemorySocket,
    told: string[]
) {
    const tell = (what: string) =>
        told.push(`${Math.floor(clock.elapsed)} ${name} ${what}`)
    socket.once("connect", () => tell("connect"))
    socket.on("data", (bytes: Uint8Array) =>
        tell(`data ${Buffer.from(bytes).toString()}`)
    )
    socket.on("error", (error: Error) => tell(`error ${error.message}`))
    socket.on("close", (hadError: boolean) =>
        tell(hadError ? "close after an error" : "close")
    )
}

interface Scene {
    clock: VirtualClock
    network: MemoryNetwork
    told: string[]
    client: MemorySocket
    /** The server's end, once it is there. */
    peer: () => MemorySocket
}

/** A client that connects to a server 5 ms away, both written down. */
function scene(options: { maxChunk?: number } = {}): Scene {
    const clock = new VirtualClock(0)
    const network = new MemoryNetwork(clock, { delay: 5, ...options })
    const told: string[] = []
    const peers: MemorySocket[] = []
    network.listen("broker", 1883, peer => {
        peers.push(peer)
        record(clock, "server", peer, told)
    })
    const client = network.connect("broker", 1883, false)
    record(clock, "client", client, told)
    return { clock, network, told, client, peer: () => peers[0]! }
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describe("two ends of a connection", () => {
    test("bytes arrive after the delay, in order, in both directions", async () => {
        const { clock, told, client, peer } = scene()
        await clock.advance(5)
        client.write(bytes("one"))
        client.write(bytes("two"))
        peer().write(bytes("three"))
        await clock.advance(5)
        expect(told).toEqual([
            "5 client connect",
            "10 server data one",
            "10 server data two",
            "10 client data three",
        ])
    })

    test("what is written before the connection is there arrives once it is", async () => {
        const { clock, told, client } = scene()
        client.write(bytes("early"))
        await clock.advance(10)
        expect(told).toEqual(["5 client connect", "10 server data early"])
    })

    test("what was written may be changed by its owner afterwards", async () => {
        const { clock, told, client } = scene()
        await clock.advance(5)
        const mine = bytes("one")
        client.write(mine)
        mine.fill(0)
        await clock.advance(5)
        expect(told.at(-1)).toBe("10 server data one")
    })

    test("the client gets pieces as small as a board's, the server what was written", async () => {
        const { clock, told, client, peer } = scene({ maxChunk: 2 })
        await clock.advance(5)
        client.write(bytes("abcde"))
        peer().write(bytes("abcde"))
        await clock.advance(5)
        expect(told.slice(1)).toEqual([
            "10 server data abcde",
            "10 client data ab",
            "10 client data cd",
            "10 client data e",
        ])
    })

    test("an end in good order delivers what was written before, then closes both", async () => {
        const { clock, told, client } = scene()
        await clock.advance(5)
        client.write(bytes("last"))
        client.end()
        client.write(bytes("too late"))
        await clock.advance(100)
        expect(told.slice(1)).toEqual([
            "10 server data last",
            "10 server close",
            "15 client close",
        ])
        expect(clock.pending).toBe(0)
    })

    test("a cut is a reset for the peer, and what is under way to the cut end is lost", async () => {
        const { clock, told, client, peer } = scene()
        await clock.advance(5)
        peer().write(bytes("lost"))
        client.cut()
        await clock.advance(100)
        expect(told.slice(1)).toEqual([
            "5 client close",
            "10 server error read ECONNRESET",
            "10 server close after an error",
        ])
    })

    test("a client that is cut while it connects is never seen by the server", async () => {
        const { clock, told, client } = scene()
        client.cut()
        await clock.advance(100)
        expect(told).toEqual(["0 client close"])
    })

    test("a connection that ends at both ends at once ends once", async () => {
        const { clock, told, client, peer } = scene()
        await clock.advance(5)
        client.end()
        peer().end()
        await clock.advance(100)
        expect(told.slice(1).sort()).toEqual([
            "10 client close",
            "10 server close",
        ])
    })
})

describe("a connection that cannot be", () => {
    test.each([
        ["broker", 1884, "connect ECONNREFUSED broker:1884"],
        ["nobody", 1883, "getaddrinfo ENOTFOUND nobody"],
        ["broker", 70_000, "port 70000 is not one of 1 to 65535"],
    ])("to %s:%i is an error: %s", async (host, port, message) => {
        const { clock, network } = scene()
        await clock.advance(5)
        const told: string[] = []
        record(clock, "client", network.connect(host, port, false), told)
        await clock.advance(5)
        expect(told).toEqual([
            `10 client error ${message}`,
            "10 client close after an error",
        ])
    })

    test("is refused once the server has ended, while those it has stay", async () => {
        const clock = new VirtualClock(0)
        const network = new MemoryNetwork(clock)
        const told: string[] = []
        const end = network.listen("broker", 1883, peer =>
            record(clock, "server", peer, told)
        )
        const client = network.connect("broker", 1883, false)
        await clock.advance(1)
        end()
        client.write(bytes("still"))
        record(clock, "late", network.connect("broker", 1883, false), told)
        await clock.advance(1)
        expect(told).toEqual([
            "2 server data still",
            "2 late error getaddrinfo ENOTFOUND broker",
            "2 late close after an error",
        ])
    })

    test("two servers cannot have one place", () => {
        const network = new MemoryNetwork(new VirtualClock())
        network.listen("broker", 1883, () => {})
        expect(() => network.listen("broker", 1883, () => {})).toThrow(
            "broker:1883 is in use"
        )
    })
})

describe("a program in the VM", () => {
    const lab = new Lab({
        "asks every second": `
            const native = ds as any
            let asked = 0
            native._socketOnEvent = async (event: string, detail: any) => {
                console.log(event, event === "data" ? detail.toString() : detail)
                if (event !== "open") return
                for (;;) {
                    asked++
                    native._socketWrite(Buffer.from("ask " + asked))
                    await ds.sleep(1000)
                }
            }
            native._socketOpen("broker", 1883)`,
    })
    afterEach(() => lab.stop())

    /** Runs the program against a server that answers each piece with it in capitals. */
    async function session(ms: number) {
        const clock = new VirtualClock()
        const network = new MemoryNetwork(clock)
        const peers: MemorySocket[] = []
        const heard: string[] = []
        network.listen("broker", 1883, peer => {
            peers.push(peer)
            peer.on("data", (data: Uint8Array) => {
                const text = Buffer.from(data).toString()
                heard.push(text)
                peer.write(bytes(text.toUpperCase()))
            })
            peer.on("error", (error: Error) => heard.push(error.message))
        })
        const run = await lab.run("asks every second", {
            clock,
            sockets: network,
            ms,
        })
        return { run, clock, peers, heard }
    }

    test("talks to a server, and hears it at the next tick of 10 ms", async () => {
        const { run, heard } = await session(2_500)
        expect(heard).toEqual(["ask 1", "ask 2", "ask 3"])
        expect(run.all("line")).toEqual([
            "open undefined",
            "data ASK 1",
            "data ASK 2",
            "data ASK 3",
        ])
        const [opened, answered] = [
            run.when("line", "open undefined")!,
            run.when("line", "data ASK 1")!,
        ]
        expect(answered - opened).toBeGreaterThan(0)
        expect(answered - opened).toBeLessThanOrEqual(20)
    })

    test("a power cut in the middle is a reset for the server, 1 ms later", async () => {
        const { run, clock, heard } = await session(2_500)
        run.vm.powerCut()
        await clock.advance(2)
        expect(heard.at(-1)).toBe("read ECONNRESET")
        await clock.advance(10_000)
        expect(heard).toHaveLength(4)
        expect(clock.pending).toBe(0)
    })

    test("a reset by the server is an error event, and nothing after it", async () => {
        const { run, clock, peers } = await session(500)
        peers[0]!.destroy()
        await clock.advance(50)
        expect(run.all("line").slice(-1)).toEqual([
            "error tcp://broker:1883: read ECONNRESET",
        ])
    })
})
