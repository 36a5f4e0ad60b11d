// Prints what the firmware costs beside what it may cost, and ends with 1 when it is over. What is held to a limit are
// counts, bytes and virtual time: they are the same on every machine. Real times are printed only.
import { imageBytes, nodeBytes } from "./cost"
import { publishCosts, readingCounts, receiveAllocations } from "./counts"
import { readingAllocationsOf } from "./growth"
import { idleNode } from "./heaps"
import { MESSAGES, recovery } from "./recovery"
import { KEEP_ALIVE, silence } from "./silence"
import { overLimits, table, timedTable, type Row } from "./table"
import { ROUNDS, throughput } from "./throughput"

/** Of a publish and its acknowledgements, by QoS. */
const ALLOCATIONS = [10, 40, 64] as const

async function rows(): Promise<Row[]> {
    const ours = imageBytes("ours")
    const stock = imageBytes("stock")
    const rows: Row[] = [
        {
            what: "bytecode of a publisher, bytes",
            measured: ours.publisher,
            limit: 19_700,
            goal: 16_000,
            stock: stock.publisher,
        },
        {
            what: "bytecode of publisher and subscriber, bytes",
            measured: ours.both,
            limit: 25_500,
            goal: 16_000,
            stock: stock.both,
        },
        {
            what: "bytecode of the simulator's node, bytes",
            measured: nodeBytes(),
            limit: 49_600,
            goal: 40_000,
            stock: "-",
        },
    ]
    const costs = await publishCosts("ours", [16, 1024], false)
    const peers = await publishCosts("stock", [16, 1024], false)
    costs.forEach(({ qos, bytes, allocations, writes }, i) => {
        const of = `a publish of ${bytes} bytes, QoS ${qos}`
        rows.push(
            {
                what: `allocations of ${of}`,
                measured: allocations,
                limit: ALLOCATIONS[qos],
                goal: ALLOCATIONS[qos],
                stock: peers[i]!.allocations,
            },
            {
                what: `socket writes of ${of}`,
                measured: writes,
                // PUBREL is one of its own
                limit: qos === 2 ? 2 : 1,
                goal: qos === 2 ? 2 : 1,
                stock: peers[i]!.writes,
            }
        )
    })
    const one = await readingAllocationsOf(1)
    const reading = await readingCounts()
    rows.push(
        {
            what: "allocations of a message of 16 bytes received",
            measured: await receiveAllocations("ours"),
            limit: 38,
            goal: 38,
            stock: await receiveAllocations("stock"),
        },
        {
            what: "allocations of a reading, from its sample to its PUBACK",
            measured: reading.allocations,
            limit: 58,
            goal: 60,
            stock: "-",
        },
        {
            what: "socket writes of a reading, from its sample to its PUBACK",
            measured: reading.writes,
            limit: 1,
            goal: 1,
            stock: "-",
        },
        {
            what: "allocations of a reading with 16 sensors, beside one",
            measured: (await readingAllocationsOf(16)) / one,
            limit: 1.1,
            goal: 1.1,
            stock: "-",
        },
        {
            what: "live heap of a node with one sensor, bytes",
            measured: await idleNode(),
            limit: 17_100,
            goal: 12_288,
            stock: "-",
        }
    )
    const reset = await recovery("ours")
    const peer = await recovery("stock")
    rows.push(
        {
            what: `lost of ${MESSAGES} QoS 1 publishes at 10/s, one TCP reset`,
            measured: reset.lost,
            limit: 0,
            goal: 0,
            stock: peer.lost,
        },
        {
            what: "from that reset to the next PUBLISH, worst of 5 chips, ms",
            measured: reset.gap,
            limit: 1_999,
            goal: 1_999,
            stock: peer.gap,
        },
        {
            what: `silent link noticed, keep alive ${KEEP_ALIVE} ms, after ms`,
            measured: (await silence("ours")) ?? Infinity,
            limit: KEEP_ALIVE,
            goal: KEEP_ALIVE,
            stock: (await silence("stock")) ?? "never",
        }
    )
    return rows
}

const print = (lines: string[]) => console.log(lines.join("\n"))

const measured = await rows()
print(table(measured))
const { ours, stock, ratio } = await throughput()
print([
    "",
    ...timedTable(`QoS 0 publishes a second, ${ROUNDS} rounds side by side`, [
        { what: "this client", measured: ours },
        { what: "the platform's client", measured: stock },
        { what: "ratio in a round", measured: ratio, goal: 1.5 },
    ]),
])
const over = overLimits(measured)
for (const text of over) console.error(text)
process.exitCode = over.length > 0 ? 1 : 0
