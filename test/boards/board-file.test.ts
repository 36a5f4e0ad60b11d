// Finding a board by name or file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    boardNames,
    findBoard,
    readBoardFile,
} from "../../sim/boards/board-file"
import { CHIPS } from "../../sim/boards/chips"
import { UserError } from "../../sim/cli/errors"
import { PROJECT_ROOT } from "../../sim/vm"

let folder = ""
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "boards-"))
    mkdirSync(join(folder, "folder.ts"))
    writeFileSync(join(folder, "own.ts"), "")
    writeFileSync(join(folder, "own.js"), "")
})
afterAll(() => rmSync(folder, { recursive: true }))

test("a name is a file in boards/, wherever the command was given", () => {
    expect(findBoard("simulator", folder)).toEqual({
        name: "simulator",
        path: join(PROJECT_ROOT, "boards/simulator.ts"),
        file: "boards/simulator.ts",
    })
    expect(boardNames()).toContain("simulator")
})

test("a path starts from where the command was given, and is shown from the project where it lies in it", () => {
    expect(findBoard("./own.ts", folder)).toEqual({
        name: "own",
        path: join(folder, "own.ts"),
        file: join(folder, "own.ts"),
    })
    expect(findBoard("own.ts", folder).path).toBe(join(folder, "own.ts"))
    expect(findBoard("./boards/simulator.ts", PROJECT_ROOT).file).toBe(
        "boards/simulator.ts"
    )
})

describe("what is no board is named, with the boards there are", () => {
    test.each([
        ["toaster", "there is no file boards/toaster.ts"],
        ["./nowhere.ts", "there is no file "],
        ["./folder.ts", "there is no file "],
        ["../simulator", "there is no file "],
        ["./own.js", "a board is a .ts file"],
    ])("%s", (wanted, reason) => {
        const find = () => findBoard(wanted, folder)
        expect(find).toThrow(UserError)
        expect(find).toThrow(`--board "${wanted}": ${reason}`)
        expect(find).toThrow(/the boards are: .*\bsimulator\b/)
    })
})

describe("the hardware of a board file", () => {
    const read = (text: string) => {
        writeFileSync(join(folder, "own.ts"), text)
        return readBoardFile(findBoard("./own.ts", folder))
    }

    test("is what it imports its pins from, wherever else its name stands", () => {
        const board = read(
            `// not @dsboard/pico\nconst text = 'import "@dsboard/pico"'\nimport { board } from "@dsboard/pico_w"\nimport { pins } from "@dsboard/pico_w"`
        )
        expect(board).toMatchObject({
            hardware: "pico_w",
            hardwareName: "Raspberry Pi Pico W",
            drivers: false,
        })
        expect(board.chip).toBe(CHIPS.rp2040w)
    })

    test("is the simulator's when there is no such import", () => {
        const board = read(`import * as ds from "@devicescript/core"`)
        expect(board.hardware).toBeUndefined()
        expect(board.chip).toBe(CHIPS.wasm)
        expect(readBoardFile(findBoard("simulator", folder)).chip).toBe(
            CHIPS.wasm
        )
    })

    test("says whether it brings drivers, which do not run in the simulator", () => {
        const board = read(
            `import { startSHT30 } from "@devicescript/drivers"\nimport { board } from "@dsboard/adafruit_qt_py_c3"`
        )
        expect(board).toMatchObject({ drivers: true, chip: CHIPS.esp32c3 })
    })

    test.each([
        [
            "an unknown one",
            `\nimport {} from "@dsboard/toaster"`,
            2,
            "there is no such hardware; there are adafruit_",
        ],
        [
            "a chip without a network",
            `import {} from "@dsboard/pico"`,
            1,
            "its chip, rp2040, has no network and cannot be a node; hardware that can: adafruit_",
        ],
        [
            "two",
            `import {} from "@dsboard/pico_w"\n\nimport {} from "@dsboard/esp32_bare"`,
            3,
            "a board file is for one kind of hardware, make it two files",
        ],
    ])("that is %s is named with its line", (_, text, line, reason) => {
        expect(() => read(text)).toThrow(UserError)
        expect(() => read(text)).toThrow(
            `${join(folder, "own.ts")}:${line}: imports from @dsboard/`
        )
        expect(() => read(text)).toThrow(reason)
    })
})
