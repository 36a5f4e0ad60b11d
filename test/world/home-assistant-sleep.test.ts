// A node that sleeps and announces itself to Home Assistant: all of it before the first sleep, and not again at each wake-up.
import { expect, test } from "vitest"
import { World, worldProgram } from "../../sim/world"

const EVERY = 60_000
const SENSORS = ["A", "B", "C"]

test("a node on a battery announces all its sensors before it sleeps for the first time, and only then", async () => {
    const world = new World()
    const node = await world.node({
        program: worldProgram(
            "boards/asleep.ts",
            `
import { HomeAssistant, Sleep, startNode } from "../src/index"
await startNode({
    board: "asleep",
    device: "ASLEEP",
    parts: [new Sleep({ every: ${EVERY} }), new HomeAssistant()],
    sensors: [${SENSORS.map(id => `{ id: "${id}", read: () => 1, interval: 600000 }`).join(", ")}],
})
`
        ),
    })
    const sleeps = () =>
        node.lines.filter(({ text }) => text === `! sleep ${EVERY}`)
    await world.until(() => sleeps().length >= 3, 4 * EVERY, 100)
    for (const id of SENSORS) {
        const said = world.broker.published(
            `homeassistant/sensor/ASLEEP/${id}/config`
        )
        expect(said).toHaveLength(1)
        expect(said[0]!.at).toBeLessThan(sleeps()[0]!.at)
    }
    world.stop()
})
