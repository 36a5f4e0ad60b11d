// The verbs of the command line, put together: their options and helps. Runs none.
import { Command } from "commander"
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

export function commandLine(): Command {
    const program: Command = new Command("devicescript-mqtt-node")
        .description(
            "MQTT sensor node: firmware in DeviceScript, and the simulator around it"
        )
        .exitOverride()
        .configureOutput(oneLine(() => asTyped(program, process.argv[2])))
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
    return program
}

/** A verb as a person types it: npm has words of its own for some. */
function asTyped(program: Command, verb: string | undefined): string {
    return program.commands.some(command => command.name() === verb) &&
        verb !== "start"
        ? `npm run ${verb}`
        : "npm start"
}
