// DeviceScript source to bytecode, in this process, writing nothing to disk: builds may overlap, which the
// CLI's own `build` (it always writes to .devicescript/bin) does not allow. Same input, same bytes: neither
// time nor the state of git goes into an image.
import { readFileSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { buildConfig } from "./build-config"
import { compiler, type CompilerResult } from "./cli-bundle"
import { verifyImage } from "./machine"

/** The project's root, where `node_modules` and `boards` are. */
export const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** What the compiler knows about an image; kept for stack traces and size reports. */
export interface DebugInfo {
    /** Bytes a section: header, floats, strings, ... */
    sizes: Record<string, number>
    functions: { name: string; size: number }[]
}

export interface CompiledProgram {
    /** Bytecode, as it is flashed. */
    image: Uint8Array
    debug: DebugInfo
}

/** The program does not compile. */
export class CompileError extends Error {
    override name = "CompileError"
    constructor(
        /** One `file:line:column message` each. */
        readonly diagnostics: string[]
    ) {
        super(diagnostics[0] ?? "the program does not compile")
    }
}

export interface CompileOptions {
    /** Where relative paths and `boards/*.board.json` are looked up; default the project's root. */
    cwd?: string
    /** Files that are used instead of, or besides, those on disk, by path relative to `cwd`. */
    files?: Record<string, string>
}

/** What TypeScript says, and below it why, step by step. */
interface MessageChain {
    messageText: string
    next?: MessageChain[]
}

interface Diagnostic {
    filename?: string
    line?: number
    column?: number
    messageText: string | MessageChain
    /** As in TypeScript. */
    category: number
}

/** TypeScript's number for errors among diagnostics. */
const ERROR = 1

/** What the VM says to an image whose code section it cannot address. */
const CODE_TOO_LONG = 1051

/**
 * Compiles the program whose entry file is `entry`; takes 1 to 2 s. The image passes the VM's own verification.
 * @throws {CompileError} when there is no such file or it does not compile
 * @throws {PlatformError} when the installed CLI is not the expected one
 */
export function compileProgram(
    entry: string,
    options: CompileOptions = {}
): CompiledProgram {
    const root = options.cwd ?? PROJECT_ROOT
    const overrides = new Map(
        Object.entries(options.files ?? {}).map(([path, text]) => [
            resolve(root, path),
            text,
        ])
    )
    const absolute = resolve(root, entry)
    if (!overrides.has(absolute)) {
        const found = statSync(absolute, { throwIfNoEntry: false })
        if (!found) throw new CompileError([`${entry}: no such file`])
        if (!found.isFile()) throw new CompileError([`${entry}: not a file`])
    }
    const { compileWithHost, preludeFiles } = compiler()
    const problems: string[] = []
    const config = buildConfig(root, hwInfo(relative(root, absolute)), text =>
        problems.push(text)
    )
    const library = preludeFiles(config)
    const host = {
        write: () => {},
        read: (path: string) => {
            const full = resolve(root, path)
            return (
                overrides.get(full) ??
                library[relative(root, full)] ??
                readFileSync(full, "utf8")
            )
        },
        resolvePath: (path: string) => resolve(root, path),
        relativePath: (path: string) => relative(root, resolve(root, path)),
        log: () => {},
        isBasicOutput: () => true,
        error: (d: Diagnostic) => {
            if (d.category === ERROR) problems.push(describe(d, root))
        },
        getFlags: () => ({}),
        getConfig: () => config,
        verifyBytecode: () => {},
    }
    let result: CompilerResult | undefined
    try {
        result = compileWithHost(absolute, host)
    } catch (error) {
        // it gives up on some programs that TypeScript accepts
        problems.push(
            `${entry}: the compiler failed: ${(error as Error).message}`
        )
    }
    if (problems.length > 0 || !result?.success || !result.binary)
        throw new CompileError([...new Set(problems)])
    const image = new Uint8Array(result.binary)
    const fault = verifyImage(image)
    if (fault !== 0)
        throw new CompileError([
            `${entry}: the VM would refuse the image of ${image.length} bytes: verification error ${fault}${fault === CODE_TOO_LONG ? ", its code has more than 64 KiB" : ""}`,
        ])
    return { image, debug: result.dbg as DebugInfo }
}

/** The name and version that a program reports when it starts; the same for the same sources. */
function hwInfo(entry: string): Record<string, string> {
    const { name, version } = JSON.parse(
        readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")
    ) as { name: string; version: string }
    return {
        "@name": `${name} ${entry.replace(/\.ts$/, "")}`,
        "@version": `v${version}`,
    }
}

/** The first steps name types, which a person did not write; the last says what is wrong with what stands there. */
function lastOf({ messageText, next }: MessageChain): string {
    return next?.[0] ? lastOf(next[0]) : messageText
}

function describe(d: Diagnostic, root: string): string {
    const text =
        typeof d.messageText === "string"
            ? d.messageText
            : lastOf(d.messageText)
    if (d.filename === undefined) return text
    return `${relative(root, resolve(root, d.filename))}:${d.line ?? 1}:${d.column ?? 1} ${text}`
}
