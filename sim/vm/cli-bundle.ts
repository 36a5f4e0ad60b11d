// Cuts the DeviceScript VM and compiler out of the pinned @devicescript/cli package. The one place that
// knows the shape of that package's bundle; whatever else is found there is an error that says so.
//
// The VM is not published by itself, but the CLI carries it (with its WebAssembly inside) and the compiler
// each as one CommonJS function. Evaluated with everything it uses handed in, the VM's function gives an
// independent machine each time, with its own clock, sockets and console.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { compileFunction } from "node:vm"

/** The version whose bundle has the shape expected here. */
export const CLI_VERSION = "2.16.4"

/** The installed @devicescript/cli is not the one this project is built for. */
export class PlatformError extends Error {
    override name = "PlatformError"
}

const nodeRequire = createRequire(import.meta.url)

/** The installed CLI: its version and the whole text of its bundle. */
export interface BundleText {
    version: string
    text: string
}

/**
 * Reads the installed CLI bundle.
 * @throws {PlatformError} when it is missing or of another version
 */
export function readBundle(): BundleText {
    let manifest: string
    try {
        manifest = nodeRequire.resolve("@devicescript/cli/package.json")
    } catch {
        throw new PlatformError(
            "@devicescript/cli is not installed: run npm ci"
        )
    }
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as {
        version: string
    }
    const path = join(dirname(manifest), "built", "devicescript-cli.cjs")
    let text: string
    try {
        text = readFileSync(path, "utf8")
    } catch {
        throw new PlatformError(
            `@devicescript/cli ${version} has no built/devicescript-cli.cjs: run npm ci`
        )
    }
    return { version, text }
}

/**
 * The source of one bundled CommonJS function: from its `var … = __commonJS({` to the comment that begins
 * the next bundled file.
 * @throws {PlatformError} when the version or the markers are not the expected ones
 */
export function cutFunction(
    bundle: BundleText,
    name: string,
    nextFile: string
): string {
    if (bundle.version !== CLI_VERSION)
        throw new PlatformError(
            `@devicescript/cli is ${bundle.version}, this project is built for ${CLI_VERSION}: run npm ci`
        )
    const start = bundle.text.indexOf(`var ${name} = __commonJS({`)
    const end = bundle.text.indexOf(`\n// ${nextFile}`, start)
    if (start < 0 || end < 0)
        throw new PlatformError(
            `@devicescript/cli ${bundle.version} does not have the expected shape: ${name} followed by ${nextFile} is not in its bundle; run npm ci`
        )
    return bundle.text.slice(start, end)
}

/** esbuild's helper as the bundled functions expect it, but evaluating anew at each call of the factory. */
const COMMONJS =
    "const __commonJS = o => () => { const m = { exports: {} }; Object.values(o)[0](m.exports, m); return m.exports };"

let bundle: BundleText | undefined
const installed = () => (bundle ??= readBundle())

/** Forgets the 28 MB text once both functions are cut. */
function dropWhenCut() {
    if (vmSource !== undefined && compilerModule !== undefined)
        bundle = undefined
}

/** The names of the host that the VM's code uses; handing them in makes each VM independent. */
export interface VmGlobals {
    require: (name: string) => unknown
    console: Pick<Console, "log" | "error" | "debug" | "warn">
    Date: { now(): number }
    setTimeout: (callback: () => void, ms: number) => unknown
    clearTimeout: (id: unknown) => void
    setInterval: (callback: () => void, ms: number) => unknown
    clearInterval: (id: unknown) => void
}

type VmFactory = (module: object) => Promise<unknown>
/** Evaluates the VM's code with the globals, in the order of VmGlobals. */
type VmSource = (
    ...globals: unknown[]
) => () => { default?: VmFactory } & VmFactory

let vmSource: VmSource | undefined

let wasmModule: WebAssembly.Module | undefined

/** The VM's WebAssembly, compiled once for all VMs; there after the first `vmFactory`. */
export function vmWasm(): WebAssembly.Module {
    if (!wasmModule) throw new PlatformError("vmFactory was not called before")
    return wasmModule
}

/** A factory for one VM whose code sees `globals`. */
export function vmFactory(globals: VmGlobals): VmFactory {
    if (!vmSource) {
        const source = cutFunction(
            installed(),
            "require_devicescript_vm",
            "dap/built/"
        )
        const wasm =
            /"data:application\/octet-stream;base64,([A-Za-z0-9+/=]+)"/.exec(
                source
            )?.[1]
        if (wasm === undefined)
            throw new PlatformError(
                `@devicescript/cli ${CLI_VERSION} does not have the expected shape: no WebAssembly in its VM; run npm ci`
            )
        wasmModule = new WebAssembly.Module(Buffer.from(wasm, "base64"))
        vmSource = compileFunction(
            `${COMMONJS}\n${source}\nreturn require_devicescript_vm`,
            [
                "require",
                "console",
                "Date",
                "setTimeout",
                "clearTimeout",
                "setInterval",
                "clearInterval",
                "__filename",
                "__dirname",
            ],
            { filename: "devicescript-vm" }
        ) as VmSource
        dropWhenCut()
    }
    const exported = vmSource(
        globals.require,
        globals.console,
        globals.Date,
        globals.setTimeout,
        globals.clearTimeout,
        globals.setInterval,
        globals.clearInterval,
        "",
        ""
    )()
    return exported.default ?? exported
}

/** The part of the compiler's API that is used here. */
export interface CompilerModule {
    compileWithHost: (entry: string, host: object) => CompilerResult
    resolveBuildConfig: (local: object) => BuildConfig
    preludeFiles: (config: object) => Record<string, string>
    parseStackFrame: (debug: object, text: string) => { markedLine: string }
    /** What is wrong with a board's pins. */
    pinsInfo: (arch: object, board: object) => { errors: string[] }
    /** The services that Jacdac knows. */
    jacdacDefaultSpecifications: { shortId: string }[]
}

/** The platform's tables of hardware and services. */
export interface BuildConfig {
    boards: Record<string, object>
    archs: Record<string, object>
}

export interface CompilerResult {
    success: boolean
    binary?: Uint8Array
    dbg: object
    diagnostics: unknown[]
}

const quiet = () => {}
const QUIET = { log: quiet, error: quiet, debug: quiet, warn: quiet }

let compilerModule: CompilerModule | undefined

/** The compiler; evaluated once, as it keeps nothing between builds. */
export function compiler(): CompilerModule {
    if (!compilerModule) {
        const source = cutFunction(
            installed(),
            "require_devicescript_compiler_node",
            "interop/built/"
        )
        const load = compileFunction(
            `${COMMONJS}\n${source}\nreturn require_devicescript_compiler_node()`,
            ["require", "console", "__filename", "__dirname"],
            { filename: "devicescript-compiler" }
        ) as (...globals: unknown[]) => CompilerModule
        // it prints the stack of what it cannot compile besides telling it
        compilerModule = load(nodeRequire, QUIET, "", "")
        // it leaves itself behind for web pages
        delete (globalThis as { deviceScript?: unknown }).deviceScript
        dropWhenCut()
    }
    return compilerModule
}
