// What `build`, `new` and the tables say: the same bytes wherever the sources lie, sums that add up, board files that hold.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { CHIPS } from "../../sim/boards/chips"
import { pinsOf } from "../../sim/boards/hardware-pins"
import { boardText } from "../../sim/boards/new-board"
import { checkParts, parsePart } from "../../sim/boards/new-parts"
import { sizeReport } from "../../sim/boards/size-report"
import { chipTable } from "../../sim/boards/table"
import { compileProgram, PROJECT_ROOT } from "../../sim/vm"
import { runVerb } from "../support/verb"

/** What of the project a verb that writes a board needs. */
const PROJECT = ["boards", "src", "sim", "package.json", ".prettierrc"]

test("the same sources in another folder give the same bytes, and every byte of code belongs to a module", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"))
    try {
        for (const name of ["boards", "src", "package.json"])
            cpSync(join(PROJECT_ROOT, name), join(elsewhere, name), {
                recursive: true,
            })
        symlinkSync(
            join(PROJECT_ROOT, "node_modules"),
            join(elsewhere, "node_modules")
        )
        const here = compileProgram("boards/climate-c3.ts")
        const there = compileProgram("boards/climate-c3.ts", {
            cwd: elsewhere,
        })
        expect(Buffer.from(there.image).equals(here.image)).toBe(true)
        const report = sizeReport(here)
        const sum = (all: { bytes: number }[]) =>
            all.reduce((bytes, one) => bytes + one.bytes, 0)
        expect(sum(report.modules)).toBe(report.code)
        expect(report.code + report.other).toBe(here.image.length)
        for (const { bytes, functions } of report.modules)
            expect(sum(functions)).toBe(bytes)
        const names = report.modules.map(({ module }) => module)
        expect(names).toContain("src/node/node.ts")
        expect(names).toContain("@devicescript/drivers")
        // no path of this machine, or the bytes would not be the same elsewhere
        expect(names.filter(name => name.startsWith("/"))).toEqual([])
    } finally {
        rmSync(elsewhere, { recursive: true })
    }
})

test.each(["devtools", "build", "check"])(
    "%s says in one line that there is no such board, and which there are",
    async verb => {
        const { code, stdout, stderr } = await runVerb(verb, ["nofile.ts"])
        expect([code, stdout]).toEqual([2, ""])
        expect(stderr).toMatch(
            /^error: the board "nofile.ts": there is no file .*; the boards are: .*simulator.*\n$/
        )
    }
)

test("the example in the help of new writes a board that passes the check", async () => {
    const help = await runVerb("new", ["--help"])
    const [, words] = /npm run new -- (.* --add .*)/.exec(help.stdout)!
    // in a copy of the project: it writes into boards/
    const copy = mkdtempSync(join(tmpdir(), "new-"))
    try {
        for (const name of PROJECT)
            cpSync(join(PROJECT_ROOT, name), join(copy, name), {
                recursive: true,
            })
        symlinkSync(
            join(PROJECT_ROOT, "node_modules"),
            join(copy, "node_modules")
        )
        const { code, stdout, stderr } = await runVerb(
            "new",
            words!.split(" "),
            copy
        )
        expect(stderr).toBe("")
        expect(stdout).toContain("nothing is wrong")
        expect(code).toBe(0)
        expect(readFileSync(join(copy, "boards/cellar.ts"), "utf8")).toContain(
            `id: "FAN"`
        )
    } finally {
        rmSync(copy, { recursive: true })
    }
})

test("a new board file compiles, with pins for a bus where the hardware has none, and a restart where the chip needs it", () => {
    const pins = pinsOf("pico_w")
    const text = boardText({
        ...{ name: "hut", hardware: "pico_w", hardwareName: "Pico W" },
        restarts: true,
        parts: ["sht30", "soil:GP26=BED1", "soil:GP27=BED2", "relay:GP15"].map(
            part => parsePart(part, pins)
        ),
        i2c: { sda: "GP4", scl: "GP5" },
    })
    expect(text).toContain("new RestartAfterLoss()")
    expect(text).toContain("pinSDA: pins.GP4")
    const { image } = compileProgram("boards/hut.ts", {
        files: { "boards/hut.ts": text },
    })
    expect(image.length).toBeLessThan(CHIPS.rp2040w.maxImage)
})

test("pins that a connector or the LED has are not offered, and those that cannot drive are no outputs", () => {
    expect(pinsOf("adafruit_qt_py_c3")).toMatchObject({
        i2c: true,
        analog: ["A3_D3", "A2_D2", "A1_D1", "A0_D0"],
    })
    const devkit = pinsOf("esp32_devkit_c")
    expect(devkit.analog).toContain("P34")
    expect(devkit.digital).not.toContain("P34")
    expect(devkit.i2c).toBe(false)
})

test.each([
    ["co2", /there is no "co2".*sht30/],
    ["sht30:GP4", /leave the pin out/],
    ["soil", /a pin is missing; there are GP26/],
    ["soil:GP2", /GP2 is no analog pin/],
    ["relay:GP15=a/b", /the id "a\/b" has '\/'/],
    ["sht30=T1", /has 2 values/],
])("new --add %s is refused with what there is", (text, message) => {
    expect(() => parsePart(text, pinsOf("pico_w"))).toThrow(message)
})

test("parts that share a pin or an id, and a board without a sensor, are refused", () => {
    const parse = (...texts: string[]) =>
        texts.map(text => parsePart(text, pinsOf("pico_w")))
    expect(() => checkParts(parse("relay:GP15"))).toThrow(/needs a sensor/)
    expect(() => checkParts(parse("soil:GP26", "light:GP26"))).toThrow(
        /pin GP26 is given twice/
    )
    expect(() => checkParts(parse("sht30", "aht20"))).toThrow(
        /id TC is there twice/
    )
})

test("the table of chips is printed by npm run boards -- --chips, and stands in the page that its help names", async () => {
    const table = chipTable().join("\n")
    const { stdout: help } = await runVerb("boards", ["--help"])
    const [, page] = /as the table of\s+(\S+)/.exec(help)!
    expect(readFileSync(join(PROJECT_ROOT, page!), "utf8")).toContain(table)
    const { stdout } = await runVerb("boards", ["--chips"])
    expect(stdout).toContain(table)
})
