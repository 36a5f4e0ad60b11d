// Programs for the nodes of a world, each compiled once a process: a compile takes 1 to 2 s.
import { compileProgram, type CompiledProgram } from "../vm"

const compiled = new Map<string, CompiledProgram>()

/**
 * @param path a board's file from the project's root, e.g. boards/simulator.ts
 * @param text its text, when it is not on disk; imports are looked up from `path`
 * @param others files that are used instead of those on disk, by path from the project's root
 * @throws {CompileError}
 */
export function worldProgram(
    path: string,
    text?: string,
    others: Record<string, string> = {}
): CompiledProgram {
    const key = JSON.stringify([path, text, others])
    let program = compiled.get(key)
    if (!program) {
        const own = text === undefined ? {} : { [path]: text }
        program = compileProgram(path, { files: { ...others, ...own } })
        compiled.set(key, program)
    }
    return program
}
