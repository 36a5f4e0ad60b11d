// A node restarts its chip before DeviceScript's 32-bit clock wraps, and loses no reading by it: what waits goes through the
// flash. The age at which it does so is a parameter; here it is an hour, and a chip is started close to the wrap.
import { afterEach, describe, expect, test } from "vitest"
import { startVm, VirtualClock, type Clock } from "../../sim/vm"
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

/** N counts the readings of each start: from 1000 times its number on. */
const board = (
    options = "restartAfter: 1,",
    read = "() => { n++; return n }"
) =>
    worldProgram(
        "boards/aged.ts",
        `
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { HttpTime, startNode } from "../src/index"
await ds.sleep(600)
let n = ((await readSetting<any>("BOOTS", { n: 0 })).n + 1) * 1000
await startNode({
    board: "aged",
    device: "${DEVICE}",
    keepAlive: 10,
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

    test("must be a whole number of hours from 1 to 1080", async () => {
        world = new World()
        const node = await world.node({
            program: worldProgram(
                "boards/aged-refused.ts",
                `
import { startNode } from "../src/index"
for (const restartAfter of [0, 1081, 1.5])
    try {
        await startNode({
            board: "aged", device: "${DEVICE}", restartAfter,
            sensors: [{ id: "N", read: () => 1 }]
        })
    } catch (e) {
        console.log("thrown")
    }
`
            ),
        })
        await world.advance(5 * SECOND)
        expect(node.all("refused").map(({ text }) => text)).toEqual(
            Array(3).fill(expect.stringMatching(/^restartAfter: must be/))
        )
        expect(world.broker.connections).toEqual([])
    })
})

describe("a node that has reached its age", () => {
    test("says down, disconnects, restarts the chip, and is up again within 3 s; nothing is lost, nothing comes twice", async () => {
        world = new World()
        const node = await world.node({
            program: board(undefined, "() => Math.floor(ds.millis() / 10000)"),
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
        // the second `up` of the new life answers the retained `down` of the old one, see presence.ts
        expect(
            world.broker
                .statusHistory(STATUS)
                .map(({ source, payload }) => `${source} ${payload}`)
        ).toEqual(["client up", "client down", "client up", "client up"])
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

    /** The broker is back, and the node has found it. */
    async function reconnected() {
        const { connections } = world.broker
        const before = connections.length
        world.broker.run()
        await world.until(
            () => connections.slice(before).some(c => c.acceptedAt),
            2 * MINUTE
        )
    }

    test("are sent after it, each once, in order, with their age counted on", async () => {
        const { node, sent, cutAt } = await cutOff(board(), 5)
        await world.advance(2 * MINUTE)
        await reconnected()
        await world.advance(20 * SECOND)
        const all = values().slice(sent)
        const life = (boot: number) =>
            all.filter(
                ({ value }) => Math.floor((value as number) / 1000) === boot
            )
        // of the 5 minutes before the restart; of the 2 after it, and those of the reconnect
        expect(life(1).length).toBeGreaterThanOrEqual(29)
        expect(life(2).length).toBeGreaterThanOrEqual(12)
        const numbers = all.map(({ value }) => value as number)
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
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
        // they count as read once more, so that the accounts of this boot close
        await world.advance(11 * MINUTE)
        const { readings } = told().at(-1)!
        expect(readings["read"]).toBe(
            readings["acked"]! + readings["inflight"]!
        )
        // a reading each 10 s of this boot, and the kept ones
        expect(readings["read"]).toBeGreaterThan(life(1).length + 12 * 6)
        expect(node.flash.setting("BOOTS") as object).not.toHaveProperty("k")
    })

    test("are restored once: power that fails afterwards brings no second copy", async () => {
        const { node, sent } = await cutOff(board(), 2)
        await reconnected()
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
    test("freezes every fiber that sleeps across it, when the VM is 40 ms late just then", async () => {
        world = new World()
        const lab = new Lab({
            ticks: `
                while (true) {
                    console.log("tick")
                    await ds.sleep(10000)
                }`,
        })
        // a clock whose timers come late once
        const timers = new VirtualClock()
        let late = 0
        const clock: Clock = {
            now: () => timers.now() + late,
            setTimeout: (then, ms) => timers.setTimeout(then, ms),
            clearTimeout: id => timers.clearTimeout(id),
            setInterval: (then, ms) => timers.setInterval(then, ms),
            clearInterval: id => timers.clearInterval(id),
        }
        const vm = await startVm({
            program: lab.program,
            deviceId: lab.chip("ticks"),
            clock,
            age: WRAP - MINUTE,
        })
        let ticks = 0
        vm.on("line", () => ticks++)
        await timers.advance(MINUTE - 40)
        late = 40
        await timers.advance(10 * MINUTE)
        vm.stop()
        expect(ticks).toBe(6)
    })

    test("is never met by a node, not even by one that is put into a chip an hour before it", async () => {
        world = new World()
        // what was put into an old chip starts it anew at once
        const node = await world.node({
            program: board(""),
            age: WRAP - HOUR,
        })
        await world.until(() => restarts(node).length === 1, MINUTE)
        await world.until(isUp, MINUTE)
        await world.advance(HOUR + 5 * MINUTE)
        expect(restarts(node)).toHaveLength(1)
        expect(values().at(-1)!.value).toBeGreaterThan(2000 + 60 * 6)
    })
})
