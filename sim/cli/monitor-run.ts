// Carries out `monitor`: finds out which device at which broker, and prints what is heard until it is ended.
import { Monitor } from "../boards/monitor"
import { monitorLine, type MonitorEvent } from "../boards/monitor-events"
import {
    readSettings,
    settingsPath,
    storedSettings,
} from "../boards/settings-file"
import type { BoardFile } from "../boards/board-file"
import type { Target } from "../boards/check"
import { findTarget, targetName } from "../boards/target"
import { tryBoard, TRIAL_CHIP } from "../boards/trial"
import { CompileError, compileProgram, type CompiledProgram } from "../vm"
import { brokerName, type BrokerAddress } from "./broker-url"
import { EXIT, UserError } from "./errors"
import { onInterrupt } from "./interrupts"
import type { MonitorOptions } from "./monitor"
import { painter } from "./output"
import { parseStartOptions } from "./start-options"

interface Followed {
    broker: BrokerAddress
    device: string
}

/** @returns the exit code */
export async function runMonitor(
    wanted: string | undefined,
    options: MonitorOptions
): Promise<number> {
    const { device, broker, forMs } = parsed(options)
    const followed =
        device !== undefined && broker !== undefined
            ? { device, broker }
            : await ofBoard(wanted, device, broker)
    const json = options.json === true
    const paint = painter()
    const print = (event: MonitorEvent) => {
        const at = Date.now()
        process.stdout.write(
            (json
                ? JSON.stringify({ time: new Date(at).toISOString(), ...event })
                : monitorLine(event, at, followed.device === "+", paint)) + "\n"
        )
    }
    if (!json)
        process.stdout.write(
            `${followed.device === "+" ? "all devices" : followed.device} at ${brokerName(followed.broker)}; Ctrl-C ends\n`
        )
    let end = () => {}
    const ended = new Promise<void>(resolve => (end = resolve))
    const off = onInterrupt(end, () => process.exit(EXIT.cut))
    // nobody reads any more: npm run monitor | head
    process.stdout.on("error", end)
    const timer = forMs === undefined ? undefined : setTimeout(end, forMs)
    const monitor = new Monitor({ ...followed, onEvent: print })
    try {
        await Promise.race([ended, monitor.refused])
        return forMs !== undefined && !monitor.connected ? EXIT.failed : EXIT.ok
    } finally {
        clearTimeout(timer)
        off()
        await monitor.stop()
    }
}

/** The options as `start` reads those of the same names. */
function parsed({ broker, device, for: seconds }: MonitorOptions) {
    const all = device === "+"
    const {
        broker: address,
        device: id,
        forMs,
    } = parseStartOptions({
        broker,
        device: all ? undefined : device,
        for: seconds,
    })
    return { broker: address, device: all ? "+" : id, forMs }
}

/** What is missing is what the board says of itself when it runs. */
async function ofBoard(
    wanted: string | undefined,
    device: string | undefined,
    broker: BrokerAddress | undefined
): Promise<Followed> {
    if (wanted === undefined)
        throw new UserError(
            "name a board, npm run monitor -- climate-c3.kitchen, or give --broker and --device"
        )
    const target = findTarget(wanted, process.env["INIT_CWD"] ?? process.cwd())
    const { board, name } = target
    const settings =
        name === undefined
            ? {}
            : readSettings(settingsPath(board.path, name)).settings
    const { boot, broker: used } = await tryBoard({
        program: compiled(board),
        settings: storedSettings(settings),
    })
    const id = device ?? boot?.device
    if (id === undefined)
        throw new UserError(
            `${board.file} does not start: npm run check -- ${targetName(target)} says why`
        )
    if (id === TRIAL_CHIP)
        throw new UserError(
            `${targetName(target)} is called by its chip's number, which is not known here: give DEVICE_ID in ${settingsFile(target)}, or --device, or --device + for all`
        )
    const { MQTT_USER: user, MQTT_PASS: password } = settings
    const own: BrokerAddress | undefined = used && {
        transport: used.tls ? "tls" : "tcp",
        host: used.host,
        port: used.port,
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password }),
    }
    const address = broker ?? own
    if (!address)
        throw new UserError(
            `${board.file} names no broker: give MQTT_HOST in ${settingsFile(target)}, or --broker`
        )
    return { device: id, broker: address }
}

function compiled({ path, file }: BoardFile): CompiledProgram {
    try {
        return compileProgram(path)
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        throw new UserError(
            `${file} does not compile: ${error.message.trim().replace(/\s*\n\s*/g, " ")}`
        )
    }
}

function settingsFile({ board, name = "<name>" }: Target): string {
    return board.file.replace(/\.ts$/, `.${name}.env`)
}
