// The second half of the seeds that the tests explore, on the other core: see explore.test.ts. And the schedules that once
// failed: each is a script in kept/, with a remark on what it found.
import { describe, expect, test } from "vitest"
import { exploredBoard, keptScripts, live } from "../../sim/world/explore"
import { allWell, SLICE_LIMIT } from "./exploring"

test(
    "no rule is broken by the schedules of seeds 41 to 80, and all is right after each",
    () => allWell(41, 80),
    SLICE_LIMIT
)

describe("a schedule that failed once", () => {
    test.each(keptScripts())("$name", async ({ script }) => {
        const { breaches } = await live(script, exploredBoard())
        expect(breaches).toEqual([])
    })
})
