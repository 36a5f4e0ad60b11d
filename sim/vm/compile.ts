// DeviceScript source to bytecode, in this process, writing nothing to disk: builds may overlap, which the
// CLI's own `build` (it always writes to .devicescript/bin) does not allow. Same input, same bytes: neither
// time nor the state of git goes into an image.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { compiler } from "./cli-bundle"

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

interface Diagnostic {
    filename?: string
    line?: number
    column?: number
    messageText: string | { messageText: string }
    /** 0 warning, 1 error, as in TypeScript. */
    category: number
}

/**
 * Compiles the program whose entry file is `entry`; takes 1 to 2 s.
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
    if (!overrides.has(absolute) && !existsSync(absolute))
        throw new CompileError([`${entry}: no such file`])
    const { compileWithHost, preludeFiles } = compiler()
    const config = buildConfig(root, relative(root, absolute))
    const library = preludeFiles(config)
    const diagnostics: Diagnostic[] = []
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
        error: (d: Diagnostic) => diagnostics.push(d),
        getFlags: () => ({}),
        getConfig: () => config,
        // the VM verifies what it is given to run
        verifyBytecode: () => {},
    }
    const result = compileWithHost(absolute, host)
    if (!result.success || !result.binary)
        throw new CompileError(
            diagnostics
                .filter(d => d.category === 1)
                .map(d => describe(d, root))
        )
    return {
        image: new Uint8Array(result.binary),
        debug: result.dbg as DebugInfo,
    }
}

/** The platform's hardware and service tables with the project's own boards added. */
function buildConfig(root: string, entry: string): object {
    const name = JSON.parse(
        readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")
    ) as { name: string; version: string }
    const boards = join(root, "boards")
    const files = existsSync(boards) ? readdirSync(boards) : []
    return compiler().resolveBuildConfig({
        hwInfo: {
            "@name": `${name.name} ${entry.replace(/\.ts$/, "")}`,
            "@version": `v${name.version}`,
        },
        addBoards: files
            .filter(file => file.endsWith(".board.json"))
            .map(file => ({
                ...(JSON.parse(
                    readFileSync(join(boards, file), "utf8")
                ) as object),
                id: basename(file, ".board.json"),
            })),
    })
}

function describe(d: Diagnostic, root: string): string {
    const text =
        typeof d.messageText === "string"
            ? d.messageText
            : d.messageText.messageText
    if (d.filename === undefined) return text
    return `${relative(root, resolve(root, d.filename))}:${d.line ?? 1}:${d.column ?? 1} ${text}`
}
