import {
    connect,
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { LOOPBACK } from "./free-port"
import { Proxy } from "./proxy"
import { Watch } from "./wait"

/** One end of a connection that writes down what happens to it. */
class End {
    chunks: Buffer[] = []
    events: string[] = []
    #watch = new Watch()

    constructor(readonly socket: Socket) {
        socket.on("data", data => this.#note(() => this.chunks.push(data)))
        socket.on("end", () => this.#note(() => this.events.push("end")))
        socket.on("error", (error: NodeJS.ErrnoException) =>
            this.#note(() => this.events.push(error.code!))
        )
    }

    get text(): string {
        return Buffer.concat(this.chunks).toString()
    }

    async received(text: string): Promise<void> {
        await this.#watch.until(
            () => this.text.length >= text.length || undefined,
            2_000,
            `"${text}"`,
            () => this.text
        )
        expect(this.text).toBe(text)
    }

    async saw(event: string): Promise<void> {
        await this.#watch.until(
            () => this.events.includes(event) || undefined,
            2_000,
            event,
            () => this.events.join()
        )
    }

    #note(change: () => void): void {
        change()
        this.#watch.changed()
    }
}

let server: Server
let proxy: Proxy
let arrived: Watch
let brokers: End[]
let nodes: End[]

beforeEach(async () => {
    brokers = []
    nodes = []
    arrived = new Watch()
    server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
        brokers.push(new End(socket))
        arrived.changed()
    })
    await new Promise<void>(resolve => server.listen(0, LOOPBACK, resolve))
    proxy = await Proxy.start({ port: (server.address() as AddressInfo).port })
})

afterEach(async () => {
    for (const end of [...nodes, ...brokers]) end.socket.destroy()
    await proxy.stop()
    await new Promise(resolve => server.close(resolve))
})

/** A new connection through the proxy: both its ends. */
async function link(): Promise<[node: End, broker: End]> {
    const n = brokers.length
    const node = new End(
        connect({
            host: LOOPBACK,
            port: proxy.port,
            allowHalfOpen: true,
            noDelay: true,
        })
    )
    nodes.push(node)
    return [
        node,
        await arrived.until(
            () => brokers[n],
            2_000,
            "connection at the broker"
        ),
    ]
}

describe("the proxy", () => {
    test("moves bytes both ways and records them", async () => {
        const [node, broker] = await link()
        node.socket.write("question")
        await broker.received("question")
        broker.socket.write("answer")
        await node.received("answer")
        const connection = await proxy.connection(1)
        expect(connection.recorded("up").toString()).toBe("question")
        expect(connection.recorded("down").toString()).toBe("answer")
        expect([connection.count("up"), connection.count("down")]).toEqual([
            8, 6,
        ])
    })

    test("swallows one way only when told so, and what it swallowed never arrives", async () => {
        const [node, broker] = await link()
        proxy.swallow("up")
        node.socket.write("lost")
        broker.socket.write("heard")
        await node.received("heard")
        const connection = await proxy.connection(1)
        await expect
            .poll(() => connection.swallowed("up"), { timeout: 2_000 })
            .toBe(4)
        proxy.pass()
        node.socket.write("kept")
        await broker.received("kept")
    })

    test("is silent about the end of either side while it swallows both ways", async () => {
        const [node, broker] = await link()
        const connection = await proxy.connection(1)
        proxy.swallow()
        node.socket.end("bye")
        await connection.closed
        expect(connection.swallowed("up")).toBe(3)
        // As long as bytes take from the broker to the node, the broker has heard of nothing.
        proxy.pass("down")
        broker.socket.write("still here")
        await node.received("still here")
        expect(broker.events).toEqual([])
    })

    test("swallows on connections that come later, too", async () => {
        proxy.swallow("down")
        const [node, broker] = await link()
        broker.socket.write("lost")
        const connection = await proxy.connection(1)
        await expect
            .poll(() => connection.swallowed("down"), { timeout: 2_000 })
            .toBe(4)
        expect(node.text).toBe("")
    })

    test("holds bytes and lets all of them through when it passes again", async () => {
        const [node, broker] = await link()
        proxy.hold("up")
        node.socket.write("held")
        // Held bytes would have arrived many times over by the time these have, one after the other.
        for (const so of [
            "1",
            "12",
            "123",
            "1234",
            "12345",
            "123456",
            "1234567",
            "12345678",
            "123456789",
        ]) {
            broker.socket.write(so.at(-1)!)
            await node.received(so)
        }
        expect(broker.text).toBe("")
        expect((await proxy.connection(1)).count("up")).toBe(0)
        proxy.pass("up")
        await broker.received("held")
    })

    test("resets both sides", async () => {
        const [node, broker] = await link()
        proxy.reset()
        await node.saw("ECONNRESET")
        await broker.saw("ECONNRESET")
        expect(proxy.open).toBe(0)
    })

    test("ends both sides in order", async () => {
        const [node, broker] = await link()
        proxy.fin()
        await node.saw("end")
        await broker.saw("end")
        expect([...node.events, ...broker.events]).toEqual(["end", "end"])
    })

    test("passes on the end of the stream after the last byte, and leaves the other way open", async () => {
        const [node, broker] = await link()
        node.socket.end("last words")
        await broker.saw("end")
        await broker.received("last words")
        broker.socket.end("farewell")
        await node.saw("end")
        await node.received("farewell")
    })

    test("passes on a reset as a reset", async () => {
        const [node, broker] = await link()
        // A reset overtakes bytes: the link is there once some have arrived.
        node.socket.write("x")
        await broker.received("x")
        broker.socket.resetAndDestroy()
        await node.saw("ECONNRESET")
    })

    test("cuts a stream into pieces and loses none of it", async () => {
        const [node, broker] = await link()
        proxy.cut(3, "down")
        broker.socket.write("abcdefgh")
        await node.received("abcdefgh")
        expect((await proxy.connection(1)).pieces("down")).toBe(3)
    })

    test("counts connections and gives each back by its number", async () => {
        const [first] = await link()
        await link()
        expect(proxy.connections.length).toBe(2)
        expect(proxy.open).toBe(2)
        first.socket.end()
        await (
            await proxy.connection(1)
        ).closed
        expect(proxy.open).toBe(1)
        expect((await proxy.connection(2)).open).toBe(true)
        await expect(proxy.connection(3, 20)).rejects.toThrow(
            "no connection 3 within 20 ms\nthere were 2"
        )
    })

    test("refuses new connections when told so and accepts them again on the same port", async () => {
        const { port } = proxy
        await link()
        proxy.refuse()
        const refused = new End(connect({ host: LOOPBACK, port }))
        nodes.push(refused)
        await refused.saw("ECONNREFUSED")
        expect(proxy.open).toBe(1)
        await proxy.accept()
        expect(proxy.port).toBe(port)
        await link()
    })

    test("resets a node whose broker cannot be reached", async () => {
        await new Promise(resolve => server.close(resolve))
        const node = new End(connect({ host: LOOPBACK, port: proxy.port }))
        nodes.push(node)
        await node.saw("ECONNRESET")
    })
})
