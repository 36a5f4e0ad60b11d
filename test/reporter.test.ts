// Runs vitest on small suites of its own and reads the closing line, which scripts and .ci/run rely on.
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterEach, expect, test } from "vitest"

const folders: string[] = []

afterEach(async () => {
    for (const folder of folders.splice(0))
        await rm(folder, { recursive: true })
})

/** ms for a child vitest with one or two trivial files; starting takes 1 to 2 s. */
const RUN_MS = 15_000

async function run(
    files: Record<string, string>
): Promise<{ code: number; lines: string[] }> {
    const folder = await mkdtemp(join(tmpdir(), "reporter-"))
    folders.push(folder)
    for (const [name, text] of Object.entries(files))
        await writeFile(join(folder, name), text)
    const root = resolve(import.meta.dirname, "..")
    const options = [
        "--globals",
        "--maxWorkers=1",
        "--reporter=default",
        `--reporter=${join(root, "test/reporter.ts")}`,
    ]
    return new Promise(done => {
        execFile(
            process.execPath,
            [
                join(root, "node_modules/vitest/vitest.mjs"),
                "run",
                "--root",
                folder,
                ...options,
            ],
            { timeout: RUN_MS, env: { ...process.env, NO_COLOR: "1" } },
            (error, stdout) => {
                const code = error ? Number(error.code ?? -1) : 0
                done({ code, lines: stdout.trimEnd().split("\n") })
            }
        )
    })
}

test("the last line counts what passed, failed and was skipped", async () => {
    const { code, lines } = await run({
        "a.test.ts": `
            test("passes", () => {})
            test("fails", () => expect(1).toBe(2))
            test("is skipped in its body", ctx => ctx.skip("the moon is full"))
            describe.skip("a suite [skipped: no broker here]", () => {
                beforeAll(() => { throw new Error("hooks of a skipped suite do not run") })
                test("one", () => {})
                describe("inner", () => test("two", () => {}))
            })
            test.skip("is switched off", () => {})
        `,
    })
    expect(lines.at(-1)).toBe("1 passed, 1 failed, 4 skipped")
    expect(lines.filter(line => line.startsWith("skipped: "))).toEqual([
        "skipped: a.test.ts > is skipped in its body (the moon is full)",
        "skipped: a.test.ts > a suite > one (no broker here)",
        "skipped: a.test.ts > a suite > inner > two (no broker here)",
        "skipped: a.test.ts > is switched off (no reason given)",
    ])
    expect(code).toBe(1)
})

test("a file that cannot be loaded, a hook that throws and an error nobody caught count as failed", async () => {
    const { code, lines } = await run({
        "broken.test.ts": `import "./missing"\ntest("never runs", () => {})`,
        "hook.test.ts": `
            describe("suite", () => {
                beforeAll(() => { throw new Error("no") })
                test("is not reached", () => {})
            })
        `,
        "stray.test.ts": `test("passes", () => { void Promise.reject(new Error("stray")) })`,
    })
    expect(lines.at(-1)).toBe("1 passed, 3 failed, 1 skipped")
    expect(code).toBe(1)
})

test("a run in which all passes ends with 0 failed and exit code 0", async () => {
    const { code, lines } = await run({
        "a.test.ts": `test("passes", () => {})`,
    })
    expect(lines.at(-1)).toBe("1 passed, 0 failed, 0 skipped")
    expect(code).toBe(0)
})
