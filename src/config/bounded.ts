// Waits for work that may never end: a command to a Jacdac service that is not there waits for it for ever, and so may
// anything that a board hands in.

import * as ds from "@devicescript/core"

/**
 * Ends when `work` does, or after `limit` ms, when its fiber is terminated (`finally` does not run then). Never throws.
 * The fiber that calls it must not be terminated meanwhile.
 * @param abandon leave the fiber to itself instead: the platform resumes a fiber that waits for a service's answer whenever
 * that comes, and one that was terminated meanwhile ends the whole program then
 * @returns why the work is not done; empty when it is
 */
export async function bounded(
    work: () => ds.AsyncVoid,
    limit: number,
    abandon: boolean = false
): Promise<string> {
    let why = "no answer"
    let done = false
    let over = false
    const waiter = ds.Fiber.self()
    async function run() {
        try {
            await work()
            why = ""
        } catch (e) {
            // what is thrown need not be an error, and may be nothing at all
            why = e instanceof Error ? e.message : "threw"
        }
        done = true
        // the waiter may wait for something else by now
        if (over) return
        if (waiter.suspended) waiter.resume(undefined)
    }
    const worker = run.start()
    const until = ds.millis() + limit
    while (!done && ds.millis() < until)
        await ds.suspend(Math.ceil(until - ds.millis()) + 1)
    over = true
    if (!done) if (!abandon) worker.terminate()
    return why
}
