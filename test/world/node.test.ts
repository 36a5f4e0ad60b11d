// The node of boards/simulator.ts in a world: up, publishing, without power, up again, and through each fault of its link,
// all in virtual time.
import { afterEach, describe, expect, test } from "vitest"
import { worldProgram, World, type Published } from "../../sim/world"
import { DEVICE, reading, simulatorBoard, STATUS, upAndRunning } from "./scenes"

/** ms: the node's keep alive, and one and a half times that. */
const KEEP_ALIVE = 60_000
const KEEP_ALIVE_END = 90_000
/** ms between two looks of a VM at its timers. */
const TICK = 10

let world: World | undefined
afterEach(() => world?.stop())

async function start(options = {}) {
    const scene = await upAndRunning(options)
    world = scene.world
    return scene
}

const payloads = (list: { payload: string | undefined }[]) =>
    list.map(({ payload }) => payload)

/** ms between neighbours. */
const gaps = (list: Published[]) =>
    list.slice(1).map(({ at }, i) => at - list[i]!.at)

describe("a node comes up", () => {
    test("it says up, retained, with a will, and publishes each sensor at its interval", async () => {
        const { world, node, broker } = await start()
        await world.advance(60_000)
        const [connection] = broker.connections
        expect(connection!.client).toBe(DEVICE)
        expect(connection!.end).toBeUndefined()
        expect(connection!.packets[0]!.packet).toMatchObject({
            cmd: "connect",
            will: { topic: STATUS, payload: Buffer.from("down"), retain: true },
        })
        expect(payloads(broker.statusHistory(STATUS))).toEqual(["up"])
        for (const [sensor, interval] of [
            ["TC", 2_000],
            ["RH", 3_000],
            ["LUX", 3_000],
            ["BTN", 5_000],
        ] as const) {
            const all = broker.published(reading(sensor))
            expect(all.length).toBeGreaterThan(59_000 / interval - 2)
            // the first comes early; from the second on they are on the sensor's own grid
            for (const gap of gaps(all.slice(1))) {
                expect(gap).toBeGreaterThan(interval - 50)
                expect(gap).toBeLessThan(interval + 50)
            }
            expect(all[0]).toMatchObject({ qos: 1, retain: false, dup: false })
        }
        expect(node.all("acked").length).toBe(
            broker.history.filter(p => p.topic.endsWith("/value")).length
        )
    })

    test("its sensors follow the test", async () => {
        const { world, node, broker } = await start()
        await node.sensors.ready("temperature")
        node.sensors.sensor("temperature").set(-7.5)
        node.sensors.press("button")
        await world.advance(11_000)
        expect(broker.published(reading("TC")).at(-1)!.payload).toBe(
            '{"value":-7.5}'
        )
        expect(broker.published(reading("BTN")).at(-1)!.payload).toBe(
            '{"value":1}'
        )
    })

    test("asked to stop it says down itself, and its will does not come", async () => {
        const { world, node, broker } = await start()
        await world.advance(5_000)
        node.sensors.switch("stop").set(true)
        await world.until(() => node.all("stopped").length === 1, 10_000)
        await world.advance(10)
        expect(broker.connections[0]!.end).toBe("disconnect")
        expect(broker.statusHistory(STATUS).map(s => s.source)).toEqual([
            "client",
            "client",
        ])
        expect(broker.retainedNow(STATUS)).toBe("down")
    })
})

describe("a power cut", () => {
    test("the broker says down when the keep alive ends, the node says up when the power is back", async () => {
        const { world, node, broker } = await start()
        await world.advance(20_000)
        const cut = world.now
        node.powerCut()
        expect(node.powered).toBe(false)
        await world.until(() => broker.retainedNow(STATUS) === "down", 95_000)
        const down = broker.statusHistory(STATUS)[1]!
        expect(down.source).toBe("will")
        expect(down.at - cut).toBeLessThanOrEqual(KEEP_ALIVE_END)
        // the last packet was at most one reading's interval before
        expect(down.at - cut).toBeGreaterThan(KEEP_ALIVE_END - 2_100)
        await world.advance(60_000)
        expect(broker.connections).toHaveLength(1)
        const on = world.now
        await node.powerOn()
        await world.until(() => broker.retainedNow(STATUS) === "up", 5_000)
        expect(world.now - on).toBeLessThan(2_000)
        expect(broker.connections[1]).toMatchObject({ sessionPresent: true })
        const readings = broker.published(reading("TC")).length
        await world.advance(10_000)
        expect(broker.published(reading("TC")).length).toBeGreaterThan(
            readings + 3
        )
    })

    test("power that is back before the keep alive ends takes over: down, and up again", async () => {
        const { world, node, broker } = await start()
        node.powerCut()
        await world.advance(5_000)
        await node.powerOn()
        await world.until(
            () => broker.statusHistory(STATUS).length === 3,
            5_000
        )
        expect(payloads(broker.statusHistory(STATUS))).toEqual([
            "up",
            "down",
            "up",
        ])
        expect(broker.connections.map(({ end }) => end)).toEqual([
            "taken over",
            undefined,
        ])
    })

    test("noticed at once by the access point: the broker says down at once", async () => {
        const { world, node, broker } = await start()
        node.powerCut({ reset: true })
        await world.advance(10)
        expect(broker.connections[0]!.end).toBe("reset by peer")
        expect(broker.retainedNow(STATUS)).toBe("down")
    })

    test("during connect, before CONNACK is there: the will of that connection comes too", async () => {
        world = new World()
        const { broker } = world
        const rule = broker.rules.hold({ way: "out", cmd: "connack" })
        const node = await world.node({ program: simulatorBoard() })
        await world.until(() => rule.hits === 1, 5_000)
        node.powerCut()
        expect(node.all("connected")).toEqual([])
        await world.until(() => broker.retainedNow(STATUS) === "down", 95_000)
        rule.release()
        await node.powerOn()
        await world.until(() => broker.retainedNow(STATUS) === "up", 5_000)
    })
})

