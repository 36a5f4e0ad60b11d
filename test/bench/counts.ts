// What a message costs the VM: allocations, exact, of its own counter, and calls of functions (calls.ts). Both are the
// same on every machine and every board. Same calls, same figures. Knows nothing of limits.
import type { QoS } from "mqtt-packet"
import type { CompiledProgram } from "../../sim/vm"
import { Lab } from "../client/lab"
import { build, buildNode, CLIENTS, TOPIC, type Client } from "./build"
import { functionsOf } from "./bytecode"
import { callsTold, instrumented } from "./calls"
import type { Section } from "./section"

/** Bytes of the payloads that are published. */
export const PAYLOADS = [16, 64, 256, 1024]

const QOS = [0, 1, 2] as const

/**
 * Publishes counted; the difference of two runs leaves out what happens once. Few enough for the VM's limit of 131,072
 * opcodes without a pause, which the platform's client reaches at about a hundred.
 */
const COUNTED = 20

/** What one message takes. */
export interface Cost {
    allocations: number
    calls: number
    writes: number
}

export interface PublishCost extends Cost {
    qos: QoS
    bytes: number
}

/** The marks of one payload and QoS: before and after a few, before and after many. */
const MARKS = 4

const publishing = (payloads: readonly number[], counted: string) => `
const sizes = [${payloads.join(", ")}]
const parts: string[] = []
async function many(n: number, payload: string, qos: number) {
    for (let i = 0; i < n; i++) await mqtt.publish("${TOPIC}", payload, qos)
}
function mark() { console.log("mark " + ${counted}) }
await sleep(50)
for (const qos of [${QOS.join(", ")}])
    for (const size of sizes) {
        const texts: string[] = []
        for (let i = 0; i < size / 16; i++) texts.push("0123456789abcdef")
        const payload = texts.join("")
        await many(5, payload, qos)
        await sleep(50)
        mark()
        await many(${COUNTED}, payload, qos)
        mark()
        await sleep(50)
        mark()
        await many(${2 * COUNTED}, payload, qos)
        mark()
    }
await sleep(50)
console.log("done")`

/** Runs a program that prints marks; what stood on the counters at each. */
async function marked(program: CompiledProgram): Promise<Cost[]> {
    let writes = 0
    const lab = await Lab.run(program, {
        onWrite: () => {
            writes++
            return 0
        },
    })
    const marks: Cost[] = []
    lab.vm.on("line", text => {
        const m = /^mark (\d+)$/.exec(text)
        if (m)
            marks.push({
                allocations: lab.vm.heap()!.allocations,
                calls: Number(m[1]),
                writes,
            })
    })
    try {
        await lab.line("done", 300_000)
    } finally {
        lab.stop()
    }
    return marks
}

/**
 * One publish of each QoS and size, its acknowledgements included.
 * @param withCalls whether calls are counted too, which takes a compile more
 */
export async function publishCosts(
    client: Client,
    payloads: readonly number[] = PAYLOADS,
    withCalls = true
): Promise<PublishCost[]> {
    const plain = await marked(build(client, publishing(payloads, "0")))
    const counted = withCalls ? await calls(client, payloads) : plain
    const combinations = QOS.flatMap(qos =>
        payloads.map(bytes => ({ qos, bytes }))
    )
    return combinations.map(({ qos, bytes }, i) => {
        const per = (marks: Cost[], key: keyof Cost) => {
            const at = (n: number) => marks[i * MARKS + n]![key]
            return (at(3) - at(2) - (at(1) - at(0))) / COUNTED
        }
        return {
            qos,
            bytes,
            allocations: per(plain, "allocations"),
            writes: per(plain, "writes"),
            calls: per(counted, "calls"),
        }
    })
}

/** The marks of the same program with counters in it. */
function calls(client: Client, payloads: readonly number[]): Promise<Cost[]> {
    const counting = instrumented()
    return marked(
        build(client, publishing(payloads, "allCalls()"), {
            before: counting.text + "await resetCalls()",
            files: counting.files,
        })
    )
}

/** ms between two messages to a client: the platform's client loses those that come without a gap. */
const GAP = 50

/** Allocations for each message of 16 bytes received with QoS 0 and handed to a handler. */
export async function receiveAllocations(client: Client): Promise<number> {
    const lab = await Lab.run(
        build(
            client,
            `let n = 0
await mqtt.subscribe("${TOPIC}", async m => { n += m.content.length })
console.log("listening")`
        )
    )
    try {
        await lab.line("listening")
        await lab.clock.advance(1_000)
        const after = async (messages: number) => {
            const before = lab.vm.heap()!.allocations
            for (let i = 0; i < COUNTED; i++) {
                if (i < messages)
                    lab.last.send({
                        cmd: "publish",
                        topic: TOPIC,
                        payload: "0123456789abcdef",
                        qos: 0,
                        dup: false,
                        retain: false,
                    })
                await lab.clock.advance(GAP)
            }
            return lab.vm.heap()!.allocations - before
        }
        await after(COUNTED)
        return ((await after(COUNTED)) - (await after(0))) / COUNTED
    } finally {
        lab.stop()
    }
}

/** ms of virtual time a node has before it is measured: its first readings are over. */
const SETTLED = 20_000

/** Readings measured: one a second. */
const READINGS = 60

/** ms, longer than a measurement. */
const NO_READINGS = 86_400_000

