// What is in an image: its functions by file, with their bytes and opcodes. Counts what the compiler wrote; runs nothing.
import { basename } from "node:path"
import { compiler } from "../../sim/vm/cli-bundle"
import type { CompiledProgram } from "../../sim/vm"

/** An opcode with those that compute its arguments. */
interface OpTree {
    args?: OpTree[]
}

/** The parts of the compiler that take an image apart. */
interface Disassembler {
    parseBytecode: (bytecode: Uint8Array, strict: boolean) => OpTree[]
    Image: new (image: Uint8Array) => {
        functions: { name: string; bytecode: Uint8Array }[]
    }
    SrcMapResolver: {
        from: (debug: unknown) => { posToString: (at: number) => string }
    }
}

export interface ImageFunction {
    name: string
    /** The name of its source file without folders. */
    file: string
    /** Where it begins, `path:line:column`; a constructor where its class does. */
    at: string
    /** Code, and the 16 bytes that describe it. */
    bytes: number
    /** Written down once each, however often a loop runs them. */
    opcodes: number
}

/** Bytes that describe a function in an image. */
const DESCRIPTION = 16

const countOps = (op: OpTree): number =>
    (op.args ?? []).reduce((sum, arg) => sum + countOps(arg), 1)

/** All functions of an image. */
export function functionsOf({
    image,
    debug,
}: CompiledProgram): ImageFunction[] {
    const tools = compiler() as unknown as Disassembler
    const places = tools.SrcMapResolver.from(debug)
    const described = (
        debug as unknown as { functions: { location?: [number, number] }[] }
    ).functions
    return new tools.Image(image).functions.map(({ name, bytecode }, i) => {
        const at = described[i]?.location?.[0]
        const place = at === undefined ? "" : places.posToString(at)
        return {
            name,
            file: basename(/^[^(:]*/.exec(place)![0]),
            at: place,
            bytes: bytecode.length + DESCRIPTION,
            opcodes: tools
                .parseBytecode(bytecode, true)
                .reduce((sum, op) => sum + countOps(op), 0),
        }
    })
}

/** Bytes of each file's functions, the largest first. */
export function bytesByFile(program: CompiledProgram): [string, number][] {
    const files = new Map<string, number>()
    for (const { file, bytes } of functionsOf(program))
        files.set(file, (files.get(file) ?? 0) + bytes)
    return [...files].sort(([, a], [, b]) => b - a)
}
