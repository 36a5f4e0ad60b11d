// One evaluation of the DeviceScript VM's code: from the moment a chip has power until it has not. What it takes
// from its surroundings and tells them goes through hooks; once it is killed it tells nothing more, not even the
// rest of the instruction it was in.
//
// Knows nothing of what a chip does about its end, of programs, and of what lines, frames and bytes mean.
import { createRequire } from "node:module"
import { vmFactory, vmWasm } from "./cli-bundle"
import { IDLE, type Clock } from "./clock"
import type { VmSocket } from "./sockets"
import { Uptime } from "./uptime"

/** What a machine takes from its surroundings, and tells them. */
export interface MachineHooks {
    /** A line of the VM's log. */
    dmesg(line: string): void
    /** A Jacdac frame for the bus. */
    frame(bytes: Uint8Array): void
    flashLoad(): Uint8Array
    /** The flash was written; the bytes may be kept. */
    flashSave(bytes: Uint8Array): void
    /** The program ended; 0 when it asked to be started anew. The VM starts it again by itself. */
    programEnded(code: number): void
    connect(host: string, port: number, tls: boolean): VmSocket
    /** Bytes the program writes to its connection: 0 lets them go, anything else is what it gets instead. */
    write(bytes: Uint8Array): number
    /** So many bytes of the chip's own noise. */
    random(size: number): Uint8Array
    /** The VM has run for a moment. @returns whether anybody was told */
    passed(): boolean
    /** The chip resets itself. The machine is dead. */
    reset(): void
    /** The VM broke: an assertion or an illegal access. The machine is dead. */
    trapped(error: unknown): void
}

/** The emscripten module's surface that is used here. */
interface Module {
    HEAPU8: Uint8Array
    devsSetDeviceId(id: string): void
    devsStart(): void
    devsStop(): void
    devsDeploy(image: Uint8Array): number
    devsVerify(image: Uint8Array): number
    devsGcStress(on: boolean): void
    handlePacket(frame: Uint8Array): void
    sockWrite: (data: number, length: number) => number
    sendPacket(frame: Uint8Array): void
    dmesg(line: string): void
    log(...parts: unknown[]): void
    error(error: unknown): void
    panicHandler(code: number): void
    flashLoad(): Uint8Array
    flashSave(bytes: Uint8Array): void
    _jd_em_process: () => number
}

/** ms: from 35 minutes on the VM takes the past for the future. */
const LONGEST_STEP = 1_800_000

const nodeRequire = createRequire(import.meta.url)
const quiet = () => {}
const QUIET = { log: quiet, error: quiet, debug: quiet, warn: quiet }

type Listener = (...details: unknown[]) => void
interface Listenable {
    on(event: string, listener: Listener): unknown
    once(event: string, listener: Listener): unknown
}

/** Thrown through the VM's code to leave it for good. */
class Killed extends Error {}

export class Machine {
    private readonly module: Module
    private readonly hooks: MachineHooks
    private readonly inbound: Uint8Array[] = []
    private running = false
    /** Somebody outside was told of something since the last timer fired. */
    private told = false
    private dead = false
    private exited = false
    private readonly uptime: Uptime
    /** What a hook threw through the VM's code: the surroundings' fault, which is theirs to hear of. */
    private foreign: { error: unknown } | undefined

    /** Evaluates the VM's code; nothing runs yet. */
    constructor(clock: Clock, hooks: MachineHooks) {
        this.hooks = hooks
        this.uptime = new Uptime(clock)
        this.module = evaluate(
            {
                Date: { now: () => this.uptime.now() },
                setTimeout: (callback, ms) =>
                    clock.setTimeout(() => this.timed(callback), ms),
                clearTimeout: id => clock.clearTimeout(id),
                setInterval: (callback, ms) => clock.setInterval(callback, ms),
                clearInterval: id => clock.clearInterval(id),
            },
            name => this.required(name),
            () => (this.exited = true)
        )
        this.wire()
    }

    /** The VM's memory. The view is good until the VM runs again. */
    get memory(): Uint8Array {
        return this.module.HEAPU8
    }

    /** Mounts the flash and runs from the next 10 ms on; a program in the flash starts 1.1 s later. */
    start(deviceId: string, gcStress: boolean): void {
        this.enter(() => {
            this.module.devsSetDeviceId(deviceId)
            this.module.devsGcStress(gcStress)
            this.module.devsStart()
        })
    }

    /** The chip is older by `ms` of its own clock, in which no program ran: call it before there is one. */
    grow(ms: number): void {
        this.enter(() => {
            for (let left = ms; left > 0; left -= LONGEST_STEP) {
                this.uptime.grow(Math.min(left, LONGEST_STEP))
                this.module._jd_em_process()
            }
        })
    }

    /**
     * Writes a program into the flash and starts it 10 ms later.
     * @returns 0, or why the VM refuses it
     */
    deploy(image: Uint8Array): number {
        let code = this.module.devsVerify(image)
        if (code === 0) this.enter(() => (code = this.module.devsDeploy(image)))
        return code
    }

    gcStress(on: boolean): void {
        if (!this.dead) this.module.devsGcStress(on)
    }

    /** A frame from the bus. */
    receive(frame: Uint8Array): void {
        if (this.dead) return
        this.inbound.push(frame)
        this.handOver()
    }

