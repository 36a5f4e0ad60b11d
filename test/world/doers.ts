// A board with actuators and commands for tests in the world, and what they say to it and hear of it. Each act of a function
// is a console line, `act <actuator> <value>`.
import type { QoS } from "mqtt-packet"
import { World, worldProgram, type WorldNode } from "../../sim/world"

export const DOER = "DOER"
/** ms between a command and all that follows of it: the VM looks at its socket and timers every 10, a register is written and read back in 60. */
export const DONE = 200
/** ms, how long an act may take (src/node/actuators.ts). */
export const ACT_LIMIT = 10_000
/** ms until a role is bound after the program's start, or unbound after the last packet. */
const BOUND = 2_500

const board = (commands: string) =>
    worldProgram(
        "boards/doer.ts",
        `
import * as ds from "@devicescript/core"
import { Actuators, Commands, startNode } from "../src/index"
const relay = new ds.Relay("relay")
const servo = new ds.Servo("servo")
const bulb = new ds.LightBulb("bulb")
const did = (id: string, value: number | boolean | string) => console.log("act " + id + " " + value)
let n = 0
await startNode({
    board: "doer",
    device: "${DOER}",
    keepAlive: 10,
    parts: [
        new Actuators([
            { id: "RELAY", act: relay.enabled, type: "boolean" },
            { id: "SERVO", act: servo.angle, min: -90, max: 90 },
            { id: "BULB", act: bulb.intensity, min: 0, max: 1 },
            { id: "PUMP", act: (v: number) => did("PUMP", v), min: 0, max: 100, state: 0 },
            { id: "FREE", act: (v: number) => did("FREE", v) },
            { id: "TEXT", act: (v: string) => did("TEXT", v), type: "string" },
            { id: "FLAG", act: (v: boolean) => did("FLAG", v), type: "boolean" },
            { id: "SLOW", act: async (v: number) => { await ds.sleep(500); did("SLOW", v) } },
            { id: "HANG", act: async (v: number) => { if (v === 1) await ds.sleep(60000); did("HANG", v) } },
            { id: "BAD", act: (v: number) => { if (v === 1) throw new Error("jammed"); if (v === 2) throw undefined; if (v === 3) throw "text"; did("BAD", v) } },
        ]),
        ${commands}
    ],
    sensors: [
        { id: "N", read: () => { n++; return n }, interval: 5000, precision: 0 },
        { id: "M", read: () => 7, interval: 30000, precision: 0, delta: 5 },
    ],
})
`
    )

export const doerBoard = () => board("new Commands({ minInterval: 1000 }),")
/** The same without commands. */
export const deafBoard = () => board("")

export interface Doer {
    world: World
    node: WorldNode
    /** Sends a command to an actuator. */
    ask(id: string, payload: unknown, options?: Delivery): Promise<void>
    /** Sends a command to the node. */
    command(payload: unknown, options?: Delivery): Promise<void>
    /** What functions did, and the console's events of acts, rejections and faults, in order, since the last call. */
    heard(): string[]
    /** Payloads published as states of an actuator, since `forget`. */
    states(id: string): string[]
    /** Answers to commands, since `forget`. */
    answers(): string[]
    /** What was until now does not count. */
    forget(): void
}

export interface Delivery {
    qos?: QoS
    /** As the broker sends what it has kept. */
    retain?: boolean
    /** As the broker sends again what may have arrived. */
    dup?: boolean
}

const EVENT = /^(act |node: (acted|rejected|fault) |! )/

/** A node that is connected, with all of its roles bound. */
export async function doer(
    program = doerBoard(),
    settings: Record<string, unknown> = {}
): Promise<Doer> {
    const world = new World()
    const node = await world.node({ program, settings })
    await world.until(() => node.all("status").length === 1, 5_000)
    await world.advance(BOUND)
    let from = 0
    let id = 1_000
    /** Text and bytes go as they are, everything else as JSON. */
    const send = async (
        topic: string,
        what: unknown,
        { qos = 1, retain = false, dup = false }: Delivery = {}
    ) => {
        const payload =
            typeof what === "string" || what instanceof Uint8Array
                ? Buffer.from(what as string)
                : JSON.stringify(what)
        const connection = world.broker.connection(DOER)
        if (!connection) throw new Error("the node is not connected")
        const flags = { qos, retain, dup, messageId: id++ }
        connection.send({ cmd: "publish", topic, payload, ...flags })
        await world.advance(DONE)
    }
    let since = 0
    const payloads = (topic: string) =>
        world.broker.history
            .slice(since)
            .filter(entry => entry.topic === topic)
            .map(({ payload }) => payload)
    return {
        world,
        node,
        ask: (actuator, what, options) =>
            send(`devices/${DOER}/actuators/${actuator}/value`, what, options),
        command: (what, options) =>
            send(`devices/${DOER}/command`, what, options),
        heard: () => {
            const lines = node.lines.slice(from).map(({ text }) => text)
            from = node.lines.length
            return lines.filter(line => EVENT.test(line))
        },
        states: actuator =>
            payloads(`devices/${DOER}/actuators/${actuator}/state`),
        forget: () => {
            from = node.lines.length
            since = world.broker.history.length
        },
        answers: () => payloads(`devices/${DOER}/command/ack`),
    }
}
