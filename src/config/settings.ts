// Reads what this one board was given, and keeps what it has to remember: DeviceScript settings, in the chip's flash. A
// setting wins over the board file. Which there are is in keys.ts.

import * as ds from "@devicescript/core"
import { readSetting, settings } from "@devicescript/settings"
import { bounded } from "./bounded"

/**
 * Longest wait for one setting in ms; a read or a write takes 13 to 20 ms, and in a simulator that has to share its processor
 * with many others up to a second: a device whose own id were given up would go under its chip's. A stored value that comes to more than 232
 * bytes with its key and the byte that ends it is never answered, and without a limit the board would hang on it at every
 * start.
 */
const LIMIT = 2000

/**
 * Longest wait for the settings service of this chip to be bound, in ms; it is bound within 600 ms of a
 * start.
 */
const BIND_LIMIT = 3000

/** Waits until settings can be read, or 3 s. Call once, before the first `setting`. */
export async function settingsReady() {
    const until = ds.millis() + BIND_LIMIT
    while (!settings.isBound && ds.millis() < until) await ds.sleep(20)
}

/**
 * The value of a setting, or undefined when there is none or it cannot be read in time.
 * Never throws.
 */
export async function setting<T>(key: string): Promise<T | undefined> {
    let value: T | undefined
    await within(key, async () => {
        value = await readSetting<T>(key)
    })
    return value
}

/**
 * Writes a setting, or gives up after 2 s; it is in the flash once another one has been read. Never throws. That the
 * flash is full nobody says: read it again to know.
 * @param json with its key at most 231 bytes
 */
export async function keepSetting(key: string, json: string) {
    await within(key, async () => {
        await settings.set(key, Buffer.from(json))
    })
}

async function within(key: string, work: () => ds.AsyncVoid) {
    // the 3 s of settingsReady are over
    if (!settings.isBound) return
    // an answer may come after all; what never comes keeps some 300 bytes for each of these few waits
    const why = await bounded(work, LIMIT, true)
    if (why !== "") console.log("node: fault text=setting " + key + ": " + why)
}
