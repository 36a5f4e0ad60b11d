// Prints what the firmware costs beside what it may cost, and ends with 1 when it is over. What is held to a limit are
// counts, bytes and virtual time: they are the same on every machine. Real times are printed only.
import { imageBytes, nodeBytes, publishCost } from "./cost"
import { MESSAGES, recovery } from "./recovery"
import { KEEP_ALIVE, silence } from "./silence"
import { overLimits, table, timedTable, type Row } from "./table"
import { ROUNDS, throughput } from "./throughput"

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
            limit: 52_500,
            goal: 40_000,
            stock: "-",
        },
    ]
    for (const qos of [0, 1] as const) {
        const cost = await publishCost("ours", qos)
        const peer = await publishCost("stock", qos)
        rows.push(
            {
                what: `allocations a publish, QoS ${qos}`,
                measured: cost.allocations,
                limit: qos === 0 ? 10 : 40,
                goal: qos === 0 ? 20 : 40,
                stock: peer.allocations,
            },
            {
                what: `socket writes a publish, QoS ${qos}`,
                measured: cost.writes,
                limit: 1,
                goal: 1,
                stock: peer.writes,
            }
        )
    }
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