    /** Frames to the VM in the order they came; it drops what comes while it runs. */
    private handOver(): void {
        while (!this.running && !this.dead) {
            const next = this.inbound.shift()
            if (next === undefined) return
            this.module.handlePacket(next)
        }
    }

    /** No more power. */
    kill(): void {
        if (this.dead) return
        this.dead = true
        this.inbound.length = 0
        this.module.devsStop()
    }

    /** Hands the VM an event from outside; what breaks in it breaks the machine, not the caller. */
    private enter(action: () => void): void {
        if (this.dead) return
        try {
            action()
        } catch (error) {
            this.broke(error)
        }
    }

    private broke(error: unknown): void {
        this.told = true
        if (this.foreign) {
            const { error: theirs } = this.foreign
            this.foreign = undefined
            if (!this.dead) {
                this.kill()
                this.hooks.trapped(theirs)
            }
            throw theirs
        }
        if (this.dead) return
        this.kill()
        if (this.exited) this.hooks.reset()
        else this.hooks.trapped(error)
    }

    /** Of a VM that rests most of the time there is nothing to tell, which spares a virtual clock its wait. */
    private timed(callback: () => void): unknown {
        this.told = false
        callback()
        return this.told ? undefined : IDLE
    }

    /** Calls a hook from inside the VM's code, and leaves that code when the machine was killed meanwhile. */
    private tell<T>(action: () => T): T {
        if (this.dead) throw new Killed()
        this.told = true
        let result: T
        try {
            result = action()
        } catch (error) {
            if (!(error instanceof Killed)) this.foreign = { error }
            throw error
        }
        // the compiler does not see that the action may have killed it
        if (this.dead as boolean) throw new Killed()
        return result
    }

    private wire(): void {
        const { module, hooks } = this
        module.dmesg = line => this.tell(() => hooks.dmesg(line))
        module.log = quiet
        module.error = error => this.broke(error)
        module.panicHandler = code => this.tell(() => hooks.programEnded(code))
        module.sendPacket = frame =>
            this.tell(() => hooks.frame(new Uint8Array(frame)))
        module.flashLoad = () => hooks.flashLoad()
        module.flashSave = bytes => this.tell(() => hooks.flashSave(bytes))
        const write = module.sockWrite
        module.sockWrite = (data, length) => {
            const bytes = module.HEAPU8.slice(data, data + length)
            const code = this.tell(() => hooks.write(bytes))
            return code === 0 ? this.tell(() => write(data, length)) : code
        }
        const process = module._jd_em_process
        module._jd_em_process = () => {
            if (this.dead) throw new Killed()
            this.running = true
            this.uptime.pass()
            try {
                const us = process()
                if (this.dead as boolean) throw new Killed()
                const before = this.told
                if (!this.tell(() => hooks.passed())) this.told = before
                return us
            } finally {
                this.running = false
                if (this.inbound.length > 0) {
                    this.told = true
                    queueMicrotask(() => this.handOver())
                }
            }
        }
    }

    private required(name: string): unknown {
        const connect =
            (tls: boolean) => (to: { host: string; port: number }) =>
                this.tell(() =>
                    this.guarded(this.hooks.connect(to.host, to.port, tls))
                )
        switch (name) {
            case "net":
                return { createConnection: connect(false) }
            case "tls":
                return { connect: connect(true) }
            case "crypto":
                return {
                    randomBytes: (size: number) => this.hooks.random(size),
                }
            default:
                // emscripten's start-up asks for fs and path
                return nodeRequire(name)
        }
    }

    /** A connection as the VM's code holds it: its events enter the VM only while that is alive and whole. */
    private guarded(socket: VmSocket): object {
        // the VM's code listens to the events of VmSocket, untyped
        const emitter = socket as unknown as Listenable
        const entering =
            (listener: Listener): Listener =>
            (...details) =>
                this.enter(() => listener(...details))
        return {
            once: (event: string, listener: Listener) =>
                emitter.once(event, entering(listener)),
            on: (event: string, listener: Listener) =>
                emitter.on(event, entering(listener)),
            write: (bytes: Uint8Array) => socket.write(bytes),
            end: () => socket.end(),
        }
    }
}

/** Evaluates the VM's code without waiting: WebAssembly that is compiled is there at once. */
function evaluate(
    globals: Omit<Parameters<typeof vmFactory>[0], "require" | "console">,
    require: (name: string) => unknown,
    exited: () => void
): Module {
    const module = {
        instantiateWasm: (
            imports: WebAssembly.Imports,
            done: (instance: WebAssembly.Instance) => object
        ) => done(new WebAssembly.Instance(vmWasm(), imports)),
        // without it, the exit code would become that of this process
        quit: (_status: number, thrown: Error) => {
            exited()
            throw thrown
        },
    }
    const ready = vmFactory({ ...globals, require, console: QUIET })(module)
    // it rejects when the VM breaks later, which the machine tells in its own way
    ready.catch(quiet)
    return module as unknown as Module
}

let verifier: Module | undefined

/** What the VM says to an image: 0 when it would run it, or the number of what is wrong with it. */
export function verifyImage(image: Uint8Array): number {
    verifier ??= evaluate(
        {
            Date,
            setTimeout: () => 0,
            clearTimeout: quiet,
            setInterval: () => 0,
            clearInterval: quiet,
        },
        nodeRequire,
        quiet
    )
    verifier.dmesg = quiet
    return verifier.devsVerify(image)
}
