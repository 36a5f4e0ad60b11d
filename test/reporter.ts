// Ends a run of vitest with what a person and a script both look for: which tests were skipped and why, and as the very
// last line `N passed, N failed, N skipped`. Knows nothing of what is tested.
import type {
    Reporter,
    SerializedError,
    TestCase,
    TestModule,
} from "vitest/node"
import { skippedReason } from "./support/skip"

/** The counts a run ends with. `failed` includes files and suites that failed outside any test, and errors nobody caught. */
export interface Totals {
    passed: number
    failed: number
    skipped: number
}

export function closingLine({ passed, failed, skipped }: Totals): string {
    return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** The names of the suites around a test, outermost first. */
function suitesOf(test: TestCase): string[] {
    const names: string[] = []
    for (let at = test.parent; at.type === "suite"; at = at.parent)
        names.unshift(at.name)
    return names
}

/** `file > suite > test (reason)`; the reason is the note the test was skipped with, else the one in the name of a suite. */
function describeSkipped(test: TestCase): string {
    const result = test.result()
    const note = result.state === "skipped" ? result.note : undefined
    const suites = suitesOf(test)
    const reason =
        note ?? suites.map(skippedReason).find(found => found !== undefined)
    const names = suites.map(name => name.replace(` [skipped: ${reason}]`, ""))
    return `${[test.module.relativeModuleId, ...names, test.name].join(" > ")} (${reason ?? "no reason given"})`
}

/** How many of a file and its suites failed by themselves: a syntax error, a failed import, a hook that threw. */
function ownFailures(module: TestModule): number {
    const suites = [...module.children.allSuites()]
    return [module, ...suites].filter(entity => entity.errors().length > 0)
        .length
}

export default class ClosingLine implements Reporter {
    onTestRunEnd(
        modules: readonly TestModule[],
        unhandled: readonly SerializedError[]
    ): void {
        const totals: Totals = {
            passed: 0,
            failed: unhandled.length,
            skipped: 0,
        }
        const lines: string[] = []
        for (const module of modules) {
            totals.failed += ownFailures(module)
            for (const test of module.children.allTests()) {
                const { state } = test.result()
                if (state === "passed") totals.passed++
                else if (state === "skipped") {
                    totals.skipped++
                    lines.push(`skipped: ${describeSkipped(test)}`)
                }
                // "pending": the run was broken off while the test was still to come or under way.
                else totals.failed++
            }
        }
        process.stdout.write([...lines, closingLine(totals), ""].join("\n"))
    }
}
