// @ts-check
// Where the marks of a plot stand: scales, columns, lines broken at gaps, ticks. Pure; strip.js draws what this says.

/**
 * @typedef {import("./series.js").Point} Point
 * @typedef {import("./series.js").Span} Span
 * @typedef {{ lo: number, hi: number }} Range
 */

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Steps between marks on the time axis, ms. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map(
    n => n * MINUTE
)

/** px between marks on the time axis, so that "14:03" has room. */
const TICK_PX = 64

/** px between two marks of late readings, so that each is seen; readings nearer to each other share one. */
const MARK_PX = 10

/** @param {Span} window @param {number} width px @returns {(t: number) => number} px, inside the plot */
export function timeScale(window, width) {
    const span = window.to - window.from
    return t => Math.max(0, Math.min(width, ((t - window.from) / span) * width))
}

/**
 * The values a plot spans. A flat line lies in the middle of a plot as high as a hundredth of it.
 * @param {readonly Point[]} points
 * @returns {Range}
 */
export function range(points) {
    let lo = Infinity
    let hi = -Infinity
    for (const p of points) {
        lo = Math.min(lo, p.lo)
        hi = Math.max(hi, p.hi)
    }
    if (lo > hi) return { lo: 0, hi: 1 }
    if (lo === hi) {
        const half = Math.max(Math.abs(lo) * 0.01, 0.5)
        return { lo: lo - half, hi: hi + half }
    }
    return { lo, hi }
}

/** @param {Range} r @param {number} height px @param {number} margin px above and below @returns {(v: number) => number} */
export function valueScale(r, height, margin) {
    const inside = height - 2 * margin
    return v => margin + (1 - (v - r.lo) / (r.hi - r.lo)) * inside
}

/**
 * Points by columns of one px, so that a line has no more corners than it can show.
 * @param {readonly Point[]} points oldest first @param {(t: number) => number} x @returns {Point[]}
 */
export function columns(points, x) {
    /** @type {Point[]} */
    const out = []
    let column = NaN
    for (const p of points) {
        const last = out.at(-1)
        const here = Math.round(x(p.t))
        if (last && here === column) {
            last.lo = Math.min(last.lo, p.lo)
            last.hi = Math.max(last.hi, p.hi)
            last.t = p.t
            last.w = p.w
            last.v = p.v
            last.late += p.late
        } else {
            out.push({ ...p })
            column = here
        }
    }
    return out
}

/**
 * @param {readonly Point[]} points
 * @param {readonly Span[]} gaps where the line is not drawn
 * @param {(t: number) => number} x @param {(v: number) => number} y
 * @returns {{ line: string, band: string }} of SVG paths: the last values, and the range from lowest to highest
 */
export function paths(points, gaps, x, y) {
    const broken = new Set(gaps.map(gap => gap.from))
    let line = ""
    let band = ""
    /** @type {Point[]} */
    let run = []
    const finish = () => {
        const first = run[0]
        if (!first) return
        const at = run.map(p => `${px(x(p.t))} ${px(y(p.v))}`)
        // A run of one is a dot: a line of no length with round ends.
        line += at.length === 1 ? `M${at[0]}h0` : `M${at.join("L")}`
        if (run.some(p => p.hi > p.lo)) {
            const over = run.map(p => `${px(x(p.t))} ${px(y(p.hi))}`)
            const under = run.map(p => `${px(x(p.t))} ${px(y(p.lo))}`).reverse()
            band += `M${[...over, ...under].join("L")}Z`
        }
        run = []
    }
    for (const p of points) {
        run.push(p)
        if (broken.has(p.t)) finish()
    }
    finish()
    return { line, band }
}

/**
 * Late readings to mark.
 * @param {readonly Point[]} points @param {(t: number) => number} x
 * @returns {Point[]}
 */
export function lateMarks(points, x) {
    let free = -Infinity
    return points.filter(p => {
        const here = x(p.t)
        if (p.late === 0 || here < free) return false
        free = here + MARK_PX
        return true
    })
}

/**
 * Times to write under a plot: whole minutes or hours of the reader's day.
 * @param {Span} window @param {number} width px @returns {number[]}
 */
export function ticks(window, width) {
    const span = window.to - window.from
    const wanted = Math.max(1, Math.floor(width / TICK_PX))
    const step = STEPS.find(s => span / s <= wanted) ?? 6 * HOUR
    const zone = new Date(window.to).getTimezoneOffset() * MINUTE
    const out = []
    let t = Math.ceil((window.from - zone) / step) * step + zone
    for (; t < window.to; t += step) out.push(t)
    return out
}

/** @param {number} n */
function px(n) {
    return Math.round(n * 10) / 10
}
