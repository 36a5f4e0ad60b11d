// A whole node for end-to-end tests: firmware compiled to bytecode, in a VM, on real sockets. The tests see what a
// person would: console events, and what an independent MQTT client receives.
import { parseNodeLine, type NodeEvent } from "../../sim/cli/node-events"
import { attachSensors, type SimulatedBoard } from "../../sim/sensors"
import {
    compileProgram,
    Flash,
    nodeSockets,
    realClock,
    startVm,
    type CompiledProgram,
    type NodeSocketsOptions,
    type Vm,
} from "../../sim/vm"
import { Watch } from "../support/wait"

/** An event and when it was seen, ms since the epoch. */
export type Seen = NodeEvent & { at: number }

/** What a test's board says to startNode besides device and sensors; `text` is DeviceScript. */
export interface BoardText {
    /** Options of startNode, e.g. `keepAlive: 4,`. */
    options?: string
    /** ms between readings. */
    interval?: number
}

const compiled = new Map<string, CompiledProgram>()

/**
 * A board whose one sensor CNT counts its readings 1, 2, 3, ...: a lost or repeated one shows. Like the simulator's
 * board it has a `stop` switch.
 */
export function countingBoard({
    options = "",
    interval = 200,
}: BoardText = {}): CompiledProgram {
    const text = `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
const stop = new ds.Switch("stop")
let n = 0
const node = await startNode({
    board: "counting",
    device: "COUNTER",
    ${options}
    sensors: [{ id: "CNT", read: () => { n++; return n }, interval: ${interval}, precision: 0 }],
})
// its position, not the event of its being moved: an event can be lost before the switch is bound
stop.reading.subscribe(async on => {
    if (on) await node.stop()
})
`
    return board("boards/counting.ts", text)
}

/** A program by its text, compiled once. */
export function board(path: string, text?: string): CompiledProgram {
    const key = text ?? path
    let program = compiled.get(key)
    if (!program) {
        program = compileProgram(
            path,
            text === undefined ? {} : { files: { [path]: text } }
        )
        compiled.set(key, program)
    }
    return program
}

export interface NodeOptions {
    program?: CompiledProgram
    port: number
    settings?: Record<string, unknown>
    flash?: Flash
    /** Hooks, host names and certificates of the board's network. */
    network?: NodeSocketsOptions
}

/** A running node. */
export class TestNode {
    readonly events: Seen[] = []
    readonly lines: string[] = []
    private readonly watch = new Watch()

    private constructor(
        readonly vm: Vm,
        readonly board: SimulatedBoard
    ) {
        vm.on("line", text => {
            this.lines.push(text)
            const event = parseNodeLine(text)
            if (event) this.events.push({ ...event, at: Date.now() })
            this.watch.changed()
        })
        vm.on("trouble", text => this.lines.push(`! ${text}`))
        vm.on("panic", code => {
            this.lines.push(`! panic ${code}`)
            this.watch.changed()
        })
    }

    static async start(options: NodeOptions): Promise<TestNode> {
        const flash =
            options.flash ??
            Flash.withSettings({
                MQTT_HOST: "127.0.0.1",
                MQTT_PORT: options.port,
                ...options.settings,
            })
        const vm = await startVm({
            program: options.program ?? countingBoard(),
            flash,
            clock: realClock,
            sockets: nodeSockets(options.network ?? {}),
        })
        return new TestNode(vm, attachSensors(vm, realClock))
    }

    /** Events of one kind so far. */
    all<K extends Seen["event"]>(kind: K): Extract<Seen, { event: K }>[] {
        return this.events.filter(
            (e): e is Extract<Seen, { event: K }> => e.event === kind
        )
    }

    /** The nth event of a kind, counted from 1; it may have happened already. */
    event<K extends Seen["event"]>(
        kind: K,
        n: number,
        limitMs: number
    ): Promise<Extract<Seen, { event: K }>> {
        return this.watch.until(
            () => this.all(kind)[n - 1],
            limitMs,
            `event ${kind} ${n}`,
            () => this.lines.slice(-20).join("\n")
        )
    }

    /** Asks for a clean stop and waits for its end, within the 10 s that the rig grants. */
    async stop(): Promise<void> {
        await this.board.ready("stop")
        this.board.switch("stop").set(true)
        await this.event("stopped", 1, 10_000)
        this.vm.stop()
    }

    /** The power is gone. */
    cut(): void {
        this.vm.powerCut()
    }
}
