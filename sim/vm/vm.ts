// One simulated chip: the DeviceScript VM with a program in its flash, a console, a Jacdac bus, sockets and a
// clock, all handed in. Carries out what the chip itself would: a reset starts the same flash again.
//
// Any number run in one process, each with its own factory evaluation and one shared WebAssembly module.
import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"
import { createRequire } from "node:module"
import { compiler, vmFactory, vmWasm } from "./cli-bundle"
import { realClock, type Clock } from "./clock"
import type { CompiledProgram } from "./compile"
import { Flash } from "./flash"
import { findHeap, heapFigures, type HeapFigures } from "./heap"
import { nodeSockets, type Sockets, type VmSocket } from "./sockets"

export interface VmOptions {
    program: CompiledProgram
    /** The chip's identifier, 16 hexadecimal digits. */
    deviceId?: string
    clock?: Clock
    sockets?: Sockets
    flash?: Flash
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

export interface VmEvents {
    /** A console.log line of the program, without the VM's mark. */
    line: [text: string]
    /** A console.error line or a part of an exception's report, with `file(line)` in stack traces. */
    trouble: [text: string]
    /** The program ended by an exception (60005), out of memory (60004), ...; it starts again after 5 s. */
    panic: [code: number]
    /** The chip was reset, or the program asked to be started anew. */
    restart: [reason: "program" | "reset"]
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

/** The emscripten module's surface that is used here. */
interface Module {
    HEAPU8: Uint8Array
    devsSetDeviceId(id: string): void
    devsStart(): void
    devsStop(): void
    devsDeploy(image: Uint8Array): number
    devsGcStress(on: boolean): void
    handlePacket(frame: Uint8Array): void
    sockWrite(data: number, length: number): number
    sockOpen(host: number, port: number): number
    sockClose(): number
    sendPacket(frame: Uint8Array): void
    dmesg(line: string): void
    log(...parts: unknown[]): void
    error(error: unknown): void
    panicHandler(code: number): void
    flashLoad(): Uint8Array
    flashSave(bytes: Uint8Array): void
}

const nodeRequire = createRequire(import.meta.url)

/** The chip that the platform's own test runner simulates. */
const DEFAULT_DEVICE = "12abdd2289421234"

/** The VM marks the program's console lines: `>` log, `!` error and exceptions, `*` warn, `?` debug. */
const MARKED = /^\s*([*!?>]) (.*)$/s

/** What the VM says when the program creates a role. */
const ROLE = /^\s*jdif: create role '(.*)' -> (\d+)$/

/** How long a chip is dark in a reset before its program starts again is the VM's own time: 1.1 s. */
const RESET_DELAY = 10

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
    private module: Module | undefined
    private socket: VmSocket | undefined
    private heapAt: number | undefined
    private ended = false

