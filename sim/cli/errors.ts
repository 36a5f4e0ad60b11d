// The errors a person can put right, and the exit codes of every verb. Knows nothing of what a verb does.

/** What a verb's process ends with; `npm start -- --help` documents them. */
export const EXIT = {
    /** It did what was asked, and the node was stopped: cleanly where its board can be asked to. */
    ok: 0,
    /** The node ran, but did not end as it should. */
    failed: 1,
    /** It cannot be done as asked: an option, a port, a board, a broker. No node was started. */
    usage: 2,
    /** Cut by a second Ctrl-C: 128 and the number of SIGINT, as shells count. */
    cut: 130,
} as const

/**
 * A mistake of the user or the surroundings. The message is one line that names what is wrong, with file, option and value,
 * and how to put it right; it is all that is printed, without a stack.
 */
export class UserError extends Error {
    constructor(
        message: string,
        readonly exitCode: number = EXIT.usage
    ) {
        super(message)
        this.name = "UserError"
    }
}
