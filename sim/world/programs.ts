// Programs for the nodes of a world, each compiled once a process: a compile takes 1 to 2 s.
import { compileProgram, type CompiledProgram } from "../vm"

const compiled = new Map<string, CompiledProgram>()

/**
 * @param path a board's file from the project's root, e.g. boards/simulator.ts
 * @param text its text, when it is not on disk; imports are looked up from `path`
 * @throws {CompileError}
 */
export function worldProgram(path: string, text?: string): CompiledProgram {
    const key = `${path}\n${text ?? ""}`
    let program = compiled.get(key)
    if (!program) {
        program = compileProgram(
            path,
            text === undefined ? {} : { files: { [path]: text } }
        )
        compiled.set(key, program)
    }
    return program
}
