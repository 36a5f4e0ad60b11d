// @ts-check
// One device on the page: its presence, its sensors' strips under one time axis with one cursor, its actuators, and what
// it says of itself.

import { devicePath, history } from "./api.js"
import { ActuatorView } from "./actuator-view.js"
import { DeviceMore } from "./device-more.js"
import { freshId, html, say, set, svg } from "./dom.js"
import { clock, cut, duration, moment, valueText } from "./format.js"
import { patience } from "./series.js"
import { SensorView } from "./sensor-view.js"
import { byId } from "./store.js"
import { Axis, PresenceBar } from "./strip.js"
import { unitText } from "./units.js"

/**
 * @typedef {import("./store.js").Device} Device
 * @typedef {import("./store.js").Sensor} Sensor
 * @typedef {import("./series.js").Span} Span
 * @typedef {import("./sensor-view.js").Frame} Frame
 * @typedef {import("./api.js").WirePresence} WirePresence
 *
 * @typedef {object} Surroundings
 * @property {() => number} now
 * @property {() => Frame} frame
 * @property {(text: string) => void} announce
 * @property {(device: Device, sensor: Sensor) => void} edit
 */

/** What a key moves the cursor by, as a part of the time that is shown. */
const KEYS = new Map([
    ["ArrowLeft", -1 / 100],
    ["ArrowRight", 1 / 100],
    ["ArrowDown", -1 / 100],
    ["ArrowUp", 1 / 100],
    ["PageDown", -1 / 10],
    ["PageUp", 1 / 10],
    ["Home", -1],
    ["End", 1],
])

/** Sensors of a folded device that are shown beside its name. */
const SUMMARY = 6

/** ms between two drawings of the same strips while values come in; the second hand of the page draws them anyway. */
const DRAW_MS = 250

