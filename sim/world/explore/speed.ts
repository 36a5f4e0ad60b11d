// How fast worlds of some nodes live, beside the clock on the wall.
import { seededNumbers } from "../../vm/random"
import { worldProgram } from "../programs"
import { World } from "../world"

/** What one size of a world came to. */
export interface Speed {
    nodes: number
    /** ms between two looks of each VM. */
    tick: number
    /** Virtual seconds of the world in a real one. */
    rate: number
    /** Real seconds for a day of one node. */
    nodeDay: number
}

/** ms for which nodes start, which does not count. */
const START = 10_000
const DAY_S = 86_400

/** A node with two sensors, one reading of each every 30 s, QoS 1. */
const BOARD = `
import { startNode } from "../src/index"
let n = 0
await startNode({
    board: "speed",
    sensors: [
        { id: "A", read: () => { n++; return n }, interval: 30000, precision: 0 },
        { id: "B", read: () => n, interval: 30000, precision: 0 },
    ],
})
`

/** @param realMs for which it is measured at least */
export async function measureSpeed(
    nodes: number,
    tick: number,
    realMs: number
): Promise<Speed> {
    const world = new World()
    const program = worldProgram("boards/speed.ts", BOARD)
    const random = seededNumbers("speed")
    try {
        for (let i = 1; i <= nodes; i++) {
            await world.node({
                program,
                tick,
                bus: false,
                settings: { DEVICE_ID: `node${i}` },
            })
            // nodes of a world are not switched on together
            await world.advance(Math.floor(random() * 100))
        }
        await world.advance(START)
        const begin = performance.now()
        const from = world.clock.elapsed
        while (performance.now() - begin < realMs) await world.advance(1_000)
        const virtual = (world.clock.elapsed - from) / 1_000
        const real = (performance.now() - begin) / 1_000
        const up = world.broker.connections.filter(c => c.acceptedAt).length
        if (up < nodes) throw new Error(`${up} of ${nodes} nodes connected`)
        const rate = virtual / real
        return { nodes, tick, rate, nodeDay: DAY_S / rate / nodes }
    } finally {
        world.stop()
    }
}
