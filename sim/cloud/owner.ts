// Lets one process at a time have a history file. The database's own lock is a folder that a process killed hard leaves behind,
// and then nobody could open the file again: so the owner's process id stands in a file beside it, and a dead owner's lock is taken over.
// Knows nothing of what is in the file.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs"

/** The file belongs to a process that still runs. */
export class OwnedError extends Error {
    constructor(
        readonly file: string,
        readonly pid: number
    ) {
        super(`${file} is in use by process ${pid}`)
        this.name = "OwnedError"
    }
}

/**
 * Takes `file` for this process.
 * @returns what gives it back
 * @throws {OwnedError} when another process has it; any error of the file system
 */
export function own(file: string): () => void {
    const note = `${file}.pid`
    // The second round comes after a dead owner's note was removed; a third means that somebody else was faster.
    for (let round = 0; ; round++) {
        try {
            const handle = openSync(note, "wx", 0o600)
            writeSync(handle, `${process.pid}\n`)
            closeSync(handle)
            // Left behind by a process that was killed; nobody else can hold it now.
            rmSync(`${file}.lock`, { recursive: true, force: true })
            owned.add(note)
            return () => {
                owned.delete(note)
                rmSync(note, { force: true })
            }
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
            const pid = Number.parseInt(readFileSync(note, "utf8"), 10)
            // This process's own id is that of an earlier one where ids are few: in a container it is always 1.
            const held = pid === process.pid ? owned.has(note) : alive(pid)
            if (held || round > 1) throw new OwnedError(file, pid)
            rmSync(note, { force: true })
        }
    }
}

/** The notes of this process. */
const owned = new Set<string>()

/** Whether a process with that id runs. Its id may have gone to another program meanwhile, as after a restart of the machine. */
function alive(pid: number): boolean {
    if (!(pid > 0)) return false
    try {
        process.kill(pid, 0)
    } catch (error) {
        // Another user's process is one, too.
        if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
    }
    try {
        // Where the system says what runs: the owner was a Node.js.
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("node")
    } catch {
        return true
    }
}
