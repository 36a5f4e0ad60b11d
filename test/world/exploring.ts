// What the slices of explored seeds in the tests have in common. Knows nothing of seeds.
import { expect } from "vitest"
import { explore, exploredBoard, summaryLines } from "../../sim/world/explore"

/** ms for a slice: 40 s alone on a core, and several times that on a machine with other work to do. */
export const SLICE_LIMIT = 400_000

/** Lives through the schedules of seeds `from` to `to`, prints what was lived through, and expects all to be well. */
export async function allWell(from: number, to: number): Promise<void> {
    const seeds = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    const begin = performance.now()
    const summary = await explore(seeds, exploredBoard())
    const lines = summaryLines(summary, performance.now() - begin)
    console.log(`seeds ${from}..${to}: ${lines.join("\n")}`)
    expect(
        summary.failures.map(({ seed, life }) => [seed, life.breaches[0]])
    ).toEqual([])
    // a life of 40 s and more is looked at 20 times a second, by three rules at least
    expect(summary.checks).toBeGreaterThan(seeds.length * 2_000)
}
