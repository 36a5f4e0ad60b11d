// Runs a board's program for a while as its chip would, in virtual time, against the broker model: does it start, what does
// it call itself, where does it connect, what does it need of the heap. Neither this machine's network nor its clock is
// touched. Knows nothing of files and of what is shown.
import { parseNodeLine, type NodeEvent } from "../cli/node-events"
import { attachSensors } from "../sensors"
import {
    Flash,
    MemoryNetwork,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type Sockets,
    type Vm,
} from "../vm"
import { WorldBroker } from "../world"

/** ms that a program may take to its boot line: roles and settings are bound within 3 s, a crash of its driver takes one more start of 5 s. */
const BOOT_MS = 15_000
/** ms from the boot line to the first connection, by which time its parts have started. */
const PARTS_MS = 10_000
/** ms that it runs with a broker, and then without one while its outbox fills. */
const ONLINE_MS = 60_000
const OFFLINE_MS = 600_000
/** ms between two looks at the heap. */
const LOOK_MS = 10_000

/** The chip of a trial: what a program without a device id calls itself. */
export const TRIAL_CHIP = "0123456789abcdef"

type Boot = Extract<NodeEvent, { event: "boot" }>

export interface Trial {
    /** It started: what it said of itself. */
    boot?: Boot
    /** It refused to: why, as `key: reason`. */
    refused?: string
    /** Neither: what the VM said instead, newest last; and the code of its panic, if there was one. */
    trouble: string[]
    panic?: number
    /** Where it connected to. */
    broker?: { host: string; port: number; tls: boolean }
    /** Bytes of the heap in use after a collection, the most that was seen; undefined when it did not start. */
    heap?: number
    /** Roles it asked for that the simulator cannot play. */
    unknownRoles: string[]
}

export interface TrialOptions {
    program: CompiledProgram
    settings: Record<string, unknown>
    /** Whether to go on after the start and look at the heap; costs about a second. Default false. */
    heap?: boolean
}

/** Takes about 0.3 s, and a second more for the heap. */
export async function tryBoard(options: TrialOptions): Promise<Trial> {
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock)
    const broker = new WorldBroker(clock, network)
    const trial: Trial = { trouble: [], unknownRoles: [] }
    let announced: { host?: string; port?: number } = {}
    // Whatever the broker's name is, the model answers to it; a time server, say, is not there.
    const sockets: Sockets = {
        connect(host, port, tls) {
            const isBroker = host === announced.host && port === announced.port
            if (isBroker) trial.broker = { host, port, tls }
            return isBroker
                ? network.connect("broker", 1_883, false)
                : network.connect("nowhere", port, tls)
        },
    }
    const vm = await startVm({
        program: options.program,
        deviceId: TRIAL_CHIP,
        clock,
        sockets,
        flash: Flash.withSettings(options.settings),
    })
    try {
        vm.on("line", line => {
            const event = parseNodeLine(line)
            if (event?.event === "boot") trial.boot ??= event
            if (event?.event === "refused") trial.refused ??= event.text
            if (event?.event === "connecting") announced = event
        })
        vm.on("trouble", text => trial.trouble.push(text))
        vm.on("panic", code => (trial.panic ??= code))
        const board = attachSensors(vm, clock)
        const over = () =>
            trial.refused !== undefined ||
            trial.panic !== undefined ||
            !vm.running
        await waited(clock, () => over() || trial.boot !== undefined, BOOT_MS)
        await waited(
            clock,
            () => over() || trial.broker !== undefined,
            PARTS_MS
        )
        trial.unknownRoles = [...board.unknown]
        if (options.heap === true && !over() && trial.boot)
            trial.heap = await watchHeap(vm, clock, broker, over)
        return trial
    } finally {
        vm.stop()
    }
}

/** Online, then offline until the outbox of most boards is full. */
async function watchHeap(
    vm: Vm,
    clock: VirtualClock,
    broker: WorldBroker,
    over: () => boolean
): Promise<number> {
    let most = 0
    for (let gone = 0; gone < ONLINE_MS + OFFLINE_MS; gone += LOOK_MS) {
        if (gone === ONLINE_MS) {
            broker.refuse(true)
            broker.stop({ reset: true })
        }
        await clock.advance(LOOK_MS)
        if (over()) break
        const live = vm.liveHeap()
        let done = false
        const settle = () => (done = true)
        live.then(settle, settle)
        await waited(clock, () => done, LOOK_MS)
        if (!done) break
        most = Math.max(most, (await live).used)
    }
    return most
}

async function waited(
    clock: VirtualClock,
    done: () => boolean,
    ms: number
): Promise<void> {
    for (let gone = 0; gone < ms && !done(); gone += 10) await clock.advance(10)
}
