// What an image is made of: bytes of code a source file and a function, and the sections beside the code. From the
// compiler's debug information. Knows nothing of boards and of chips.
import { createHash } from "node:crypto"
import type { CompiledProgram } from "../vm"

export interface ModuleSize {
    /** `src/node/node.ts`, or `@devicescript/core` for all of a library. */
    module: string
    /** Bytes of code. */
    bytes: number
    functions: { name: string; bytes: number }[]
}

export interface SizeReport {
    /** Bytes of the whole image. */
    bytes: number
    /** Bytes of functions' code, which must stay below 64 KiB. */
    code: number
    /** Bytes of everything else: strings, numbers, tables. */
    other: number
    sha256: string
    /** The largest first; of the same size by name. */
    modules: ModuleSize[]
}

/** What the compiler knows of a function. */
interface DebugFunction {
    name: string
    size: number
    /** Position over all sources, and length. */
    location?: [number, number]
}

interface DebugSource {
    path: string
    length: number
}

/** The library a file in node_modules belongs to, with its scope. */
const LIBRARY = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//

/** What the compiler makes itself: tables of roles and registers, start-up. */
const GENERATED = "(generated)"

export function sizeReport({ image, debug }: CompiledProgram): SizeReport {
    const { functions, sources } = debug as unknown as {
        functions: DebugFunction[]
        sources: DebugSource[]
    }
    const modules = new Map<string, ModuleSize>()
    let code = 0
    for (const { name, size, location } of functions) {
        const module = moduleAt(sources, location?.[0])
        const entry = modules.get(module) ?? { module, bytes: 0, functions: [] }
        entry.bytes += size
        entry.functions.push({ name, bytes: size })
        modules.set(module, entry)
        code += size
    }
    const bySize = <T extends { bytes: number }>(name: (one: T) => string) => {
        return (a: T, b: T) =>
            b.bytes - a.bytes || name(a).localeCompare(name(b), "en")
    }
    for (const { functions: all } of modules.values())
        all.sort(bySize(({ name }) => name))
    return {
        bytes: image.length,
        code,
        other: image.length - code,
        sha256: sha256(image),
        modules: [...modules.values()].sort(bySize(({ module }) => module)),
    }
}

export function sha256(bytes: Uint8Array): string {
    return createHash("sha256").update(bytes).digest("hex")
}

function moduleAt(sources: DebugSource[], position: number | undefined) {
    if (position === undefined) return GENERATED
    let end = 0
    for (const { path, length } of sources) {
        end += length
        if (position < end) return LIBRARY.exec(path)?.[1] ?? path
    }
    return GENERATED
}
