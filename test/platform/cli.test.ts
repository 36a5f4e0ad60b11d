// Canary: the platform's own test runner cannot be trusted with an exit code, so test/device.test.ts runs device tests itself.
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { PROJECT_ROOT } from "../../sim/vm/index"

/** ms for a build and a run of one test in a process of its own, which take 3 s on an idle machine. */
const RUN_MS = 30_000

let folder: string

beforeAll(async () => {
    // A project of its own: the CLI writes into the folder it runs in.
    folder = await mkdtemp(join(tmpdir(), "devs-"))
    await writeFile(join(folder, "devsconfig.json"), "{}")
    await writeFile(
        join(folder, "fail.ts"),
        `
        import { describe, expect, test } from "@devicescript/test"
        describe("suite", () => {
            test("fails", async () => { expect(1).toBe(2) })
        })
        `
    )
})

afterAll(async () => {
    await rm(folder, { recursive: true })
})

test(
    "devs run --test exits with 0 on a test that fails: the program restarts before its tests have run",
    async () => {
        const cli = join(
            PROJECT_ROOT,
            "node_modules/@devicescript/cli/devicescript"
        )
        const { code, output } = await new Promise<{
            code: number
            output: string
        }>(done => {
            execFile(
                process.execPath,
                [cli, "run", "fail.ts", "--test"],
                {
                    cwd: folder,
                    timeout: RUN_MS,
                    env: { ...process.env, NO_UPDATE_NOTIFIER: "1" },
                },
                (error, stdout) =>
                    done({
                        code: error ? Number(error.code ?? -1) : 0,
                        output: stdout,
                    })
            )
        })
        expect(output).toContain("preparing to run tests")
        expect(output).not.toContain("tests: 1")
        expect(output).toContain("test OK")
        expect(code).toBe(0)
    },
    RUN_MS
)
