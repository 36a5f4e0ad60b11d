// The command line: one file a verb. Turns what a verb throws into one line and an exit code; knows nothing of what verbs do.
import { CommanderError } from "commander"
import { EXIT, UserError } from "./errors"
import { commandLine } from "./program"

try {
    await commandLine().parseAsync()
} catch (error) {
    if (error instanceof CommanderError) {
        // Help and errors have been printed by now.
        process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
    } else if (error instanceof UserError) {
        process.stderr.write(`error: ${error.message}\n`)
        process.exitCode = error.exitCode
    } else {
        // A defect of this program: whoever reports it needs the stack.
        process.stderr.write(
            `error: unexpected: ${error instanceof Error ? error.stack : String(error)}\n`
        )
        process.exitCode = EXIT.failed
    }
}
