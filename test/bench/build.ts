// The programs that are measured: each is written once and compiled with this project's client or with the
// platform's. Knows nothing of what is measured.
import { compileProgram, type CompiledProgram } from "../../sim/vm"

/** Which client a program imports. */
export type Client = "ours" | "stock"

export const CLIENTS: readonly Client[] = ["ours", "stock"]

const IMPORT: Record<Client, string> = {
    ours: "../../src/mqtt/index",
    stock: "@devicescript/net",
}

export const TOPIC = "devs/x"

/** 16 bytes, as in the comparison's table. */
export const PAYLOAD = "0123456789abcdef"

export interface ProgramText {
    /** Of the client, besides where the broker is. */
    options?: string
    /** Statements before the client starts. */
    before?: string
    /** Texts to compile in place of those on disk. */
    files?: Record<string, string>
}

/** A program with a started client `mqtt` that runs `body`. */
export function build(
    client: Client,
    body: string,
    { options = "", before = "", files = {} }: ProgramText = {}
): CompiledProgram {
    const path = "test/bench/program.ts"
    return compileProgram(path, {
        files: {
            ...files,
            // what a program does not use is not in its image
            [path]: `import * as ds from "@devicescript/core"
import { sleep } from "@devicescript/core"
import { startMQTTClient } from "${IMPORT[client]}"
${before}
const mqtt = await startMQTTClient({ host: "broker", port: 1883, proto: "tcp", clientId: "bench-${client}", ${options} })
${body}`,
        },
    })
}

export interface NodeText {
    /** Sensors, `S0`, `S1`, ...; each value is another. A text is DeviceScript for their number. */
    sensors?: number | string
    /** ms between two readings of a sensor. */
    interval?: number
    /** The name of the function they read; by default one that counts. */
    read?: string
    /** Further options of the node. */
    options?: string
    /** Statements before the node starts, and after. */
    before?: string
    after?: string
    /** Texts to compile in place of those on disk. */
    files?: Record<string, string>
}

/** A node with sensors that are functions. */
export function buildNode({
    sensors = 1,
    interval = 1000,
    read = "count",
    options = "",
    before = "",
    after = "",
    files = {},
}: NodeText = {}): CompiledProgram {
    const path = "boards/bench.ts"
    return compileProgram(path, {
        files: {
            ...files,
            [path]: `import * as ds from "@devicescript/core"
import { startNode, SensorOptions } from "../src/index"
${before}
let n = 0
function count() { n++; return n }
const sensors: SensorOptions[] = []
for (let i = 0; i < ${sensors}; i++)
    sensors.push({ id: "S" + i, read: ${read}, interval: ${interval}, precision: 0 })
await startNode({ board: "bench", device: "BENCH", broker: { host: "broker" }, ${options} sensors })
${after}`,
        },
    })
}
