// How a node knows what time it is, and what its readings say of it: asked of an HTTP server before MQTT, never of a
// healthy session's cost, stamped backwards, and marked as late while nobody knows. All in virtual time.
import { once } from "node:events"
import { createServer } from "node:http"
import { connect, type AddressInfo } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { World, worldProgram } from "../../sim/world"

const MINUTE = 60_000
const STATUS = "devices/CLOCK/status"
const VALUE = "devices/CLOCK/sensors/A/value"
/** What the server's clock says when the world begins. */
const EPOCH = Date.UTC(2026, 2, 1, 12, 0, 0)

function board(options = "") {
    return worldProgram(
        "boards/clock.ts",
        `
import { HttpTime, startNode } from "../src/index"
let a = 0
await startNode({
    board: "clock",
    device: "CLOCK",
    keepAlive: 10,
    diagnostics: 0,
    time: new HttpTime({ host: "time" }),
    ${options}
    sensors: [{ id: "A", read: () => { a++; return a }, interval: 1000, precision: 0 }],
})
`
    )
}

/** A server of time in the world; its answers in the form of nginx. */
class TimeServer {
    /** When each question came, ms of the world. */
    readonly asked: number[] = []
    /** What it was asked, as text. */
    readonly questions: string[] = []
    answer: "date" | "1970" | "nothing" | "reset" = "date"

    constructor(private readonly world: World) {
        world.network.listen("time", 80, peer => {
            peer.on("data", (bytes: Uint8Array) => {
                this.asked.push(world.now)
                this.questions.push(Buffer.from(bytes).toString())
                if (this.answer === "nothing") return
                if (this.answer === "reset") return peer.cut()
                const at =
                    this.answer === "1970" ? world.now : EPOCH + world.now
                peer.write(
                    Buffer.from(
                        `HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: ${new Date(at).toUTCString()}\r\n\r\n`
                    )
                )
                peer.end()
            })
        })
    }
}

interface Stamped {
    value: number
    timestamp?: string
    time?: string
    late?: boolean
    age?: number
}

let world: World | undefined
afterEach(() => world?.stop())

async function start(program = board(), answer: TimeServer["answer"] = "date") {
    world = new World()
    const server = new TimeServer(world)
    server.answer = answer
    const { broker } = world
    const node = await world.node({ program })
    return { world, node, broker, server }
}

const read = (payload: string) => JSON.parse(payload) as Stamped

/** Waits up to two minutes, the longest wait between two tries and a connection after it. */
const until = (done: () => boolean) => world!.until(done, 2 * MINUTE, 100)

const isUp = () => world!.broker.retainedNow(STATUS) === "up"

/**
 * How far the stamps of readings are from the moments they were taken, ms. Reading n is taken at n seconds after the
 * first, but for the first itself, which comes early.
 */
function errors(all: Stamped[], key: "timestamp" | "time" = "timestamp") {
    const stamped = all.filter(r => r[key] !== undefined)
    return stamped.slice(1).map((r, i) => {
        const before = stamped[i]!
        const apart = Date.parse(r[key]!) - Date.parse(before[key]!)
        return apart - (r.value - before.value) * 1_000
    })
}

