// How many bytes programs take: this client's and the platform's, and the whole node by source file.
import { compileProgram } from "../../sim/vm"
import { build, CLIENTS, PAYLOAD, TOPIC } from "./build"
import { bytesByFile } from "./bytecode"
import type { Section } from "./section"

const publish = (qos: number) =>
    `setInterval(async () => { await mqtt.publish("${TOPIC}", "${PAYLOAD}", ${qos}) }, 1000)`

const WILL = `will: { topic: "devs/w", message: "gone", qos: 1, retain: true }`

const PROGRAMS: [what: string, body: string, options?: string][] = [
    ["publisher, QoS 0", publish(0)],
    ["publisher, QoS 1, with a will", publish(1), WILL],
    [
        "publisher and subscriber",
        `await mqtt.subscribe("devs/y", async m => console.log(m.topic))\n${publish(0)}`,
    ],
]

/** Files of the node that are listed one by one; the rest is summed up. */
const LISTED = 20

export function sizes(): Section[] {
    const node = compileProgram("boards/simulator.ts")
    const files = bytesByFile(node)
    const functions = files.reduce((sum, [, bytes]) => sum + bytes, 0)
    const rest = files.slice(LISTED).reduce((sum, [, bytes]) => sum + bytes, 0)
    return [
        {
            id: "size",
            title: "Bytecode, bytes",
            columns: ["program", "this client", "stock"],
            rows: [
                ...PROGRAMS.map(([what, body, options]) => ({
                    what,
                    values: CLIENTS.map(
                        client => build(client, body, { options }).image.length
                    ),
                })),
                {
                    what: "the simulator's whole node",
                    values: [node.image.length, undefined],
                },
            ],
            notes: [
                "A program contains what it uses: the platform's client has no keep alive that notices, no repeats, no QoS 2 and no unsubscribe.",
            ],
        },
        {
            id: "files",
            title: "The simulator's node by file, bytes",
            columns: ["file", "functions"],
            rows: [
                ...files
                    .slice(0, LISTED)
                    .map(([what, bytes]) => ({ what, values: [bytes] })),
                {
                    what: `${files.length - LISTED} more files`,
                    values: [rest],
                },
                {
                    what: "texts, names, numbers, services",
                    values: [node.image.length - functions],
                },
            ],
            notes: [],
        },
    ]
}
