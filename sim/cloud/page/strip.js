// @ts-check
// Draws the strips of a device: one sensor's curve over time with its gaps, late readings and faults, the presence bar, and
// the time axis. All strips of a device have one time axis and one width. Knows no network; times are the server's.

import { set, say, svg } from "./dom.js"
import { clock, minute, number, tick } from "./format.js"
import {
    columns,
    lateMarks,
    paths,
    range,
    ticks,
    timeScale,
    valueScale,
} from "./geometry.js"
import { isFault } from "./health.js"
import { gaps, pointAt } from "./series.js"

/**
 * @typedef {import("./series.js").Point} Point
 * @typedef {import("./series.js").Span} Span
 * @typedef {import("./store.js").Change} Change
 * @typedef {{ hi: string, lo: string, gaps: number, late: number, faults: number, last: Point | undefined }} Drawn
 */

/** px */
const HEIGHT = 60
const MARGIN = 7
const BAR = 10

/** A stretch that would be too narrow to be seen is drawn this wide, px. */
const LEAST = 2

export class Strip {
    element
    #gaps = svg("path", { class: "gaps", fill: "url(#hatch)" })
    #faults = svg("path", { class: "faults" })
    #crosses = svg("path", { class: "crosses" })
    #band = svg("path", { class: "band" })
    #line = svg("path", { class: "line" })
    #late = svg("path", { class: "late" })
    #now = svg("circle", { class: "now", r: 3 })
    #cursor = svg("line", { class: "cursor", y1: 0, y2: HEIGHT })
    #read = svg("text", { class: "read", y: 11 })
    /** @type {((t: number) => number) | undefined} */
    #x = undefined
    #width = 0
    /** @type {Span[]} */
    #silent = []

    constructor() {
        this.element = svg(
            "svg",
            {
                class: "strip",
                height: HEIGHT,
                role: "img",
                "aria-label": "plot",
            },
            this.#gaps,
            this.#faults,
            this.#crosses,
            this.#band,
            this.#line,
            this.#late,
            this.#now,
            this.#cursor,
            this.#read
        )
        this.point(undefined, [])
    }

