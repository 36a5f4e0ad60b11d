// One image of runtime, program and settings, by the CLI's bundle verb. It runs in a folder of its own outside of any
// repository, so that neither the state of git nor the time gets into the bytecode, as they do otherwise: what is flashed is
// what was checked, byte for byte. The settings go into the image here, not through the CLI's parser of .env files, which
// drops lines with #, and not through its list, which leaves Wi-Fi out.
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs"
import { execFileSync } from "node:child_process"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { basename, join, relative } from "node:path"
import { EXIT, UserError } from "../cli/errors"
import { buildConfig } from "../vm/build-config"
import { PROJECT_ROOT } from "../vm/compile"
import type { BoardFile } from "./board-file"
import { ImageError, ImageStore, type StorePlace } from "./image-store"
import { explain, runCli, TOOL_PORTS, type Failure } from "./platform-cli"

/** ms for the CLI: it compiles in 3 s, and may download 2 MB. */
const BUNDLE_MS = 300_000
/** ms to see whether a port of this machine is taken. */
const PORT_MS = 1_000

/** Where runtimes that were downloaded are kept, as by the CLI itself. */
const CACHE = join(PROJECT_ROOT, ".devicescript", "cache")

/** Entries of the project's folder that are not shown to the CLI: it would read settings, or ask git, or write there. */
const HIDDEN = /^(\.git|\.env\..*|\.devicescript|package\.json|.*\.env)$/

/** What the runtime keeps Wi-Fi under (runtime/devicescript/network/wifi.c); a DeviceScript setting's key begins with a colon. */
const WIFI = { ssid: "wifi_ssid", password: "wifi_psk" }

export interface Wifi {
    ssid: string
    /** Empty for an open network. */
    password: string
}

export interface BundleOptions {
    board: BoardFile
    /** The bytecode that was checked. */
    program: Uint8Array
    /** By key, as readSetting gives them back. */
    settings: Record<string, unknown>
    wifi?: Wifi
    /** The runtime's file, instead of a download. */
    runtime?: string
    /** Where the image goes, and its name without the ending. */
    folder: string
    name: string
    onLine?: (line: string) => void
    signal?: AbortSignal
}

export interface Bundle {
    /** Absolute path of the image. */
    file: string
    bytes: number
}

/** The platform's facts about a piece of hardware that an image needs. */
export interface Runtime extends Failure {
    place: StorePlace
}

/** @throws {UserError} when the platform has no runtime for it */
export function runtimeOf(board: BoardFile): Runtime {
    const { boards, archs } = buildConfig(PROJECT_ROOT, {}, problem => {
        throw new UserError(problem)
    })
    const hardware = boards[board.hardware ?? ""] as
        Record<string, string | number | undefined> | undefined
    const arch = (archs as Record<string, typeof hardware>)[
        String(hardware?.["archId"])
    ]
    const runtimeUrl = hardware?.["$fwUrl"] ?? arch?.["bareUrl"]
    if (!hardware || !arch || runtimeUrl === undefined)
        throw new UserError(
            `${board.file} is for ${board.hardwareName}: there is no runtime to flash; run it with npm start -- --board ${board.name}`
        )
    const fact = (name: string) => hardware[name] ?? arch[name]
    const page = Number(fact("flashPageSize") ?? 4_096)
    return {
        runtimeUrl: String(runtimeUrl),
        runtimeFile: basename(String(runtimeUrl)),
        place: {
            address: Number(fact("fstorOffset")),
            start: Number(arch["binFlashOffset"] ?? 0),
            size: Number(fact("fstorPages")) * page,
        },
    }
}

/**
 * Makes the image; takes some 6 s, more with a download.
 * @throws {UserError} that says what to do
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
    const { board } = options
    const runtime = runtimeOf(board)
    const entry = relative(PROJECT_ROOT, board.path)
    if (entry.startsWith(".."))
        throw new UserError(
            `${board.file}: a board that is flashed lies in the project: move it into boards/`
        )
    await toolPortsFree(runtime)
    const stage = mkdtempSync(join(tmpdir(), "bundle-"))
    try {
        prepare(stage, runtime, options.runtime)
        const made = join(stage, "image")
        const end = await runCli({
            args: ["bundle", "--board", board.hardware!]
                .concat(["--flash-file", made])
                .concat(entry),
            cwd: stage,
            env: { GIT_DIR: undefined, GIT_WORK_TREE: undefined },
            limit: BUNDLE_MS,
            onLine: options.onLine,
            signal: options.signal,
        })
        if (end.code !== 0 || !existsSync(made))
            throw new UserError(
                `no image was made: ${explain(end, runtime)}`,
                EXIT.failed
            )
        if (options.runtime === undefined) keep(stage)
        const image = withSettings(readFileSync(made), runtime, options)
        mkdirSync(options.folder, { recursive: true })
        const file = join(options.folder, imageName(options, runtime))
        // it holds passwords
        writeFileSync(file, image, { mode: 0o600 })
        return { file, bytes: image.length }
    } finally {
        rmSync(stage, { recursive: true, force: true })
    }
}

/** `-0x0.bin` tells the flashing program where the image goes, so the runtime's ending stays. */
function imageName({ name }: BundleOptions, { runtimeFile }: Runtime): string {
    const ending = /(-0x[0-9a-f]+)?\.\w+$/.exec(runtimeFile)?.[0] ?? ".bin"
    return `${name}${ending}`
}

