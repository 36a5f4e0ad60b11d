// What a node remembers of its own starts: their number, why the one before ended, the last fault; how one that crashes
// again and again keeps itself back; and what that costs the flash.
import { afterEach, describe, expect, test } from "vitest"
import { World, worldProgram, type WorldNode } from "../../sim/world"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DEVICE = "BOOTS"
const STATUS = `devices/${DEVICE}/status`
const DIAGNOSTICS = `devices/${DEVICE}/diagnostics`
/** ms from a panic to the next start of the program (the platform's). */
const PLATFORM_RESTART = 5_000

let world: World
afterEach(() => world.stop())

/** @param body what the board does besides its node */
const board = (body = "") =>
    worldProgram(
        "boards/boots.ts",
        `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
let n = 0
const node = await startNode({
    board: "boots",
    device: "${DEVICE}",
    sensors: [{ id: "N", read: () => { n++; return n }, interval: 10000, precision: 0 }],
})
${body}
`
    )

/** An exception that nobody catches, so many ms after the node was started. */
const crash = (ms: number) =>
    board(`setTimeout(async () => { throw new Error("planned") }, ${ms})`)

async function start(program = board(), settings = {}) {
    world = new World()
    return await world.node({ program, settings })
}

const isUp = () => world.broker.retainedNow(STATUS) === "up"

interface Told {
    boot: number
    why: string
    fault: string
}

/** What it has said of itself first in each start. */
const told = () =>
    world.broker
        .published(DIAGNOSTICS)
        .map(({ payload }) => JSON.parse(payload) as Told)
        .filter(({ boot }, i, all) => boot !== all[i - 1]?.boot)

const record = (node: WorldNode) =>
    node.flash.setting("BOOTS") as { n: number; c: number; why: string }

describe("a node counts its starts and knows why the one before ended", () => {
    test("the first start is number 1, each time power comes back one more", async () => {
        const node = await start()
        for (let boot = 1; boot <= 4; boot++) {
            await world.until(() => told().length === boot, 5 * SECOND)
            expect(told().at(-1)).toMatchObject({ boot, why: "power" })
            node.powerCut({ reset: true })
            await world.advance(SECOND)
            await node.powerOn()
        }
    })

    test("after an exception it says crash", async () => {
        await start(crash(20_000))
        await world.until(() => told().length === 2, 40 * SECOND)
        expect(told().map(({ boot, why }) => [boot, why])).toEqual([
            [1, "power"],
            [2, "crash"],
        ])
    })

    test("after a restart it asked for itself it says what for, once", async () => {
        const node = await start(
            board(
                `setTimeout(async () => { if (ds.millis() < 60000) await node.restart("command") }, 5000)`
            )
        )
        await world.until(() => told().length === 2, 20 * SECOND)
        node.powerCut({ reset: true })
        await node.powerOn()
        await world.until(() => told().length === 3, 20 * SECOND)
        expect(told().map(({ boot, why }) => [boot, why])).toEqual([
            [1, "power"],
            [2, "command"],
            [3, "power"],
        ])
    })

    test.each([
        ["a text", "nothing"],
        ["a number", 7],
        ["null", null],
        ["a list", [1, 2]],
        ["a record of another kind", { n: "1", c: {} }],
    ])("it starts with %s in the setting, as number 1", async (_, BOOTS) => {
        const node = await start(board(), { BOOTS })
        await world.until(() => told().length === 1, 5 * SECOND)
        expect(told()[0]).toMatchObject({ boot: 1, why: "power" })
        expect(record(node).n).toBe(1)
    })
})