describe("a node that has a server of time", () => {
    test("asks it before it opens MQTT, once, with a request that a real HTTP server answers with a Date", async () => {
        const { world, broker, server } = await start()
        await world.until(isUp, 5_000)
        expect(server.asked).toHaveLength(1)
        expect(server.asked[0]).toBeLessThan(broker.connections[0]!.openedAt)
        const real = createServer((_, answer) => answer.end())
        await new Promise<void>(done => real.listen(0, "127.0.0.1", done))
        const { port } = real.address() as AddressInfo
        let text = ""
        const socket = connect(port, "127.0.0.1", () =>
            socket.write(server.questions[0]!)
        )
        socket.on("data", bytes => (text += bytes.toString()))
        // it asked the server to close
        await once(socket, "close")
        expect(text).toMatch(/^HTTP\/1.1 200.*\r\nDate: .* GMT\r\n/s)
        socket.destroy()
        real.close()
    })

    test("says nothing of time in a fresh reading", async () => {
        const { world, broker } = await start()
        await world.until(isUp, 5_000)
        await world.advance(10_000)
        for (const p of broker.published(VALUE))
            expect(Object.keys(read(p.payload))).toEqual(["value"])
        expect(broker.published(VALUE).length).toBeGreaterThan(8)
    })

    test("never asks while its session is healthy, and asks again at a reconnect when 10 minutes are over", async () => {
        const { world, node, server } = await start()
        await world.until(isUp, 5_000)
        await world.advance(9 * MINUTE)
        node.link.reset()
        await until(() => node.all("connected").length === 2)
        expect(server.asked).toHaveLength(1)
        await world.advance(30 * MINUTE)
        expect(server.asked).toHaveLength(1)
        expect(node.all("lost")).toHaveLength(1)
        node.link.reset()
        await until(() => node.all("connected").length === 3)
        expect(server.asked).toHaveLength(2)
    })

    test("stamps what it read while the broker was away", async () => {
        const { world, node, broker } = await start()
        await world.until(isUp, 5_000)
        broker.stop({ reset: true })
        await world.advance(10_000)
        broker.run()
        await until(() => node.all("connected").length === 2)
        await world.advance(8_000)
        const all = broker.published(VALUE).map(p => read(p.payload))
        const stamped = all.filter(r => r.timestamp !== undefined)
        expect(stamped.length).toBeGreaterThan(8)
        expect(all.filter(r => r.late)).toEqual([])
        for (const r of stamped) {
            const at = Date.parse(r.timestamp!)
            expect(at).toBeGreaterThan(EPOCH - 1_000)
            expect(at).toBeLessThan(EPOCH + world.now)
        }
        for (const error of errors(all))
            expect(Math.abs(error)).toBeLessThanOrEqual(1_000)
    })

    test("stamps backwards what it read before it knew the time", async () => {
        const { world, node, broker, server } = await start(board(), "nothing")
        broker.stop()
        await world.advance(2 * MINUTE)
        expect(node.all("connected")).toEqual([])
        // the next try that asks is at least 10 minutes after the one in vain
        server.answer = "date"
        await world.advance(9 * MINUTE)
        broker.run()
        await until(() => server.asked.length === 2)
        await until(() => node.all("connected").length === 1)
        await world.advance(10_000)
        const all = broker.published(VALUE).map(p => read(p.payload))
        const first = all[0]!
        expect(first.value).toBe(1)
        // taken within 2 s of the start
        expect(Date.parse(first.timestamp!) - EPOCH).toBeLessThan(5_000)
        expect(Date.parse(first.timestamp!) - EPOCH).toBeGreaterThan(-1_500)
        expect(all.filter(r => r.late)).toEqual([])
    })

    test("WaziGate's dialect: stamped with `time`, a backlog as arrays on .../values", async () => {
        const { world, node, broker } = await start(
            board('dialect: "wazigate",')
        )
        await world.until(isUp, 5_000)
        broker.stop({ reset: true })
        await world.advance(15_000)
        broker.run()
        await until(() => node.all("connected").length === 2)
        await world.advance(8_000)
        const batches = broker.published(`${VALUE}s`)
        expect(batches.length).toBeGreaterThan(0)
        expect(batches.length).toBeLessThan(6)
        const list = batches.flatMap(
            p => JSON.parse(p.payload) as Required<Stamped>[]
        )
        expect(list.length).toBeGreaterThan(8)
        for (const r of list) expect(Object.keys(r)).toEqual(["value", "time"])
        const single = broker.published(VALUE).map(p => read(p.payload).value)
        const seen = new Set([...single, ...list.map(r => r.value)])
        const most = Math.max(...seen)
        expect(seen.size).toBe(most)
    })
})

describe("a node whose server of time is of no use", () => {
    for (const answer of ["1970", "nothing", "reset"] as const)
        test(`${answer}: it connects all the same, and a late reading is marked with its age`, async () => {
            const { world, node, broker } = await start(board(), answer)
            await world.until(isUp, 15_000)
            broker.stop({ reset: true })
            await world.advance(10_000)
            broker.run()
            await until(() => node.all("connected").length === 2)
            await world.advance(8_000)
            const all = broker.published(VALUE)
            const late = all.filter(p => p.payload.includes("late"))
            expect(late.length).toBeGreaterThan(5)
            for (const p of late) {
                expect(read(p.payload)).toMatchObject({ late: true })
                expect(read(p.payload).age).toBeGreaterThanOrEqual(2)
            }
            expect(all.filter(p => p.payload.includes("1970"))).toEqual([])
            expect(all.filter(p => /time/.test(p.payload))).toEqual([])
        })
})
