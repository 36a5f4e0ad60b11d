// @ts-check
// The two dialogs: a sensor's name and unit, and the token of a server that asks for one.

import { describe, openSession, RequestError } from "./api.js"
import { byId, say, set } from "./dom.js"

/**
 * @typedef {import("./store.js").Device} Device
 * @typedef {import("./store.js").Sensor} Sensor
 */

/** Asks for a sensor's name and unit, which its topic does not carry, and tells the server. */
export class NamesDialog {
    #dialog = byId("names", HTMLDialogElement)
    #about = byId("names-about", HTMLElement)
    #name = byId("names-name", HTMLInputElement)
    #unit = byId("names-unit", HTMLInputElement)
    #fault = byId("names-fault", HTMLElement)
    /** @type {{ device: Device, sensor: Sensor } | undefined} */
    #whose = undefined

    constructor() {
        byId("names-form", HTMLFormElement).addEventListener(
            "submit",
            event => {
                event.preventDefault()
                void this.#save()
            }
        )
        byId("names-cancel", HTMLButtonElement).addEventListener("click", () =>
            this.#dialog.close()
        )
    }

    /** @param {Device} device @param {Sensor} sensor */
    ask(device, sensor) {
        this.#whose = { device, sensor }
        say(this.#about, `${device.id} / ${sensor.id}`)
        say(this.#fault, "")
        this.#name.value = sensor.name ?? ""
        this.#unit.value = sensor.unit ?? ""
        this.#dialog.showModal()
    }

    async #save() {
        if (!this.#whose) return
        const { device, sensor } = this.#whose
        const name = this.#name.value.trim()
        const unit = this.#unit.value.trim()
        try {
            // An empty box says nothing: the server keeps names of one character at least.
            if (name !== "" && name !== sensor.name)
                await describe(device.id, sensor.id, "name", name)
            if (unit !== "" && unit !== sensor.unit)
                await describe(device.id, sensor.id, "unit", unit)
            this.#dialog.close()
        } catch (error) {
            const why =
                error instanceof RequestError ? error.message : String(error)
            say(this.#fault, why)
        }
    }
}

/** Asks for the token until the server takes one. */
export class TokenDialog {
    #dialog = byId("token", HTMLDialogElement)
    #input = byId("token-input", HTMLInputElement)
    #fault = byId("token-fault", HTMLElement)
    /** @type {(() => void) | undefined} */
    #done = undefined

    constructor() {
        byId("token-form", HTMLFormElement).addEventListener(
            "submit",
            event => {
                event.preventDefault()
                void this.#try()
            }
        )
        // Behind it there is nothing to see: Escape would leave an empty page.
        this.#dialog.addEventListener("cancel", event => event.preventDefault())
    }

    /** @returns {Promise<void>} there is a session now */
    ask() {
        if (!this.#dialog.open) this.#dialog.showModal()
        return new Promise(resolve => (this.#done = resolve))
    }

    async #try() {
        const token = this.#input.value
        this.#input.value = ""
        try {
            await openSession(token)
        } catch (error) {
            const wrong = error instanceof RequestError && error.status === 401
            const why = error instanceof Error ? error.message : String(error)
            say(this.#fault, wrong ? "That is not the token." : why)
            set(this.#input, "aria-invalid", "true")
            this.#input.focus()
            return
        }
        say(this.#fault, "")
        set(this.#input, "aria-invalid", undefined)
        this.#dialog.close()
        this.#done?.()
    }
}