describe("a node that crashes again and again", () => {
    test("keeps itself back from the third crash on, twice as long each time up to 5 min, before it connects", async () => {
        // after it has connected
        const node = await start(crash(2_000))
        await world.advance(25 * MINUTE)
        const starts = world.broker.connections.map(c => c.openedAt)
        const gaps = starts.slice(1).map((at, i) => at - starts[i]!)
        const waits = [0, 0, 5, 10, 20, 40, 80, 160, 300, 300]
        const least = gaps.slice(0, waits.length).map((gap, i) => {
            const rest = gap - waits[i]! * SECOND
            expect(rest).toBeGreaterThan(2_000 + PLATFORM_RESTART)
            expect(rest).toBeLessThan(2_000 + PLATFORM_RESTART + 1_000)
            return rest
        })
        expect(least).toHaveLength(waits.length)
        expect(told().at(-1)!.why).toBe("crash")
        expect(record(node).n).toBe(starts.length)
    })

    test("counts crashes no more after 10 min without one, and after power came back", async () => {
        const node = await start(board(), {
            BOOTS: { n: 40, c: 9, why: "", f: "", at: 0 },
        })
        await world.until(isUp, 5 * SECOND)
        expect(record(node)).toMatchObject({ n: 41, c: 0 })
        node.stop()
        const crashing = await start(
            board(
                `setTimeout(async () => { throw new Error("planned") }, ds.millis() < 8000 ? 2000 : 11 * 60000)`
            )
        )
        await world.advance(MINUTE)
        expect(record(crashing).c).toBe(1)
        await world.advance(9 * MINUTE + 30 * SECOND)
        expect(record(crashing).c).toBe(0)
        await world.advance(90 * SECOND)
        expect(record(crashing)).toMatchObject({ n: 3, c: 1 })
    })

    test("writes nothing while it is kept back: a board that crashes then costs no flash", async () => {
        const node = await start(
            worldProgram(
                "boards/early.ts",
                `
import { startNode } from "../src/index"
setTimeout(async () => { throw new Error("planned") }, 3000)
await startNode({
    board: "early",
    device: "${DEVICE}",
    sensors: [{ id: "N", read: () => 1, interval: 10000, precision: 0 }],
})
`
            )
        )
        await world.advance(2 * MINUTE)
        const { n } = record(node)
        expect(n).toBe(3)
        const before = Buffer.from(node.flash.image)
        await world.advance(5 * MINUTE)
        expect(
            node.lines.filter(l => l.text.startsWith("! panic")).length
        ).toBeGreaterThan(30)
        expect(Buffer.from(node.flash.image).equals(before)).toBe(true)
    })

    test("costs the flash no more than the budget in boots.ts: a start in 305 s, which writes one record", async () => {
        const node = await start(crash(2_000))
        // the tenth crash in a row
        await world.until(() => record(node)?.n === 11, 30 * MINUTE, SECOND)
        const writes = node.flash.writes("BOOTS")
        const connects = world.broker.connections.length
        await world.advance(61 * MINUTE)
        // 12 x 305 s are 61 min
        expect(record(node).n - 11).toBeLessThanOrEqual(12)
        expect(record(node).n - 11).toBeGreaterThanOrEqual(11)
        expect(node.flash.writes("BOOTS") - writes).toBe(record(node).n - 11)
        expect(world.broker.connections.length - connects).toBe(
            record(node).n - 11
        )
    })
})

describe("the last fault", () => {
    const failing = (line: string) => `
import { startNode } from "../src/index"
let n = 0
await startNode({
    board: "failing",
    device: "${DEVICE}",
    sensors: [{ id: "N", read: () => { n++; ${line} return n }, interval: 10000, precision: 0 }],
})
`
    const once = () =>
        worldProgram(
            "boards/failing.ts",
            failing(`if (n === 2) throw new Error("the \\"pipe\\" burst");`)
        )

    test("is kept, and told after the next start", async () => {
        const node = await start(once())
        await world.advance(40 * SECOND)
        expect(told()[0]!.fault).toBe("")
        node.powerCut({ reset: true })
        await node.powerOn()
        await world.until(() => told().length === 2, 5 * SECOND)
        expect(told()[1]!.fault).toBe('sensor N: threw: the "pipe" burst')
    })

    test("is kept once an hour, though there is a new one every 20 s", async () => {
        const node = await start(
            worldProgram(
                "boards/failing.ts",
                failing(
                    `if (Math.idiv(n, 2) * 2 === n) throw new Error("number " + n);`
                )
            )
        )
        const seen = new Set<string>()
        for (let i = 0; i < 125; i++) {
            await world.advance(MINUTE)
            seen.add((node.flash.setting("BOOTS") as { f: string }).f)
        }
        expect(seen.size).toBe(3)
    })

    test("of any length leaves a record that can be read", async () => {
        const node = await start(
            worldProgram(
                "boards/failing.ts",
                failing(
                    `if (n === 2) throw new Error("${'\\"'.repeat(100)}\u20ac".slice(0, 100));`
                )
            )
        )
        await world.advance(40 * SECOND)
        node.powerCut({ reset: true })
        await node.powerOn()
        await world.until(() => told().length === 2, 5 * SECOND)
        expect(told()[1]).toMatchObject({ boot: 2 })
        expect(told()[1]!.fault).toMatch(/^sensor N: threw: "{30}/)
    })
})
