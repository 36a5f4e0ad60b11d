// How much of a chip's heap programs hold and need. Live is what is left after a collection; needed is the smallest
// heap with which the program lives through its start, 60 s of publishes or readings, a TCP reset and what follows, found
// by leaving it ever less. Both are the same on every machine and board.
import type { CompiledProgram } from "../../sim/vm"
import { Lab } from "../client/lab"
import { build, buildNode, PAYLOAD, TOPIC, type Client } from "./build"
import type { Section } from "./section"

/** Bytes of heap that a program can have: 64 KiB on most chips, 40 KiB on an ESP32-S2; some words are the collector's. */
export const HEAP = 65_524
const SMALL_HEAP = 40_960 - 12

/** Bytes, the accuracy of what is needed. */
const STEP = 256

/** ms of virtual time: until a reset, and after it, as the platform's client takes 45 s to come back. */
const BEFORE = 30_000
const AFTER = 75_000

/** Takes as many bytes of heap as the first five digits of the chip's identifier say, for good. */
const BALLAST = `
const ballast = Buffer.alloc(parseInt(ds.deviceIdentifier("self").slice(0, 5)) + 1)
setInterval(async () => { if (ballast.length === 0) console.log("none") }, 3000000)
`

/** A chip that says how many bytes the ballast takes, and, where a program asks, how many sensors there are. */
const chip = (ballast: number, sensors = 1) =>
    String(ballast).padStart(5, "0") +
    String(sensors).padStart(2, "0") +
    "000000001"

const SENSORS = `parseInt(ds.deviceIdentifier("self").slice(5, 7))`

/** Bytes that the ballast itself takes besides its size. */
const BALLAST_EXTRA = 12

/** Bytes after a collection, which takes place while the program allocates: a node that rests does every 10 s. */
async function collected(lab: Lab): Promise<number> {
    const figures = lab.vm.liveHeap()
    await lab.clock.advance(15_000)
    return (await figures).used
}

async function live(
    program: CompiledProgram,
    ms: number,
    sensors = 1
): Promise<number> {
    const lab = await Lab.run(program, { deviceId: chip(0, sensors) })
    try {
        await lab.clock.advance(ms)
        return await collected(lab)
    } finally {
        lab.stop()
    }
}

/** Whether it lives with so many bytes less. */
async function lives(
    program: CompiledProgram,
    ballast: number,
    sensors = 1
): Promise<boolean> {
    const lab = await Lab.run(program, { deviceId: chip(ballast, sensors) })
    const dead = () =>
        !lab.vm.running || lab.lines.some(line => line.startsWith("! panic"))
    try {
        await lab.clock.advance(BEFORE)
        if (dead() || lab.links.length === 0) return false
        lab.last.cut()
        await lab.clock.advance(AFTER)
        return !dead() && lab.links.length === 2
    } finally {
        lab.stop()
    }
}

/** Undefined when a whole heap is not enough. */
async function needed(
    program: CompiledProgram,
    sensors = 1
): Promise<number | undefined> {
    let [fits, fails] = [0, HEAP]
    if (!(await lives(program, 0, sensors))) return undefined
    while (fails - fits > STEP) {
        const middle = (fits + fails) >> 1
        if (await lives(program, middle, sensors)) fits = middle
        else fails = middle
    }
    return HEAP - fits - BALLAST_EXTRA
}

const PUBLISHING = `
setInterval(async () => {
    try { await mqtt.publish("${TOPIC}", "${PAYLOAD}", 1) } catch (e) { console.log("lost") }
}, 1000)`

const client = (which: Client, body: string) =>
    build(which, body, { before: BALLAST })

/** A node whose chip says how many sensors it has. */
const node = () =>
    buildNode({ sensors: SENSORS, interval: 10_000, before: BALLAST })

/** ms of virtual time after which a node's first readings are over. */
const SETTLED = 25_000

/** Bytes of heap that an idle session and a sensor hold, in a node. */
export function idleNode(): Promise<number> {
    return live(node(), SETTLED)
}

/** Most sensors with which a node lives in that many bytes of heap less than the simulator's. */
async function mostSensors(
    program: CompiledProgram,
    less: number
): Promise<number> {
    let [fits, fails] = [1, 65]
    while (fails - fits > 1) {
        const middle = (fits + fails) >> 1
        if (await lives(program, less, middle)) fits = middle
        else fails = middle
    }
    return fits
}

/** Bytes that a node with one sensor holds whose outbox is full: an outage of 64 readings and more. */
async function full(text: boolean): Promise<number> {
    const before = text
        ? BALLAST +
          `let m = 1000\nfunction word() { m++; return "a text of as many bytes as may be in one reading, which is: " + m }`
        : BALLAST
    const program = buildNode({
        interval: 1000,
        before,
        ...(text ? { read: "word" } : {}),
    })
    const lab = await Lab.run(program, { deviceId: chip(0) })
    try {
        await lab.clock.advance(SETTLED)
        lab.refuse(true)
        lab.last.cut()
        await lab.clock.advance(100_000)
        return await collected(lab)
    } finally {
        lab.stop()
    }
}

export async function heaps(): Promise<Section[]> {
    const rows: Section["rows"] = []
    const add = (what: string, held: number, needs?: number, peer?: number) =>
        rows.push({
            what,
            values: [held, needs, HEAP - held, SMALL_HEAP - held, peer],
        })
    // a program that allocates nothing is never collected
    const tick = "setInterval(async () => {}, 100)"
    const both = async (what: string, body: string) =>
        add(
            what,
            await live(client("ours", body), 5_000),
            await needed(client("ours", body)),
            await live(client("stock", body), 5_000)
        )
    await both("client, idle session", tick)
    await both("client, publishing QoS 1 once a second", PUBLISHING)
    await both(
        "client, 1 subscription",
        `${tick}\nawait mqtt.subscribe("devs/0", async m => {})`
    )
    await both(
        "client, 5 subscriptions",
        `${tick}\nfor (let i = 0; i < 5; i++) await mqtt.subscribe("devs/" + i, async m => {})`
    )
    const program = node()
    for (const sensors of [1, 10, 50]) {
        const what = `node, ${sensors} sensor${sensors > 1 ? "s" : ""}`
        const needs = await needed(program, sensors)
        if (needs === undefined)
            rows.push({ what, values: ["more than there is"] })
        else add(what, await live(program, SETTLED, sensors), needs)
    }
    add("node, 1 sensor, outbox full of numbers", await full(false))
    add("node, 1 sensor, outbox full of 64-byte texts", await full(true))
    const most = [
        await mostSensors(program, 0),
        await mostSensors(program, HEAP - SMALL_HEAP),
    ]
    return [
        {
            id: "heap",
            title: "Heap, bytes",
            columns: [
                "what",
                "live",
                "needed",
                "left of 64 KiB",
                "left of 40 KiB",
                "stock, live",
            ],
            rows,
            notes: [
                `A node lives with up to ${most[0]} sensors in 64 KiB, and with up to ${most[1]} in 40 KiB.`,
                `Live is after a collection. Needed is the least heap, to ${STEP} bytes, with which it lived through its start, a TCP reset after 30 s and 75 s after it.`,
            ],
        },
    ]
}
