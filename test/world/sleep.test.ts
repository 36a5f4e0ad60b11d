// A node on a battery: the words it says on the wire in each wake-up, in order; no will ever speaks for it while it sleeps as
// planned; and nothing is lost, with a broker that is away for several wake-ups too.
import { afterEach, describe, expect, test } from "vitest"
import { World, worldProgram, type WorldNode } from "../../sim/world"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DEVICE = "BATTERY"
const STATUS = `devices/${DEVICE}/status`
const VALUE = `devices/${DEVICE}/sensors/N/value`
/** ms of a sleep. */
const EVERY = MINUTE
/** ms that a node may be awake: src/node/sleep.ts, the goodbye, the close and the flash. */
const AWAKE = 30 * SECOND + 3 * SECOND + SECOND + 8 * SECOND
/** ms of a wake-up when all is well: the chip's start, settings, connection, first readings within 2 s of the start. */
const SHORT = 5 * SECOND

let world: World
afterEach(() => world.stop())

/** N is the number of the start, so that each is expected once. */
const board = (options = "") =>
    worldProgram(
        "boards/battery.ts",
        `
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { HttpTime, Sleep, startNode } from "../src/index"
await ds.sleep(600)
const start = (await readSetting<any>("BOOTS", { n: 0 })).n + 1
await startNode({
    board: "battery",
    device: "${DEVICE}",
    keepAlive: 10,
    parts: [new Sleep({ every: ${EVERY} })],
    ${options}
    sensors: [{ id: "N", read: () => start, interval: 600000, precision: 0 }],
})
`
    )

async function start(program = board()) {
    world = new World()
    return await world.node({ program })
}

const sleeps = (node: WorldNode) =>
    node.lines.filter(({ text }) => text === `! sleep ${EVERY}`)
const values = () =>
    world.broker.published(VALUE).map(
        ({ payload }) =>
            JSON.parse(payload) as {
                value: number
                age?: number
                timestamp?: string
            }
    )
const wills = () =>
    world.broker.history.filter(({ source }) => source === "will")
const asleep = (node: WorldNode, n: number, limit: number) =>
    world.until(() => sleeps(node).length >= n, limit, 100)

describe("a wake-up", () => {
    test("is on the wire: CONNECT, SUBSCRIBE, up, a reading of each sensor, sleeping, DISCONNECT", async () => {
        const node = await start()
        await asleep(node, 2, 2 * EVERY)
        expect(world.broker.connections).toHaveLength(2)
        for (const { packets, end } of world.broker.connections) {
            const said = packets
                .filter(({ way }) => way === "in")
                .map(({ packet }) =>
                    packet.cmd === "publish"
                        ? `${packet.topic.replace(`devices/${DEVICE}/`, "")} ${packet.topic.endsWith("diagnostics") ? "" : packet.payload.toString()}`.trim()
                        : packet.cmd
                )
                .filter(word => word !== "diagnostics")
            expect(said[0]).toBe("connect")
            expect(said.slice(1, 3).sort()).toEqual(["status up", "subscribe"])
            expect(said[3]).toMatch(/^sensors\/N\/value {"value":[12]}$/)
            expect(said.slice(4)).toEqual(["status sleeping", "disconnect"])
            expect(end).toBe("disconnect")
            // its word was acknowledged before it went
            const last = packets.findLastIndex(
                ({ way, packet }) => way === "in" && packet.cmd === "publish"
            )
            const { messageId } = packets[last]!.packet
            expect(
                packets
                    .slice(last)
                    .filter(({ packet }) => packet.messageId === messageId)
                    .map(({ packet }) => packet.cmd)
            ).toEqual(["publish", "puback"])
        }
    })

    test("lasts less than 5 s from the chip's start when all is well, and comes once in the time asked for", async () => {
        const node = await start()
        await asleep(node, 5, 6 * EVERY)
        const at = sleeps(node).map(line => line.at)
        at.slice(1).forEach((t, i) => {
            expect(t - at[i]!).toBeGreaterThan(EVERY)
            expect(t - at[i]!).toBeLessThan(EVERY + SHORT)
        })
    })

    test("does not answer its own sleeping: the status is what it said, and was never put right", async () => {
        const node = await start()
        await asleep(node, 3, 4 * EVERY)
        await world.advance(30 * SECOND)
        expect(
            world.broker
                .statusHistory(STATUS)
                .map(({ source, payload }) => `${source} ${payload}`)
        ).toEqual([1, 2, 3].flatMap(() => ["client up", "client sleeping"]))
        expect(node.all("repair")).toEqual([])
    })
})