    /** @internal use startVm */
    constructor(options: VmOptions) {
        super()
        this.options = options
        this.clock = options.clock ?? realClock
        this.sockets = options.sockets ?? nodeSockets()
        this.flash = options.flash ?? new Flash()
        this.deviceId = options.deviceId ?? DEFAULT_DEVICE
        this.bus = {
            send: frame => this.module?.handlePacket(frame),
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

    /** Figures of the heap as it is, garbage included. Undefined before the program started. */
    heap(): HeapFigures | undefined {
        if (!this.module) return undefined
        this.heapAt ??= findHeap(this.module.HEAPU8)
        return this.heapAt === undefined
            ? undefined
            : heapFigures(this.module.HEAPU8, this.heapAt)
    }

    /** From now on garbage is collected at every allocation, or only when it has to be. */
    gcStress(on: boolean) {
        this.module?.devsGcStress(on)
    }

    /** The power is gone: no goodbye, and the peer of an open connection sees a reset. */
    powerCut() {
        this.finish("power cut")
    }

    /** Ends the VM. Its connection is closed in good order, its program is not asked. */
    stop() {
        this.socket?.end()
        this.socket = undefined
        this.finish("stopped")
    }

    private finish(reason: "power cut" | "stopped" | "trapped") {
        if (this.ended) return
        this.ended = true
        this.module?.devsStop()
        this.module = undefined
        this.socket?.cut()
        this.socket = undefined
        this.emit("end", reason)
    }

    /** @internal Turns the power on: a fresh VM on the same flash. */
    async boot(deploy: boolean) {
        this.heapAt = undefined
        const clock = this.clock
        const module = {
            instantiateWasm: (
                imports: WebAssembly.Imports,
                done: (instance: WebAssembly.Instance) => void
            ) => {
                void WebAssembly.instantiate(vmWasm(), imports).then(done)
                return {}
            },
        }
        const factory = vmFactory({
            require: name => this.required(name),
            // the VM's JavaScript says PANIC here, which the panic handler tells too
            console: {
                log: () => {},
                error: () => {},
                debug: () => {},
                warn: () => {},
            },
            Date: { now: () => clock.now() },
            setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
            clearTimeout: id => clock.clearTimeout(id),
            setInterval: (callback, ms) => clock.setInterval(callback, ms),
            clearInterval: id => clock.clearInterval(id),
        })
        const m = (await factory(module)) as Module
        if (this.ended) return
        this.module = m
        m.dmesg = line => this.said(line)
        m.log = () => {}
        m.error = error => this.threw(error)
        m.panicHandler = code => {
            if (code === 0) this.emit("restart", "program")
            else this.emit("panic", code)
        }
        m.sendPacket = frame => {
            const copy = new Uint8Array(frame)
            for (const listener of this.frameListeners) listener(copy)
        }
        m.flashLoad = () => this.flash.image
        m.flashSave = bytes => {
            this.flash.image = new Uint8Array(bytes)
        }
        this.guardWrites(m)
        m.devsSetDeviceId(this.deviceId)
        m.devsGcStress(this.options.gcStress === true)
        m.devsStart()
        if (deploy) {
            const code = m.devsDeploy(this.options.program.image)
            if (code !== 0) {
                this.stop()
                throw new DeployError(
                    `the VM refuses the program: code ${code}`
                )
            }
        }
    }

    private guardWrites(m: Module) {
        const write = m.sockWrite
        m.sockWrite = (data, length) => {
            const hook = this.sockets.onWrite
            if (hook) {
                const code = hook(m.HEAPU8.slice(data, data + length))
                if (code !== 0) return code
            }
            return write(data, length)
        }
    }

    private required(name: string): unknown {
        const connect =
            (tls: boolean) => (to: { host: string; port: number }) => {
                const socket = this.sockets.connect(to.host, to.port, tls)
                this.socket = socket
                return socket
            }
        switch (name) {
            case "net":
            case "node:net":
                return { createConnection: connect(false) }
            case "tls":
            case "node:tls":
                return { connect: connect(true) }
            case "crypto":
            case "node:crypto":
                return { randomBytes }
            default:
                // emscripten's start-up asks for fs and path
                return nodeRequire(name)
        }
    }

    private noteRole(name: string, index: number) {
        // index 0 begins a new run of the program
        this.roles.length = Math.min(this.roles.length, index)
        this.roles[index] = name
    }

    private said(line: string) {
        this.options.onDmesg?.(line)
        const role = ROLE.exec(line)
        if (role) this.noteRole(role[1]!, Number(role[2]))
        const marked = MARKED.exec(line)
        if (!marked) return
        const text = marked[2]!
        if (marked[1] === ">") this.emit("line", text)
        else if (marked[1] === "!")
            this.emit(
                "trouble",
                compiler().parseStackFrame(this.options.program.debug, text)
                    .markedLine
            )
    }

    /** The VM's code ended by a JavaScript exception: a reset the program asked for, or a trap. */
    private threw(error: unknown) {
        if (this.ended) return
        const name = (error as Error | undefined)?.name
        if (name !== "ExitStatus") {
            this.options.onDmesg?.(`trapped: ${String(error)}`)
            this.finish("trapped")
            return
        }
        this.module?.devsStop()
        this.module = undefined
        // a chip's reset does not tell the peer anything
        this.socket?.cut()
        this.socket = undefined
        this.emit("restart", "reset")
        this.clock.setTimeout(() => {
            if (!this.ended) void this.boot(false)
        }, RESET_DELAY)
    }
}

/**
 * Puts a program into a chip and turns the power on. The program starts about 10 ms later.
 * @throws {DeployError} when the VM refuses the image
 * @throws {PlatformError} when the installed CLI is not the expected one
 */
export async function startVm(options: VmOptions): Promise<Vm> {
    const vm = new Vm(options)
    await vm.boot(true)
    return vm
}
