// Compiles a program given as text and runs it in the VM on a virtual clock. Knows nothing of the firmware.
import {
    compileProgram,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type Flash,
    type Sockets,
    type Vm,
} from "../../sim/vm/index"

/** A program that exists in memory only, beside the files of this folder. */
const FILE = "test/platform/program.ts"

/** What keeps the compiler from computing an expression itself: it does so rightly, the VM does not. */
const PRELUDE = `
import * as ds from "@devicescript/core"
function same<T>(value: T): T { return value }
`

export function compile(text: string): CompiledProgram {
    return compileProgram(FILE, { files: { [FILE]: PRELUDE + text } })
}

export interface RunOptions {
    /** ms of virtual time the program runs. Its start takes about 10 of them. */
    ms?: number
    deviceId?: string
    /** ms since the epoch at which the clock starts. */
    start?: number
    sockets?: Sockets
    flash?: Flash
}

/** A program under way, and what it has said and done so far. */
export interface Run {
    vm: Vm
    clock: VirtualClock
    /** Lines of console.log. */
    lines: string[]
    panics: number[]
    /** Why the VM is gone for good, if it is. */
    end: string | undefined
}

/** Starts a program and lets it run for `ms`. Whoever starts it stops `vm`. */
export async function start(
    program: CompiledProgram,
    options: RunOptions = {}
): Promise<Run> {
    const { ms = 100, start, ...rest } = options
    const clock = new VirtualClock(start)
    const vm = await startVm({ program, clock, ...rest })
    const run: Run = { vm, clock, lines: [], panics: [], end: undefined }
    vm.on("line", text => run.lines.push(text))
    vm.on("panic", code => run.panics.push(code))
    vm.on("end", reason => (run.end = reason))
    await clock.advance(ms)
    return run
}

/** Compiles and runs a program for `ms` of virtual time, and says what it printed. */
export async function output(
    text: string,
    options?: RunOptions
): Promise<string[]> {
    const { vm, lines } = await start(compile(text), options)
    vm.stop()
    return lines
}

/** Bytes of the heap that are in use, garbage collected: a collection takes one look of the VM at its timers. */
export async function liveBytes({ vm, clock }: Run): Promise<number> {
    vm.gcStress(true)
    await clock.advance(50)
    vm.gcStress(false)
    const figures = vm.heap()
    if (!figures) throw new Error("the program has no heap")
    return figures.used
}
