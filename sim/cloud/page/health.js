// @ts-check
// How a sensor is, in words, from what its device's diagnostics say. Pure.

import { cut, moment } from "./format.js"

/** ms from the device's start in which a state is as old as the device: both are said in whole seconds. */
const START_MS = 5_000

/** ms in which every sensor is sampled once: a node does so within 5 s. */
const FIRST_MS = 10_000

/** What the firmware's words mean to a person. */
const WORDS = new Map([
    ["unbound", "not connected"],
    ["fault:nan", "no number"],
    ["fault:range", "out of range"],
    ["fault:stale", "fell silent"],
    ["fault:threw", "cannot be read"],
])

/** Whether a sensor in this state is there and gives no value. @param {string} is */
export function isFault(is) {
    return is !== "ok" && is !== "unbound"
}

/** @param {{ at: number, body: any } | null} diagnostics @returns {number} ms since the epoch when the device started, NaN if unsaid */
export function startOf(diagnostics) {
    const { at = NaN, body } = diagnostics ?? {}
    return at - Number(body?.uptime ?? NaN) * 1000
}

/**
 * @param {import("./store.js").Change | null} state
 * @param {number} start of the device, ms since the epoch @param {number} now
 * @returns {{ kind: "well" | "waiting" | "absent" | "fault", text: string }}
 */
export function health(state, start, now) {
    if (!state || state.is === "ok") return { kind: "well", text: "" }
    const { is, since } = state
    const fault = isFault(is)
    if (!fault && since !== null && now - since < FIRST_MS)
        if (Math.abs(since - start) < START_MS)
            return { kind: "waiting", text: "waiting for its first value" }
    const from = since === null ? "" : ` since ${moment(since, now)}`
    return {
        kind: fault ? "fault" : "absent",
        text: (WORDS.get(is) ?? cut(is)) + from,
    }
}
