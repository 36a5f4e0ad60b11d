// The programs that are measured: each is written once and compiled with this project's client or with the
// platform's. Knows nothing of what is measured.
import { compileProgram, type CompiledProgram } from "../../sim/vm"

/** Which client a program imports. */
export type Client = "ours" | "stock"

const IMPORT: Record<Client, string> = {
    ours: "../../src/mqtt/index",
    stock: "@devicescript/net",
}

export const TOPIC = "devs/x"

/** 16 bytes, as in the comparison's table. */
export const PAYLOAD = "0123456789abcdef"

/** A program with a started client `mqtt` that runs `body`. */
export function build(client: Client, body: string): CompiledProgram {
    const path = "test/bench/program.ts"
    return compileProgram(path, {
        files: {
            [path]: `import { sleep } from "@devicescript/core"
import { startMQTTClient } from "${IMPORT[client]}"
const mqtt = await startMQTTClient({ host: "broker", port: 1883, proto: "tcp", clientId: "bench" })
${body}`,
        },
    })
}
