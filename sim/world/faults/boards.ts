// The programs that faults are tried on: a board of this project's node, and one that does the same with the platform's own
// client. Their sensor CNT gives 1, 2, 3, ..., one a second, so that what is lost and what comes twice shows by its value;
// TC is a Jacdac sensor that can be taken away. Knows nothing of faults.
import type { CompiledProgram } from "../../vm"
import { worldProgram } from "../programs"
import { LAW_LINE, LAW_MS } from "./law"

/** Device and client identifier of both programs. */
export const COUNTER = "COUNTER"
export const COUNTER_STATUS = `devices/${COUNTER}/status`
export const COUNT_TOPIC = `devices/${COUNTER}/sensors/CNT/value`
/** The sensor that can be taken away, its topic, and the name of its role. */
export const FRAIL_TOPIC = `devices/${COUNTER}/sensors/TC/value`
export const FRAIL_ROLE = "temperature"
/** s. Short, so that the outages it is the measure of are short too. */
export const KEEP_ALIVE = 10
/** ms between two values of CNT. */
export const INTERVAL = 1_000
/** ms between two values of TC. */
export const FRAIL_INTERVAL = 5_000
/** What a program says of each value of CNT, before the value. */
export const COUNT_LINE = "count "

/** Readings that may wait in the node: those of the longest outage of the table, two minutes. */
export const SLOTS = 256

/** A firmware under test, and what it says of itself. */
export interface Firmware {
    name: "node" | "stock"
    program(): CompiledProgram
    /** Whether this console line shows that it has noticed that something is wrong. */
    notices(line: string): boolean
    /** Whether it says where all readings are, every `LAW_MS`. */
    accounts: boolean
}

/**
 * A program that is restarted counts from another thousand: 10 s are ten values. A value has seven digits at most, as the
 * VM prints no more.
 */
const COUNT = `
let n = Math.floor(ds.millis() / 10000) * 1000
function count() {
    n++
    console.log("${COUNT_LINE}" + n)
    return n
}
`

/** Its switch `stop`, moved on, asks it to stop cleanly. @param slots readings that may wait in it */
export const countingNode = (slots = SLOTS) =>
    worldProgram(
        "boards/counting.ts",
        `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
const temperature = new ds.Temperature("${FRAIL_ROLE}")
const stop = new ds.Switch("stop")
${COUNT}
const node = await startNode({
    board: "counting",
    device: "${COUNTER}",
    slots: ${slots},
    keepAlive: ${KEEP_ALIVE},
    sensors: [
        { id: "CNT", read: count, interval: ${INTERVAL}, precision: 0 },
        { id: "TC", read: temperature.reading, interval: ${FRAIL_INTERVAL}, precision: 1 },
    ],
})
setInterval(() => console.log("${LAW_LINE}" + node.accounts()), ${LAW_MS})
// its position, not the event of its being moved: an event can be lost before the switch is bound
stop.reading.subscribe(async on => {
    if (on) await node.stop()
})
`
    )

/**
 * The same with @devicescript/net as its documentation has it, and with more care: what \`publish\` throws is caught, so that
 * a link that breaks under it restarts no program, and each runs in a fiber of its own, so that one that waits holds up no
 * reading. Its watchdog has its default, 50 s.
 */
const countingStock = () =>
    worldProgram(
        "boards/counting-stock.ts",
        `
import * as ds from "@devicescript/core"
import { MQTTClient } from "@devicescript/net"
const temperature = new ds.Temperature("${FRAIL_ROLE}")
${COUNT}
const mqtt = new MQTTClient({
    host: "broker",
    port: 1883,
    proto: "tcp",
    clientId: "${COUNTER}",
    keepAlive: ${KEEP_ALIVE},
    pingInterval: ${KEEP_ALIVE * 500},
    will: { topic: "${COUNTER_STATUS}", message: "down", qos: 1, retain: true },
})
async function publish(topic: string, message: string | object, retained: boolean) {
    try {
        await mqtt.publish(topic, message, 1, retained)
    } catch (e) {
        console.log("mqtt: error " + (e as Error).message)
    }
}
mqtt.onconnect.subscribe(async () => {
    await publish("${COUNTER_STATUS}", "up", true)
})
setInterval(() => {
    publish.start("${COUNT_TOPIC}", { value: count() }, false)
}, ${INTERVAL})
setInterval(async () => {
    await publish("${FRAIL_TOPIC}", { value: await temperature.reading.read() }, false)
}, ${FRAIL_INTERVAL})
await mqtt.start()
`
    )

export const NODE: Firmware = {
    name: "node",
    program: () => countingNode(),
    notices: line => /^node: (lost|fault) /.test(line),
    accounts: true,
}

export const STOCK: Firmware = {
    name: "stock",
    program: countingStock,
    notices: line =>
        /^mqtt: (Close\.|error|disconnect|MQTT connection error)/.test(line),
    accounts: false,
}
