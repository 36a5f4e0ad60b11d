// What tests of nodes in a world have in common: the simulator's own board, its topics, and the wait for its presence.
import { World, worldProgram, type WorldBrokerOptions } from "../../sim/world"

/** The device of boards/simulator.ts. */
export const DEVICE = "ESPDEVICE"
export const STATUS = `devices/${DEVICE}/status`

export const simulatorBoard = () => worldProgram("boards/simulator.ts")

export const reading = (sensor: string, device = DEVICE) =>
    `devices/${device}/sensors/${sensor}/value`

/** A world with one node whose `up` is retained. */
export async function upAndRunning(options: WorldBrokerOptions = {}) {
    const world = new World(options)
    const node = await world.node({ program: simulatorBoard() })
    await world.until(() => world.broker.retainedNow(STATUS) === "up", 5_000)
    return { world, node, broker: world.broker }
}
