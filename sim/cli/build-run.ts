// Carries out `build`: compiles, writes the bytecode, prints what it is made of.
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { bytes } from "../boards/finding"
import { sizeReport, type SizeReport } from "../boards/size-report"
import { findTarget } from "../boards/target"
import {
    CompileError,
    compileProgram,
    PROJECT_ROOT,
    type CompiledProgram,
} from "../vm"
import type { BuildOptions } from "./build"
import { EXIT, UserError } from "./errors"
import { painter } from "./output"

/** Where what is made for boards goes; git ignores it. */
export const IMAGES = join(PROJECT_ROOT, ".devicescript", "images")

/** Diagnostics shown; after the first few they follow from each other. */
const MAX_DIAGNOSTICS = 5

/** @returns the exit code */
export function runBuild(wanted: string, options: BuildOptions): number {
    const { board } = findTarget(
        wanted,
        process.env["INIT_CWD"] ?? process.cwd()
    )
    const { chip } = board
    const program = compile(board.path, board.file)
    const path = join(IMAGES, `${board.name}.devs`)
    mkdirSync(IMAGES, { recursive: true })
    writeFileSync(path, program.image)
    const file = relative(PROJECT_ROOT, path)
    const size = sizeReport(program)
    const fits = size.bytes <= chip.maxImage && size.code < chip.codeBelow
    if (options.json === true) {
        const { modules, ...sums } = size
        print([
            JSON.stringify({
                ...{ board: board.name, chip: chip.id, file },
                ...{ ...sums, limit: chip.maxImage, codeLimit: chip.codeBelow },
                modules,
            }),
        ])
    } else {
        const { paint, lines } = table(size, options.functions === true)
        print([
            ...lines,
            "",
            `image   ${bytes(size.bytes)} of ${bytes(chip.maxImage)} (${chip.name})`,
            `code    ${bytes(size.code)} of ${bytes(chip.codeBelow)}`,
            `other   ${bytes(size.other)}: strings, numbers, tables`,
            `sha256  ${size.sha256}`,
            `file    ${file}`,
            ...(fits ? [] : [paint("bad", `too large for ${chip.name}`)]),
        ])
    }
    return fits ? EXIT.ok : EXIT.failed
}

function compile(path: string, file: string): CompiledProgram {
    try {
        return compileProgram(path)
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        const shown = error.diagnostics
            .slice(0, MAX_DIAGNOSTICS)
            .map(text => text.trim().replace(/\s*\n\s*/g, " "))
        throw new UserError(`${file} does not compile: ${shown.join("; ")}`)
    }
}

function table({ modules, bytes: all }: SizeReport, functions: boolean) {
    const paint = painter()
    const width = Math.max(...modules.map(({ module }) => module.length))
    const row = (name: string, count: number) =>
        `${name.padEnd(width)}  ${count.toLocaleString("en").padStart(7)}  ${((100 * count) / all).toFixed(1).padStart(5)} %`
    const lines = modules.flatMap(
        ({ module, bytes: count, functions: own }) => [
            row(module, count),
            ...(functions
                ? own.map(({ name, bytes: size }) =>
                      paint("dim", row(`  ${name}`, size))
                  )
                : []),
        ]
    )
    return { paint, lines }
}

function print(lines: string[]): void {
    process.stdout.write(`${lines.join("\n")}\n`)
}
