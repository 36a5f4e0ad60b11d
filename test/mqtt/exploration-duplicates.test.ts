// As exploration.test.ts, with acknowledgements that come twice: a larger space, in a file of its own to run beside it.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { duplicates, line } from "./exploration"
import { installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

describe("in every reachable state of a session whose broker acknowledges twice", () => {
    it.each(duplicates)(
        "all rules hold: $name [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-4]",
        ({ name, explore }) => {
            const report = explore()
            console.log(line(name, report))
            expect(report.violations).toEqual([])
            expect(report.complete).toBe(true)
            expect(report.states).toBeGreaterThan(100_000)
        },
        // ms; 12 s on a machine that does nothing else
        120_000
    )
})
