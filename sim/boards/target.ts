// What a verb is asked to work on: a kind of board, or one board of a kind.
import { existsSync } from "node:fs"
import { isAbsolute } from "node:path"
import { UserError } from "../cli/errors"
import { findBoard, readBoardFile } from "./board-file"
import type { Target } from "./check"
import { settingsNames, settingsPath } from "./settings-file"

/**
 * @param wanted `climate-c3`, `climate-c3.kitchen`, or the path of a .ts or .env file
 * @param from the folder relative paths start from
 * @throws {UserError} when there is no such board
 */
export function findTarget(wanted: string, from: string): Target {
    const isPath =
        /\.(ts|env)$/.test(wanted) || /[\\/]/.test(wanted) || isAbsolute(wanted)
    const settings = /^(.*?)\.([^.\\/]+)\.env$/.exec(wanted)
    const [kind, name] = settings
        ? [`${settings[1]}.ts`, settings[2]]
        : isPath
          ? [wanted, undefined]
          : split(wanted)
    const board = readBoardFile(findBoard(kind, from, "the board"))
    if (name === undefined) return { board }
    if (!existsSync(settingsPath(board.path, name))) {
        const there = settingsNames(board.path)
        throw new UserError(
            `${JSON.stringify(wanted)}: there is no file ${board.file.replace(/\.ts$/, `.${name}.env`)}; ${there.length > 0 ? `of this kind there are ${there.map(one => `${board.name}.${one}`).join(", ")}, or ` : ""}copy boards/example.env to it`
        )
    }
    return { board, name }
}

/** `<board>.<name>`; a board's own name has no dot. */
function split(wanted: string): [string, string | undefined] {
    const dot = wanted.indexOf(".")
    return dot < 0
        ? [wanted, undefined]
        : [wanted.slice(0, dot), wanted.slice(dot + 1)]
}

/** `climate-c3.kitchen`, as it is given to a verb. */
export function targetName({ board, name }: Target): string {
    return name === undefined ? board.name : `${board.name}.${name}`
}
