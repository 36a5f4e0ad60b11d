// Whether a board's program is right for TypeScript, compiles for DeviceScript, and fits into its chip.
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import {
    CompileError,
    compileProgram,
    PROJECT_ROOT,
    type CompiledProgram,
} from "../vm"
import type { Subject } from "./check"
import { bytes } from "./finding"
import { sizeReport, type SizeReport } from "./size-report"
import { typeErrors } from "./types"

/** Mistakes of one kind shown; after the first few they follow from each other. */
const MAX_SHOWN = 5

export function checkTypes({ board, findings }: Subject): void {
    const errors = typeErrors(board.path)
    for (const { file, line, text, source: at } of errors.slice(0, MAX_SHOWN))
        findings.wrong("types", {
            ...{
                file,
                line,
                ...keyAndValue(at),
                text: text.replace(/\.$/, ""),
            },
            fix: "correct it there; an editor shows what is expected",
        })
    if (errors.length === 0) findings.ok("types", board.file)
}

export function compiled({
    board,
    findings,
}: Subject): CompiledProgram | undefined {
    try {
        const program = compileProgram(board.path)
        findings.ok("compiles", `${bytes(program.image.length)} of bytecode`)
        return program
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        for (const text of error.diagnostics.slice(0, MAX_SHOWN)) {
            const [, named, digits, said] =
                /^(.*?):(\d+)(?::\d+)? ([^]*)$/.exec(text) ?? []
            const file = named ?? board.file
            const line = digits === undefined ? undefined : Number(digits)
            findings.wrong("compiles", {
                ...{ file, line, ...lineParts(file, line) },
                text: (said ?? text).trim().replace(/\s*\n\s*/g, " "),
                fix: /64 KiB/.test(text)
                    ? smaller(board.name)
                    : "write it another way: a board's language is a part of TypeScript",
            })
        }
        return undefined
    }
}

export function checkSize(
    { board, findings }: Subject,
    program: CompiledProgram
): SizeReport {
    const { chip, file, name } = board
    const size = sizeReport(program)
    const fix = smaller(name)
    if (size.bytes > chip.maxImage)
        findings.wrong("size", {
            ...{ file, key: "image", value: bytes(size.bytes), fix },
            text: `${chip.name} takes at most ${bytes(chip.maxImage)}`,
        })
    else if (size.code >= chip.codeBelow)
        findings.wrong("size", {
            ...{ file, key: "code", value: bytes(size.code), fix },
            text: `has to stay below ${bytes(chip.codeBelow)}`,
        })
    else
        findings.ok(
            "size",
            `image ${bytes(size.bytes)} of ${bytes(chip.maxImage)}, code ${bytes(size.code)} of ${bytes(chip.codeBelow)}`
        )
    return size
}

function smaller(board: string): string {
    return `leave out sensors, drivers or parts; npm run build -- ${board} shows what takes how much`
}

/** What stands in a line, see keyAndValue. */
function lineParts(
    file: string,
    line: number | undefined
): { key?: string; value?: string } {
    if (line === undefined) return {}
    let text: string | undefined
    try {
        text = readFileSync(resolve(PROJECT_ROOT, file), "utf8").split("\n")[
            line - 1
        ]
    } catch {
        return {}
    }
    return text === undefined ? {} : keyAndValue(text)
}

/** Of `key: value` both, else all of it as the value. */
function keyAndValue(source: string): { key?: string; value?: string } {
    const match = /^\s*(\w+):\s*("[^"]*"|[^,}]+)/.exec(source)
    if (match) return { key: match[1]!, value: match[2]!.trim() }
    const value = source.trim()
    return value === "" ? {} : { key: "line", value }
}
