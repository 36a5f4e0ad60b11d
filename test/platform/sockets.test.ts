// Canaries: defects of the sockets of @devicescript/net, for which the firmware drives the natives below them itself. A test
// that fails here tells of a platform that has changed, for the better perhaps: then the workaround it names can go.
import { EventEmitter } from "node:events"
import { afterEach, expect, test } from "vitest"
import type { VmSocket } from "../../sim/vm/index"
import { compile, liveBytes, start, type Run, type RunOptions } from "./run"

/** The network's end of a connection: the test emits `connect`, `data`, `error` and `close` on it. */
class Peer extends EventEmitter implements VmSocket {
    readonly written: string[] = []
    write(bytes: Uint8Array) {
        this.written.push(Buffer.from(bytes).toString())
    }
    end() {}
    cut() {}
}

let run: Run | undefined

afterEach(() => run?.vm.stop())

/** Runs a program whose connections end at peers made here. */
async function network(
    text: string,
    { ms, onWrite }: RunOptions & { onWrite?: () => number } = {}
): Promise<{ run: Run; peers: Peer[] }> {
    const peers: Peer[] = []
    const connect = () => {
        const peer = new Peer()
        peers.push(peer)
        return peer
    }
    run = await start(compile(text), {
        ms,
        sockets: { connect, ...(onWrite ? { onWrite } : {}) },
    })
    return { run, peers }
}

const CONNECT = `
import { connect } from "@devicescript/net"
const options = { host: "broker", port: 1883 }
`

test("close never follows error, so an error counts as a close", async () => {
    const { run, peers } = await network(`
        const native = ds as any
        native._socketOnEvent = (event: string) => console.log(event)
        native._socketOpen("broker", 1883)
    `)
    peers[0]!.emit("connect")
    await run.clock.advance(50)
    peers[0]!.emit("error", new Error("read ECONNRESET"))
    peers[0]!.emit("close", true)
    await run.clock.advance(1_000)
    expect(run.lines).toEqual(["open", "error"])
})

test("send throws when the board's queue was full once, instead of trying again", async () => {
    const codes = [-1, 0]
    const { run, peers } = await network(
        `${CONNECT}
        const socket = await connect(options)
        try {
            await socket.send("packet")
            console.log("sent")
        } catch (e) {
            console.log("thrown", (e as Error).message)
        }
    `,
        { onWrite: () => codes.shift() ?? 0 }
    )
    peers[0]!.emit("connect")
    await run.clock.advance(1_000)
    expect(run.lines).toEqual([
        "thrown socket tcp://broker:1883: send error -1",
    ])
    expect(peers[0]!.written).toEqual([])
})

test("close leaves a pending recv asleep for ever", async () => {
    const { run, peers } = await network(`${CONNECT}
        const socket = await connect(options)
        setTimeout(async () => {
            console.log("closes")
            await socket.close()
        }, 100)
        console.log("received", await socket.recv())
    `)
    peers[0]!.emit("connect")
    await run.clock.advance(60_000)
    expect(run.lines).toEqual(["closes"])
})

test("each connection that is closed during recv leaks at least 500 bytes", async () => {
    const { run, peers } = await network(`${CONNECT}
        async function receive(socket: any) {
            await socket.recv()
        }
        for (;;) {
            const socket = await connect(options)
            receive.start(socket)
            await ds.sleep(10)
            await socket.close()
            await ds.sleep(10)
        }
    `)
    const reconnect = async (times: number) => {
        for (const last = peers.length + times; peers.length < last;) {
            peers.at(-1)!.emit("connect")
            const before = peers.length
            await run.clock.until(() => peers.length > before, 1_000)
        }
    }
    await reconnect(5)
    const before = await liveBytes(run)
    await reconnect(20)
    const leaked = ((await liveBytes(run)) - before) / 20
    expect(run.panics).toEqual([])
    expect(leaked).toBeGreaterThan(500)
})

test("connect throws when data of an old connection comes before open", async () => {
    const { run, peers } = await network(`${CONNECT}
        try {
            await connect(options)
            console.log("connected")
        } catch (e) {
            console.log("thrown")
        }
    `)
    peers[0]!.emit("data", new Uint8Array([1]))
    await run.clock.advance(50)
    peers[0]!.emit("connect")
    await run.clock.advance(1_000)
    expect(run.lines).toEqual(["thrown"])
})
