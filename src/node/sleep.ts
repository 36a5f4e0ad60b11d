// A node on a battery: awake to take one reading of each sensor and to send what waits, then in deep sleep. Most boards do
// without, so it is linked only where one makes it. In order:
//
//   connect, up, a reading of each sensor, what waits; `sleeping` (retained, acknowledged); DISCONNECT; standby
//
// Awake for 30 s at most: then it stops waiting, keeps in the flash what could not be sent (kept.ts) and sleeps all the
// same. It goes with DISCONNECT whatever the broker did not answer, so that no will says `down` of a node that sleeps as
// planned: DISCONNECT follows CONNECT even where CONNACK is still to come. A node that reached no broker left no will
// there. The one `down` that remains is that of a link which fell silent while it was awake: nothing gets through then.
//
// Each wake-up is a start of the chip: it has a number and two records in flash (boots.ts), and one for each 16 readings
// that wait. An ESP32's 2 x 16 kB take 2 x 100,000 x 62 records of the longest kind: at one wake-up a minute and 64
// readings that wait for ever, 7 records each, 3.4 years; at a wake-up in 15 min 50 years.
//
// An RP2040 has no deep sleep: there this part refuses. A chip whose `standby` returns stays awake that long with
// its node stopped, says so, and restarts.

import * as ds from "@devicescript/core"
import { ConfigError } from "../mqtt/errors"
import { whole } from "../mqtt/options"
import { MQTTState } from "../mqtt/index"
import type { Node, NodePart } from "./node"
import { SLEEPING } from "./presence"
import { report, reportFault } from "./report"

/** Longest time awake in ms before the node says that it sleeps: a slow Wi-Fi takes 10 s, an outage would take for ever. */
const AWAKE = 30000

/** Longest time for `sleeping` to be acknowledged, ms, when there is a connection. */
const GOODBYE = 3000

/** A chip that is still there so many ms after it should have been gone cannot sleep. */
const STILL_HERE = 3000

/** What a board says of its sleep. */
export interface SleepOptions {
    /** ms between going to sleep and waking up, 10,000 to 604,800,000 (7 days). */
    every: number
}

/** @devsWhenUsed */
export class Sleep implements NodePart {
    private every: number

    /** @param options checked here: throws ConfigError naming what is wrong, or that this chip has no deep sleep */
    constructor(options: SleepOptions) {
        this.every = whole("sleep.every", options.every, 0, 10000, 604800000)
        const chip = ds._dcfgString("archId") ?? ""
        if (chip.indexOf("rp2040") === 0) {
            const e = new ConfigError("sleep", "is not possible: " + chip)
            report("refused text=" + e.message)
            throw e
        }
    }

    start(node: Node) {
        this.cycle.start(node)
    }

    private async cycle(node: Node) {
        const client = node.client
        const until = ds.millis() + AWAKE
        let taken = false
        while (ds.millis() < until) {
            if (!taken) {
                taken = true
                for (const sensor of node.sensors)
                    if (!sensor.sampled) taken = false
                if (taken) node.quiet()
            }
            if (taken)
                if (client.readyState === MQTTState.Connected)
                    if (node.drained()) break
            await ds.sleep(10)
        }
        let goodbye = 0
        if (client.readyState === MQTTState.Connected) goodbye = GOODBYE
        await node.stop(SLEEPING, goodbye)
        await node.keep("sleep", this.every)
        // the chip's own service; @devicescript/runtime's `standby` is this and does not pass our type check
        await new ds.Control("control[int:0]").standby(this.every)
        await ds.sleep(STILL_HERE)
        reportFault("sleep", new Error("the chip stays awake"))
        await ds.sleep(this.every)
        ds.reboot()
    }
}
