// The command line: one file a verb. Turns what a verb throws into one line and an exit code; knows nothing of what verbs do.
import { Command, CommanderError } from "commander"
import { EXIT, UserError } from "./errors"
import { addFaults } from "./faults"
import { addSoak } from "./soak"
import { addStart } from "./start"
import { addUptime } from "./uptime"

const program = new Command("devicescript-mqtt-node")
    .description(
        "MQTT sensor node: firmware in DeviceScript, and the simulator around it"
    )
    .exitOverride()
    .configureOutput({
        // Commander puts its suggestions on a second line; an error is one line here.
        outputError: (text, write) =>
            write(
                text.trim().replace(/\s*\n\s*/g, " ") +
                    " See: npm start -- --help\n"
            ),
    })
addStart(program)
addFaults(program)
addUptime(program)
addSoak(program)

try {
    await program.parseAsync()
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
