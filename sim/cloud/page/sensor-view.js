// @ts-check
// One sensor on the page: its value, unit and age beside its strip. Asks for its own history when it is to be seen.

import { devicePath, history } from "./api.js"
import { freshId, html, say, set } from "./dom.js"
import { ago, count, cut, moment, valueText, wholeText } from "./format.js"
import { health, startOf } from "./health.js"
import { drawable, patience, point } from "./series.js"
import { Strip } from "./strip.js"
import { unitText } from "./units.js"

/**
 * @typedef {import("./store.js").Sensor} Sensor
 * @typedef {import("./store.js").Device} Device
 * @typedef {import("./series.js").Span} Span
 * @typedef {import("./api.js").WireSeries} WireSeries
 * @typedef {import("./api.js").WireState} WireState
 * @typedef {{ span: number, name: string }} Frame how much time the strips show
 */

/** Parts that the history is asked for in: one for every two or three px. */
const PARTS = 300

/** Characters of a value from which on it is set smaller, and from which on it has lines of its own on a phone. */
const LONG = 9
const WIDE = 20

export class SensorView {
    element
    #device
    #sensor
    #strip = new Strip()
    #name
    #value = html("span", { class: "value" })
    #unit = html("span", { class: "unit" })
    #figure = html("p", { class: "figure" }, this.#value, this.#unit)
    #age = html("span", { class: "age" })
    #fault = html("span", { class: "fault" })
    #hi = html("span")
    #lo = html("span")
    /** Counts requests for history: the answer to an older one is thrown away. */
    #asked = 0

    /** @param {Device} device @param {Sensor} sensor @param {() => void} edit */
    constructor(device, sensor, edit) {
        this.#device = device
        this.#sensor = sensor
        const id = freshId("sensor")
        this.#name = html("h3", { id })
        const button = html(
            "button",
            {
                type: "button",
                class: "quiet edit",
                "aria-label": "edit name and unit",
                "aria-describedby": id,
            },
            "edit"
        )
        button.addEventListener("click", edit)
        this.element = html(
            "li",
            {
                class: "sensor",
                "aria-labelledby": id,
                "data-sensor": sensor.id,
            },
            html(
                "div",
                { class: "now-column" },
                html("div", { class: "title" }, this.#name, button),
                this.#figure,
                html("p", { class: "note" }, this.#age, this.#fault)
            ),
            html("div", { class: "plot" }, this.#strip.element),
            html(
                "div",
                { class: "bounds", "aria-hidden": "true" },
                this.#hi,
                this.#lo
            )
        )
    }

    /** Value, unit, age. @param {number} now */
    text(now) {
        const { id, name, unit, value, interval, state } = this.#sensor
        say(this.#name, cut(name ?? id))
        set(this.#name, "title", name ? id : undefined)
        const text = valueText(value?.value)
        say(this.#value, text)
        const whole = wholeText(value?.value)
        set(this.#value, "title", whole === text ? undefined : whole)
        say(this.#unit, value ? unitText(unit) : "")
        set(this.#figure, "data-long", text.length > LONG)
        set(this.#figure, "data-wide", text.length > WIDE)
        const age = value ? now - value.at : 0
        const stale = value !== null && age > patience(interval)
        set(this.element, "data-stale", stale)
        set(this.element, "data-empty", value === null)
        const late = value?.late ? ", sent late" : ""
        const how = health(state, startOf(this.#device.diagnostics), now)
        const none = how.kind === "waiting" ? "" : "no value yet"
        say(
            this.#age,
            value ? `${stale ? "stale, " : ""}${ago(age)}${late}` : none
        )
        set(this.#age, "title", value ? moment(value.at, now) : undefined)
        say(this.#fault, how.text)
        set(this.#fault, "data-kind", how.kind)
    }

    /** @param {Span} window @param {number} width px @param {Frame} frame @param {number | undefined} cursor */
    draw(window, width, frame, cursor) {
        const { series, states, interval } = this.#sensor
        series.trim(window.from)
        const { points } = series
        const drawn = this.#strip.draw({
            points,
            states,
            patience: patience(interval),
            window,
            width,
        })
        say(this.#hi, drawn.hi)
        say(this.#lo, drawn.lo)
        set(this.#strip.element, "aria-label", this.#summary(drawn, frame))
        this.#strip.point(cursor, points)
    }

    /** @param {number | undefined} t @returns {string} what it was at that time */
    point(t) {
        const { id, name, series, unit } = this.#sensor
        const read = this.#strip.point(t, series.points)
        return `${name ?? id} ${read}${unitText(unit)}`
    }

    /** @param {import("./strip.js").Drawn} drawn @param {Frame} frame */
    #summary({ hi, lo, gaps: silent, late, faults, last }, frame) {
        const { id, name } = this.#sensor
        const what = `${name ?? id}, last ${frame.name}: `
        if (!last) return `${what}no readings`
        const notes = [
            `${lo} to ${hi}`,
            ...(silent > 0 ? [count(silent, "gap")] : []),
            ...(late > 0 ? [count(late, "late reading")] : []),
            ...(faults > 0 ? [count(faults, "fault")] : []),
        ]
        return what + notes.join(", ")
    }

    /**
     * Gets what the server kept of this sensor.
     * @param {number} now @param {number} span ms
     * @returns {Promise<void>} done, or not to be had: the plot then shows what came in live
     */
    async load(now, span) {
        const turn = ++this.#asked
        const { id, series, states } = this.#sensor
        const from = new Date(now - span).toISOString()
        const path = devicePath(this.#device.id, "sensors", id)
        series.begin()
        try {
            const [kept, changes] = await Promise.all([
                history(`${path}/series`, {
                    from,
                    to: new Date(now).toISOString(),
                    points: PARTS,
                }),
                history(`${path}/states`, { from }),
            ])
            if (turn !== this.#asked) return
            const { points, stepMs, to, asOf } = /** @type {WireSeries} */ (
                kept
            )
            const newest = this.#sensor.value?.at ?? Infinity
            series.load(
                points.map(p => ({
                    ...measured(Date.parse(p.at), stepMs, newest),
                    lo: p.min,
                    hi: p.max,
                    v: p.mean,
                    late: p.late,
                })),
                { to: Date.parse(to), asOf: Date.parse(asOf) }
            )
            this.#newest()
            const known = /** @type {WireState[]} */ (changes)
            const log = known.map(({ state, since }) => ({
                is: state,
                since: Date.parse(since),
            }))
            if (log.length > 0) states.splice(0, states.length, ...log)
        } catch {
            // No history is no reason not to show the present; the next connection asks again.
        }
    }

    /** Nobody sees it: its history is asked for again when somebody does. */
    release() {
        this.#asked++
        this.#sensor.series.end()
    }

    /** The present value, which is one of those that the last part of the history puts together. */
    #newest() {
        const { value, series } = this.#sensor
        const v = drawable(value?.value)
        if (value && v !== undefined) series.add(point(value.at, v, false))
    }
}

/**
 * The stretch in which something was measured: the last part of a history is cut off where its last reading was taken.
 * @param {number} middle @param {number} length @param {number} newest
 */
function measured(middle, length, newest) {
    const from = middle - length / 2
    const to = Math.min(middle + length / 2, newest)
    if (to <= from) return { t: middle, w: length }
    return { t: (from + to) / 2, w: to - from }
}
