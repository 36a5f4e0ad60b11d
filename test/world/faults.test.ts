// The fault table: what each fault may do to a node, on chips of different luck, in virtual time. The figures are those that
// `npm run faults` prints.
import { describe, expect, test } from "vitest"
import {
    countingNode,
    FAULTS,
    measure,
    NODE,
    STOCK,
    type FaultRow,
    type Firmware,
    type Figures,
} from "../../sim/world/faults"

/** ms after a fault for which a node is waited for: well above what any row allows. */
const LIMIT = 120_000
const CHIPS = ["1", "2", "3", "4", "5"]
describe.each(FAULTS.map(row => [row.name, row] as const))("%s", (_, row) => {
    test.each(CHIPS)("chip %s", async chip => {
        const figures = await measure(row, NODE, LIMIT, chip)
        expect(figures.restarts).toBe(0)
        noticedInTime(row, figures)
        expect(figures.again).toBeLessThanOrEqual(row.again)
        expect(figures.status).toBeLessThanOrEqual(row.status)
        expect(figures.law).toBeUndefined()
        expect(figures.lost).toBe(0)
        expect(figures.dropped).toEqual(row.drops ?? {})
    })
})

test("an outage that does not fit the queue is thinned, every reading accounted for", async () => {
    const few: Firmware = { ...NODE, program: () => countingNode(16) }
    const down = FAULTS.find(({ name }) => name === "broker down for 60 s")!
    const figures = await measure(down, few, LIMIT)
    const { restarts, law, lost, dropped, held } = figures
    expect({ restarts, law }).toEqual({ restarts: 0, law: undefined })
    expect(held).toBeGreaterThan(60)
    expect(lost).toBeGreaterThan(30)
    // of the readings that were taken out a few are the other sensor's
    expect(Object.keys(dropped)).toEqual(["thinned"])
    expect(dropped["thinned"]).toBeGreaterThanOrEqual(lost)
    expect(dropped["thinned"]).toBeLessThanOrEqual(lost + held / 5 + 1)
})

function noticedInTime({ noticed }: FaultRow, figures: Figures) {
    if (noticed === undefined) expect(figures.noticed).toBe(Infinity)
    else expect(figures.noticed).toBeLessThanOrEqual(noticed)
}

test("the same fault lived through twice does the same", async () => {
    const row = FAULTS.find(({ name }) => name === "CONNACK never")!
    const figures = await measure(row, NODE, LIMIT, "7")
    expect(await measure(row, NODE, LIMIT, "7")).toEqual(figures)
})

describe("the same measured on the platform's own client finds", () => {
    const row = (name: string) => FAULTS.find(row => row.name === name)!

    test("readings lost and a wrong status after a reset", async () => {
        const figures = await measure(row("RST"), STOCK, LIMIT)
        expect(figures).toMatchObject({ restarts: 0, law: "n/a" })
        expect(figures.lost).toBeGreaterThan(20)
        expect(figures.again).toBeGreaterThan(20_000)
        expect(figures.status).toBeGreaterThan(20_000)
    })

    test("no end of a connection that was forgotten on the way", async () => {
        const forgotten = row("connection forgotten on the way")
        const figures = await measure(forgotten, STOCK, LIMIT)
        expect(figures.noticed).toBe(Infinity)
        expect(figures.again).toBe(Infinity)
        expect(figures.status).toBe(Infinity)
        expect(figures.lost).toBeGreaterThan(100)
    })

    test("a program that ends at an oversized packet", async () => {
        const oversized = row("oversized inbound packet, 20 kB")
        const figures = await measure(oversized, STOCK, LIMIT)
        expect(figures.restarts).toBeGreaterThan(0)
    })
})