    /**
     * @param {object} what
     * @param {readonly Point[]} what.points
     * @param {readonly Change[]} what.states
     * @param {number} what.patience ms
     * @param {Span} what.window `to` is now
     * @param {number} what.width px
     * @returns {Drawn} what it shows, for its labels
     */
    draw({ points, states, patience, window, width }) {
        const x = timeScale(window, width)
        this.#x = x
        this.#width = width
        set(this.element, "width", width)
        const silent = gaps(points, patience, window.to)
        this.#silent = silent
        const r = range(points)
        const y = valueScale(r, HEIGHT, MARGIN)
        const { line, band } = paths(columns(points, x), silent, x, y)
        const late = lateMarks(points, x)
        const faulty = stretches(states, window, isFault)
        set(this.#gaps, "d", silent.map(gap => block(gap, x)).join(""))
        set(this.#faults, "d", faulty.map(span => block(span, x)).join(""))
        set(this.#crosses, "d", faulty.map(span => cross(span, x)).join(""))
        set(this.#line, "d", line)
        set(this.#band, "d", band)
        set(this.#late, "d", late.map(p => diamond(x(p.t), y(p.v))).join(""))
        const last = points.at(-1)
        set(this.#now, "visibility", last ? undefined : "hidden")
        if (last) {
            set(this.#now, "cx", x(last.t))
            set(this.#now, "cy", y(last.v))
        }
        const span = r.hi - r.lo
        return {
            hi: points.length > 0 ? tick(r.hi, span) : "",
            lo: points.length > 0 ? tick(r.lo, span) : "",
            gaps: silent.length,
            late: points.reduce((n, p) => n + p.late, 0),
            faults: faulty.length,
            last,
        }
    }

    /**
     * Shows what was measured at `t`, or no longer.
     * @param {number | undefined} t
     * @param {readonly Point[]} points
     * @returns {string} the reading there
     */
    point(t, points) {
        const shown = t !== undefined && this.#x !== undefined
        set(this.#cursor, "visibility", shown ? undefined : "hidden")
        set(this.#read, "visibility", shown ? undefined : "hidden")
        if (t === undefined || !this.#x) return ""
        const x = this.#x(t)
        set(this.#cursor, "x1", x)
        set(this.#cursor, "x2", x)
        const nothing = this.#silent.some(({ from, to }) => t > from && t < to)
        const there = nothing ? undefined : pointAt(points, t)
        const text = there ? reading(there) : "nothing"
        const left = x > this.#width - 90
        set(this.#read, "x", left ? x - 6 : x + 6)
        set(this.#read, "text-anchor", left ? "end" : "start")
        say(this.#read, text)
        return text
    }
}

/** @param {Point} p */
function reading(p) {
    const late = p.late > 0 ? " late" : ""
    if (p.lo === p.hi) return number(p.v) + late
    return `${number(round(p.lo))} to ${number(round(p.hi))}${late}`
}

/** @param {number} value a mean or bound, to as many digits as one reads from a plot, and to 1 at least */
function round(value) {
    const whole = Math.round(value)
    return Math.abs(whole) < 10_000 ? Number(value.toPrecision(4)) : whole
}

/** The presence of a device over the time of its strips. */
export class PresenceBar {
    element
    #parts = new Map(
        ["up", "down", "sleeping"].map(is => [
            is,
            svg("path", { class: `presence-${is}` }),
        ])
    )

    constructor() {
        this.element = svg(
            "svg",
            { class: "bar", height: BAR, "aria-hidden": "true" },
            ...this.#parts.values()
        )
    }

    /** @param {readonly Change[]} changes @param {Span} window @param {number} width */
    draw(changes, window, width) {
        const x = timeScale(window, width)
        set(this.element, "width", width)
        for (const [is, path] of this.#parts) {
            const spans = stretches(changes, window, was => was === is)
            const d = spans.map(span => {
                const to = Math.max(x(span.to), x(span.from) + LEAST)
                return `M${x(span.from).toFixed(1)} ${BAR / 2}H${to.toFixed(1)}`
            })
            set(path, "d", d.join(""))
        }
    }
}

/** Times under the strips. */
export class Axis {
    element = svg("svg", { class: "axis", height: 18, "aria-hidden": "true" })

    /** @param {Span} window @param {number} width @param {number | undefined} cursor */
    draw(window, width, cursor) {
        set(this.element, "width", width)
        const x = timeScale(window, width)
        const marks = ticks(window, width).map(t => ({
            at: x(t),
            text: minute(t),
        }))
        const room = marks.filter(({ at }) => at > 18 && at < width - 52)
        const hidden = cursor === undefined ? NaN : x(cursor)
        const shown = room.filter(({ at }) => !(Math.abs(at - hidden) < 52))
        if (cursor === undefined) shown.push({ at: width, text: "now" })
        else shown.push({ at: hidden, text: clock(cursor) })
        while (this.element.childElementCount > shown.length)
            this.element.lastElementChild?.remove()
        shown.forEach(({ at, text }, i) => {
            const there = this.element.children[i]
            const mark = there ?? svg("text", { y: 13 })
            if (!there) this.element.append(mark)
            const edge = at > width - 26 ? "end" : at < 26 ? "start" : "middle"
            set(mark, "text-anchor", edge)
            set(mark, "x", at.toFixed(1))
            say(mark, text)
        })
    }
}

/**
 * When something was as `wanted`, inside the window.
 * @param {readonly Change[]} changes @param {Span} window @param {(is: string) => boolean} wanted
 * @returns {Span[]}
 */
export function stretches(changes, window, wanted) {
    /** @type {Span[]} */
    const out = []
    changes.forEach((change, i) => {
        const from = Math.max(window.from, change.since ?? window.from)
        const to = Math.min(window.to, changes[i + 1]?.since ?? window.to)
        if (!wanted(change.is) || to < from) return
        const last = out.at(-1)
        if (last && last.to === from) last.to = to
        else out.push({ from, to })
    })
    return out
}

/** @param {Span} span @param {(t: number) => number} x */
function block(span, x) {
    const from = x(span.from)
    const width = Math.max(LEAST, x(span.to) - from)
    return `M${from.toFixed(1)} 0h${width.toFixed(1)}v${HEIGHT}h${(-width).toFixed(1)}Z`
}

/** What makes a fault one without its colour. @param {Span} span @param {(t: number) => number} x */
function cross(span, x) {
    const middle = (x(span.from) + x(span.to)) / 2
    return `M${(middle - 3).toFixed(1)} 4l6 6m0 -6l-6 6`
}

/** @param {number} x @param {number} y */
function diamond(x, y) {
    return `M${x.toFixed(1)} ${(y - 4).toFixed(1)}l4 4l-4 4l-4 -4Z`
}
