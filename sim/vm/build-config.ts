// What the project adds to the platform's tables of hardware and services: boards/*.board.json and services/*.md,
// as the CLI finds them. Knows nothing of programs.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, join } from "node:path"
import { compiler, type BuildConfig } from "./cli-bundle"

const nodeRequire = createRequire(import.meta.url)

/** Product identifiers of boards that are no Jacdac products begin with this digit. */
const OWN_PRODUCT = 0x3

interface Board {
    id?: string
    archId?: string
    productId?: string
}

/** The part of jacdac-ts that reads the description of a service. */
interface ServiceParser {
    parseServiceSpecificationMarkdownToJSON(
        text: string,
        known: Record<string, object>,
        file: string
    ): {
        shortId: string
        catalog?: boolean
        errors?: { file: string; line: number; message: string }[]
    }
}

/**
 * The tables a program of the project in `root` is compiled with.
 * @param hwInfo name and version that the image carries
 * @param problem told of each mistake in a board or service file, as `file:line:column message`
 */
export function buildConfig(
    root: string,
    hwInfo: Record<string, string>,
    problem: (text: string) => void
): BuildConfig {
    return compiler().resolveBuildConfig({
        hwInfo,
        addBoards: boards(root, problem),
        addServices: services(root, problem),
    })
}

function filesOf(root: string, folder: string, end: string): string[] {
    const path = join(root, folder)
    if (!existsSync(path)) return []
    return readdirSync(path)
        .filter(name => name.endsWith(end))
        .sort()
}

function boards(root: string, problem: (text: string) => void): Board[] {
    const found: Board[] = []
    const platform = compiler().resolveBuildConfig({ hwInfo: {} })
    for (const name of filesOf(root, "boards", ".board.json")) {
        const id = basename(name, ".board.json")
        try {
            const board = JSON.parse(
                readFileSync(join(root, "boards", name), "utf8")
            ) as Board
            checkBoard(board, id, platform)
            found.push({ ...board, id })
        } catch (error) {
            problem(`boards/${name}:1:1 ${(error as Error).message}`)
        }
    }
    return found
}

function checkBoard(board: Board, id: string, platform: BuildConfig) {
    if (board.id !== undefined && board.id !== id)
        throw new Error(
            `id is ${board.id}, but the file's name makes it ${id}: leave id out`
        )
    if (!/^\w+$/.test(id))
        throw new Error(
            `${id} is no name for a board: use letters, digits and _`
        )
    if (platform.boards[id])
        throw new Error(
            `the platform has a board ${id} already: rename the file`
        )
    const arch = platform.archs[board.archId ?? ""]
    if (!arch)
        throw new Error(
            `archId is ${board.archId ?? "missing"}, must be one of ${Object.keys(platform.archs).join(", ")}`
        )
    if (Math.floor(Number(board.productId) / 2 ** 28) !== OWN_PRODUCT)
        throw new Error(
            `productId is ${board.productId ?? "missing"}, must be 0x3 and seven more hexadecimal digits`
        )
    const { errors } = compiler().pinsInfo(arch, { ...board, id })
    if (errors.length > 0) throw new Error(errors.join("; "))
}

function services(root: string, problem: (text: string) => void): object[] {
    const files = filesOf(root, "services", ".md").filter(
        name => name.toLowerCase() !== "readme.md"
    )
    if (files.length === 0) return []
    const parser = nodeRequire("jacdac-ts") as ServiceParser
    const known: Record<string, object> = {}
    for (const service of compiler().jacdacDefaultSpecifications)
        known[service.shortId] = service
    const found: object[] = []
    for (const name of files) {
        const path = `services/${name}`
        const service = parser.parseServiceSpecificationMarkdownToJSON(
            readFileSync(join(root, path), "utf8"),
            known,
            path
        )
        service.catalog = false
        for (const { line, message } of service.errors ?? [])
            problem(`${path}:${line}:1 ${message}`)
        known[service.shortId] = service
        found.push(service)
    }
    return found
}
