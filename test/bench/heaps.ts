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

/**
 * Takes as many bytes of heap as the first five digits of the chip's identifier say, for good: in two parts, since the VM
 * gives no more than 57,344 at once.
 */
const BALLAST = `
const half = parseInt(ds.deviceIdentifier("self").slice(0, 5)) >> 1
const ballast = Buffer.alloc(half + 1)
const more = Buffer.alloc(half + 1)
setInterval(async () => { if (ballast.length + more.length === 0) console.log("none") }, 3000000)
`

/** A chip that says how many bytes the ballast takes, and, where a program asks, how many sensors there are. */
const chip = (ballast: number, sensors = 1) =>
    String(ballast).padStart(5, "0") +
    String(sensors).padStart(2, "0") +
    "000000001"

const SENSORS = `parseInt(ds.deviceIdentifier("self").slice(5, 7))`

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

/** A program as it is, and with ballast. */
interface Weighed {
    bare: CompiledProgram
    loaded: CompiledProgram
}

const weighed = (program: (before: string) => CompiledProgram): Weighed => ({
    bare: program(""),
    loaded: program(BALLAST),
})

/**
 * What is live after `ms`, and the least heap it lives in, undefined when a whole one is not enough. What the ballast takes
 * besides its size is no need of the program's.
 */
async function weigh({ bare, loaded }: Weighed, ms: number, sensors = 1) {
    if (!(await lives(loaded, 0, sensors))) return undefined
    const held = await live(bare, ms, sensors)
    const extra = (await live(loaded, ms, sensors)) - held
    let [fits, fails] = [0, HEAP]
    while (fails - fits > STEP) {
        const middle = (fits + fails) >> 1
        if (await lives(loaded, middle, sensors)) fits = middle
        else fails = middle
    }
    return { held, needs: HEAP - fits - extra }
}

const PUBLISHING = `
setInterval(async () => {
    try { await mqtt.publish("${TOPIC}", "${PAYLOAD}", 1) } catch (e) { console.log("lost") }
}, 1000)`

/** Statements before the client starts are BALLAST, or none. */
const client = (which: Client, body: string) => (before: string) =>
    build(which, body, { before })

/** A node whose chip says how many sensors it has. */
const node = (before: string) =>
    buildNode({ sensors: SENSORS, interval: 10_000, before })

/** ms of virtual time after which a node's first readings are over. */
const SETTLED = 25_000

/** Bytes of heap that an idle session and a sensor hold, in a node. */
export function idleNode(): Promise<number> {
    return live(node(""), SETTLED)
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
        ? `let m = 1000\nfunction word() { m++; return "a text of as many bytes as may be in one reading, which is: " + m }`
        : ""
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
    const both = async (what: string, body: string) => {
        const { held, needs } = (await weigh(
            weighed(client("ours", body)),
            5_000
        ))!
        add(what, held, needs, await live(client("stock", body)(""), 5_000))
    }
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
    const nodes = weighed(node)
    for (const sensors of [1, 10, 50]) {
        const what = `node, ${sensors} sensor${sensors > 1 ? "s" : ""}`
        const found = await weigh(nodes, SETTLED, sensors)
        if (found) add(what, found.held, found.needs)
        else rows.push({ what, values: ["more than there is"] })
    }
    add("node, 1 sensor, outbox full of numbers", await full(false))
    add("node, 1 sensor, outbox full of 64-byte texts", await full(true))
    const most = [
        await mostSensors(nodes.bare, 0),
        await mostSensors(nodes.loaded, HEAP - SMALL_HEAP),
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