describe("twenty wake-ups", () => {
    test("with a broker that is away for five of them: no will speaks, and every reading comes once, in order, with its age", async () => {
        const node = await start()
        await asleep(node, 7, 8 * (EVERY + SHORT))
        world.broker.stop()
        const from = world.now
        await asleep(node, 12, 6 * (EVERY + AWAKE))
        world.broker.run()
        await asleep(node, 20, 10 * (EVERY + SHORT))
        expect(wills()).toEqual([])
        const all = values()
        expect(all.map(({ value }) => value)).toEqual(
            Array.from({ length: 20 }, (_, i) => i + 1)
        )
        expect(world.broker.retainedNow(STATUS)).toBe("sleeping")
        // those of the outage say when they were taken, within what a start takes and the rounding of ages
        const published = world.broker.published(VALUE)
        const late = published
            .map((p, i) => ({
                at: p.at - (all[i]!.age ?? 0) * SECOND,
                ...all[i]!,
            }))
            .filter(({ age }) => age !== undefined)
        expect(late.map(({ value }) => value)).toEqual([8, 9, 10, 11, 12])
        const spaces = late.slice(1).map(({ at }, i) => at - late[i]!.at)
        const real = sleeps(node).map(line => line.at)
        for (const [i, space] of spaces.entries())
            expect(
                Math.abs(space - (real[8 + i]! - real[7 + i]!))
            ).toBeLessThan(2 * SECOND)
        expect(late[0]!.at).toBeGreaterThan(from + EVERY)
        expect(late[0]!.at).toBeLessThan(from + EVERY + SHORT)
    })

    test("is awake for a bounded time while there is no broker, and its readings wait in the flash", async () => {
        const node = await start()
        await asleep(node, 1, MINUTE)
        world.broker.stop()
        await asleep(node, 4, 4 * (EVERY + AWAKE))
        const at = sleeps(node).map(line => line.at)
        at.slice(1).forEach((t, i) => {
            expect(t - at[i]!).toBeGreaterThan(EVERY + 30 * SECOND)
            expect(t - at[i]!).toBeLessThan(EVERY + AWAKE)
        })
        const kept = node.flash.setting("KEPT_0") as number[]
        expect(kept.filter((_, i) => Math.floor(i % 3) === 1)).toEqual([
            2, 3, 4,
        ])
        expect(node.flash.setting("BOOTS")).toMatchObject({
            n: 4,
            why: "sleep",
            k: 1,
        })
    })
})

describe("a node that knows the time", () => {
    test("stamps what it kept with the time it was taken, though the chip had no power for a day in its sleep", async () => {
        world = new World()
        const epoch = Date.UTC(2026, 5, 1)
        world.network.listen("time", 80, peer => {
            peer.on("data", () => {
                const date = new Date(epoch + world.now).toUTCString()
                peer.write(
                    Buffer.from(`HTTP/1.1 200 OK\r\nDate: ${date}\r\n\r\n`)
                )
                peer.end()
            })
        })
        world.broker.stop()
        const node = await world.node({
            program: board(`time: new HttpTime({ host: "time" }),`),
        })
        await asleep(node, 2, 3 * (EVERY + AWAKE))
        const taken = node.lines
            .filter(({ text }) => text.startsWith("node: boot"))
            .map(({ at }) => at)
        node.powerCut()
        await world.advance(24 * 60 * MINUTE)
        world.broker.run()
        await node.powerOn()
        await asleep(node, 3, AWAKE)
        const [first, second, third] = values()
        expect([first, second, third].map(v => v!.value)).toEqual([1, 2, 3])
        // a Date has whole seconds; the first reading comes within 2 s of the boot
        for (const [i, v] of [first, second].entries()) {
            const error = Date.parse(v!.timestamp!) - epoch - taken[i]!
            expect(error).toBeGreaterThan(-1.5 * SECOND)
            expect(error).toBeLessThan(3.5 * SECOND)
        }
        expect(third).toEqual({ value: 3 })
    })
})

describe("a broker that does not do its part", () => {
    test("that never answers CONNECT hears DISCONNECT all the same, and its will stays unsaid", async () => {
        world = new World()
        world.broker.rules.drop({ way: "out", cmd: "connack" })
        const node = await world.node({ program: board() })
        await asleep(node, 1, 2 * MINUTE)
        await world.advance(EVERY - SECOND)
        const last = world.broker.connections.at(-1)!
        expect(last.end).toBe("disconnect")
        expect(wills().filter(w => w.at > last.openedAt)).toEqual([])
    })

    test("that acknowledges nothing keeps the node awake no longer than its bound; the reading is sent again by the next one", async () => {
        world = new World()
        const rule = world.broker.rules.drop({ way: "out", cmd: "puback" })
        const node = await world.node({ program: board() })
        await asleep(node, 1, MINUTE)
        expect(sleeps(node)[0]!.at).toBeLessThan(AWAKE)
        // the node has opened its connection anew, as ever, but it goes to sleep in good order
        const last = world.broker.connections.at(-1)!
        expect(last.end).toBe("disconnect")
        expect(world.broker.retainedNow(STATUS)).toBe("sleeping")
        expect(wills().filter(w => w.at > last.openedAt)).toEqual([])
        rule.off()
        await asleep(node, 2, EVERY + SHORT)
        expect(new Set(values().map(({ value }) => value))).toEqual(
            new Set([1, 2])
        )
        expect(node.flash.setting("BOOTS")).toMatchObject({ k: 0 })
    })
})

describe("options", () => {
    test("that make no sense are refused in one line each, on the console and to the board", async () => {
        world = new World()
        const node = await world.node({
            program: worldProgram(
                "boards/battery-refused.ts",
                `
import { Sleep } from "../src/index"
for (const every of [9999, 604800001, 10000.5, NaN, 10000, 604800000])
    try {
        new Sleep({ every })
        console.log("taken " + every)
    } catch (e) {
        console.log((e as Error).message)
    }
`
            ),
        })
        await world.advance(SECOND)
        const refusal = expect.stringMatching(/^sleep\.every: must be/)
        expect(node.lines.map(({ text }) => text)).toEqual([
            refusal,
            refusal,
            refusal,
            refusal,
            "taken 10000",
            "taken 604800000",
        ])
    })

    test("of any kind are refused on a chip without deep sleep", async () => {
        world = new World()
        const node = await world.node({
            program: worldProgram(
                "boards/battery-pico.ts",
                `
import * as ds from "@devicescript/core"
import { Sleep } from "../src/index"
const native = ds as any
native._dcfgString = (key: string) => key === "archId" ? "rp2040w" : undefined
try {
    new Sleep({ every: 60000 })
    console.log("taken")
} catch (e) {
    console.log("thrown")
}
`
            ),
        })
        await world.advance(SECOND)
        expect(node.lines.map(({ text }) => text)).toEqual([
            "node: refused text=sleep: is not possible: rp2040w",
            "thrown",
        ])
    })
})
