// What a person reads who got something wrong: one line that names it, an exit code, no stack. Each case runs the program.
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Program } from "./program"

/** Loading TypeScript, compiler and VM in a process of its own takes 1 to 3 s, more while other tests run. */
const PROCESS_MS = 45_000

let taken: Server
let takenPort = 0
let freePort = 0
let folder = ""

beforeAll(async () => {
    taken = createServer().listen(0, "127.0.0.1")
    const closed = createServer().listen(0, "127.0.0.1")
    await Promise.all([once(taken, "listening"), once(closed, "listening")])
    takenPort = (taken.address() as AddressInfo).port
    freePort = (closed.address() as AddressInfo).port
    closed.close()
    await once(closed, "close")
    folder = mkdtempSync(join(tmpdir(), "boards-"))
    writeFileSync(
        join(folder, "broken.ts"),
        'import * as ds from "@devicescript/core"\n\nds.sleep(1)\nnonsense()\n'
    )
})
afterAll(() => {
    taken.close()
    rmSync(folder, { recursive: true })
})

/** Runs to the end and expects exit code 2, an empty standard output but for `started`, and one line on standard error. */
async function errorLine(args: string[], started = /^$/): Promise<string> {
    const { code, stdout, stderr } = await new Program(args).finished
    expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: expect.stringMatching(started) as string,
        stderr: expect.stringMatching(/^error: [^\n]+\n$/) as string,
    })
    expect(stderr).not.toMatch(/^\s+at /m)
    return stderr.slice("error: ".length, -1)
}

describe(
    "one line on standard error and exit code 2",
    { timeout: PROCESS_MS },
    () => {
        test("a port in use: which, and the two ways out", async () => {
            expect(await errorLine(["--mqtt-port", `${takenPort}`])).toBe(
                `127.0.0.1:${takenPort} is in use by another program: choose another port with --mqtt-port N (0 takes any free one),` +
                    ` or use the broker that is there: --broker mqtt://127.0.0.1:${takenPort}`
            )
        })
        test("a history in a folder that is not there: which, and nothing is made", async () => {
            const missing = join(folder, "no", "such")
            const file = join(missing, "x.db")
            expect(await errorLine(["--page-history", file])).toBe(
                `--page-history ${JSON.stringify(file)}: there is no folder ${missing}: make it, or give a file in one that is there`
            )
            expect(readdirSync(folder)).not.toContain("no")
        })
        test("a port in use for the state page", async () => {
            expect(
                await errorLine([
                    "--mqtt-port",
                    "0",
                    "--http-port",
                    `${takenPort}`,
                ])
            ).toBe(
                `127.0.0.1:${takenPort} is in use by another program: choose another port with --http-port N (0 takes any free one)`
            )
        })
        test("a page for other machines without a token: how to make one", async () => {
            const { code, stdout, stderr } = await new Program(
                ["--mqtt-port", "0", "--page-host", "0.0.0.0"],
                { PAGE_TOKEN: undefined }
            ).finished
            expect([code, stdout]).toEqual([2, ""])
            expect(stderr).toMatch(
                /^error: --page-host 0\.0\.0\.0: [^\n]*set PAGE_TOKEN [^\n]*\n$/
            )
        })
        test("an unreachable broker: where and why, without its credentials", async () => {
            const line = await errorLine(
                ["--broker", `mqtt://anna:SECRET@127.0.0.1:${freePort}`],
                /^\S+ +start [^\n]*$/
            )
            expect(line).toContain(
                `the broker at 127.0.0.1:${freePort} cannot be reached: connection refused, nothing listens there`
            )
            expect(line).not.toMatch(/anna|SECRET/)
        })
        test("a board that does not exist: the boards there are", async () => {
            expect(await errorLine(["--board", "toaster"])).toMatch(
                /^--board "toaster": there is no file boards\/toaster.ts; the boards are: .*\bsimulator\b/
            )
        })
        test("a board that does not compile: file, line and message", async () => {
            const file = join(folder, "broken.ts")
            const line = await errorLine(
                ["--board", file, "--mqtt-port", "0"],
                /^\S+ +start [^\n]*$/
            )
            expect(line).toContain("does not compile")
            expect(line).toMatch(/broken\.ts[:(]4\b.*nonsense/)
        })
        test("a broker's URL that is none", async () => {
            expect(await errorLine(["--broker", "localhost:1883"])).toMatch(
                /^--broker: it does not begin with mqtt:\/\//
            )
        })
        test("options that exclude each other", async () => {
            expect(
                await errorLine(["--broker", "mqtt://h", "--mqtt-port", "1884"])
            ).toMatch(/^--broker and --mqtt-port exclude each other: /)
        })
        test.each([
            [["--mqtt-port", "x"], `--mqtt-port "x" is not a port`],
            [["--for"], "option '--for <seconds>' argument missing"],
            [
                ["--ford", "5"],
                "unknown option '--ford' (Did you mean --for?) See: npm start -- --help",
            ],
            [["simulator"], "too many arguments"],
        ])("%j", async (args, text) => {
            expect(await errorLine(args)).toContain(text)
        })
    }
)

test(
    "--help documents every option, examples, events and exit codes, and exits with 0",
    { timeout: PROCESS_MS },
    async () => {
        const { code, stdout, stderr } = await new Program(["--help"]).finished
        expect([code, stderr]).toEqual([0, ""])
        const options = [
            "board",
            "broker",
            "mqtt-port",
            "http-port",
            "page-port",
            "page-host",
            "page-topics",
            "page-history",
            "no-page",
            "device",
            "for",
            "json",
        ].map(name => `--${name}`)
        for (const text of [
            ...options,
            "Examples:",
            "Events of --json",
            "Exit codes:",
            "PAGE_TOKEN",
            "130",
            "npm start -- --for 20",
        ]) {
            expect(stdout).toContain(text)
        }
    }
)
