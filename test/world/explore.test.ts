// The compiled firmware lives through schedules of faults, one from each of a fixed number of seeds. Others are explored by
// `npm run world -- --seeds 1..500`; a schedule that failed once is in kept/.
import { expect, test } from "vitest"
import { drawScript, exploredBoard, live } from "../../sim/world/explore"
import { allWell, SLICE_LIMIT } from "./exploring"

test(
    "no rule is broken by the schedules of seeds 1 to 40, and all is right after each",
    () => allWell(1, 40),
    SLICE_LIMIT
)

test("the same seed lived through twice has the same history, byte for byte, and another seed another", async () => {
    const lived = (seed: number) =>
        live(drawScript(seed), exploredBoard(), { keeps: true })
    const first = await lived(8)
    const again = await lived(8)
    expect(first.history.length).toBeGreaterThan(1_000)
    expect(again.history.join("")).toBe(first.history.join(""))
    expect(again.digest).toBe(first.digest)
    expect((await lived(9)).digest).not.toBe(first.digest)
})
