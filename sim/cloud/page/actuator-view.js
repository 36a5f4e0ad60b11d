// @ts-check
// One actuator on the page: a control that fits its values, and what the device has said came of the last command. What
// is shown as its state is only ever what the device acknowledged, never what was asked for.

import { command, RequestError } from "./api.js"
import { freshId, html, say, set } from "./dom.js"
import { cut, duration, moment, period, range, valueText } from "./format.js"

/**
 * @typedef {import("./store.js").Actuator} Actuator
 * @typedef {import("./store.js").Device} Device
 */

/** ms until a command without an answer is called unanswered: a node gives an act 10 s, and a network takes its time. */
const ANSWER_MS = 12_000

/** Longest text that is sent, in characters. */
const MAX_INPUT = 256

export class ActuatorView {
    element
    #device
    #actuator
    #say
    #title
    #control = html("div", { class: "control" })
    #note = html("p", { class: "note" })
    /** @type {string | undefined} */
    #kind = undefined
    /** @type {(() => void) | undefined} */
    #refresh = undefined
    #busy = false
    #error = ""
    /** `at` of the last state that was announced. */
    #announced = 0

    /** @param {Device} device @param {Actuator} actuator @param {(text: string) => void} announce to a screen reader */
    constructor(device, actuator, announce) {
        this.#device = device
        this.#actuator = actuator
        this.#say = announce
        this.#announced = actuator.state?.at ?? 0
        const id = freshId("actuator")
        this.#title = html("h3", { id })
        this.element = html(
            "li",
            {
                class: "actuator",
                "aria-labelledby": id,
                "data-actuator": actuator.id,
            },
            this.#title,
            this.#control,
            this.#note
        )
    }

    /** @param {number} now */
    text(now) {
        const { id, name, state, requested, takes } = this.#actuator
        say(this.#title, cut(name ?? id))
        const kind = kindOf(
            takes ? takes.type : typeof (state ?? requested)?.value
        )
        if (kind !== this.#kind) this.#build(kind)
        this.#refresh?.()
        const waiting = requested && (!state || state.at < requested.at)
        set(this.element, "data-waiting", Boolean(waiting) || this.#busy)
        say(this.#note, this.#error || this.#status(now))
        set(this.#note, "data-error", this.#error !== "")
        if (state && state.at > this.#announced) {
            this.#announced = state.at
            this.#say(`${name ?? id} is ${valueText(state.value)}`)
        }
    }

    /** @param {number} now @returns {string} */
    #status(now) {
        const { state, requested } = this.#actuator
        if (requested && (!state || state.at < requested.at)) {
            const asked = `${valueText(requested.value)} was asked for`
            const ms = now - requested.at
            if (this.#device.presence.is === "down")
                return `${asked}, but the device is down`
            if (ms < ANSWER_MS) return `${asked}, waiting for the device`
            return `${asked} ${duration(ms)} ago: no answer from the device`
        }
        if (!state) return "not heard of yet"
        const since = moment(state.at, now)
        if (!requested) return `as the device said at ${since}`
        const ms = Math.max(0, state.at - requested.at)
        return `acknowledged at ${since}, after ${period(ms)}`
    }

    /** @param {"boolean" | "number" | "text"} kind */
    #build(kind) {
        this.#kind = kind
        if (kind === "boolean") this.#buildSwitch()
        else this.#buildInput(kind)
    }

    #buildSwitch() {
        const button = html(
            "button",
            {
                type: "button",
                class: "switch",
                role: "switch",
                "aria-labelledby": this.#title.id,
            },
            html("span", { class: "knob" })
        )
        const word = html("span", { class: "word", "aria-hidden": "true" })
        button.addEventListener("click", () =>
            this.#send(this.#actuator.state?.value !== true)
        )
        this.#refresh = () => {
            const { state } = this.#actuator
            const on = state?.value === true
            set(button, "aria-checked", on ? "true" : "false")
            say(word, state ? valueText(on) : "unknown")
        }
        this.#control.replaceChildren(button, word)
    }

    /** @param {"number" | "text"} kind */
    #buildInput(kind) {
        const input = html("input", {
            type: "text",
            inputmode: kind === "number" ? "decimal" : "text",
            maxlength: MAX_INPUT,
            autocomplete: "off",
            spellcheck: "false",
            "aria-labelledby": this.#title.id,
            placeholder: range(this.#actuator.takes ?? {}) || "new value",
        })
        const shown = html("output", { class: "word" })
        const form = html(
            "form",
            {},
            shown,
            input,
            html("button", { type: "submit" }, "Set")
        )
        form.addEventListener("submit", event => {
            event.preventDefault()
            const text = input.value.trim()
            const value = kind === "number" ? Number(text) : text
            if (text === "" || Number.isNaN(value)) {
                this.#fail(`${text === "" ? "nothing" : text} is not a number`)
                input.focus()
                return
            }
            input.value = ""
            void this.#send(value)
        })
        this.#refresh = () => say(shown, valueText(this.#actuator.state?.value))
        this.#control.replaceChildren(form)
    }

    /** @param {string} text */
    #fail(text) {
        this.#error = text
        say(this.#note, text)
        set(this.#note, "data-error", true)
        this.#say(text)
    }

    /** @param {unknown} value */
    async #send(value) {
        this.#error = ""
        this.#busy = true
        set(this.element, "data-waiting", true)
        say(this.#note, `asking for ${valueText(value)}`)
        try {
            await command(this.#device.id, this.#actuator.id, value)
        } catch (error) {
            const why =
                error instanceof RequestError ? error.message : String(error)
            this.#fail(`not sent: ${why}`)
        }
        this.#busy = false
    }
}

/** @param {string} type of its values, as JavaScript calls it @returns {"boolean" | "number" | "text"} the control that fits it */
function kindOf(type) {
    return type === "boolean" || type === "number" ? type : "text"
}
