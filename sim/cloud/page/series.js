// @ts-check
// The readings of one sensor in a plot's window, oldest first by the time they were taken. Pure: knows no clock, network
// or drawing.

/**
 * @typedef {object} Point one reading, or all those of a stretch of time
 * @property {number} t ms since the epoch, when it was taken; the middle of a stretch
 * @property {number} w ms, how long the stretch is; 0 is one reading
 * @property {number} lo
 * @property {number} hi
 * @property {number} v its value; of a stretch, the mean
 * @property {number} late how many were sent late
 *
 * @typedef {{ from: number, to: number }} Span ms since the epoch
 */

/** Points kept for a sensor: more than a plot has columns, few enough for fifty sensors on a phone. */
export const MAX_POINTS = 3000

/** A sensor is missed after so many of its intervals, and this many ms at least. The same rule as the server's. */
const PATIENCE = { intervals: 3, least: 10_000, unknown: 300_000 }

/** @param {number | null} interval ms from one reading to the next, as far as known @returns {number} ms of silence from which on it is missed */
export function patience(interval) {
    if (interval === null) return PATIENCE.unknown
    return Math.max(PATIENCE.intervals * interval, PATIENCE.least)
}

/** @param {unknown} value @returns {number | undefined} what of it can be drawn */
export function drawable(value) {
    if (typeof value === "boolean") return value ? 1 : 0
    if (typeof value === "number" && Number.isFinite(value)) return value
    return undefined
}

/** @param {number} t @param {number} v @param {boolean} late @returns {Point} */
export function point(t, v, late) {
    return { t, w: 0, lo: v, hi: v, v, late: late ? 1 : 0 }
}

export class Series {
    /** @type {Point[]} */
    #points = []

    /** @returns {readonly Point[]} */
    get points() {
        return this.#points
    }

    /** Readings that came since begin(): the history that is on its way may lack them. @type {{ p: Point, received: number }[] | undefined} */
    #meanwhile = undefined

    /** Whether somebody looks at it: the readings of sensors nobody looks at are the server's to keep. */
    wanted = false

    /** History is being asked for. */
    begin() {
        this.wanted = true
        this.#meanwhile = []
    }

    /** Nobody looks at it any longer. */
    end() {
        this.wanted = false
        this.#points = []
        this.#meanwhile = undefined
    }

    /**
     * Takes the history, in place of all that was there before it was asked for.
     * @param {Point[]} kept
     * @param {{ to: number, asOf: number }} reach up to when readings were taken that it has, and when the server put it together, in ms since the epoch
     */
    load(kept, { to, asOf }) {
        const lacking = (this.#meanwhile ?? []).filter(
            ({ p, received }) => p.t > to || received >= asOf
        )
        this.#points = [...kept, ...lacking.map(({ p }) => p)]
        this.#meanwhile = undefined
        this.#points.sort((a, b) => a.t - b.t)
        this.#bound()
    }

    /**
     * One more reading, which may be older than others.
     * @param {Point} p @param {number} [received] ms since the epoch, when the server got it
     * @returns {boolean} false when it is there already: a repeated delivery
     */
    add(p, received = Infinity) {
        let i = this.#points.length
        while (i > 0 && at(this.#points, i - 1).t > p.t) i--
        const same = this.#points[i - 1]
        if (same && same.t === p.t && same.w === 0 && same.v === p.v)
            return false
        this.#points.splice(i, 0, p)
        if (this.#meanwhile && this.#meanwhile.length < MAX_POINTS)
            this.#meanwhile.push({ p, received })
        this.#bound()
        return true
    }

    /** Forgets what was taken before `t`, but for one: the line begins there. @param {number} t */
    trim(t) {
        let drop = 0
        while (drop + 1 < this.#points.length) {
            if (at(this.#points, drop + 1).t >= t) break
            drop++
        }
        if (drop > 0) this.#points.splice(0, drop)
    }

    /** Puts the older half together two by two when there are too many: the newer half stays exact. */
    #bound() {
        if (this.#points.length <= MAX_POINTS) return
        const half = Math.floor(this.#points.length / 4) * 2
        const older = []
        for (let i = 0; i < half; i += 2)
            older.push(joined(at(this.#points, i), at(this.#points, i + 1)))
        this.#points = [...older, ...this.#points.slice(half)]
        this.#bound()
    }
}

/** @param {Point} a @param {Point} b the later one @returns {Point} */
function joined(a, b) {
    const from = a.t - a.w / 2
    const to = b.t + b.w / 2
    return {
        t: (from + to) / 2,
        w: to - from,
        lo: Math.min(a.lo, b.lo),
        hi: Math.max(a.hi, b.hi),
        v: (a.v + b.v) / 2,
        late: a.late + b.late,
    }
}

/**
 * Where nothing came although it was due: between two points, and since the last one.
 * @param {readonly Point[]} points @param {number} ms of silence that are nothing special @param {number} now
 * @returns {Span[]}
 */
export function gaps(points, ms, now) {
    const found = []
    for (let i = 0; i < points.length; i++) {
        const p = at(points, i)
        const next = points[i + 1]
        const silence = (next ? next.t - next.w / 2 : now) - (p.t + p.w / 2)
        if (silence > ms) found.push({ from: p.t, to: next ? next.t : now })
    }
    return found
}

/**
 * The point that held at `t`: the last one at or before it.
 * @param {readonly Point[]} points @param {number} t @returns {Point | undefined}
 */
export function pointAt(points, t) {
    let low = 0
    let high = points.length
    while (low < high) {
        const middle = (low + high) >> 1
        if (at(points, middle).t <= t) low = middle + 1
        else high = middle
    }
    return points[low - 1]
}

/** @param {readonly Point[]} points @param {number} i @returns {Point} */
function at(points, i) {
    return /** @type {Point} */ (points[i])
}
