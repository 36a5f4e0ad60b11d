// A node restarts its chip before DeviceScript's 32-bit clock wraps, and loses no reading by it: what waits goes through the
// flash. The age at which it does so is a parameter; here it is an hour, and a chip is started close to the wrap.
import { afterEach, describe, expect, test } from "vitest"
import { startVm, VirtualClock, type Vm } from "../../sim/vm"
import { World, worldProgram, type WorldNode } from "../../sim/world"
import { restartAt } from "../../src/node/uptime"
import { Lab } from "../vm/lab"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DEVICE = "AGED"
const STATUS = `devices/${DEVICE}/status`
const DIAGNOSTICS = `devices/${DEVICE}/diagnostics`
const VALUE = `devices/${DEVICE}/sensors/N/value`
/** ms at which the VM's clock of 32 bits begins anew. */
const WRAP = 2 ** 32

let world: World
afterEach(() => world?.stop())

/** N counts on over restarts: it is the tens of seconds since the world began, as the chip's lines say them. */
const board = (options = "", read = "() => { n++; return n }") =>
    worldProgram(
        "boards/aged.ts",
        `
import * as ds from "@devicescript/core"
import { startNode, HttpTime } from "../src/index"
let n = Math.floor(Math.random() * 1000) * 1000
HttpTime
await startNode({
    board: "aged",
    device: "${DEVICE}",
    keepAlive: 10,
    restartAfter: 1,
    ${options}
    sensors: [
        { id: "N", read: ${read}, interval: 10000, precision: 0 },
    ],
})
`
    )

const isUp = () => world.broker.retainedNow(STATUS) === "up"
const restarts = (node: WorldNode) =>
    node.lines.filter(({ text }) => text === "! restart reset")

interface Told {
    boot: number
    why: string
    uptime: number
    readings: Record<string, number>
}
const told = () =>
    world.broker
        .published(DIAGNOSTICS)
        .map(({ payload }) => JSON.parse(payload) as Told)
const values = () =>
    world.broker.published(VALUE).map(
        ({ payload }) =>
            JSON.parse(payload) as {
                value: number | string | boolean
                age?: number
                timestamp?: string
            }
    )

describe("the age at which a device restarts", () => {
    const devices = Array.from({ length: 1_000 }, (_, i) => `node-${i}`)
    const ages = (hours?: number) => devices.map(d => restartAt(d, hours))

    test("is 36 to 40 days by default, the same at each start, and evenly spread over devices", () => {
        const all = ages()
        expect(Math.min(...all)).toBeGreaterThan(36 * DAY)
        expect(Math.max(...all)).toBeLessThanOrEqual(40 * DAY)
        expect(all).toEqual(ages())
        // tenths of the 4 days: 100 devices each, give or take four standard deviations
        for (let tenth = 0; tenth < 10; tenth++) {
            const low = (36 + tenth * 0.4) * DAY
            const n = all.filter(a => a >= low && a < low + 0.4 * DAY).length
            expect(n).toBeGreaterThan(60)
            expect(n).toBeLessThan(140)
        }
    })

    test("of 45 days, the longest a board may ask for, ends 4 days before the clock wraps", () => {
        expect(Math.max(...ages(1_080))).toBeLessThan(WRAP - 4 * DAY)
    })

    test.each([0, 1_081, 1.5])("of %s hours is refused", async hours => {
        world = new World()
        const node = await world.node({
            program: board(`restartAfter: ${hours},`.replace(/^/, "")).image
                ? worldProgram(
                      "boards/aged-refused.ts",
                      `
import { startNode } from "../src/index"
await startNode({ board: "aged", device: "${DEVICE}", restartAfter: ${hours}, sensors: [{ id: "N", read: () => 1 }] })
`
                  )
                : board(),
        })
        await world.until(() => node.all("refused").length > 0, 5 * SECOND)
        expect(node.all("refused")[0]!.text).toMatch(/^restartAfter/)
    })
})

