// A chip whose settings answer late: what was given up comes all the same, to a program that has gone on.
import { expect, test } from "vitest"
import { World, worldProgram } from "../../sim/world"

/** ms between two looks of the VM: a setting takes some of them to read, longer than the 2 s a node waits for one. */
const SLOW = 1_400

test("an answer of the settings service after the node has given it up ends nothing", async () => {
    const world = new World()
    const node = await world.node({
        program: worldProgram(
            "boards/late.ts",
            `
import { startNode } from "../src/index"
await startNode({
    board: "late",
    device: "LATE",
    broker: { host: "broker" },
    sensors: [{ id: "A", read: () => 1, interval: 1000 }],
})
`
        ),
        tick: SLOW,
        bus: false,
    })
    await world.advance(60_000)
    const late = node.lines.filter(({ text }) => text.includes("no answer"))
    // else this shows nothing
    expect(late.length).toBeGreaterThan(0)
    expect(node.lines.filter(({ text }) => text.startsWith("! "))).toEqual([])
    expect(node.all("acked").length).toBeGreaterThan(10)
    world.stop()
})
