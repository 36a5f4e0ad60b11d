// Waits for work that may never end: a command to a Jacdac service that is not there waits for it for ever, and so may
// anything that a board hands in.

import * as ds from "@devicescript/core"

/**
 * Ends when `work` does, or after `limit` ms, when its fiber is terminated (`finally` does not run then). Never throws.
 * The fiber that calls it must not be terminated meanwhile.
 * @returns why the work is not done; empty when it is
 */
export async function bounded(
    work: () => ds.AsyncVoid,
    limit: number
): Promise<string> {
    let why = "no answer"
    let done = false
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
        if (waiter.suspended) waiter.resume(undefined)
    }
    const worker = run.start()
    const until = ds.millis() + limit
    while (!done && ds.millis() < until)
        await ds.suspend(Math.ceil(until - ds.millis()) + 1)
    if (!done) worker.terminate()
    return why
}
