// Reads what this one board was given: DeviceScript settings, kept in the chip's flash. A setting wins over
// the board file. Keys have at most 13 characters.

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
}

/**
 * Longest wait for one setting in ms; a read takes 13 to 20 ms. A stored value over 232 bytes is never
 * answered, and without a limit the board would hang on it at every start.
 */
const READ_LIMIT = 500

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
export async function setting<T>(key: Setting): Promise<T | undefined> {
    let value: T
    let done = false
    const waiter = ds.Fiber.self()
    async function read() {
        try {
            value = await readSetting<T>(key)
        } catch (e) {
            console.log("node: fault text=setting " + key + " unreadable")
        }
        done = true
        if (waiter.suspended) waiter.resume(undefined)
    }
    const reader = read.start()
    const until = ds.millis() + READ_LIMIT
    while (!done && ds.millis() < until)
        await ds.suspend(Math.ceil(until - ds.millis()) + 1)
    if (!done) {
        reader.terminate()
        console.log("node: fault text=setting " + key + " gave no answer")
    }
    return value
}
