// A slice of `npm run interop`: two nodes and each broker that starts fast, once.
import { expect, test } from "vitest"
import { describeIf } from "../support/skip"
import { interop } from "./interop"
import { RUNS } from "./runs"

const NODES = 2

for (const run of RUNS.filter(({ long }) => !long))
    describeIf(run.lacks === undefined, run.lacks ?? "")(run.name, () => {
        test(`${run.fault}: what was acknowledged is delivered, and the nodes are in touch again by themselves`, async () => {
            const result = await interop(run, NODES)
            expect(result.missing).toEqual([])
            expect(result.troubles).toEqual([])
            // ten before, twenty after, each node
            expect(result.acked).toBeGreaterThanOrEqual(NODES * 30)
            if (run.fault !== "frozen for 1 s")
                expect(result.reconnected).toBe(NODES)
        })
    })