export class DeviceView {
    element
    open = false
    /** Whether any of it is on the screen. */
    visible = false
    #device
    #around
    #fold
    #name = html("span")
    #presence = html("span", { class: "presence" })
    #mark = svg("svg", {
        class: "mark",
        viewBox: "0 0 12 12",
        "aria-hidden": "true",
    })
    #summary = html("p", { class: "summary" })
    #body
    #bar = new PresenceBar()
    #axis = new Axis()
    #handle = html("div", {
        class: "handle",
        role: "slider",
        tabindex: "0",
        "aria-label": "time to read the plots at",
    })
    #plots = html("div", { class: "plots" })
    #list = html("ul", { class: "sensors" })
    #actuators = html("ul", { class: "actuators" })
    #more
    /** @type {Map<string, SensorView>} */
    #sensorViews = new Map()
    /** @type {Map<string, ActuatorView>} */
    #actuatorViews = new Map()
    /** Time the cursor is at; undefined is none. @type {number | undefined} */
    #cursor = undefined
    #loaded = false
    #drawnAt = 0

    /** @param {Device} device @param {Surroundings} around */
    constructor(device, around) {
        this.#device = device
        this.#around = around
        const title = freshId("device")
        const body = freshId("body")
        this.#fold = html(
            "button",
            { type: "button", class: "fold", "aria-controls": body },
            this.#name
        )
        this.#more = new DeviceMore(device, around.now)
        this.#fold.addEventListener("click", () => this.unfold(!this.open))
        this.#plots.append(
            html(
                "div",
                { class: "lane presence-lane" },
                html("p", { class: "lane-name" }, "presence"),
                this.#bar.element
            ),
            this.#list,
            html(
                "div",
                { class: "lane axis-lane" },
                html("p", { class: "lane-name" }),
                this.#handle
            )
        )
        this.#handle.append(this.#axis.element)
        this.#body = html(
            "div",
            { class: "body", id: body },
            this.#plots,
            this.#actuators,
            this.#more.element
        )
        this.element = html(
            "section",
            {
                class: "device",
                "aria-labelledby": title,
                "data-device": device.id,
            },
            html(
                "header",
                {},
                html("h2", { id: title }, this.#fold),
                html("p", { class: "state" }, this.#mark, this.#presence),
                this.#summary
            ),
            this.#body
        )
        this.#slider({ from: 0, to: 0 })
        this.#listen()
        this.unfold(false)
    }

    get device() {
        return this.#device
    }

    /** @param {boolean} open */
    unfold(open) {
        this.open = open
        set(this.#fold, "aria-expanded", open ? "true" : "false")
        this.#body.hidden = !open
        set(this.element, "data-open", open)
        if (open) return this.refresh()
        this.#loaded = false
        for (const view of this.#sensorViews.values()) view.release()
        this.text()
    }

    /** Shows all of it as it is now; history is asked for the first time it is seen. */
    refresh() {
        if (this.open) this.#parts()
        this.text()
        this.#load()
        this.draw()
    }

    /** What is known may have holes: history is asked for again. */
    reload() {
        this.#loaded = false
        this.refresh()
    }

    /** The words and figures: cheap, and called for each value. */
    text() {
        const now = this.#around.now()
        const { id, name, presence } = this.#device
        say(this.#name, cut(name ?? id))
        set(this.element, "data-presence", presence.is)
        const since =
            presence.since === null
                ? ""
                : ` for ${duration(now - presence.since)}`
        say(this.#presence, presenceText(presence.is) + since)
        set(
            this.#presence,
            "title",
            presence.since === null
                ? undefined
                : `since ${moment(presence.since, now)}`
        )
        this.#drawMark(presence.is)
        if (!this.open) {
            say(this.#summary, this.#short(now))
            return
        }
        if (
            this.#sensorViews.size !== this.#device.sensors.size ||
            this.#actuatorViews.size !== this.#device.actuators.size
        )
            this.#parts()
        for (const view of this.#sensorViews.values()) view.text(now)
        for (const view of this.#actuatorViews.values()) view.text(now)
    }

    /** The plots, unless they were drawn a moment ago. @param {boolean} [soon] */
    draw(soon = false) {
        if (!this.open || !this.visible) return
        if (soon && performance.now() - this.#drawnAt < DRAW_MS) return
        this.#drawnAt = performance.now()
        const width = Math.floor(this.#handle.clientWidth)
        if (width < 40) return
        const frame = this.#around.frame()
        const window = this.#window(frame)
        if (this.#cursor !== undefined)
            this.#cursor = Math.max(this.#cursor, window.from)
        this.#bar.draw(this.#device.presences, window, width)
        for (const view of this.#sensorViews.values())
            view.draw(window, width, frame, this.#cursor)
        this.#axis.draw(window, width, this.#cursor)
        this.#slider(window)
    }

    /** @param {Frame} frame @returns {Span} */
    #window({ span }) {
        const to = this.#around.now()
        return { from: to - span, to }
    }

    /** A view for each sensor and actuator, in the order of their ids. */
    #parts() {
        const { device: d } = this
        const fresh = [...d.sensors.values()].filter(
            s => !this.#sensorViews.has(s.id)
        )
        for (const sensor of fresh) {
            const view = new SensorView(d, sensor, () =>
                this.#around.edit(d, sensor)
            )
            this.#sensorViews.set(sensor.id, view)
            if (this.#loaded)
                void view.load(this.#around.now(), this.#around.frame().span)
        }
        if (fresh.length > 0) place(this.#list, d.sensors, this.#sensorViews)
        const more = [...d.actuators.values()].filter(
            a => !this.#actuatorViews.has(a.id)
        )
        for (const actuator of more) {
            const view = new ActuatorView(d, actuator, text =>
                this.#around.announce(`${d.name ?? d.id}: ${text}`)
            )
            this.#actuatorViews.set(actuator.id, view)
        }
        if (more.length > 0)
            place(this.#actuators, d.actuators, this.#actuatorViews)
        set(this.#plots, "data-empty", d.sensors.size === 0)
        this.#more.refresh()
    }

    /** History of what is on the screen, once for each span of time. */
    #load() {
        if (this.#loaded || !this.open || !this.visible) return
        this.#loaded = true
        const now = this.#around.now()
        const { span } = this.#around.frame()
        for (const view of this.#sensorViews.values())
            void view.load(now, span).then(() => this.draw())
        void this.#loadPresence(now, span).then(() => this.draw())
    }

    /** @param {number} now @param {number} span */
    async #loadPresence(now, span) {
        const { id, presences } = this.#device
        const from = new Date(now - span).toISOString()
        try {
            const kept = /** @type {WirePresence[]} */ (
                await history(`${devicePath(id)}/presence`, { from })
            )
            if (kept.length === 0) return
            const log = kept.map(({ status, since }) => ({
                is: status,
                since: since === null ? null : Date.parse(since),
            }))
            presences.splice(0, presences.length, ...log)
        } catch {
            // As with a sensor's history: the present is shown without it.
        }
    }

    /** @param {number} now @returns {string} the device in one line */
    #short(now) {
        const sensors = [...this.#device.sensors.values()].sort(byId)
        const shown = sensors.slice(0, SUMMARY).map(sensor => {
            const { id, name, value, unit, interval } = sensor
            const stale = value && now - value.at > patience(interval)
            const text = `${valueText(value?.value)}${unitText(unit)}`
            return `${cut(name ?? id, 16)} ${cut(text, 20)}${stale ? " (stale)" : ""}`
        })
        const more = sensors.length - shown.length
        return shown.join("   ") + (more > 0 ? `   and ${more} more` : "")
    }

    /** Presence has a shape besides its colour: full, empty, half. @param {string} is */
    #drawMark(is) {
        if (this.#mark.dataset["is"] === is) return
        this.#mark.dataset["is"] = is
        const ring = svg("circle", { cx: 6, cy: 6, r: 4.5 })
        const half = svg("path", { d: "M6 1.5a4.5 4.5 0 0 1 0 9Z" })
        this.#mark.replaceChildren(ring, ...(is === "sleeping" ? [half] : []))
    }

    #listen() {
        /** @param {PointerEvent} event */
        const follow = event => {
            const { left, width } = this.#handle.getBoundingClientRect()
            const part = (event.clientX - left) / width
            if (part < 0 || part > 1) return this.#point(undefined)
            const { from, to } = this.#window(this.#around.frame())
            this.#point(from + part * (to - from))
        }
        this.#plots.addEventListener("pointermove", follow)
        this.#plots.addEventListener("pointerdown", follow)
        this.#plots.addEventListener("pointerleave", () =>
            this.#point(undefined)
        )
        this.#handle.addEventListener("keydown", event => {
            if (event.key === "Escape") return this.#point(undefined)
            const part = KEYS.get(event.key)
            if (part === undefined) return
            event.preventDefault()
            const { from, to } = this.#window(this.#around.frame())
            const next = (this.#cursor ?? to) + part * (to - from)
            this.#point(Math.max(from, Math.min(to, next)))
        })
        this.#handle.addEventListener("blur", () => this.#point(undefined))
    }

    /** @param {number | undefined} t */
    #point(t) {
        if (t === undefined && this.#cursor === undefined) return
        this.#cursor = t
        const frame = this.#around.frame()
        const window = this.#window(frame)
        for (const view of this.#sensorViews.values()) view.point(t)
        this.#axis.draw(window, this.#handle.clientWidth, t)
        this.#slider(window)
    }

    /** What the cursor's place means, for a screen reader. @param {Span} window */
    #slider({ from, to }) {
        const t = this.#cursor
        set(this.#handle, "aria-valuemin", Math.round((from - to) / 1000))
        set(this.#handle, "aria-valuemax", 0)
        set(
            this.#handle,
            "aria-valuenow",
            t === undefined ? 0 : Math.round((t - to) / 1000)
        )
        if (t === undefined) return set(this.#handle, "aria-valuetext", "now")
        const read = [...this.#sensorViews.values()].map(view => view.point(t))
        set(this.#handle, "aria-valuetext", `${clock(t)}: ${read.join(", ")}`)
    }
}

/**
 * Puts views into their list in the order of their ids.
 * @param {Element} list @param {Map<string, { id: string }>} parts @param {Map<string, { element: Element }>} views
 */
function place(list, parts, views) {
    const sorted = [...parts.values()].sort(byId)
    list.replaceChildren(
        ...sorted.flatMap(({ id }) => views.get(id)?.element ?? [])
    )
}

/** @param {string} is @returns {string} */
export function presenceText(is) {
    return is === "unknown" ? "presence unknown" : cut(is)
}
