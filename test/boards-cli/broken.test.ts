// Each broken board is refused by `check` with one line that names file, key, value and fix, and exit code 1.
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { checkBoard, type Purpose } from "../../sim/boards/check"
import { findTarget } from "../../sim/boards/target"
import type { CheckOptions } from "../../sim/cli/check"
import { runCheck } from "../../sim/cli/check-run"
import { PROJECT_ROOT } from "../../sim/vm"
import { freePort } from "../support/free-port"
import { BROKEN, RIGHT, type Broken } from "./broken"

/** As deep in the project as boards' own files, and ignored by git. */
let folder = ""
beforeAll(() => {
    mkdirSync(join(PROJECT_ROOT, ".devicescript"), { recursive: true })
    folder = mkdtempSync(join(PROJECT_ROOT, ".devicescript", "broken-"))
    git("init", "-q")
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
    vi.restoreAllMocks()
    git("rm", "-rqf", "--cached", "--ignore-unmatch", ".")
    for (const file of ["board.ts", "board.one.env", "board.two.env"])
        rmSync(join(folder, file), { force: true })
})

function git(...args: string[]) {
    execFileSync("git", args, { cwd: folder, stdio: "ignore" })
}

function write({ edit = [], settings, other, tracked }: Broken) {
    let text = RIGHT
    for (const [from, to] of edit) {
        expect(text).toContain(from)
        text = text.replace(from, () => to)
    }
    writeFileSync(join(folder, "board.ts"), text)
    writeFileSync(join(folder, ".gitignore"), "*.env\n")
    if (settings !== undefined)
        writeFileSync(join(folder, "board.one.env"), settings)
    if (other !== undefined) writeFileSync(join(folder, "board.two.env"), other)
    if (tracked === true) git("add", "-f", "board.one.env")
}

/** What a person sees. */
async function check(
    file: string,
    options: CheckOptions = {}
): Promise<{ code: number; lines: string[] }> {
    let out = ""
    vi.spyOn(process.stdout, "write").mockImplementation(text => {
        out += String(text)
        return true
    })
    const code = await runCheck(join(folder, file), options)
    vi.restoreAllMocks()
    return { code, lines: out.trimEnd().split("\n") }
}

test("the board they are made from is right", async () => {
    write({ name: "", says: BROKEN[0]!.says })
    const { code, lines } = await check("board.ts")
    expect(lines.filter(line => line.startsWith("wrong"))).toEqual([])
    expect(lines.at(-1)).toBe("nothing is wrong")
    expect(code).toBe(0)
})

test("the line of the broker's address says whether that broker is asked", async () => {
    const port = await freePort()
    const here = [
        `broker: { host: "broker.example.com" }`,
        `broker: { port: ${port} }`,
    ] as [string, string]
    const pins: [string, string][] = [
        [`import { pins } from "@dsboard/adafruit_qt_py_c3"\n`, ""],
        [`import { startRelay } from "@devicescript/servers"\n`, ""],
        ["startRelay({ pin: pins.A1_D1 })", `new ds.Relay("relay")`],
    ]
    write({ name: "", edit: [here, ...pins], says: BROKEN[0]!.says })
    const line = async (options: CheckOptions) =>
        (await check("board.ts", options)).lines.find(text =>
            /^ok +broker /.test(text)
        )
    const url = `mqtt://127.0.0.1:${port}`
    const nobody = `mqtt://127.0.0.1:${await freePort()}`
    expect(await line({})).toMatch(`${url}, not asked: --broker does`)
    expect(await line({ broker: true })).toMatch(new RegExp(`${url}$`))
    expect(await line({ broker: nobody })).toMatch(
        `${url}, not asked: --broker names another`
    )
})

test("a kind of board without a broker is a note, but a mistake when it is flashed, where the board itself would be it", async () => {
    const edit: [string, string][] = [
        [`    broker: { host: "broker.example.com" },\n`, ""],
    ]
    write({ name: "", edit, says: BROKEN[0]!.says })
    const target = findTarget(join(folder, "board.ts"), folder)
    const broker = async (purpose: Purpose) =>
        (await checkBoard(target, undefined, purpose)).findings.filter(
            ({ check }) => check === "broker"
        )
    expect(await broker({})).toMatchObject([{ verdict: "note" }])
    expect(await broker({ flashes: true })).toMatchObject([
        {
            ...{ verdict: "wrong", key: "broker.host" },
            value: "127.0.0.1 (default)",
            fix: expect.stringMatching(/MQTT_HOST.*--as-is/) as string,
        },
    ])
})

test.each(BROKEN.map(broken => [broken.name, broken] as const))(
    "%s",
    async (_name, broken) => {
        write(broken)
        const { says, settings } = broken
        const { code, lines } = await check(
            settings === undefined ? "board.ts" : "board.one.env"
        )
        const wrong = lines.filter(line => line.startsWith("wrong"))
        const file = says.file === "board" ? "board.ts" : "board.one.env"
        const shown = relative(PROJECT_ROOT, join(folder, file))
        // a long value is cut in the line
        const value =
            says.value.length > 80 ? says.value.slice(0, 80) : says.value
        expect(wrong, lines.join("\n")).toHaveLength(1)
        expect(wrong[0]).toContain(`${shown}:`)
        expect(wrong[0]).toContain(`: ${says.key} ${value}`)
        expect(wrong[0]!.split(". Fix: ")[1]).toMatch(says.fix)
        expect(wrong[0]).not.toContain("SECRET")
        expect(lines.join("\n")).not.toContain("x".repeat(100))
        expect(code).toBe(1)
    }
)
