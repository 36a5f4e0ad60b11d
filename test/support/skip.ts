// Tests that need something this machine may lack: they run, or they are reported as skipped by name with the reason.
// Knows nothing of what may be missing.
import { describe } from "vitest"

/** How the reason stands in the name of a suite, so that every reporter shows it; the project's own takes it apart again. */
const REASON = / \[skipped: ([^\]]*)\]$/

/** The name of a suite that does not run. `reason` says what is missing and how to get it, without square brackets. */
export function skippedName(name: string, reason: string): string {
    return `${name} [skipped: ${reason}]`
}

/** Takes a name apart that skippedName made; any other has no reason. */
export function skippedReason(name: string): string | undefined {
    return REASON.exec(name)?.[1]
}

/** A `describe` that runs its suite if `available`; else neither its tests nor its hooks run, and each test counts as skipped. */
export function describeIf(
    available: boolean,
    reason: string
): (name: string, body: () => void) => void {
    return (name, body) => {
        if (available) describe(name, body)
        else describe.skip(skippedName(name, reason), body)
    }
}
