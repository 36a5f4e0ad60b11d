// Verbs with a program of their own answer to --help and to mistakes as all others do, and measure and write nothing then.
import { describe, expect, test } from "vitest"
import { runFile } from "../support/verb"

const VERBS = [
    ["bench", "test/bench/main.ts"],
    ["fuzz", "test/fuzz/main.ts"],
    ["http-mqtt", "test/bench/http-mqtt.ts"],
    ["interop", "test/interop/main.ts"],
    ["outbox", "test/bench/outbox-curves.ts"],
] as const

describe.each(VERBS)("npm run %s", (verb, file) => {
    test("-- --help prints its help and does nothing else", async () => {
        const { code, stdout, stderr } = await runFile(file, ["--help"])
        expect([code, stderr]).toEqual([0, ""])
        expect(stdout).toMatch(new RegExp(`^Usage: npm run ${verb} -- `))
        expect(stdout).toMatch(/-h, --help +show this help\n$/)
    })

    test.each(["--bogus", "nonsense"])(
        "-- %s is a mistake, told in one line, with exit code 2",
        async word => {
            const { code, stdout, stderr } = await runFile(file, [word])
            expect([code, stdout]).toEqual([2, ""])
            expect(stderr).toMatch(/^error: .*\n$/)
            expect(stderr).toContain(`. See: npm run ${verb} -- --help\n`)
        }
    )
})
