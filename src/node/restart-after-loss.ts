// Restarts a chip whose sockets do not work again after a lost link, as a Pico W's: while the name of its broker is still
// in its cache of names, each new connection fails with `can't alloc pcb`, and by then all that it has are used up
// (microsoft/devicescript issue 664). What waits is kept in the flash (kept.ts).
//
// A link that was lost is given `AFTER` to come back by itself. A run that never had a session restarts much later, since
// it is more likely that the broker is away than that the chip is at fault: a broker that is away for a day costs 144
// restarts, each of two records in flash and one for each 16 readings that wait. A Pico W's 2 x 8 kB take 2 x 100,000 x 31
// records of the longest kind: of 7 records a restart and the broker away for ever, 16 years.

import * as ds from "@devicescript/core"
import { MQTTState } from "../mqtt/index"
import type { Node, NodePart } from "./node"

/** ms from the loss of a session to the restart: several tries, of which the first comes within 0.9 s. */
const AFTER = 30000

/** ms from a start that led to no session to the restart. */
const NEVER = 600000

/** ms between two looks. */
const LOOK = 1000

/**
 * `parts: [new RestartAfterLoss()]`
 * @devsWhenUsed
 */
export class RestartAfterLoss implements NodePart {
    start(node: Node) {
        this.watch.start(node)
    }

    private async watch(node: Node) {
        let limit = NEVER
        let since = ds.millis()
        while (ds.millis() - since < limit) {
            if (node.client.readyState === MQTTState.Connected) {
                limit = AFTER
                since = ds.millis()
            }
            await ds.sleep(LOOK)
        }
        await node.restart("link")
    }
}
