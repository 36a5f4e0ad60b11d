// One interoperability run: nodes under load, a broker that something befalls, and the books compared. Knows no broker by name.
import { Observer } from "../support/observer"
import { Fleet, until } from "./fleet"
import type { Run } from "./runs"

/** ms until a node has connected and said something, on a machine with other work. */
const UP_MS = 30_000
/** ms after what befell the broker until each node has readings acknowledged again: two tries, a keep alive of 10 s. */
const BACK_MS = 60_000
/** ms until the observer was given all that was acknowledged. */
const DELIVERED_MS = 20_000
/** ms in which an observer must be let in; a cluster without a leader refuses. */
const OBSERVER_MS = 40_000
/** ms between two of its tries. */
const OBSERVER_GAP = 200
/** Readings of each node before, and after it is back. */
const BEFORE = 10
const AFTER = 20

export interface InteropResult {
    name: string
    fault: string
    nodes: number
    acked: number
    /** Acknowledged and never given to the observer. */
    missing: string[]
    /** Nodes that had to connect again, and did. */
    reconnected: number
    /** ms from what befell the broker until every node had a reading acknowledged that was not on its way then. */
    back: number
    troubles: string[]
}

/** Observers come in when the broker is ready for them. */
async function observe(run: Awaited<ReturnType<Run["start"]>>) {
    const end = Date.now() + OBSERVER_MS
    for (;;)
        try {
            return await Observer.start(
                run.url,
                "devices/+/sensors/CNT/value",
                run.observer ?? {}
            )
        } catch (error) {
            if (Date.now() > end) throw error
            await new Promise(resolve => setTimeout(resolve, OBSERVER_GAP))
        }
}

export async function interop(run: Run, nodes: number): Promise<InteropResult> {
    const setup = await run.start()
    let observer: Observer | undefined
    let fleet: Fleet | undefined
    try {
        observer = await observe(setup)
        fleet = await Fleet.start({ nodes, ...setup })
        const watching = observer
        const all = fleet
        await all.flows(BEFORE, UP_MS)
        const connections = all.connections()
        const newest = all.newest()
        const begun = Date.now()
        await setup.hit(all.nodes.map(({ id }) => id))
        await all.beyond(newest, BACK_MS)
        const back = Date.now() - begun
        await all.flows(AFTER, BACK_MS)
        await all.stop()
        await until(
            () => all.missing(watching).length === 0,
            DELIVERED_MS,
            () => "delivery"
        ).catch(() => {})
        return {
            name: run.name,
            fault: run.fault,
            nodes,
            acked: all.counts().reduce((a, b) => a + b),
            missing: all.missing(watching),
            reconnected: all.connections().filter((n, i) => n > connections[i]!)
                .length,
            back,
            troubles: all.troubles(),
        }
    } finally {
        fleet?.cut()
        await observer?.stop()
        await setup.stop()
    }
}
