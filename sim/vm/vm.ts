// One simulated chip: the DeviceScript VM with a program in its flash, a console, a Jacdac bus, sockets and a
// clock, all handed in. Carries out what the chip itself would: after a reset or a sleep it starts the same flash
// again, in a fresh VM.
//
// Any number run in one process. Knows nothing of sensors, of MQTT and of what the program is for.
import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"
import { realClock, type Clock } from "./clock"
import type { CompiledProgram } from "./compile"
import { createdRole, ProgramConsole, programRuns } from "./console"
import { Flash, MAX_IMAGE } from "./flash"
import { standbyRequest } from "./frames"
import { findHeap, heapFigures, isHeap, type HeapFigures } from "./heap"
import { Machine } from "./machine"
import { seededBytes } from "./random"
import { nodeSockets, type Sockets, type VmSocket } from "./sockets"

export interface VmOptions {
    program: CompiledProgram
    /** The chip's identifier, 16 hexadecimal digits. */
    deviceId?: string
    clock?: Clock
    sockets?: Sockets
    flash?: Flash
    /** Whether `program` is put into the flash first; else the chip runs what is there. Default true. */
    deploy?: boolean
    /** ms that the chip has had power for when `program` is put into it. Its first reset takes them away. Default 0. */
    age?: number
    /** Collect garbage at every allocation: slow, finds what is freed too early. */
    gcStress?: boolean
    /**
     * Receives every line of the VM itself, for looking into what it does.
     * Lines of the program are marked `> `.
     */
    onDmesg?: (line: string) => void
}

/** The program could not be put into the chip. */
export class DeployError extends Error {
    override name = "DeployError"
}

/** `program`: the program asked to be started anew; `reset`: the chip was; `standby`: it woke up from deep sleep. */
export type RestartReason = "program" | "reset" | "standby"

export interface VmEvents {
    /** A console.log line of the program, without the VM's mark. The VM cuts it at 296 bytes. */
    line: [text: string]
    /** A console.error line, a part of an exception's report (stack traces name `file:line:column`), or what broke the VM. */
    trouble: [text: string]
    /** A console.warn or console.debug line. */
    remark: [text: string]
    /** The program ended by an exception (60005), out of memory (60004), ...; it starts again after 5 s. */
    panic: [code: number]
    /** The chip went to deep sleep for `ms`; `restart` follows when it wakes up. */
    sleep: [ms: number]
    /** The program starts again soon, by itself: 1 s after its own restart, 1.1 s after the chip's. */
    restart: [reason: RestartReason]
    /** The VM is gone for good: powerCut, stop, or a trap of the VM that nothing restarts. */
    end: [reason: "power cut" | "stopped" | "trapped"]
}

/** The Jacdac bus of a chip, for simulated sensors. */
export interface VmBus {
    /** A frame for the chip. */
    send(frame: Uint8Array): void
    /** Frames from the chip. Returns a function that ends the subscription. */
    onFrame(listener: (frame: Uint8Array) => void): () => void
}

/** The chip that the platform's own test runner simulates. */
const DEFAULT_DEVICE = "12abdd2289421234"

/** ms a chip is dark in a reset; its program starts 1.1 s later, which is the VM's own doing. */
const RESET_MS = 10

/** ms a collection waits for the program to allocate something; every program with a timer does sooner. */
const COLLECT_MS = 60_000

/** Longest delay of a timer in ms, as Node.js has it; a chip may sleep twice as long. */
const MAX_DELAY = 2 ** 31 - 1

export class Vm extends EventEmitter<VmEvents> {
    readonly bus: VmBus
    readonly flash: Flash
    readonly deviceId: string
    /** Names of the roles that the program created since it was started, in that order. */
    readonly roles: string[] = []
    private readonly options: VmOptions
    private readonly clock: Clock
    private readonly sockets: Sockets
    private readonly frameListeners = new Set<(frame: Uint8Array) => void>()
    private readonly connections = new Set<VmSocket>()
    private machine: Machine | undefined
    private heapAt: number | undefined
    private programRuns = false
    /** ms, of the last request of the program to sleep that was seen on the bus. */
    private standby: number | undefined
    private ended = false
    /** The timer that ends the chip's reset or sleep. */
    private wake: unknown
    private readonly console: ProgramConsole
    private readonly random: (size: number) => Uint8Array
    private stressed: boolean
    private collection: Promise<void> | undefined
    private afterPass: (() => void) | undefined
    private afterPower: (() => void) | undefined

