// How many bytes the programs of the budgets take: this client's, the platform's beside it, and the whole node.
import { compileProgram } from "../../sim/vm"
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
