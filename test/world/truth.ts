// What tests of the retained status have in common: the times it may be wrong for, from the constants that make them,
// and the check that it is true in time and stays so.
import { afterEach, expect } from "vitest"
import { World, type WorldBrokerOptions, type WorldNode } from "../../sim/world"
import {
    COUNTER_STATUS,
    countingNode,
    KEEP_ALIVE,
} from "../../sim/world/faults/boards"

/** ms of the VM between two looks at its sockets and timers. */
export const TICK = 10
/** ms there and back again: a message is 1 ms on its way. */
export const ROUND_TRIP = 2
/** ms from a stray word to the answer, for a node that is connected: it is handed over in one tick, answered in the next. */
export const REPAIR = ROUND_TRIP + 2 * TICK
/** ms, the least time between two answers (src/node/presence.ts). */
export const ANSWER_GAP = 1_000
/** ms from the start of a connection to `up`: TCP, CONNECT, `up` are a round trip and a tick each. */
export const CONNECT = 3 * (ROUND_TRIP + TICK)
/** ms until the program runs after the power is back: 1.1 s of the chip, settings bound within 600 ms and read in 6 * 20. */
export const BOOT = 1_100 + 600 + 120
/** ms, the ceiling of the first wait before a new connection (retryFirst in src/mqtt/options.ts). */
export const FIRST_RETRY = 900
/** ms, the highest ceiling of that wait (retryCap there): where a node ends up that is thrown out time and again. */
export const LONGEST_RETRY = 60_000
/** ms until the node knows that its link is dead (src/mqtt/keepalive.ts). */
export const NOTICED = KEEP_ALIVE * 1_000
/** ms until the broker does [MQTT-3.1.2-24], from the last packet. */
export const BROKER_NOTICED = 1.5 * KEEP_ALIVE * 1_000
/** ms for which the truth has to stay the truth: the latest will after the broker's notice, and some. */
const STEADY = 60_000
/** ms until a node is up that nothing holds up. */
export const START = BOOT + CONNECT

export let world: World
afterEach(() => world.stop())

export const status = () => world.broker.retainedNow(COUNTER_STATUS)
export const said = () =>
    world.broker
        .statusHistory(COUNTER_STATUS)
        .map(({ source, payload }) => `${source} ${payload}`)
export const add = () => world.node({ program: countingNode() })

/** The world of this test from now on. */
export function newWorld(options: WorldBrokerOptions = {}) {
    world = new World(options)
    return world
}

/** A node that has been up for 5 s. */
export async function upIn(options: WorldBrokerOptions = {}) {
    newWorld(options)
    const node = await add()
    await world.until(() => status() === "up", START, 1)
    // off the beat of readings and ticks
    await world.advance(5_003)
    return node
}

/**
 * The status is `state` at most `within` ms after the last fault, and stays so. A will that comes later is answered within
 * `REPAIR`.
 */
export async function settles(
    state: "up" | "down",
    { lastFault, within }: { lastFault: number; within: number }
) {
    await world.advance(lastFault + within + STEADY - world.now)
    const history = world.broker.statusHistory(COUNTER_STATUS)
    expect(history.at(-1)!.payload).toBe(state)
    let by = lastFault + within
    const will = history.findLast(({ source }) => source === "will")
    if (state === "up" && will) by = Math.max(by, will.at + REPAIR)
    // of repetitions of the same word the first counts
    const wrong = history.findLastIndex(({ payload }) => payload !== state)
    expect(history[wrong + 1]!.at, JSON.stringify(history)).toBeLessThanOrEqual(
        by
    )
}

/** Asks for a clean stop, and waits for its end. */
export async function switchedOff(node: WorldNode) {
    await node.sensors.ready("stop")
    node.sensors.switch("stop").set(true)
    await world.until(() => node.all("stopped").length === 1, 10_000)
}
