// The readings that wait when a chip restarts in good order or goes to sleep, kept in its flash: up to 12 settings, KEPT_0
// to KEPT_11, of 232 bytes each, which hold some 160 numbers or 36 of the longest texts. How many of them count is written
// in the record of boots.ts and gone with the next one, so that they are restored once; they themselves stay where they
// are, since erasing them would cost as much flash as writing them. Nothing here throws.
//
//   KEPT_0 = [0,21.7,3456789,1,true,3457000, ...]   sensor's index, value as it is published, when it was taken
//
// When: in ms of a clock that begins with the power and goes on over restarts and sleep; what the chip is dark for is
// added to it beforehand, 0 for a restart and the time of a planned sleep. So an age is counted on, short of what a start
// takes before the chip's own clock begins (0.5 s on an ESP32, and 5 % of a sleep, which its RC oscillator times). A chip
// that lost its power meanwhile does not know for how long. Where the wall time was known it is kept too and, when time is
// learnt again, puts the readings where they belong: see Delivery.restamp.
//
// In flight: what was sent and not acknowledged is kept too, since this client's session does not survive a restart. The
// broker may have it already; QoS 1 allows it twice. What does not fit is lost, newest first, and said so.

import { MAX_SETTING } from "../config/keys"
import { keepSetting, setting } from "../config/settings"
import * as ds from "@devicescript/core"
import { Accounts } from "./accounts"
import { Boots } from "./boots"
import { Delivery } from "./delivery"
import { reportFault } from "./report"
import { valueText } from "./value"

/** Settings that readings may fill: 12 x 256 bytes of the log's bank of 8 kB leave room for all others. */
const MAX_KEYS = 12

/** Bytes of readings in one: its key, the byte after it and two brackets go off. */
const ROOM = MAX_SETTING - 10

/** Fills settings one after the other. */
class Writer {
    keys = 0
    /** Readings for which there was no room. */
    lost = 0
    private parts: string[] = []
    private bytes = 0

    async add(sensor: number, text: string, at: number) {
        const part = sensor + "," + text + "," + Math.round(at)
        const size = Buffer.from(part).length + 1
        if (this.bytes + size > ROOM) await this.flush()
        if (this.keys === MAX_KEYS) {
            this.lost++
            return
        }
        this.parts.push(part)
        this.bytes += size
    }

    async flush() {
        if (this.parts.length === 0) return
        const json = "[" + this.parts.join(",") + "]"
        await keepSetting("KEPT_" + this.keys, json)
        this.keys++
        this.parts = []
        this.bytes = 0
    }
}

/**
 * Ends a run whose client is stopped: keeps what waits, and why the run ends.
 * @param dark ms for which the chip's own clock will stand still
 * @param configuration a number that is another when the sensors are
 */
export async function keepReadings(
    delivery: Delivery,
    boots: Boots,
    configuration: number,
    why: string,
    dark: number
) {
    const w = new Writer()
    const clock = boots.clock
    for (const r of delivery.left) {
        const texts = r.texts
        if (texts)
            for (let i = 0; i < r.count; i++)
                await w.add(r.origin.index, texts[i], clock + r.times[i])
        else await w.add(r.origin.index, r.text, clock + r.moment)
    }
    const box = delivery.box
    for (let i = 0; i < box.length; i++) {
        const s = box.sensorAt(i)
        const text = valueText(box.valueAt(i), delivery.origins[s].precision)
        if (text !== undefined) await w.add(s, text, clock + box.takenAt(i))
    }
    await w.flush()
    if (w.lost > 0)
        reportFault("flash", new Error("no room for " + w.lost + " readings"))
    const now = ds.millis()
    const then = Math.round(clock + now + dark)
    let wall = 0
    if (delivery.wall) wall = delivery.wall.timeAt(now) ?? 0
    let rest = ',"k":' + w.keys + ',"g":' + configuration + ',"t":' + then
    if (wall > 0) rest += ',"w":' + Math.round(wall + dark)
    await boots.end(why, rest)
    // answered after what was written: then that is in the flash
    await setting("KEPT_0")
}

/** What the run before has kept, as it stands in the flash. */
export async function readKept(boots: Boots): Promise<Stored[]> {
    const all: Stored[] = []
    for (let i = 0; i < Math.min(boots.keys, MAX_KEYS); i++)
        all.push(await setting<Stored>("KEPT_" + i))
    return all
}

/** Sensor, value, moment, and so on. */
export type Stored = (number | boolean | string)[] | undefined

/**
 * Puts the readings of the run before into the outbox. They count as read in this one, so that the accounts of a boot
 * close by themselves. Those of other sensors than this configuration's are left out.
 */
export function restoreKept(
    all: Stored[],
    boots: Boots,
    delivery: Delivery,
    accounts: Accounts,
    configuration: number
) {
    if (boots.configuration !== configuration) return
    delivery.wallThen = boots.wall
    for (const part of all) {
        // anything may stand there, and an exception here would end the program
        if (!Array.isArray(part)) continue
        for (let i = 0; i + 2 < part.length; i += 3) {
            const sensor = part[i]
            const value = part[i + 1]
            const at = part[i + 2]
            if (typeof sensor !== "number" || typeof at !== "number") continue
            const origin = delivery.origins[sensor]
            if (!origin || typeof value === "object") continue
            accounts.read++
            delivery.box.put(origin.index, value, at - boots.clock)
        }
    }
}
