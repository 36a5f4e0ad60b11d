// @ts-check
// What a device says of itself, in words: the parts of its diagnostics that say something, each with a label. Pure.

import { cut, duration, period, range, valueText } from "./format.js"

/** Lines shown; the firmware has about a dozen. */
const MAX_FACTS = 40

/** Characters of one value, and of several together. */
const MAX_FACT = 200
const MAX_FACTS_TEXT = 400

/** @type {Map<unknown, string>} */
const KINDS = new Map([
    ["boolean", "on or off"],
    ["number", "a number"],
    ["string", "a text"],
])

/** @typedef {Record<string, unknown>} Body */

/** Objects that want more words than "key value". @type {Map<string, (body: Body) => string>} */
const WORDS = new Map([
    ["lost", lost],
    ["actuators", actuators],
])

/** @param {unknown} body of the diagnostics @returns {[label: string, text: string][]} those that say something */
export function facts(body) {
    return (
        Object.entries(isBody(body) ? body : { said: body })
            .slice(0, MAX_FACTS)
            // shown beside each sensor
            .filter(([key]) => key !== "sensors")
            .map(
                ([key, value]) =>
                    /** @type {[string, string]} */ ([
                        cut(key),
                        words(key, value),
                    ])
            )
            .filter(([, text]) => text !== "")
    )
}

/** @param {string} key @param {unknown} value */
function words(key, value) {
    if (isBody(value)) return (WORDS.get(key) ?? pairs)(value)
    if (key === "uptime" && typeof value === "number")
        return duration(value * 1000)
    return cut(valueOf(value), MAX_FACT)
}

/** The last disconnect, and how long there was no connection. @param {Body} value */
function lost({ why, ms }) {
    return joined([
        valueOf(why),
        typeof ms === "number" && ms > 0 ? `for ${period(ms)}` : "",
    ])
}

/** @param {Body} value */
function actuators(value) {
    const each = Object.entries(value).map(
        ([id, takes]) =>
            `${id} ${isBody(takes) ? taken(takes) : valueOf(takes)}`
    )
    return joined(each, "; ")
}

/** What an actuator takes, and what it is now. @param {Body} takes */
function taken(takes) {
    const { type, value } = takes
    const now = valueOf(value) && `now ${valueOf(value)}`
    return joined([KINDS.get(type) ?? valueOf(type), range(takes), now])
}

/** What is empty is left out. @param {Body} value */
function pairs(value) {
    return joined(
        Object.entries(value).map(
            ([key, v]) => valueOf(v) && `${key} ${valueOf(v)}`
        )
    )
}

/** @param {unknown} value */
function valueOf(value) {
    return value === undefined || value === null ? "" : valueText(value)
}

/** @param {string[]} parts @param {string} [between] */
function joined(parts, between = ", ") {
    return cut(parts.filter(part => part !== "").join(between), MAX_FACTS_TEXT)
}

/** @param {unknown} value @returns {value is Body} */
function isBody(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}
