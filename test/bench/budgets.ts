// Prints what the firmware costs beside what it may cost, and ends with 1 when it is over. Counts and bytes only: they
// are the same on every machine. A limit is what holds today and may only be lowered; a goal is where it should get.
import { imageBytes, nodeBytes, publishCost } from "./cost"

interface Row {
    what: string
    measured: number
    limit: number
    goal: number
    stock: number | undefined
}

const ours = imageBytes("ours")
const stock = imageBytes("stock")
const rows: Row[] = [
    {
        what: "bytecode of a publisher, bytes",
        measured: ours.publisher,
        limit: 27_000,
        goal: 16_000,
        stock: stock.publisher,
    },
    {
        what: "bytecode of publisher and subscriber, bytes",
        measured: ours.both,
        limit: 27_500,
        goal: 16_000,
        stock: stock.both,
    },
    {
        what: "bytecode of the simulator's node, bytes",
        measured: nodeBytes(),
        limit: 40_000,
        goal: 40_000,
        stock: undefined,
    },
]
for (const qos of [0, 1] as const) {
    const cost = await publishCost("ours", qos)
    const peer = await publishCost("stock", qos)
    rows.push(
        {
            what: `allocations a publish, QoS ${qos}`,
            measured: cost.allocations,
            limit: qos === 0 ? 15 : 72,
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

const cell = (value: number | undefined) =>
    (value === undefined
        ? "-"
        : String(Math.round(value * 100) / 100)
    ).padStart(9)
console.log(`${"".padEnd(46)} measured     limit      goal     stock`)
for (const row of rows)
    console.log(
        row.what.padEnd(46) +
            [row.measured, row.limit, row.goal, row.stock].map(cell).join(" ") +
            (row.measured > row.goal ? "  goal not met" : "")
    )
const over = rows.filter(row => row.measured > row.limit)
for (const { what, measured, limit } of over)
    console.error(`over its limit: ${what}: ${measured}, at most ${limit}`)
process.exitCode = over.length > 0 ? 1 : 0
