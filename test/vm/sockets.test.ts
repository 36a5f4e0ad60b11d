// The simulated board's network over real sockets: as unkind as a board's, and as observable as a simulation's.
import { once } from "node:events"
import {
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { createServer as createTlsServer, Server as TlsServer } from "node:tls"
import { afterAll, afterEach, describe, expect, test } from "vitest"
import {
    nodeSockets,
    realClock,
    startVm,
    type NodeSocketsOptions,
    type Vm,
} from "../../sim/vm/index"
import { LOOPBACK } from "../support/free-port"
import { Watch } from "../support/wait"
import { Lab } from "./lab"
import { CERTIFICATE, KEY, TLS_HOST } from "./tls"

/** ms within which anything on the loopback interface happens; the VM looks at its sockets every 10 ms. */
const SOON = 5_000

/** What each program does with its connection's events: prints their name and what they carry. */
const EVENTS = `
    const native = ds as any
    native._socketOnEvent = async (event: string, detail: any) => {
        if (event === "data") console.log("data", detail.length, detail.toString("hex").slice(0, 8))
        else if (event === "error") console.log("error", detail)
        else console.log(event)
        if (event === "open") await opened()
    }
`
const NOTHING = "async function opened() {}"
const connect = (host: string, port: string) =>
    `native._socketOpen("${host}", ${port})`

const lab = new Lab({
    listens: `${NOTHING}${EVENTS}${connect("broker.test", "1883")}`,
    "listens with TLS": `${NOTHING}${EVENTS}${connect(TLS_HOST, "-8883")}`,
    "has a bad port": `${NOTHING}${EVENTS}
        ${connect("broker.test", "70000")}
        setTimeout(async () => console.log("still there"), 200)`,
    writes: `
        async function opened() {
            for (const text of ["one", "two", "three"]) {
                console.log("wrote", native._socketWrite(Buffer.from(text)))
                await ds.sleep(20)
            }
            console.log("closed", native._socketClose())
        }
        ${EVENTS}${connect("broker.test", "1883")}`,
})

const vms: Vm[] = []
const servers: Server[] = []
const peers: Socket[] = []

/** A server and the connections it got. */
class Peers {
    readonly seen: Socket[] = []
    private readonly watch = new Watch()

    constructor(readonly server: Server) {
        servers.push(server)
        const ready =
            server instanceof TlsServer ? "secureConnection" : "connection"
        server.on(ready, (socket: Socket) => {
            socket.on("error", () => {})
            this.seen.push(socket)
            peers.push(socket)
            this.watch.changed()
        })
    }

    first(): Promise<Socket> {
        return this.watch.until(() => this.seen[0], SOON, "connection")
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port
    }
}

async function serve(server = createServer()): Promise<Peers> {
    const peers = new Peers(server)
    server.listen(0, LOOPBACK)
    await once(server, "listening")
    return peers
}

/** The lines of a program, and the wait for one. */
class Lines {
    readonly all: string[] = []
    private readonly watch = new Watch()

    constructor(readonly vm: Vm) {
        vm.on("line", line => {
            this.all.push(line)
            this.watch.changed()
        })
    }

    until(found: (lines: string[]) => boolean): Promise<string[]> {
        return this.watch.until(
            () => (found(this.all) ? this.all : undefined),
            SOON,
            "line",
            () => this.all.join("\n")
        )
    }
}

async function start(
    name: string,
    { port }: { port: number },
    options: NodeSocketsOptions = {}
): Promise<Lines> {
    const vm = await startVm({
        program: lab.program,
        deviceId: lab.chip(name),
        clock: realClock,
        sockets: nodeSockets({
            hosts: { [TLS_HOST]: { host: LOOPBACK, port } },
            ...options,
        }),
    })
    vms.push(vm)
    return new Lines(vm)
}

afterEach(() => {
    for (const vm of vms.splice(0)) vm.stop()
    for (const peer of peers.splice(0)) peer.destroy()
    for (const server of servers.splice(0)) server.close()
})
afterAll(() => lab.stop())

describe("what arrives", () => {
    test("comes in pieces of at most 1,024 bytes, each its own event, in order", async () => {
        const server = await serve()
        const lines = await start("listens", server)
        const peer = await server.first()
        const bytes = Buffer.alloc(3_000)
        for (let i = 0; i < bytes.length; i++) bytes[i] = i >> 8
        peer.write(bytes)
        await lines.until(all => all.length >= 4)
        expect(lines.all).toEqual([
            "open",
            "data 1024 00000000",
            "data 1024 04040404",
            "data 952 08080808",
        ])
    })

    test("comes byte by byte when the largest piece is 1", async () => {
        const server = await serve()
        const seen: number[] = []
        const lines = await start("listens", server, {
            maxChunk: 1,
            onData: bytes => seen.push(...bytes),
        })
        const peer = await server.first()
        peer.write(Buffer.from([1, 2, 3]))
        await lines.until(all => all.length >= 4)
        expect(lines.all).toEqual([
            "open",
            "data 1 01",
            "data 1 02",
            "data 1 03",
        ])
        expect(seen).toEqual([1, 2, 3])
    })

    test("a close of the peer is close, a reset of the peer is an error", async () => {
        const server = await serve()
        const closed = await start("listens", server)
        await closed.until(all => all[0] === "open")
        ;(await server.first()).end()
        await closed.until(all => all.length >= 2)
        expect(closed.all).toEqual(["open", "close"])

        const other = await serve()
        const reset = await start("listens", other)
        await reset.until(all => all[0] === "open")
        ;(await other.first()).resetAndDestroy()
        await reset.until(all => all.length >= 2)
        expect(reset.all).toEqual([
            "open",
            "error tcp://broker.test:1883: read ECONNRESET",
        ])
    })
})

describe("where a connection leads", () => {
    test("is told by the host table: the program's name and port are not those of the machine", async () => {
        const server = await serve()
        const lines = await start("listens", server)
        await server.first()
        await lines.until(all => all[0] === "open")
        expect(server.seen).toHaveLength(1)
    })

    test("nobody there is an error event", async () => {
        const server = await serve()
        const { port } = server
        await new Promise(resolve => server.server.close(resolve))
        const lines = await start("listens", { port })
        await lines.until(all => all.length >= 1)
        expect(lines.all[0]).toBe(
            `error tcp://broker.test:1883: connect ECONNREFUSED ${LOOPBACK}:${port}`
        )
    })

    test("a port that is none is an error event, and the program goes on", async () => {
        const lines = await start(
            "has a bad port",
            { port: 1883 },
            { hosts: {} }
        )
        await lines.until(all => all.length >= 2)
        expect(lines.all).toEqual([
            "error tcp://broker.test:70000: port 70000 is not one of 1 to 65535",
            "still there",
        ])
        expect(lines.vm.running).toBe(true)
    })
})

describe("what the program writes", () => {
    test("arrives, and can be watched write by write", async () => {
        const server = await serve()
        const writes: string[] = []
        const lines = await start("writes", server, {
            onWrite: bytes => {
                writes.push(Buffer.from(bytes).toString())
                return 0
            },
        })
        const peer = await server.first()
        let got = ""
        peer.on("data", bytes => (got += bytes.toString()))
        await once(peer, "end")
        await lines.until(all => all.length >= 5)
        expect(writes).toEqual(["one", "two", "three"])
        expect(got).toBe("onetwothree")
        expect(lines.all).toEqual([
            "open",
            "wrote 0",
            "wrote 0",
            "wrote 0",
            "closed 0",
        ])
    })

    test("can be refused as a board does it: -1 for a full queue, -10 for no connection; then nothing is sent", async () => {
        const server = await serve()
        const codes = [-1, -10, 0]
        const lines = await start("writes", server, {
            onWrite: () => codes.shift() ?? 0,
        })
        const peer = await server.first()
        let got = ""
        peer.on("data", bytes => (got += bytes.toString()))
        await once(peer, "end")
        await lines.until(all => all.length >= 5)
        expect(lines.all.slice(1, 4)).toEqual([
            "wrote -1",
            "wrote -10",
            "wrote 0",
        ])
        expect(got).toBe("three")
    })
})

describe("the end of a VM, as its peer sees it", () => {
    /** How the peer's side ends: the code of an error, or "FIN". */
    const ending = (peer: Socket) =>
        new Promise<string>(resolve => {
            peer.once("error", error =>
                resolve((error as NodeJS.ErrnoException).code ?? "error")
            )
            peer.once("end", () => resolve("FIN"))
            peer.resume()
        })

    test("a power cut is a reset", async () => {
        const server = await serve()
        const lines = await start("listens", server)
        const peer = await server.first()
        await lines.until(all => all[0] === "open")
        const ended = ending(peer)
        lines.vm.powerCut()
        expect(await ended).toBe("ECONNRESET")
    })

    test("a stop is a close in good order", async () => {
        const server = await serve()
        const lines = await start("listens", server)
        const peer = await server.first()
        await lines.until(all => all[0] === "open")
        const ended = ending(peer)
        lines.vm.stop()
        expect(await ended).toBe("FIN")
    })

    test("a connection that the program has closed is gone after 3 s, though the peer never closes its side", async () => {
        const server = await serve(createServer({ allowHalfOpen: true }))
        const lines = await start("writes", server)
        const peer = await server.first()
        peer.resume()
        await once(peer, "end")
        await lines.until(all => all.includes("closed 0"))
        const from = performance.now()
        // what is still sent meets a closed port
        const reset = new Promise<void>(resolve =>
            peer.once("error", () => resolve())
        )
        const sending = setInterval(() => peer.write("x"), 50)
        await reset
        clearInterval(sending)
        expect(performance.now() - from).toBeLessThan(5_000)
    })
})

describe("TLS", () => {
    test("carries bytes both ways when the certificate is trusted, and its name is the one the program knows", async () => {
        const server = await serve(
            createTlsServer({ cert: CERTIFICATE, key: KEY })
        )
        const lines = await start("listens with TLS", server, {
            ca: CERTIFICATE,
        })
        const peer = await server.first()
        peer.write("hello")
        await lines.until(all => all.length >= 2)
        expect(lines.all).toEqual(["open", "data 5 68656c6c"])
        const gone = new Promise<string>(resolve => {
            peer.once("error", error =>
                resolve((error as NodeJS.ErrnoException).code ?? "")
            )
            peer.once("close", () => resolve("close"))
        })
        lines.vm.powerCut()
        expect(await gone).toBe("ECONNRESET")
    })

    test("a certificate that nobody trusts is an error after open, as TLS begins when TCP is open", async () => {
        const server = await serve(
            createTlsServer({ cert: CERTIFICATE, key: KEY })
        )
        const lines = await start("listens with TLS", server)
        await lines.until(all => all.length >= 2)
        expect(lines.all).toEqual([
            "open",
            `error tls://${TLS_HOST}:8883: self-signed certificate`,
        ])
    })
})
