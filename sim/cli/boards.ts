// Finds the program of a board by name or file. Looks at the file system, compiles nothing.
import { existsSync, readdirSync, statSync } from "node:fs"
import { basename, isAbsolute, join, relative, resolve } from "node:path"
import { PROJECT_ROOT } from "../vm/compile"
import { UserError } from "./errors"

const BOARDS = join(PROJECT_ROOT, "boards")

export interface Board {
    /** `simulator`, or the file's name without its ending. */
    name: string
    /** Absolute path of the entry file. */
    path: string
    /** The path as it is shown: relative to the project where it lies in it. */
    file: string
}

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
 * @throws {UserError} when there is no such board; its message lists those there are
 */
export function findBoard(wanted: string, from: string): Board {
    const isFile =
        wanted.endsWith(".ts") || /[\\/]/.test(wanted) || isAbsolute(wanted)
    const path = isFile ? resolve(from, wanted) : join(BOARDS, wanted + ".ts")
    const there = `; the boards are: ${boardNames().join(", ")} (or give the path of a .ts file)`
    const wrong = (why: string) =>
        new UserError(`--board ${JSON.stringify(wanted)}: ${why}${there}`)
    if (!existsSync(path) || !statSync(path).isFile())
        throw wrong(`there is no file ${shown(path)}`)
    if (!path.endsWith(".ts")) throw wrong("a board is a .ts file")
    return { name: basename(path, ".ts"), path, file: shown(path) }
}

function shown(path: string): string {
    const inside = relative(PROJECT_ROOT, path)
    return inside.startsWith("..") || isAbsolute(inside) ? path : inside
}
