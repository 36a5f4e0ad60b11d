// What becomes of readings that cannot be sent: an outage's worth of them waits, is thinned at the bound, goes out in
// order and at its rate, and every reading is in exactly one place at every step. All in virtual time.
import { afterEach, describe, expect, test } from "vitest"
import { World, worldProgram, type WorldNode } from "../../sim/world"
import { lawFault, LAW_LINE } from "../../sim/world/faults/law"

const MINUTE = 60_000
const STATUS = "devices/OUT/status"
const A = "devices/OUT/sensors/A/value"
const B = "devices/OUT/sensors/B/value"

interface Late {
    value: number
    late?: boolean
    age?: number
}

/** Two counting sensors; what the law says is on the console every `lawMs`. */
function board(options = "", lawMs = 100) {
    return worldProgram(
        "boards/out.ts",
        `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
let a = 0
let b = 0
const node = await startNode({
    board: "out",
    device: "OUT",
    keepAlive: 10,
    ${options.includes("diagnostics") ? "" : "diagnostics: 1,"}
    ${options}
    sensors: [
        { id: "A", read: () => { a++; return a }, interval: 1000, precision: 0 },
        { id: "B", read: () => { b++; return b }, interval: 1000, precision: 0 },
    ],
})
setInterval(async () => { console.log("${LAW_LINE}" + node.accounts()) }, ${lawMs})
const stop = new ds.Switch("stop")
stop.reading.subscribe(async on => {
    if (on) await node.stop()
})
`
    )
}

let world: World | undefined
/** How much of its console has been checked. */
const checked = new WeakMap<WorldNode, number>()
afterEach(() => world?.stop())

/** Waits up to two minutes, the longest wait between two tries and a connection after it. */
const until = (done: () => boolean) => world!.until(done, 2 * MINUTE, 100)

/** A new connection after the last end of the broker has said `up`. */
const up = (broker: World["broker"]) =>
    broker.connections.at(-1)?.end === undefined &&
    broker.statusHistory(STATUS).at(-1)?.payload === "up"

async function start(program: ReturnType<typeof board>) {
    world = new World()
    const { broker } = world
    const node = await world.node({ program })
    await world.until(() => broker.retainedNow(STATUS) === "up", 5_000)
    await world.advance(5_000)
    return { world, node, broker }
}

/** Checks the law at every step so far, and gives the last one's numbers. */
function accounts(node: WorldNode): Record<string, number> {
    const from = checked.get(node) ?? 0
    const fresh = node.lines.slice(from)
    checked.set(node, node.lines.length)
    for (const { text } of fresh)
        if (text.startsWith(LAW_LINE)) expect(lawFault(text)).toBeUndefined()
    const last = node.lines.findLast(l => l.text.startsWith(LAW_LINE))!.text
    return Object.fromEntries(
        [...last.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [
            name!,
            Number(n),
        ])
    )
}

const values = (topic: string) =>
    world!.broker
        .published(topic)
        .map(p => (JSON.parse(p.payload) as Late).value)

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe("an outage that fits the queue", () => {
    test("not one reading is missing, each sensor's are in order, and the late ones say so", async () => {
        const { world, node, broker } = await start(board())
        broker.stop({ reset: true })
        await world.advance(8_000)
        broker.run()
        await until(() => up(broker))
        const back = world.now
        await until(() => accounts(node).queued === 0)
        await world.advance(5_000)
        const now = accounts(node)
        expect(now).toMatchObject({ thinned: 0, full: 0, lost: 0, parked: 0 })
        for (const topic of [A, B]) {
            const seen = values(topic)
            expect(seen).toEqual(upTo(seen.length))
            const late = broker
                .published(topic)
                .filter(p => p.at >= back && p.payload.includes("late"))
                .map(p => JSON.parse(p.payload) as Late)
            expect(late.length).toBeGreaterThan(5)
            for (const { late: is, age } of late) {
                expect(is).toBe(true)
                expect(age).toBeGreaterThanOrEqual(2)
                expect(age).toBeLessThan(150)
            }
        }
        expect(now.acked! + now.inflight!).toBe(now.read)
    })

    test("the queue is emptied at 20 messages a second at most, and live readings are back within 3.2 s of it", async () => {
        const { world, node, broker } = await start(board())
        broker.stop({ reset: true })
        await world.advance(12_000)
        const waiting = accounts(node).queued!
        expect(waiting).toBeGreaterThan(20)
        broker.run()
        const before = broker.history.length
        await world.until(() => broker.history.length > before + 1, 2 * MINUTE)
        const back = world.now
        await world.advance(10_000)
        const drained = broker.history
            .filter(p => p.at >= back - 5 && p.topic !== STATUS)
            .filter(p => p.payload.includes("late"))
        for (const p of drained) {
            const within = drained.filter(
                q => q.at >= p.at && q.at < p.at + 1_000
            )
            // 4 that were in flight are repeated besides
            expect(within.length).toBeLessThanOrEqual(24)
        }
        const live = broker
            .published(A)
            .find(p => p.at > back && !p.payload.includes("late"))
        expect(live!.at - back).toBeLessThan(3_200 + 1_500)
        accounts(node)
    })
})