function withSettings(
    image: Uint8Array,
    runtime: Runtime,
    { program, settings, wifi }: BundleOptions
): Uint8Array {
    try {
        const store = new ImageStore(image, runtime.place)
        const inside = store.program()
        if (!inside || !Buffer.from(inside).equals(program))
            throw new ImageError(
                "the program in it is not the one that was checked; run npm ci, and look whether the board's files were changed meanwhile"
            )
        const entries: [string, string][] = Object.entries(settings).map(
            ([key, value]) => [`:${key}`, JSON.stringify(value)]
        )
        // an open network has an empty password, and not none, as when the runtime itself writes it
        if (wifi)
            entries.push([WIFI.ssid, wifi.ssid], [WIFI.password, wifi.password])
        for (const [key, value] of entries) store.set(key, Buffer.from(value))
        const bytes = store.bytes()
        // of a .uf2 a block could be missing
        const again = new ImageStore(bytes, runtime.place)
        for (const [key, value] of entries)
            if ((again.get(key)?.toString() ?? "") !== value)
                throw new ImageError(`it has no room for the setting ${key}`)
        return bytes
    } catch (error) {
        if (!(error instanceof ImageError)) throw error
        throw new UserError(
            `the image made from ${runtime.runtimeFile} cannot be used: ${error.message}`,
            EXIT.failed
        )
    }
}

/** A folder that looks like the project to the CLI. */
function prepare(stage: string, runtime: Runtime, given: string | undefined) {
    for (const name of readdirSync(PROJECT_ROOT))
        if (!HIDDEN.test(name))
            symlinkSync(join(PROJECT_ROOT, name), join(stage, name))
    const { name, version } = JSON.parse(
        readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")
    ) as { name: string; version: string }
    writeFileSync(
        join(stage, "package.json"),
        JSON.stringify({ name, version })
    )
    release(stage, `v${version}`)
    const cache = join(stage, ".devicescript", "cache")
    mkdirSync(cache, { recursive: true })
    const file = join(cache, runtime.runtimeFile)
    if (given !== undefined) {
        if (!existsSync(given) || !statSync(given).isFile())
            throw new UserError(`--file ${given}: there is no such file`)
        copyFileSync(given, file)
        // an older one the CLI would download anew
        const now = new Date()
        utimesSync(file, now, now)
        return
    }
    const kept = join(CACHE, runtime.runtimeFile)
    if (!existsSync(kept)) return
    copyFileSync(kept, file)
    const { atime, mtime } = statSync(kept)
    utimesSync(file, atime, mtime)
}

/**
 * Makes the folder a clean checkout of that version: the CLI puts a version into a program only when git tells it one, and
 * the time as well when anything was changed. compileProgram writes the same version into what is checked.
 */
function release(stage: string, version: string) {
    const git = (...args: string[]) =>
        execFileSync("git", args, {
            cwd: stage,
            env: gitless(process.env),
            stdio: "ignore",
        })
    try {
        git("init", "-q")
        git(
            ...["-c", "user.name=bundle", "-c", "user.email=bundle@localhost"],
            ...["-c", "commit.gpgsign=false"],
            ...["commit", "-q", "--allow-empty", "--no-verify", "-m", version]
        )
        git("-c", "tag.gpgsign=false", "tag", version)
    } catch (error) {
        throw new UserError(
            `the program git is needed and does not work (${(error as Error).message}): install it`,
            EXIT.failed
        )
    }
}

/** The environment without what points git at another repository, as in one of its hooks. */
function gitless(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return Object.fromEntries(
        Object.entries(env).filter(([name]) => !name.startsWith("GIT_"))
    )
}

/** Keeps what the CLI has downloaded for the next time, as it does itself. */
function keep(stage: string) {
    const from = join(stage, ".devicescript", "cache")
    mkdirSync(CACHE, { recursive: true })
    for (const name of readdirSync(from)) {
        const { atime, mtime } = statSync(join(from, name))
        copyFileSync(join(from, name), join(CACHE, name))
        utimesSync(join(CACHE, name), atime, mtime)
    }
}

/** The CLI dies with a stack trace, or talks to the wrong program, when one of its ports is taken. */
async function toolPortsFree(runtime: Runtime): Promise<void> {
    const taken = await Promise.all(TOOL_PORTS.map(listens))
    if (taken.includes(true))
        throw new UserError(
            `no image was made: ${explain({ code: 1, lines: ["EADDRINUSE"] }, runtime)}`,
            EXIT.failed
        )
}

function listens(port: number): Promise<boolean> {
    return new Promise(resolve => {
        const socket = connect({ host: "127.0.0.1", port })
        const done = (answer: boolean) => {
            socket.destroy()
            resolve(answer)
        }
        socket.setTimeout(PORT_MS, () => done(false))
        socket.once("connect", () => done(true))
        socket.on("error", () => done(false))
    })
}
