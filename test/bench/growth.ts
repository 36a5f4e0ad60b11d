// How cost grows with what there is to do: sensors, bytes, readings that wait. Each curve is one of counts, the same on
// every machine, but that of the payload, which is time: allocations do not grow with a payload at all.
import { Lab } from "../client/lab"
import { build, CLIENTS, TOPIC, type Client } from "./build"
import { nodeCost } from "./counts"
import { OutboxCost } from "./outbox-cost"
import type { Section } from "./section"

/** A curve: what one reading or publish costs, by how much there is. */
export interface Curve {
    name: string
    points: [x: number, cost: number][]
}

/** Curves over one axis. */
export interface Growth {
    title: string
    axis: string
    unit: string
    curves: Curve[]
}

/** More than that have no room in a chip's heap. */
export const SENSORS = [1, 2, 4, 8, 16, 24]
const BYTES = [16, 64, 256, 1024, 2048, 4096, 8192]
const SLOTS = [8, 16, 32, 64, 128, 256, 512]

/** ms between two readings of a sensor, and ms measured: whole intervals. */
const INTERVAL = 10_000
const MEASURED = 60_000

/** Allocations of one reading in a node with so many sensors. */
export async function readingAllocationsOf(sensors: number): Promise<number> {
    const busy = await nodeCost(INTERVAL, sensors, MEASURED)
    const idle = await nodeCost(86_400_000, sensors, MEASURED)
    return (
        (busy.allocations - idle.allocations) /
        ((sensors * MEASURED) / INTERVAL)
    )
}

/** Publishes in a burst, and bursts of which the fastest counts: the rest is what else the machine did. */
const BURST = 10
const BURSTS = 15

/** us of a publish with QoS 0 by its payload, as far as the VM has memory for it. */
async function payloads(client: Client): Promise<Curve> {
    const points: Curve["points"] = []
    for (const bytes of BYTES) {
        const lab = await Lab.run(
            build(
                client,
                `const payload = Buffer.alloc(${bytes})
for (let burst = 0; burst < ${BURSTS}; burst++) {
    await sleep(50)
    console.log("begin")
    for (let i = 0; i < ${BURST}; i++) await mqtt.publish("${TOPIC}", payload)
    console.log("end")
}
console.log("done")`
            )
        )
        let begun = 0
        let fastest = Infinity
        lab.vm.on("line", text => {
            const now = performance.now()
            if (text === "begin") begun = now
            if (text === "end") fastest = Math.min(fastest, now - begun)
        })
        const over = () =>
            lab.lines.includes("done") ||
            lab.lines.some(line => line.startsWith("! "))
        try {
            await lab.until(over, 60_000)
        } finally {
            lab.stop()
        }
        if (!lab.lines.includes("done")) break
        points.push([bytes, (fastest * 1000) / BURST])
    }
    return { name: client === "ours" ? "this client" : "stock", points }
}

/** Opcodes of putting one reading into a full outbox, by its slots. */
async function slots(): Promise<Curve> {
    const cost = new OutboxCost()
    try {
        const points: Curve["points"] = []
        for (const n of SLOTS) points.push([n, await cost.opcodes(n)])
        return { name: "this node", points }
    } finally {
        cost.stop()
    }
}

/**
 * The exponent of the power that fits best: 0 when a cost stays what it is, 1 when it doubles with what there is to do.
 */
export function exponent(points: Curve["points"]): number {
    const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
    const mean = (i: 0 | 1) =>
        logs.reduce((sum, log) => sum + log[i], 0) / logs.length
    const [mx, my] = [mean(0), mean(1)]
    const sum = (of: (x: number, y: number) => number) =>
        logs.reduce((all, [x, y]) => all + of(x - mx, y - my), 0)
    return sum((x, y) => x * y) / sum(x => x * x)
}

export async function growths(): Promise<Growth[]> {
    const sensors: Curve = { name: "this node", points: [] }
    for (const n of SENSORS)
        sensors.points.push([n, await readingAllocationsOf(n)])
    const bytes: Curve[] = []
    for (const client of CLIENTS) bytes.push(await payloads(client))
    return [
        {
            title: "a reading, by the sensors of its node",
            axis: "sensors",
            unit: "allocations",
            curves: [sensors],
        },
        {
            title: "a publish, QoS 0, by its payload",
            axis: "bytes",
            unit: "us",
            curves: bytes,
        },
        {
            title: "a reading that waits, by the slots of a full outbox",
            axis: "slots",
            unit: "opcodes",
            curves: [await slots()],
        },
    ]
}

export function growthSections(all: readonly Growth[]): Section[] {
    return [
        {
            id: "growth",
            title: "What one costs as there is more to do",
            columns: [
                "cost of",
                "unit",
                "at the least",
                "at the most",
                "exponent",
            ],
            rows: all.flatMap(({ title, axis, unit, curves }) =>
                curves.map(({ name, points }) => {
                    const end = ([x, y]: [number, number]) =>
                        `${Math.round(y * 10) / 10} (${x} ${axis})`
                    return {
                        what: `${title}: ${name}`,
                        values: [
                            unit,
                            end(points[0]!),
                            end(points.at(-1)!),
                            exponent(points).toFixed(2),
                        ],
                    }
                })
            ),
            notes: [
                "The exponent of the power that fits the curve: 0 is constant, 1 is linear. A curve that ends early ran out of memory there. [The plot](bench.svg) has every point.",
            ],
        },
    ]
}