test("a clean stop right after an outage sends what waits before it says down", async () => {
    const { world, node, broker } = await start(board())
    broker.stop({ reset: true })
    await world.advance(12_000)
    broker.run()
    await until(() => node.all("connected").length === 2)
    await world.advance(100)
    expect(accounts(node).queued).toBeGreaterThan(15)
    node.sensors.switch("stop").set(true)
    await until(() => node.all("stopped").length === 1)
    expect(accounts(node)).toMatchObject({ queued: 0, inflight: 0, lost: 0 })
    for (const topic of [A, B])
        expect(values(topic)).toEqual(upTo(values(topic).length))
    expect(broker.history.at(-1)).toMatchObject({
        topic: STATUS,
        payload: "down",
    })
    expect(broker.connections.at(-1)!.end).toBe("disconnect")
})

describe("an outage far beyond the queue", () => {
    test("thinned: the first and the last reading are there and the steps between are even", async () => {
        const { world, node, broker } = await start(board("slots: 16,", 1_000))
        const last = values(A).at(-1)!
        broker.stop({ reset: true })
        await world.advance(10 * MINUTE)
        expect(accounts(node).queued).toBeLessThanOrEqual(16)
        broker.run()
        await until(() => up(broker))
        await until(() => accounts(node).queued === 0)
        const now = accounts(node)
        expect(now.thinned).toBeGreaterThan(1_000)
        expect(now).toMatchObject({ full: 0, lost: 0, parked: 0 })
        const seen = values(A)
        expect(seen).toEqual([...seen].sort((x, y) => x - y))
        // from the first one that waited to the last
        const waited = seen.filter(v => v > last && v <= last + 600)
        expect(waited[0]).toBeLessThanOrEqual(last + 6)
        expect(waited.length).toBeGreaterThanOrEqual(5)
        const all = seen.filter(v => v > last)
        const steps = all.slice(1).map((v, i) => v - all[i]!)
        expect(Math.max(...steps)).toBeLessThan(200)
    })

    test("drop-oldest: the newest are there, the others are counted as full", async () => {
        const { world, node, broker } = await start(
            board('slots: 16, policy: "drop-oldest",', 1_000)
        )
        broker.stop({ reset: true })
        await world.advance(5 * MINUTE)
        const now = accounts(node)
        expect(now.full).toBeGreaterThan(500)
        expect(now.thinned).toBe(0)
        expect(now.queued).toBe(16)
        broker.run()
        await until(() => accounts(node).queued === 0)
        const seen = values(A)
        expect(seen).toEqual([...seen].sort((x, y) => x - y))
        expect(accounts(node).lost).toBe(0)
    })
})

describe("QoS 0", () => {
    test("waits in the queue too, and is counted as sent", async () => {
        const { world, node, broker } = await start(board("qos: 0,"))
        broker.stop()
        await world.advance(15_000)
        broker.run()
        await until(() => up(broker))
        await world.advance(10_000)
        const now = accounts(node)
        expect(now.acked).toBe(0)
        expect(now.queued).toBe(0)
        expect(now.sent! + now.lost! + now.inflight!).toBe(now.read)
        expect(now.lost).toBeLessThanOrEqual(2)
        const seen = values(B)
        expect(seen).toEqual([...seen].sort((x, y) => x - y))
    })
})

describe("a reading that the broker never acknowledges", () => {
    test("is parked after three connections, and all others arrive", async () => {
        const { world, node, broker } = await start(board())
        const poison = values(A).at(-1)! + 3
        broker.rules.drop({
            way: "in",
            cmd: "publish",
            when: p =>
                p.cmd === "publish" &&
                p.topic === A &&
                p.payload.toString().startsWith(`{"value":${poison}`),
        })
        await until(() => accounts(node).parked === 1)
        await until(() => accounts(node).queued === 0)
        await world.advance(5_000)
        const seen = [...new Set(values(A))]
        expect(seen).not.toContain(poison)
        const rest = upTo(seen.at(-1)!).filter(v => v !== poison)
        expect(seen.sort((x, y) => x - y)).toEqual(rest)
        const now = accounts(node)
        expect(now).toMatchObject({ parked: 1, lost: 0, full: 0 })
        expect(broker.connections.filter(c => c.client === "OUT")).toHaveLength(
            4
        )
    })
})

describe("diagnostics", () => {
    test("come at each connect and every minute, retained, with the accounts, the sensors and the last disconnect", async () => {
        const { world, broker } = await start(board())
        const topic = "devices/OUT/diagnostics"
        const said = () => broker.published(topic)
        expect(said()).toHaveLength(1)
        await world.advance(3 * MINUTE)
        expect(said().length).toBeGreaterThanOrEqual(3)
        broker.stop()
        await world.advance(5_000)
        broker.run()
        const before = said().length
        await world.until(() => said().length > before, 2 * MINUTE)
        const last = said().at(-1)!
        expect(last).toMatchObject({ retain: true, qos: 0 })
        const now = JSON.parse(last.payload) as {
            lost: { why: string; ms: number }
            uptime: number
        }
        expect(now).toMatchObject({
            connects: 2,
            repairs: 0,
            readings: { filtered: 0, parked: 0, faults: 0 },
            sensors: { A: { state: "ok" }, B: { state: "ok" } },
        })
        expect(now.lost.why).not.toBe("")
        expect(now.lost.ms).toBeGreaterThan(4_000)
        expect(now.uptime).toBeGreaterThan(180)
    })

    test("are not said at all when turned off", async () => {
        const { world, broker } = await start(board("diagnostics: 0,", 1_000))
        await world.advance(2 * MINUTE)
        expect(broker.published("devices/OUT/diagnostics")).toEqual([])
    })
})
