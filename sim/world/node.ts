// A node in a world: a chip with the firmware in its flash, simulated sensors, and a link of its own that can fail. Power
// can go and come back. Lives by the world's clock only.
import { parseNodeLine, type NodeEvent } from "../cli/node-events"
import { attachSensors, type SimulatedBoard } from "../sensors"
import {
    Flash,
    startVm,
    type Clock,
    type CompiledProgram,
    type MemoryNetwork,
    type Vm,
} from "../vm"
import { Link, type Port } from "./link"

/** ms between two looks of the VM that has nothing to do. */
const VM_TICK = 10

/** A console line, or what became of the VM. */
export interface WorldLine {
    /** Whole ms since the world began. */
    at: number
    /** Lines of errors, panics, restarts and the end of power begin with `! `. */
    text: string
}

export interface WorldNodeOptions {
    /** See `worldProgram`. */
    program: CompiledProgram
    /** The chip's identifier, 16 hexadecimal digits. */
    deviceId: string
    /** Settings in its flash besides MQTT_HOST `broker` and MQTT_PORT 1883, which they may replace. */
    settings?: Record<string, unknown>
    /** ms that the chip has had power for when its program is put into it; default 0. */
    age?: number
    /** ms between two looks of the VM at its timers and sockets; default 10. At 100 a day takes a tenth of the time. */
    tick?: number
    /** How the board's platform takes writes and tells of ends of connections; default as an ESP32. */
    port?: Port
    /** Whether there are simulated sensors; default true. Half of what an idle day costs is theirs. */
    bus?: boolean
}

/** Where nodes of a world live. */
export interface Surroundings {
    readonly clock: Clock
    readonly network: MemoryNetwork
    /** Whole ms since the world began. */
    readonly now: number
}

export class WorldNode {
    readonly lines: WorldLine[] = []
    /** Told of each line as it comes. */
    onLine: ((line: WorldLine) => void) | undefined
    readonly flash: Flash
    readonly link: Link
    private readonly clock: NodeClock
    /** The chip, since power was last turned on. */
    vm!: Vm
    /** Its sensors. They are new ones after each `powerOn`: curves and switches start over. */
    sensors!: SimulatedBoard

    private constructor(
        private readonly world: Surroundings,
        private readonly options: WorldNodeOptions
    ) {
        const { clock, network } = world
        this.clock = new NodeClock(clock)
        this.link = new Link(clock, network, options.port, options.deviceId)
        this.flash = Flash.withSettings({
            MQTT_HOST: "broker",
            MQTT_PORT: 1883,
            ...options.settings,
        })
    }

    /** Makes a node and turns its power on; its program starts some 10 ms later. */
    static async start(
        world: Surroundings,
        options: WorldNodeOptions
    ): Promise<WorldNode> {
        const node = new WorldNode(world, options)
        await node.boot(true)
        return node
    }

    get powered(): boolean {
        return this.vm.running
    }

    /** What it has said so far in the console protocol, oldest first. */
    get events(): (NodeEvent & { at: number })[] {
        return this.lines.flatMap(({ at, text }) => {
            const event = parseNodeLine(text)
            return event ? [{ ...event, at }] : []
        })
    }

    /** Events of one kind. */
    all<K extends NodeEvent["event"]>(
        kind: K
    ): (Extract<NodeEvent, { event: K }> & { at: number })[] {
        return this.events.filter(
            (e): e is Extract<NodeEvent, { event: K }> & { at: number } =>
                e.event === kind
        )
    }

    /**
     * The power is gone, without a word: the broker notices by keep alive, or when it sends something to a chip that has
     * power again. With `reset` its connection is reset at once, as by an access point that noticed.
     */
    powerCut({ reset = false } = {}): void {
        this.link.powered = false
        if (reset) this.link.reset()
        this.vm.powerCut()
    }

    /** Power again, with the flash as it was. */
    async powerOn(): Promise<void> {
        if (this.powered) throw new Error("the node has power")
        await this.boot(false)
    }

    /**
     * The chip's own clock leaps by `ms`, as one does that was held up; below 0 it counts as no time. Its timers are as they
     * were set by the world's.
     */
    stepClock(ms: number): void {
        this.clock.step(ms)
    }

    /** Takes the node out of the world: its connection is closed in good order, its program is not asked. */
    stop(): void {
        this.vm.stop()
    }

    private async boot(deploy: boolean): Promise<void> {
        const { link, flash } = this
        const { clock } = this
        const { program, deviceId, age, tick, bus } = this.options
        link.powered = true
        this.vm = await startVm({
            program,
            deviceId,
            clock: tick === undefined ? clock : coarse(clock, tick),
            flash,
            deploy,
            age,
            sockets: link,
        })
        const note = (text: string) => {
            const line = { at: this.world.now, text }
            this.lines.push(line)
            this.onLine?.(line)
        }
        this.vm.on("line", note)
        this.vm.on("trouble", text => note(`! ${text}`))
        this.vm.on("panic", code => note(`! panic ${code}`))
        this.vm.on("sleep", ms => note(`! sleep ${ms}`))
        this.vm.on("restart", reason => note(`! restart ${reason}`))
        this.vm.on("end", reason => note(`! ${reason}`))
        if (bus !== false)
            this.sensors = attachSensors(this.vm, this.world.clock)
    }
}

/** The world's clock as one chip has it, which may be off. */
class NodeClock implements Clock {
    private off = 0

    constructor(private readonly clock: Clock) {}

    step(ms: number): void {
        this.off += ms
    }

    now(): number {
        return this.clock.now() + this.off
    }

    setTimeout(callback: () => unknown, ms: number): unknown {
        return this.clock.setTimeout(callback, ms)
    }

    clearTimeout(id: unknown): void {
        this.clock.clearTimeout(id)
    }

    setInterval(callback: () => void, ms: number): unknown {
        return this.clock.setInterval(callback, ms)
    }

    clearInterval(id: unknown): void {
        this.clock.clearInterval(id)
    }
}

/** The clock, but that a wait of one tick of the VM takes `tick` ms; shorter ones are those of a VM that is busy. */
function coarse(clock: Clock, tick: number): Clock {
    return {
        now: () => clock.now(),
        setTimeout: (then, ms) =>
            clock.setTimeout(then, ms === VM_TICK ? tick : ms),
        clearTimeout: id => clock.clearTimeout(id),
        setInterval: (then, ms) => clock.setInterval(then, ms),
        clearInterval: id => clock.clearInterval(id),
    }
}
