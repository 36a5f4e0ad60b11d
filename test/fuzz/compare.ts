// Holds the parsers in the VM to the same ones in Node.js, input by input. Knows nothing of what is right: what Node.js makes of
// them is judged elsewhere.
import { PARSERS, type Finding, type Fuzzer } from "./fuzzer"
import { mayDiffer } from "./json-of-vm"
import { Parser } from "./outcomes"
import { VmParsers } from "./vm"

/** Inputs that are under way to the VM at once: they fill one look of it at its socket. */
const BATCH = 8
/** Findings after which a run ends. */
const MAX_FINDINGS = 10

export interface VmReport {
    cases: number
    /** Texts in which the VM may see something else than the standard, see json-of-vm.ts, and how often it did. */
    lax: number
    findings: Finding[]
}

/** Tries so many inputs of a fuzzer that has run. */
export async function compareWithVm(
    fuzzer: Fuzzer,
    cases: number,
    gcStress = false
): Promise<VmReport> {
    const vm = await VmParsers.start({ gcStress })
    const report: VmReport = { cases: 0, lax: 0, findings: [] }
    try {
        while (report.cases < cases && report.findings.length < MAX_FINDINGS) {
            const inputs = Array.from({ length: BATCH }, (_, i) => {
                const parser = PARSERS[(report.cases + i) % PARSERS.length]!
                return { parser, input: fuzzer.input(parser) }
            })
            const got = await vm.outcomes(inputs)
            inputs.forEach(({ parser, input }, i) => {
                const host = fuzzer.outcome(parser, input)
                if (host === got[i]) return
                const survived = !got[i]!.startsWith("! ")
                if (parser === Parser.Body && survived && mayDiffer(input))
                    report.lax++
                else {
                    const what = `in the VM ${got[i]}, in Node.js ${host}`
                    report.findings.push({ parser, input, what })
                }
            })
            report.cases += BATCH
        }
    } finally {
        vm.stop()
    }
    return report
}
