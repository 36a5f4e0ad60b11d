// Runs DeviceScript given as text in VMs on a virtual clock. Many short programs are compiled as one, since a compile takes a
// second and a run nothing: which of them a chip runs is said by the last two digits of its number. Knows nothing of the firmware.
import {
    compileProgram,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type Vm,
    type VmOptions,
} from "../../sim/vm/index"

/** What a lab puts before each program: the platform, and a way to keep the compiler from computing something itself. */
const PRELUDE = `import * as ds from "@devicescript/core"
function same<T>(value: T): T { return value }
`

/** The file that all programs of a lab are said to be in; it exists in memory only. */
export const LAB_FILE = "test/vm/lab-program.ts"

/** Something a VM told, and the ms of its clock since it was started. */
export type Told = [
    at: number,
    event:
        "line" | "trouble" | "remark" | "panic" | "sleep" | "restart" | "end",
    detail: string | number,
]

/** A chip under way. */
export interface Run {
    vm: Vm
    clock: VirtualClock
    /** All it told so far. */
    told: Told[]
    /** The details of one kind of event so far. */
    all: (event: Told[1]) => (string | number)[]
    /** ms of the first event of that kind, and detail if given. */
    when: (event: Told[1], detail?: string | number) => number | undefined
}

export type RunOptions = Partial<Omit<VmOptions, "program" | "clock">> & {
    clock?: VirtualClock
    /** ms that go by after the start. */
    ms?: number
}

/** Starts a compiled program. Whoever starts it stops it. */
export async function run(
    program: CompiledProgram,
    options: RunOptions = {}
): Promise<Run> {
    const { clock = new VirtualClock(), ms = 100, ...rest } = options
    const from = clock.now()
    const vm = await startVm({ program, clock, ...rest })
    const told: Told[] = []
    for (const event of [
        "line",
        "trouble",
        "remark",
        "panic",
        "sleep",
        "restart",
        "end",
    ] as const)
        vm.on(event, (detail: string | number) =>
            told.push([Math.round(clock.now() - from), event, detail])
        )
    await clock.advance(ms)
    return {
        vm,
        clock,
        told,
        all: event =>
            told.filter(([, kind]) => kind === event).map(([, , what]) => what),
        when: (event, detail) =>
            told.find(
                ([, kind, what]) =>
                    kind === event && (detail === undefined || what === detail)
            )?.[0],
    }
}

/** Programs by name, compiled together. */
export class Lab {
    readonly program: CompiledProgram
    private readonly names: string[]
    private readonly runs: Run[] = []

    /** @param imports what stands before the programs, in one line */
    constructor(programs: Record<string, string>, imports = "") {
        this.names = Object.keys(programs)
        const functions = Object.entries(programs).map(
            ([name, text], i) =>
                `async function program${i}() { // ${name}\n${text}\n}\n` +
                `if (chip === "${number(i)}") await program${i}()\n`
        )
        const text =
            imports +
            PRELUDE +
            `const chip = ds.deviceIdentifier("self").slice(14)\n` +
            functions.join("")
        this.program = compileProgram(LAB_FILE, { files: { [LAB_FILE]: text } })
    }

    /** The chip that runs that program; `rest` makes it another one. */
    chip(name: string, rest = "00112233445566"): string {
        const i = this.names.indexOf(name)
        if (i < 0) throw new Error(`the lab has no program ${name}`)
        return rest + number(i)
    }

    async run(name: string, options: RunOptions = {}): Promise<Run> {
        const started = await run(this.program, {
            deviceId: this.chip(name),
            ...options,
        })
        this.runs.push(started)
        return started
    }

    /** The console.log lines of a program that runs for `ms`. */
    async output(name: string, options?: RunOptions): Promise<string[]> {
        return (await this.run(name, options)).all("line") as string[]
    }

    /** Stops all chips that were started since the last call. */
    stop(): void {
        for (const { vm } of this.runs.splice(0)) vm.stop()
    }
}

function number(i: number): string {
    return String(i).padStart(2, "0")
}