describe("nodes that share a world", () => {
    test("two devices are told apart by their settings", async () => {
        world = new World()
        const program = simulatorBoard()
        for (const id of ["one", "two"])
            await world.node({ program, settings: { DEVICE_ID: id } })
        await world.advance(10_000)
        for (const id of ["one", "two"]) {
            expect(world.broker.retainedNow(`devices/${id}/status`)).toBe("up")
            const { length } = world.broker.published(reading("TC", id))
            expect(length).toBeGreaterThanOrEqual(4)
            expect(length).toBeLessThanOrEqual(5)
        }
        expect(new Set(world.nodes.map(n => n.vm.deviceId)).size).toBe(2)
    })

    test("two with one client identifier throw each other out for as long as both have power", async () => {
        world = new World()
        const { broker } = world
        const program = simulatorBoard()
        const first = await world.node({ program })
        await world.node({ program })
        await world.advance(120_000)
        const ends = broker.connections.map(({ end }) => end)
        expect(ends.filter(end => end === "taken over").length).toBeGreaterThan(
            3
        )
        first.powerCut()
        await world.advance(120_000)
        const before = broker.connections.length
        await world.advance(300_000)
        expect(broker.connections).toHaveLength(before)
        expect(broker.retainedNow(STATUS)).toBe("up")
    })

    test("without takeover both stay connected", async () => {
        world = new World({ takeover: false })
        const program = simulatorBoard()
        for (let i = 0; i < 2; i++) await world.node({ program })
        await world.advance(120_000)
        const { connections } = world.broker
        expect(connections.map(({ end }) => end)).toEqual([
            undefined,
            undefined,
        ])
    })

    test("a program by its text", async () => {
        world = new World()
        const text = `import * as ds from "@devicescript/core"
            console.log("hello " + ds.deviceIdentifier("self"))`
        const node = await world.node({
            program: worldProgram("boards/hello.ts", text),
            deviceId: "00000000000000ff",
        })
        await world.advance(2_000)
        expect(node.lines.at(-1)!.text).toBe("hello 00000000000000ff")
        expect(node.lines.at(-1)!.at).toBe(10)
    })
})

describe("faults of its link", () => {
    /** The broker says up and readings come, after what the old connection may have left. */
    async function publishesAgain(limit: number, watched = 20_000) {
        const { broker } = world!
        const count = () => broker.published(reading("TC")).length
        const n = count()
        await world!.until(
            () => count() > n + 2 && broker.retainedNow(STATUS) === "up",
            limit
        )
        const then = count()
        await world!.advance(watched)
        expect(count()).toBeGreaterThan(then + 8)
        expect(broker.retainedNow(STATUS)).toBe("up")
    }

    test.each([
        ["reset", "reset by peer"],
        ["close", "closed by peer"],
    ] as const)("%s: a new connection", async (fault, end) => {
        const { world, node, broker } = await start()
        await world.advance(5_000)
        node.link[fault]()
        await publishesAgain(20_000)
        expect(broker.connections.map(c => c.end)).toEqual([end, undefined])
        expect(node.all("lost")).toHaveLength(1)
    })

    test("a stall of 20 s: the same connection, every reading arrives once", async () => {
        const { world, node, broker } = await start()
        await world.advance(5_000)
        node.link.stall(20_000)
        await world.advance(20_000)
        await publishesAgain(10_000)
        expect(broker.connections).toHaveLength(1)
        expect(broker.history.filter(({ dup }) => dup)).toEqual([])
    })

    test.each(["both", "up", "down"] as const)(
        "silence (%s): noticed by the node within its keep alive, over with the silence",
        async direction => {
            const { world, node } = await start()
            await world.advance(5_000)
            node.link.silence(direction)
            await world.until(
                () => node.all("lost").length > 0,
                KEEP_ALIVE + TICK
            )
            node.link.restore()
            await publishesAgain(90_000)
        }
    )

    test("a damaged packet ends the connection, the next is whole", async () => {
        const { world, node, broker } = await start()
        await world.advance(5_000)
        node.link.corrupt("up")
        await publishesAgain(20_000)
        expect(broker.connections[0]!.end).toBe("broke a rule")
        expect(broker.connections).toHaveLength(2)
    })

    test("a drip of a byte every 10 ms: slow, and the session lives", async () => {
        const { node, broker } = await start()
        node.link.drip(10)
        // diagnostics of 600 bytes alone take 6 s of this link
        await publishesAgain(60_000, 40_000)
        expect(broker.connections).toHaveLength(1)
    })
})

test("the same world lived twice has the same history", async () => {
    async function life() {
        const { world, node, broker } = await upAndRunning({ willDelay: 3_000 })
        const other = await world.node({
            program: simulatorBoard(),
            settings: { DEVICE_ID: "other" },
        })
        await world.advance(7_003)
        node.link.reset()
        await world.advance(11_000)
        other.powerCut()
        broker.restart(4_000, { reset: true })
        await world.advance(9_000)
        await other.powerOn()
        node.link.drip(3, "up")
        await world.advance(20_000)
        world.stop()
        return {
            history: broker.history,
            changes: broker.changes,
            connections: broker.connections,
            lines: world.nodes.map(({ lines }) => lines),
        }
    }
    const first = await life()
    expect(first.history.length).toBeGreaterThan(50)
    expect(await life()).toEqual(first)
})
