// Finds the program of a board by name or file, and reads of it just enough to know the chip it is for: the board it
// imports its pins from. Compiles nothing and knows nothing of nodes.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, isAbsolute, join, relative, resolve } from "node:path"
import ts from "typescript"
import { UserError } from "../cli/errors"
import { buildConfig } from "../vm/build-config"
import { PROJECT_ROOT } from "../vm/compile"
import { chipOf, CHIPS, type Chip } from "./chips"

const BOARDS = join(PROJECT_ROOT, "boards")

export interface Board {
    /** `simulator`, or the file's name without its ending. */
    name: string
    /** Absolute path of the entry file. */
    path: string
    /** The path as it is shown: relative to the project where it lies in it. */
    file: string
}

/** A board whose file was read. */
export interface BoardFile extends Board {
    /** DeviceScript's identifier of the hardware, e.g. `pico_w`; undefined when it runs in the simulator only. */
    hardware?: string
    /** What the hardware is called, e.g. `Raspberry Pi Pico W`. */
    hardwareName: string
    chip: Chip
    /** Whether it brings drivers of @devicescript/drivers: they do not run in the simulator, a simulated server answers for them. */
    drivers: boolean
}

/** What a board file imports its pins from. */
const PINS = "@dsboard/"
const DRIVERS = "@devicescript/drivers"

/** Names of the boards in boards/, sorted. */
export function boardNames(): string[] {
    return readdirSync(BOARDS)
        .filter(name => name.endsWith(".ts") && !name.endsWith(".d.ts"))
        .map(name => basename(name, ".ts"))
        .sort()
}

/**
 * @param wanted a name in boards/, or a path to a .ts file (anything with a slash or the ending .ts)
 * @param from the folder relative paths start from
 * @param option what it was given with, for the message
 * @throws {UserError} when there is no such board; its message lists those there are
 */
export function findBoard(
    wanted: string,
    from: string,
    option: "--board" | "the board" = "--board"
): Board {
    const isFile =
        wanted.endsWith(".ts") || /[\\/]/.test(wanted) || isAbsolute(wanted)
    const path = isFile ? resolve(from, wanted) : join(BOARDS, wanted + ".ts")
    const there = `; the boards are: ${boardNames().join(", ")} (or give the path of a .ts file)`
    const wrong = (why: string) =>
        new UserError(`${option} ${JSON.stringify(wanted)}: ${why}${there}`)
    if (!existsSync(path) || !statSync(path).isFile())
        throw wrong(`there is no file ${shown(path)}`)
    if (!path.endsWith(".ts")) throw wrong("a board is a .ts file")
    return { name: basename(path, ".ts"), path, file: shown(path) }
}

/**
 * Reads what hardware a board's file is for: the `@dsboard/<id>` it imports. Only that file is read, not those it imports.
 * @throws {UserError} when it imports two, one that nobody knows, or one whose chip cannot be a node
 */
export function readBoardFile(board: Board): BoardFile {
    const text = readFileSync(board.path, "utf8")
    const imports = ts.preProcessFile(text, true, true).importedFiles
    const pins = imports.filter(({ fileName }) => fileName.startsWith(PINS))
    const ids = [
        ...new Set(pins.map(({ fileName }) => fileName.slice(PINS.length))),
    ]
    const drivers = imports.some(({ fileName }) => fileName === DRIVERS)
    const hardware = ids[0]
    if (hardware === undefined)
        return {
            ...board,
            hardwareName: "none: runs in the simulator only",
            chip: CHIPS.wasm,
            drivers,
        }
    const wrong = (at: number, why: string) => {
        const { line } = ts.getLineAndCharacterOfPosition(
            ts.createSourceFile(board.file, text, ts.ScriptTarget.ES2022),
            at
        )
        return new UserError(`${board.file}:${line + 1}: ${why}`)
    }
    if (ids.length > 1)
        throw wrong(
            pins.find(p => p.fileName === PINS + ids[1])!.pos,
            `imports from ${ids.map(id => PINS + id).join(" and ")}: a board file is for one kind of hardware, make it two files`
        )
    const known = knownHardware()
    const found = known.get(hardware)
    const { pos } = pins[0]!
    if (!found)
        throw wrong(
            pos,
            `imports from ${PINS}${hardware}: there is no such hardware; there are ${usable(known).join(", ")} (another is a file boards/${hardware}.board.json)`
        )
    const chip = chipOf(found.archId)
    if (!chip)
        throw wrong(
            pos,
            `imports from ${PINS}${hardware}: its chip, ${found.archId}, has no network and cannot be a node; hardware that can: ${usable(known).join(", ")}`
        )
    return { ...board, hardware, hardwareName: found.name, chip, drivers }
}

/** What can be imported from `@dsboard/`. */
export interface Hardware {
    /** DeviceScript's name of its chip; `chipOf` knows whether it can be a node. */
    archId: string
    /** As a person calls it. */
    name: string
}

let hardware: Map<string, Hardware> | undefined

/**
 * The hardware that the platform and boards/*.board.json know, by identifier; read once.
 * @throws {UserError} naming the .board.json file that is wrong
 */
export function knownHardware(): Map<string, Hardware> {
    if (hardware) return hardware
    const { boards } = buildConfig(PROJECT_ROOT, {}, problem => {
        throw new UserError(problem)
    })
    hardware = new Map()
    for (const [id, board] of Object.entries(boards)) {
        const { archId, devName } = board as {
            archId: string
            devName?: string
        }
        hardware.set(id, { archId, name: devName ?? id })
    }
    return hardware
}

/** Identifiers of the hardware that can be a node, sorted. */
function usable(known: Map<string, Hardware>): string[] {
    return [...known]
        .filter(([, { archId }]) => chipOf(archId))
        .map(([id]) => id)
        .sort()
}

function shown(path: string): string {
    const inside = relative(PROJECT_ROOT, path)
    return inside.startsWith("..") || isAbsolute(inside) ? path : inside
}