    /** @internal use startVm */
    constructor(options: VmOptions) {
        super()
        this.options = options
        this.clock = options.clock ?? realClock
        this.sockets = options.sockets ?? nodeSockets()
        this.flash = options.flash ?? new Flash()
        this.stressed = options.gcStress === true
        this.deviceId = (options.deviceId ?? DEFAULT_DEVICE).toLowerCase()
        if (!/^[0-9a-f]{16}$/.test(this.deviceId))
            throw new DeployError(
                `device identifier ${this.deviceId}: must be 16 hexadecimal digits`
            )
        this.console = new ProgramConsole(options.program.debug)
        // on a clock of its own a chip has no luck of its own either: two runs are alike
        this.random =
            this.clock === realClock ? randomBytes : seededBytes(this.deviceId)
        this.bus = {
            send: frame => this.machine?.receive(frame),
            onFrame: listener => {
                this.frameListeners.add(listener)
                return () => this.frameListeners.delete(listener)
            },
        }
    }

    /** Whether there is power. */
    get running(): boolean {
        return !this.ended
    }

    /** Figures of the heap as it is, garbage included. Undefined while no program runs. */
    heap(): HeapFigures | undefined {
        if (!this.machine || !this.programRuns) return undefined
        const { memory } = this.machine
        if (this.heapAt === undefined || !isHeap(memory, this.heapAt))
            this.heapAt = findHeap(memory)
        return this.heapAt === undefined
            ? undefined
            : heapFigures(memory, this.heapAt)
    }

    /**
     * Has the garbage collected: at every allocation until the VM has run for a moment in which the program
     * allocated something. What the last steps of that moment left behind stays. The virtual clock has to be
     * advanced meanwhile.
     * @throws {Error} when the program allocates nothing for 60 s, or ends
     */
    collect(): Promise<void> {
        this.collection ??= this.collectOnce().finally(() => {
            this.collection = undefined
        })
        return this.collection
    }

    private async collectOnce(): Promise<void> {
        const before = this.heap()?.allocations
        this.machine?.gcStress(true)
        let timer: unknown
        try {
            await new Promise<void>((resolve, reject) => {
                const fail = (why: string) =>
                    reject(new Error(`nothing was collected: ${why}`))
                if (!this.machine) return fail("the chip has no power")
                timer = this.clock.setTimeout(
                    () =>
                        fail(
                            `the program allocated nothing in ${COLLECT_MS} ms`
                        ),
                    COLLECT_MS
                )
                this.afterPass = () => {
                    const now = this.heap()
                    if (now && now.allocations !== before) resolve()
                }
                this.afterPower = () => fail("the chip lost its power")
            })
        } finally {
            this.clock.clearTimeout(timer)
            this.afterPass = this.afterPower = undefined
            this.machine?.gcStress(this.stressed)
        }
    }

    /** Figures of the heap after `collect`, which see. */
    async liveHeap(): Promise<HeapFigures> {
        await this.collect()
        const figures = this.heap()
        if (!figures) throw new Error("no program runs")
        return figures
    }

    /** From now on garbage is collected at every allocation, or only when it has to be. */
    gcStress(on: boolean) {
        this.stressed = on
        this.machine?.gcStress(on)
    }

    /** The power is gone: no goodbye, and the peer of an open connection sees a reset. */
    powerCut() {
        this.finish("power cut")
    }

    /** Ends the VM. Its connection is closed in good order, its program is not asked. */
    stop() {
        for (const connection of this.connections) connection.end()
        this.connections.clear()
        this.finish("stopped")
    }

