// A verb that has a program of its own reads its arguments here: as the command line does, and with the same exit codes.
import { Command, CommanderError } from "commander"
import { EXIT } from "./errors"
import { oneLine } from "./one-line"

/** A program that is typed `npm run <name>`, with its help and its errors set up; options and arguments follow. */
export function aloneVerb(name: string, usage = "[options]"): Command {
    const how = `npm run ${name}`
    return new Command(name)
        .configureHelp({ commandUsage: () => `${how} -- ${usage}` })
        .helpOption("-h, --help", "show this help")
        .exitOverride()
        .configureOutput(oneLine(() => how))
}

/** @returns false when help was asked for, or an argument is wrong: that is printed then, and the exit code is set */
export function understood(program: Command): boolean {
    try {
        program.parse()
        return true
    } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
        return false
    }
}
