// The command line: one file a verb. Turns what a verb throws into one line and an exit code; knows nothing of what verbs do.
import { Command, CommanderError } from "commander"
import { EXIT, UserError } from "./errors"
import { addBoards } from "./boards"
import { addBuild } from "./build"
import { addCheck } from "./check"
import { addDevtools } from "./devtools"
import { addFaults } from "./faults"
import { addSoak } from "./soak"
import { addFleet } from "./fleet"
import { addFlash } from "./flash"
import { addHomeAssistant } from "./home-assistant"
import { addMonitor } from "./monitor"
import { addNew } from "./new"
import { addHerd } from "./herd"
import { oneLine } from "./one-line"
import { addStart } from "./start"
import { addTeeth } from "./teeth"
import { addUptime } from "./uptime"
import { addWorld } from "./world"

const program = new Command("devicescript-mqtt-node")
    .description(
        "MQTT sensor node: firmware in DeviceScript, and the simulator around it"
    )
    .exitOverride()
    .configureOutput(oneLine(() => asTyped(process.argv[2])))
addStart(program)
addBoards(program)
addCheck(program)
addBuild(program)
addFlash(program)
addMonitor(program)
addNew(program)
addDevtools(program)
addFaults(program)
addFleet(program)
addHomeAssistant(program)
addHerd(program)
addUptime(program)
addSoak(program)
addWorld(program)
addTeeth(program)

/** A verb as a person types it: npm has words of its own for some. */
function asTyped(verb: string | undefined): string {
    return program.commands.some(command => command.name() === verb) &&
        verb !== "start"
        ? `npm run ${verb}`
        : "npm start"
}

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
