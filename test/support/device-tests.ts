// Runs a program made with @devicescript/test in the VM and says what came of it. The platform's own runner exits with 0
// whatever happens. Knows nothing of what is tested.
import { compiler } from "../../sim/vm/cli-bundle"
import { startVm, VirtualClock, type CompiledProgram } from "../../sim/vm/index"

/** ms of the program's own time in which its tests must end. */
export const LIMIT_MS = 60_000

export interface DeviceTests {
    passed: number
    failed: number
    skipped: number
    /** What went wrong besides failed tests: a panic, a time-out, no tests at all. */
    fault: string | undefined
    /** All the program and its exceptions printed, in order. */
    log: string[]
}

/** The line @devicescript/test ends with. */
const SUMMARY = /^tests: (\d+), pass: (\d+), error: (\d+)$/

/** How the VM marks what the program prints (`>`, `!`) and the reports of its exceptions (`*`). */
const PROGRAM_LINE = /^[>!*] ?(.*)$/s

/** Collects garbage at every allocation, on a clock of the program's own, and stops as soon as the program ends its first run. */
export async function runDeviceTests(
    program: CompiledProgram
): Promise<DeviceTests> {
    const clock = new VirtualClock()
    const log: string[] = []
    const vm = await startVm({
        program,
        clock,
        gcStress: true,
        onDmesg: line => {
            const text = PROGRAM_LINE.exec(line)?.[1]
            if (text !== undefined)
                log.push(
                    compiler().parseStackFrame(program.debug, text).markedLine
                )
        },
    })
    let ended: string | undefined
    const end = (how: string) => {
        ended ??= how
        vm.stop()
    }
    // After its summary the framework throws if a test has failed, which is a panic, and restarts the program if none has.
    vm.on("panic", code => end(`panic ${code}`))
    vm.on("restart", () => end("restart"))
    vm.on("end", reason => end(reason))
    await clock
        .until(() => ended !== undefined, LIMIT_MS)
        .catch(() => end(`no end within ${LIMIT_MS} ms`))

    const summary = log
        .map(line => SUMMARY.exec(line))
        .find(match => match !== null)
    const [total = 0, passed = 0, failed = 0] =
        summary?.slice(1).map(Number) ?? []
    const expected = failed > 0 ? "panic 60005" : "restart"
    let fault: string | undefined
    if (ended !== expected) fault = ended
    else if (!summary) fault = "the program ended before its tests did"
    else if (total === 0) fault = "no tests"
    return { passed, failed, skipped: total - passed - failed, fault, log }
}
