// The board that schedules of faults are tried on: a node as people have it, with readings of which each can be followed, a
// sensor that can be taken away, one that misbehaves, an actuator and commands. Knows nothing of faults.
import type { CompiledProgram } from "../../vm"
import { worldProgram } from "../programs"

/** Device and client identifier. */
export const DEVICE = "EXPLORED"
export const STATUS_TOPIC = `devices/${DEVICE}/status`
export const COUNT_TOPIC = `devices/${DEVICE}/sensors/CNT/value`
export const LAMP_TOPIC = `devices/${DEVICE}/actuators/LAMP/value`
export const LAMP_STATE_TOPIC = `devices/${DEVICE}/actuators/LAMP/state`
export const COMMAND_TOPIC = `devices/${DEVICE}/command`
/** What it subscribes to, and with which QoS. */
export const SUBSCRIPTIONS: readonly (readonly [string, number])[] = [
    [STATUS_TOPIC, 0],
    [`devices/${DEVICE}/actuators/+/value`, 1],
    [COMMAND_TOPIC, 1],
]
/** Roles of the sensor that can be taken away, and of the one that says how another misbehaves. */
export const FRAIL_ROLE = "temperature"
export const MOOD_ROLE = "mood"
/** What the sensor MOODY does while MOOD is so: its default, an exception, no number, no answer. */
export const MOODS = { well: 0, throws: 0.3, nan: 0.5, hangs: 0.9 } as const

/** s. Short, so that what it is the measure of is short too. */
export const KEEP_ALIVE = 10
/** ms between two values of CNT. */
export const INTERVAL = 1_000
/** Readings that may wait. */
export const SLOTS = 64
/** ms between two statements of where all readings are. */
export const LAW_MS = 250

/** CNT begins anew with each start of the chip, so far above the last that no two of its values are alike. */
export const COUNTS_A_BOOT = 10_000

/** The value of CNT that a payload says. */
export const countOf = (payload: string) =>
    (JSON.parse(payload) as { value: number }).value

export const BOARD_FILE = "boards/explored.ts"

export const BOARD_TEXT = `
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { Actuators, Commands, startNode } from "../src/index"
const temperature = new ds.Temperature("${FRAIL_ROLE}")
const mood = new ds.Potentiometer("${MOOD_ROLE}")
let ill = 0
mood.reading.subscribe(value => {
    ill = value
})
// settings are bound 0.6 s after the start
await ds.sleep(600)
let n = ((await readSetting<any>("BOOTS", { n: 0 })).n + 1) * ${COUNTS_A_BOOT}
function count() {
    n++
    console.log("count " + n)
    return n
}
async function moody() {
    if (ill > 0.8) await ds.sleep(30000)
    else if (ill > 0.4) return 0 / 0
    else if (ill > 0.2) throw new Error("ill")
    return 7
}
const node = await startNode({
    board: "explored",
    device: "${DEVICE}",
    slots: ${SLOTS},
    keepAlive: ${KEEP_ALIVE},
    parts: [
        new Actuators([{ id: "LAMP", act: (v: number) => console.log("act " + v), min: 0, max: 10000000 }]),
        new Commands(),
    ],
    sensors: [
        { id: "CNT", read: count, interval: ${INTERVAL}, precision: 0 },
        { id: "TC", read: temperature.reading, interval: 5000, precision: 1 },
        { id: "MOODY", read: moody, interval: 3000, precision: 0, delta: 1, maxInterval: 15000 },
    ],
})
setInterval(() => console.log("law " + node.accounts()), ${LAW_MS})
`

/** @param files of the firmware that are others than those on disk, by path from the project's root */
export function exploredBoard(
    files: Record<string, string> = {}
): CompiledProgram {
    return worldProgram(BOARD_FILE, BOARD_TEXT, files)
}
