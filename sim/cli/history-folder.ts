// Whether the file that --page-history names can be made: its folder is there. Makes none: a mistyped path would leave a tree behind.
import { statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { UserError } from "./errors"

/**
 * @param history as it was given; without one, or with null for none, there is nothing to look at
 * @param from the folder a relative path starts from
 * @throws {UserError} when its folder is not there
 */
export function checkHistoryFolder(
    history: string | undefined | null,
    from: string
): void {
    if (history === undefined || history === null) return
    const folder = dirname(resolve(from, history))
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true)
        return
    throw new UserError(
        `--page-history ${JSON.stringify(history)}: there is no folder ${folder}: make it, or give a file in one that is there`
    )
}
