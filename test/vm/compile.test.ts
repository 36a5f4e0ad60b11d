// Compiling in this process: what becomes an image, what becomes an error, and that nothing else goes in.
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    CompileError,
    compileProgram,
    type CompiledProgram,
} from "../../sim/vm/index"
import { run } from "./lab"

const FILE = "test/vm/given.ts"
const given = (text: string, more: Record<string, string> = {}) =>
    compileProgram(FILE, { files: { [FILE]: text, ...more } })

/** @returns what is wrong, one a line */
function diagnostics(compile: () => unknown): string[] {
    try {
        compile()
    } catch (error) {
        expect(error).toBeInstanceOf(CompileError)
        expect((error as CompileError).message).toBe(
            (error as CompileError).diagnostics[0]
        )
        return (error as CompileError).diagnostics
    }
    throw new Error("it compiles")
}

const folder = mkdtempSync(join(tmpdir(), "compile-"))
afterAll(() => rmSync(folder, { recursive: true }))

describe("a program that does not compile", () => {
    test("is told by file, line and column, for each mistake", () => {
        expect(
            diagnostics(() =>
                given(
                    `import * as ds from "@devicescript/core"\nconst a: number = "text"\n\n  const b: string = 1\n`
                )
            )
        ).toEqual([
            `${FILE}:2:7 Type 'string' is not assignable to type 'number'.`,
            `${FILE}:4:9 Type 'number' is not assignable to type 'string'.`,
        ])
    })

    test("because of a mistyped option is told the option and what it may have been, not the types around it", () => {
        const [first] = diagnostics(() =>
            given(
                `import { startNode } from "../../src/index"\nawait startNode({\n    board: "given",\n    sensors: [{ id: "TC", read: () => 1, intervall: 10000 }],\n})\n`
            )
        )
        expect(first).toMatch(
            new RegExp(
                `^${FILE.replace(".", "\\.")}:4:\\d+ .*'intervall' does not exist.*Did you mean to write 'interval'\\?$`
            )
        )
    })

    test("because of its syntax is told by place, too", () => {
        const [first] = diagnostics(() => given("const a = (1 + \n"))
        expect(first).toBe(`${FILE}:1:15 Expression expected.`)
    })

    test("because it is TypeScript, but not DeviceScript, is told by place, too", () => {
        const [first] = diagnostics(() => given("\nvar a = 1\n"))
        expect(first).toBe(`${FILE}:2:1 'var' not allowed`)
    })

    test("because of an import that is not there is told at the import", () => {
        const [first] = diagnostics(() =>
            given(`import { x } from "./missing"\nconsole.log(x)\n`)
        )
        expect(first).toBe(
            `${FILE}:1:19 Cannot find module './missing' or its corresponding type declarations.`
        )
    })

    test("because of a file it imports is told in that file", () => {
        const [first] = diagnostics(() =>
            given(`import { x } from "./part"\nconsole.log(x)\n`, {
                "test/vm/part.ts": "export const x: string = 1\n",
            })
        )
        expect(first).toBe(
            "test/vm/part.ts:1:14 Type 'number' is not assignable to type 'string'."
        )
    })

    test("because the compiler itself fails is told with the file", () => {
        const nine = "1, 2, 3, 4, 5, 6, 7, 8, 9"
        const [first] = diagnostics(() =>
            given(
                `import * as ds from "@devicescript/core"\nconsole.log(${nine})\n`
            )
        )
        expect(first).toMatch(
            new RegExp(`^${FILE.replace(".", "\\.")}.*(Assertion|assert)`, "i")
        )
    })
})

describe("an entry file", () => {
    test("that is missing is named", () => {
        expect(
            diagnostics(() => compileProgram("boards/no-such-board.ts"))
        ).toEqual(["boards/no-such-board.ts: no such file"])
    })

    test("that is a folder is named", () => {
        expect(diagnostics(() => compileProgram("boards"))).toEqual([
            "boards: not a file",
        ])
    })

    test("may be anywhere, beside what it imports; files in memory come first, and nothing is written", async () => {
        writeFileSync(
            join(folder, "main.ts"),
            `import * as ds from "@devicescript/core"\nimport { x } from "./x"\nimport { y } from "./y"\nconsole.log(x, y)\n`
        )
        writeFileSync(join(folder, "x.ts"), `export const x = "x on disk"\n`)
        writeFileSync(join(folder, "y.ts"), `export const y = "y on disk"\n`)
        const before = readdirSync(folder)
        const { vm, all } = await run(
            compileProgram("main.ts", {
                cwd: folder,
                files: { "y.ts": `export const y = "y in memory"\n` },
            })
        )
        vm.stop()
        expect(all("line")).toEqual(["x on disk y in memory"])
        expect(readdirSync(folder)).toEqual(before)
    })
})

describe("an image", () => {
    const text = (word: string) =>
        `import * as ds from "@devicescript/core"\nfunction named() { console.log("${word}") }\nnamed()\n`
    const hash = ({ image }: CompiledProgram) =>
        createHash("sha256").update(image).digest("hex")
    let one: CompiledProgram

    beforeAll(() => {
        one = given(text("one"))
    })

    test("of the same sources is the same, byte for byte", () => {
        const again = given(text("one"))
        expect(again.image).not.toBe(one.image)
        expect(hash(again)).toBe(hash(one))
    })

    test("of other sources is another", () => {
        expect(hash(given(text("two")))).not.toBe(hash(one))
    })

    test("comes with what its sections and functions take", () => {
        const { debug, image } = one
        expect(debug.functions.map(({ name }) => name)).toContain("named")
        const sum = Object.values(debug.sizes).reduce((a, b) => a + b, 0)
        expect(sum).toBeGreaterThan(100)
        expect(sum).toBeLessThanOrEqual(image.length)
    })
})
