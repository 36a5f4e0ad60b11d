// @ts-check
// What one seldom wants of a device: what it says of itself, and a command to an actuator that is not shown yet, since
// the topics announce none.

import { command, RequestError } from "./api.js"
import { freshId, html, say } from "./dom.js"
import { cut, moment, valueText } from "./format.js"

/** @typedef {import("./store.js").Device} Device */

/** Lines of diagnostics shown; the firmware has about a dozen. */
const MAX_FACTS = 40

/** Characters of one value of them, and of several together. */
const MAX_FACT = 200
const MAX_FACTS_TEXT = 400

export class DeviceMore {
    element
    #device
    #now
    #facts = html("dl")
    #about

    /** @param {Device} device @param {() => number} now */
    constructor(device, now) {
        this.#device = device
        this.#now = now
        this.#about = html(
            "details",
            { class: "about" },
            html("summary", {}, "What the device says of itself"),
            this.#facts
        )
        this.element = html(
            "div",
            { class: "more" },
            this.#commandForm(),
            this.#about
        )
    }

    refresh() {
        const { diagnostics } = this.#device
        this.#about.hidden = diagnostics === null
        if (!diagnostics) return
        const { body, at } = diagnostics
        /** @type {[string, unknown][]} */
        const entries =
            typeof body === "object" && body !== null
                ? Object.entries(body)
                : [["said", body]]
        const rows = entries
            // shown beside each sensor
            .filter(([key]) => key !== "sensors")
            .slice(0, MAX_FACTS)
            .flatMap(([key, value]) => [
                html("dt", {}, cut(key)),
                html("dd", {}, plain(value)),
            ])
        this.#facts.replaceChildren(
            html("dt", {}, "said at"),
            html("dd", {}, moment(at, this.#now())),
            ...rows
        )
    }

    #commandForm() {
        const name = box(64)
        const text = box(256)
        const note = html("p", { class: "note", role: "status" })
        const form = html(
            "form",
            { class: "command" },
            html("label", { for: name.id }, "actuator"),
            name,
            html("label", { for: text.id }, "value"),
            text,
            html("button", { type: "submit" }, "Send"),
            note
        )
        form.addEventListener("submit", async event => {
            event.preventDefault()
            const value = typedValue(text.value.trim())
            try {
                await command(this.#device.id, name.value.trim(), value)
                say(note, `sent ${valueText(value)}`)
                text.value = ""
            } catch (error) {
                const why =
                    error instanceof RequestError
                        ? error.message
                        : String(error)
                say(note, `not sent: ${why}`)
            }
        })
        return html(
            "details",
            { class: "address" },
            html("summary", {}, "Command another actuator"),
            form
        )
    }
}

/** @param {number} length most characters */
function box(length) {
    return html("input", {
        id: freshId("command"),
        maxlength: length,
        required: true,
        autocomplete: "off",
        spellcheck: "false",
        autocapitalize: "off",
    })
}

/** A part of the diagnostics in words: objects as "key value" pairs. @param {unknown} value @returns {string} */
function plain(value) {
    if (typeof value !== "object" || value === null)
        return cut(valueText(value), MAX_FACT)
    const pairs = Object.entries(value).map(([k, v]) => `${k} ${valueText(v)}`)
    return cut(pairs.join(", "), MAX_FACTS_TEXT)
}

/**
 * What somebody typed as a value: `true`, `21.5` and `"21.5"` are what they are in JSON, anything else is text.
 * @param {string} text @returns {unknown}
 */
export function typedValue(text) {
    try {
        return JSON.parse(text)
    } catch {
        return text
    }
}