describe("a node that has reached its age", () => {
    test("says down, disconnects, restarts the chip, and is up again within 3 s; nothing is lost, nothing comes twice", async () => {
        world = new World()
        const node = await world.node({
            program: board("", "() => Math.floor(ds.millis() / 10000)"),
        })
        const at = restartAt(DEVICE, 1)
        await world.until(isUp, 5 * SECOND)
        await world.until(() => restarts(node).length === 1, HOUR, SECOND)
        // a look every 10 s, and the stop
        expect(restarts(node)[0]!.at).toBeGreaterThan(at)
        expect(restarts(node)[0]!.at).toBeLessThan(at + 12 * SECOND)
        await world.until(() => told().at(-1)!.why === "uptime", 3 * SECOND)
        expect(told().at(-1)).toMatchObject({ boot: 2, uptime: 1 })
        const { connections } = world.broker
        expect(connections.map(({ end }) => end)).toEqual([
            "disconnect",
            undefined,
        ])
        expect(
            world.broker
                .statusHistory(STATUS)
                .map(({ source, payload }) => `${source} ${payload}`)
        ).toEqual(["client up", "client down", "client up"])
        // one each 10 s of the first life, from its first reading on
        const first = values()
        const until = first.findIndex(
            ({ value }, i) => i > 0 && value < first[i - 1]!.value
        )
        const life = first.slice(0, until < 0 ? undefined : until)
        life.slice(1).forEach(({ value }, i) =>
            expect(value).toBe((life[i]!.value as number) + 1)
        )
        expect(life.length).toBeGreaterThan(at / 10_000 - 2)
    })

    test("and then again, each time at the same age of the chip", async () => {
        world = new World()
        const node = await world.node({ program: board() })
        await world.until(() => restarts(node).length === 3, 3 * HOUR, SECOND)
        const [a, b, c] = restarts(node).map(r => r.at)
        // a chip's clock begins anew with it
        expect(Math.abs(c! - b! - (b! - a!))).toBeLessThan(12 * SECOND)
    })
})

describe("readings that wait when the chip restarts", () => {
    /** A node that cannot reach its broker for the last minutes before its restart. */
    async function cutOff(program: ReturnType<typeof board>, minutes: number) {
        world = new World()
        const node = await world.node({ program })
        const at = restartAt(DEVICE, 1)
        await world.advance(at - minutes * MINUTE)
        world.broker.stop({ reset: true })
        const sent = values().length
        const cutAt = world.now
        await world.until(() => restarts(node).length === 1, HOUR, SECOND)
        return { node, sent, cutAt }
    }

    test("are sent after it, each once, in order, with their age counted on", async () => {
        const { node, sent, cutAt } = await cutOff(board(), 5)
        await world.advance(2 * MINUTE)
        world.broker.run()
        await world.until(isUp, 2 * MINUTE)
        await world.advance(20 * SECOND)
        const all = values().slice(sent)
        const back = world.broker.statusHistory(STATUS).at(-1)!.at
        // 30 before the restart, 12 and those of the reconnect after it
        const life = all.filter(({ value }) => (value as number) > 0)
        expect(life.length).toBeGreaterThan(40)
        const published = world.broker.published(VALUE).slice(sent)
        const taken = published.map((p, i) => p.at - (all[i]!.age ?? 0) * 1_000)
        expect(taken[0]).toBeGreaterThan(cutAt - 12 * SECOND)
        expect(taken[0]).toBeLessThan(cutAt + 12 * SECOND)
        const gaps = taken.slice(1).map((t, i) => t - taken[i]!)
        // 10 s apart; at the restart up to twice that and the stop, which waits 8 s for a broker that is not there
        const long = gaps.filter(gap => gap > 12 * SECOND)
        expect(long.length).toBeLessThanOrEqual(1)
        for (const gap of gaps) {
            expect(gap).toBeGreaterThan(-2 * SECOND)
            expect(gap).toBeLessThan(22 * SECOND)
        }
        expect(new Set(all.map(({ value }) => value)).size).toBe(all.length)
        // they count as read once more, so that the accounts of this boot close
        await world.advance(11 * MINUTE)
        const { readings } = told().at(-1)!
        expect(readings["read"]).toBe(
            readings["acked"]! + readings["inflight"]!
        )
        expect(readings["read"]).toBeGreaterThan(life.length)
        expect(back).toBeGreaterThan(0)
        expect(node.flash.setting("BOOTS") as object).not.toHaveProperty("k")
    })

    test("are restored once: power that fails afterwards brings no second copy", async () => {
        const { node, sent } = await cutOff(board(), 2)
        world.broker.run()
        await world.until(isUp, 2 * MINUTE)
        await world.advance(30 * SECOND)
        node.powerCut({ reset: true })
        await node.powerOn()
        await world.advance(30 * SECOND)
        const all = values().slice(sent)
        expect(all.length).toBeGreaterThan(12)
        expect(new Set(all.map(({ value }) => value)).size).toBe(all.length)
    })
})

describe("the wrap of the 32-bit clock, 49.7 days after the chip's start", () => {
    test("freezes a fiber that sleeps across it", async () => {
        const lab = new Lab({
            sleeps: `
                while (true) {
                    console.log(ds.millis())
                    await ds.sleep(10000)
                }`,
        })
        const clock = new VirtualClock()
        const vm: Vm = await startVm({
            program: lab.program,
            deviceId: lab.chip("sleeps"),
            clock,
            age: WRAP - MINUTE,
        })
        const lines: number[] = []
        vm.on("line", text => lines.push(Number(text)))
        await clock.advance(5 * MINUTE)
        vm.stop()
        expect(lines[0]).toBeGreaterThan(WRAP - 61 * SECOND)
        expect(lines.length).toBeLessThanOrEqual(7)
        expect(lines.at(-1)).toBeLessThan(WRAP)
    })
})
