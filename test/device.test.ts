// Runs every file of test/device in the VM, with garbage collected at every allocation. A file is one program.
import { readdirSync } from "node:fs"
import { resolve } from "node:path"
import { expect, test } from "vitest"
import { compileProgram } from "../sim/vm/index"
import { runDeviceTests } from "./support/device-tests"

/** ms of real time for one file: a compile takes 2 s, and collecting at every allocation makes a program up to 50 times slower. */
const FILE_MS = 60_000

const files = readdirSync(resolve(import.meta.dirname, "device")).filter(name =>
    name.endsWith(".ts")
)

test("there are tests that run in the VM", () => {
    expect(files.length).toBeGreaterThan(0)
})

for (const file of files) {
    test(
        `test/device/${file} passes in the VM`,
        async () => {
            const { log, ...outcome } = await runDeviceTests(
                compileProgram(`test/device/${file}`)
            )
            console.log(
                `test/device/${file}: ${outcome.passed} passed, ${outcome.failed} failed in the VM`
            )
            expect(outcome, log.join("\n")).toEqual({
                passed: expect.any(Number) as number,
                failed: 0,
                skipped: 0,
                fault: undefined,
            })
        },
        FILE_MS
    )
}
