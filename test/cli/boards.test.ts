// Finding a board by name or file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { boardNames, findBoard } from "../../sim/cli/boards"
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