/** Nothing but readings: no pings and no diagnostics. */
const QUIET = "keepAlive: 0, diagnostics: 0,"

export interface ReadingCost {
    allocations: number
    writes: number
    calls: number
    /** Opcodes of the functions called, each written opcode once: a lower bound where there are loops. */
    opcodes: number
    /** Calls of each function, those called most first. */
    profile: { what: string; calls: number; opcodes: number }[]
}

/** Allocations and socket writes of a node with one sensor, or more, in READINGS seconds. */
export async function nodeCost(
    interval: number,
    sensors = 1,
    ms = READINGS * 1000
): Promise<Pick<Cost, "allocations" | "writes">> {
    let written = 0
    const lab = await Lab.run(
        buildNode({ interval, sensors, options: QUIET }),
        {
            onWrite: () => {
                written++
                return 0
            },
        }
    )
    const now = () => [lab.vm.heap()!.allocations, written] as const
    try {
        await lab.clock.advance(SETTLED)
        const before = now()
        await lab.clock.advance(ms)
        const after = now()
        return {
            allocations: after[0] - before[0],
            writes: after[1] - before[1],
        }
    } finally {
        lab.stop()
    }
}

/** Calls of each function in READINGS seconds, by where it begins. */
async function nodeCalls(interval: number): Promise<Map<string, number>> {
    const { files, functions, text } = instrumented()
    const lab = await Lab.run(
        buildNode({
            interval,
            options: QUIET,
            files,
            before: text,
            after: `
await ds.sleep(${SETTLED})
await resetCalls()
await ds.sleep(${READINGS * 1000})
await tellCalls()`,
        })
    )
    try {
        await lab.line("calls told", 2 * (SETTLED + READINGS * 1000))
    } finally {
        lab.stop()
    }
    return new Map(
        [...callsTold(lab.lines)].map(([i, n]) => [functions[i]!, n])
    )
}

/** Of one reading, from its sample to its PUBACK: what a node does without readings is taken off. */
export async function readingCounts() {
    const busy = await nodeCost(1000)
    const idle = await nodeCost(NO_READINGS)
    return {
        allocations: (busy.allocations - idle.allocations) / READINGS,
        writes: (busy.writes - idle.writes) / READINGS,
    }
}

let reading: Promise<ReadingCost> | undefined

/** One reading, from its sample to its PUBACK; measured once a process. */
export function readingCost(): Promise<ReadingCost> {
    return (reading ??= measureReading())
}

async function measureReading(): Promise<ReadingCost> {
    const counted = await readingCounts()
    const busy = await nodeCalls(1000)
    const idle = await nodeCalls(NO_READINGS)
    const places = new Map(
        functionsOf(buildNode({ options: QUIET })).map(f => [f.at, f])
    )
    const profile = [...busy]
        .map(([at, calls]) => ({
            what: `${places.get(at)?.name ?? "?"}, ${at.replace(/:\d+:\d+$/, "")}`,
            calls: (calls - (idle.get(at) ?? 0)) / READINGS,
            opcodes: places.get(at)?.opcodes ?? 0,
        }))
        // what is called less often than for every other reading is not a reading's
        .filter(({ calls }) => calls > 0.5)
        .sort((a, b) => b.calls - a.calls || b.opcodes - a.opcodes)
    const sum = (of: (p: { calls: number; opcodes: number }) => number) =>
        profile.reduce((all, p) => all + of(p), 0)
    return {
        ...counted,
        calls: sum(p => p.calls),
        opcodes: sum(p => p.calls * p.opcodes),
        profile,
    }
}

export async function counts(): Promise<Section[]> {
    const costs = new Map<Client, PublishCost[]>()
    const received: number[] = []
    for (const client of CLIENTS) {
        costs.set(client, await publishCosts(client))
        received.push(await receiveAllocations(client))
    }
    const [ours, stock] = CLIENTS.map(client => costs.get(client)!)
    const reading = await readingCost()
    return [
        {
            id: "counts",
            title: "Allocations and calls of functions",
            columns: [
                "what",
                "allocations",
                "stock",
                "calls",
                "stock",
                "writes",
                "stock",
            ],
            rows: [
                ...ours!.map((cost, i) => {
                    const peer = stock![i]!
                    return {
                        what: `publish of ${cost.bytes} bytes, QoS ${cost.qos}`,
                        values: [
                            cost.allocations,
                            peer.allocations,
                            cost.calls,
                            peer.calls,
                            cost.writes,
                            peer.writes,
                        ],
                    }
                }),
                {
                    what: "message of 16 bytes received",
                    values: [...received],
                },
                {
                    what: "a reading of the node, from its sample to its PUBACK",
                    values: [
                        reading.allocations,
                        undefined,
                        reading.calls,
                        undefined,
                        reading.writes,
                    ],
                },
            ],
            notes: [
                "Of this client all acknowledgements are in it, and publish waits for them. The platform's client waits for none, never finishes QoS 2, and uses packet identifier 1 for everything.",
                "Allocations are the VM's own counter; a call of a function is one of them. The node's reading includes its console line.",
            ],
        },
        {
            id: "reading",
            title: "A reading from its sample to its PUBACK, function by function",
            columns: ["function", "calls", "opcodes written down"],
            rows: reading.profile.map(({ what, calls, opcodes }) => ({
                what,
                values: [calls, opcodes],
            })),
            notes: [],
        },
    ]
}
