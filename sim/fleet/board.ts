// The program of a fleet's nodes: one sensor that numbers its readings, and an ear for the word that ends the node. The same
// bytecode for all of them; who a node is comes from its settings. Knows nothing of how many there are.
import { compileProgram, type CompiledProgram } from "../vm"

/** The one sensor of a node. */
export const SENSOR = "N"

/**
 * Readings of a node begin at its number of starts times this: no two readings of a node are alike, and a reading says by
 * itself which start it belongs to. 115 days at one reading a second; 900 starts before a number is too large for a reading.
 */
export const PER_START = 10_000_000

/** What stands before the number of a reading that was taken, on the node's console. */
export const READ = "r "

/** What stands before a node's own accounts, on its console, when it has stopped. */
export const ACCOUNTS = "fleet: "

/** The payload on `devices/<device>/command` at which a node stops cleanly. */
export const STOP = '{"command":"stop"}'

/**
 * @param interval ms between two readings, 100 to 86,400,000
 * @param keepAlive seconds
 */
export function fleetProgram(
    interval: number,
    keepAlive: number
): CompiledProgram {
    const path = "boards/fleet.ts"
    return compileProgram(path, {
        files: { [path]: fleetBoard(interval, keepAlive) },
    })
}

function fleetBoard(interval: number, keepAlive: number): string {
    return `
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { startNode, type Node } from "../src/index"

// settings can be read from then on
await ds.sleep(600)
let n = ((await readSetting<any>("BOOTS", { n: 0 })).n + 1) * ${PER_START}

await startNode({
    board: "fleet",
    keepAlive: ${keepAlive},
    sensors: [
        {
            id: "${SENSOR}",
            read: () => {
                n++
                console.log("${READ}" + n)
                return n
            },
            interval: ${interval},
            precision: 0,
        },
    ],
    parts: [
        {
            start: (node: Node) => {
                node.client.subscribe.start(
                    "devices/" + node.device + "/command",
                    async (m: any) => {
                        if (m.content.toString() !== '${STOP}') return
                        await node.stop()
                        console.log("${ACCOUNTS}" + node.accounts())
                    },
                    1
                )
            },
        },
    ],
})
`
}
