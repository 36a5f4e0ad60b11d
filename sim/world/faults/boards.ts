// The programs that faults are tried on. Their one counting sensor CNT gives 1, 2, 3, ..., one a second, so that what is
// lost and what comes twice shows by its value. Knows nothing of faults.
import type { CompiledProgram } from "../../vm"
import { worldProgram } from "../programs"

/** Device and client identifier of both programs. */
export const COUNTER = "COUNTER"
export const COUNTER_STATUS = `devices/${COUNTER}/status`
export const COUNT_TOPIC = `devices/${COUNTER}/sensors/CNT/value`
/** s. Short, so that the outages it is the measure of are short too. */
export const KEEP_ALIVE = 10
/** ms between two values. */
export const INTERVAL = 1_000

/** A board of this project's node. Moved on, its switch `stop` asks it to stop cleanly. */
export function countingNode(): CompiledProgram {
    return worldProgram(
        "boards/counting.ts",
        `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
const stop = new ds.Switch("stop")
let n = 0
const node = await startNode({
    board: "counting",
    device: "${COUNTER}",
    keepAlive: ${KEEP_ALIVE},
    sensors: [{ id: "CNT", read: () => { n++; return n }, interval: ${INTERVAL}, precision: 0 }],
})
// its position, not the event of its being moved: an event can be lost before the switch is bound
stop.reading.subscribe(async on => {
    if (on) await node.stop()
})
`
    )
}
