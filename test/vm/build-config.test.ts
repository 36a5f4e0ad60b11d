// What a project adds to the platform's hardware and services: found where the CLI finds it, mistakes told by file.
import {
    mkdirSync,
    mkdtempSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { buildConfig } from "../../sim/vm/build-config"
import { CompileError, compileProgram, PROJECT_ROOT } from "../../sim/vm/index"

let root: string

beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "build-config-"))
    symlinkSync(
        join(PROJECT_ROOT, "node_modules"),
        join(root, "node_modules"),
        "dir"
    )
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
}

const BOARD = {
    devName: "A node of our own",
    productId: "0x3a1b2c3d",
    archId: "esp32c3",
    pins: { LED: 5, BUTTON: 9 },
}

/** Compiles a program beside the board; the image, or what is wrong. */
function build(text: string): Uint8Array | string[] {
    write("main.ts", text)
    try {
        return compileProgram("main.ts", { cwd: root }).image
    } catch (error) {
        if (error instanceof CompileError) return error.diagnostics
        throw error
    }
}

/** What is wrong with the board and service files. */
function problems(): string[] {
    const found: string[] = []
    buildConfig(root, {}, problem => found.push(problem))
    return found
}

describe("a board of the project", () => {
    const USES = `
        import { pins } from "@dsboard/our_node"
        console.log(pins.LED)
    `

    test("can be imported by the name of its file", () => {
        write("boards/our_node.board.json", JSON.stringify(BOARD))
        expect(build(USES)).toBeInstanceOf(Uint8Array)
    })

    test("that is not there cannot", () => {
        const diagnostics = build(USES) as string[]
        expect(diagnostics[0]).toMatch(/^main\.ts:2:\d+ .*@dsboard\/our_node/)
    })

    test.each([
        ["no JSON", "{", /^boards\/our_node\.board\.json:1:1 .*JSON/],
        [
            "another id than its name",
            { ...BOARD, id: "other" },
            "boards/our_node.board.json:1:1 id is other, but the file's name makes it our_node: leave id out",
        ],
        [
            "an unknown chip",
            { ...BOARD, archId: "esp99" },
            /^boards\/our_node\.board\.json:1:1 archId is esp99, must be one of .*esp32c3.*rp2040/,
        ],
        [
            "no product identifier",
            { ...BOARD, productId: undefined },
            "boards/our_node.board.json:1:1 productId is missing, must be 0x3 and seven more hexadecimal digits",
        ],
        [
            "the product identifier of a Jacdac product",
            { ...BOARD, productId: "0x1a1b2c3d" },
            /productId is 0x1a1b2c3d/,
        ],
        [
            "a pin that the chip does not have",
            { ...BOARD, pins: { LED: 99 } },
            /^boards\/our_node\.board\.json:1:1 .*99/,
        ],
    ])("with %s is a mistake", (_name, board, message) => {
        write(
            "boards/our_node.board.json",
            typeof board === "string" ? board : JSON.stringify(board)
        )
        const found = problems()
        expect(found).toHaveLength(1)
        expect(found[0]).toMatch(message)
    })

    test("with a mistake keeps every program from being compiled", () => {
        write("boards/our_node.board.json", "{")
        expect(build(`console.log("nothing")`)).toEqual(problems())
    })

    test("with the name of one the platform has is a mistake", () => {
        write("boards/pico_w.board.json", JSON.stringify(BOARD))
        expect(problems()).toEqual([
            "boards/pico_w.board.json:1:1 the platform has a board pico_w already: rename the file",
        ])
    })
})

describe("a service of the project", () => {
    const SERVICE = `# Rain Gauge Two

    identifier: 0x1f0e1d2c
    extends: _sensor

Counts drops.

## Registers

    ro drops: u32 @ reading

How many drops fell.
`
    const USES = `
        import * as ds from "@devicescript/core"
        const gauge = new ds.RainGaugeTwo()
        gauge.reading.subscribe(value => console.log(value))
    `

    test("makes a role of the platform", () => {
        write("services/raingaugetwo.md", SERVICE)
        write("services/README.md", "# What is here")
        expect(build(USES)).toBeInstanceOf(Uint8Array)
    })

    test("that is not there does not", () => {
        expect((build(USES) as string[])[0]).toMatch(/RainGaugeTwo/)
    })

    test("with a mistake is told with its line", () => {
        write("services/raingaugetwo.md", SERVICE.replace("u32", "u33"))
        expect(problems()[0]).toMatch(/^services\/raingaugetwo\.md:10:1 .*u33/)
    })
})
