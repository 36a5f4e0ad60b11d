// @ts-check
// What one seldom wants of a device: what it says of itself, and a command to an actuator that is not shown yet, since
// the topics announce none.

import { command, RequestError } from "./api.js"
import { freshId, html, say } from "./dom.js"
import { facts } from "./facts.js"
import { moment, valueText } from "./format.js"

/** @typedef {import("./store.js").Device} Device */

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
        const rows = facts(body).flatMap(([label, text]) => [
            html("dt", {}, label),
            html("dd", {}, text),
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
