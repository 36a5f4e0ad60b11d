// What the client costs, in figures that do not depend on the machine: bytes of bytecode, allocations of the VM's own
// counter, socket writes. The same programs with the platform's client beside it.
import { compileProgram } from "../../sim/vm"
import { Lab } from "../client/lab"
import { build, PAYLOAD, TOPIC, type Client } from "./build"

/** Bytes of an image with a publisher and nothing else, and with a subscriber besides. */
export function imageBytes(client: Client): {
    publisher: number
    both: number
} {
    const publish = `setInterval(async () => { await mqtt.publish("${TOPIC}", "${PAYLOAD}") }, 1000)`
    const subscribe = `await mqtt.subscribe("devs/y", async m => console.log(m.topic))`
    return {
        publisher: build(client, publish).image.length,
        both: build(client, `${subscribe}\n${publish}`).image.length,
    }
}

/** Bytes of the simulator's whole node. */
export function nodeBytes(): number {
    return compileProgram("boards/simulator.ts").image.length
}

export interface PublishCost {
    allocations: number
    writes: number
}

/**
 * Publishes counted; the difference of two runs leaves out what happens once. Few enough for the VM's limit of 131,072
 * opcodes without a pause, which the platform's client reaches at about a hundred.
 */
const COUNTED = 20

/** Allocations and socket writes of one publish of 16 bytes, its PUBACK included with QoS 1. */
export async function publishCost(
    client: Client,
    qos: 0 | 1
): Promise<PublishCost> {
    const program = build(
        client,
        `async function many(n: number) {
    for (let i = 0; i < n; i++) await mqtt.publish("${TOPIC}", "${PAYLOAD}", ${qos})
}
await many(5)
await sleep(50)
console.log("few")
await many(${COUNTED})
console.log("many")
await sleep(50)
console.log("few")
await many(${2 * COUNTED})
console.log("many")`
    )
    let writes = 0
    const lab = await Lab.run(program, {
        onWrite: () => {
            writes++
            return 0
        },
    })
    const marks: PublishCost[] = []
    lab.vm.on("line", text => {
        if (/^(few|many)$/.test(text))
            marks.push({ allocations: lab.vm.heap()!.allocations, writes })
    })
    await lab.until(() => marks.length === 4, 60_000)
    lab.stop()
    const run = (key: keyof PublishCost, n: number) =>
        marks[n + 1]![key] - marks[n]![key]
    const per = (key: keyof PublishCost) =>
        (run(key, 2) - run(key, 0)) / COUNTED
    return { allocations: per("allocations"), writes: per("writes") }
}