    /** @internal Turns the power on: a fresh VM on the same flash. */
    boot() {
        const machine: Machine = new Machine(this.clock, {
            dmesg: line => this.said(line),
            frame: frame => this.sent(frame),
            flashLoad: () => this.flash.read(),
            flashSave: bytes => this.flash.write(bytes),
            programEnded: code => {
                if (code === 0) this.emit("restart", "program")
                else this.emit("panic", code)
            },
            connect: (host, port, tls) => {
                const socket = this.sockets.connect(host, port, tls)
                this.connections.add(socket)
                socket.on("close", () => this.connections.delete(socket))
                return socket
            },
            write: bytes => this.sockets.onWrite?.(bytes) ?? 0,
            random: size => this.random(size),
            passed: () => {
                const { afterPass } = this
                afterPass?.()
                return afterPass !== undefined
            },
            reset: () => this.reset(),
            trapped: error => {
                this.emit("trouble", `the VM broke: ${String(error)}`)
                this.finish("trapped")
            },
        })
        this.machine = machine
        machine.start(this.deviceId, this.stressed)
    }

    /** @internal Puts the program into the flash. */
    deploy() {
        if (this.options.age !== undefined) this.machine?.grow(this.options.age)
        const { image } = this.options.program
        const refuse = (why: string) => {
            this.stop()
            throw new DeployError(`the VM refuses the program: ${why}`)
        }
        if (image.length > MAX_IMAGE)
            refuse(
                `its image has ${image.length} bytes, the flash has room for ${MAX_IMAGE}`
            )
        const code = this.machine?.deploy(image)
        if (this.ended) refuse("it broke")
        if (code !== 0)
            refuse(`code ${code}; its image has ${image.length} bytes`)
    }

    private finish(reason: "power cut" | "stopped" | "trapped") {
        if (this.ended) return
        this.ended = true
        this.clock.clearTimeout(this.wake)
        this.darken()
        this.emit("end", reason)
    }

    /**
     * No power, for now at least: what is connected is gone without a word. Its peer sees a reset at once, where a
     * chip's would see one when it next sends something to the chip.
     */
    private darken() {
        this.machine?.kill()
        this.machine = undefined
        for (const connection of this.connections) connection.cut()
        this.connections.clear()
        this.roles.length = 0
        this.programRuns = false
        this.afterPower?.()
    }

    private reset() {
        const sleep = this.standby
        this.standby = undefined
        this.darken()
        if (sleep === undefined) this.emit("restart", "reset")
        else this.emit("sleep", sleep)
        this.dark(RESET_MS + (sleep ?? 0), () => {
            if (sleep !== undefined) this.emit("restart", "standby")
            // a listener may have stopped it
            if (!this.ended) this.boot()
        })
    }

    /** Waits without power, unless it is gone for good meanwhile. */
    private dark(ms: number, then: () => void) {
        if (this.ended) return
        const now = Math.min(ms, MAX_DELAY)
        this.wake = this.clock.setTimeout(
            () => (now < ms ? this.dark(ms - now, then) : then()),
            now
        )
    }

    private sent(frame: Uint8Array) {
        this.standby = standbyRequest(frame, this.deviceId) ?? this.standby
        for (const listener of this.frameListeners) listener(frame)
    }

    private said(line: string) {
        this.options.onDmesg?.(line)
        const role = createdRole(line)
        if (role) {
            // index 0 begins a new run of the program
            this.roles.length = Math.min(this.roles.length, role.index)
            this.roles[role.index] = role.name
        }
        const runs = programRuns(line)
        if (runs !== undefined) {
            this.programRuns = runs
            // each start has a heap of its own
            this.heapAt = undefined
        }
        const said = this.console.read(line)
        if (said) this.emit(said.kind, said.text)
    }
}

/**
 * Puts a program into a chip and turns the power on. The program starts about 10 ms later.
 * @throws {DeployError} when the VM refuses the image, or the device identifier is none
 * @throws {PlatformError} when the installed CLI is not the expected one
 */
export async function startVm(options: VmOptions): Promise<Vm> {
    const vm = new Vm(options)
    vm.boot()
    if (options.deploy !== false) vm.deploy()
    return vm
}
