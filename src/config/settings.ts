// Reads what this one board was given, and keeps what it has to remember: DeviceScript settings, in the chip's flash. A
// setting wins over the board file. Keys have at most 13 characters.

import * as ds from "@devicescript/core"
import { readSetting, settings } from "@devicescript/settings"

/** The settings a node knows. All are optional. */
export const enum Setting {
    DeviceId = "DEVICE_ID",
    Host = "MQTT_HOST",
    Port = "MQTT_PORT",
    User = "MQTT_USER",
    Password = "MQTT_PASS",
    /** `tcp` or `tls`. */
    Proto = "MQTT_PROTO",
    /** Written by the node itself: see src/node/boots.ts. */
    Boots = "BOOTS",
}

/** Bytes of a key, a byte that ends it, and a value: the service never answers for more. */
export const MAX_SETTING = 232

/**
 * Longest wait for one setting in ms; a read or a write takes 13 to 20 ms. A stored value over 232 bytes is never
 * answered, and without a limit the board would hang on it at every start.
 */
const LIMIT = 500

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
 * Writes a setting, or gives up after 0.5 s; it is in the flash once another one has been read. Never throws. That the
 * flash is full nobody says.
 * @param json with its key at most MAX_SETTING - 1 bytes
 */
export async function keepSetting(key: string, json: string) {
    await within(key, async () => {
        await settings.set(key, Buffer.from(json))
    })
}

/** Ends when `work` does, or after LIMIT. The fiber that calls it must not be terminated meanwhile. */
async function within(key: string, work: () => ds.AsyncVoid) {
    // a command to a service that is not there waits for it for ever
    if (!settings.isBound) return
    let why = "gave no answer"
    let done = false
    const waiter = ds.Fiber.self()
    async function run() {
        try {
            await work()
            why = ""
        } catch (e) {
            why = "unreadable"
        }
        done = true
        if (waiter.suspended) waiter.resume(undefined)
    }
    const worker = run.start()
    const until = ds.millis() + LIMIT
    while (!done && ds.millis() < until)
        await ds.suspend(Math.ceil(until - ds.millis()) + 1)
    if (!done) worker.terminate()
    if (why !== "") console.log("node: fault text=setting " + key + " " + why)
}
