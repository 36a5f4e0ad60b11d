// @ts-check
// How numbers, times and ages are written. Pure, except that times of day are the reader's own.

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Longest text of a value on the page, in characters; the rest is a title away. */
const MAX_TEXT = 80

/**
 * @param {number} ms
 * @returns {string} in the largest unit that says enough: "4 s", "12 min", "3 h 5 min", "2 d"
 */
export function duration(ms) {
    const t = Math.max(0, ms)
    if (t < MINUTE) return `${Math.floor(t / SECOND)} s`
    if (t < HOUR) return `${Math.floor(t / MINUTE)} min`
    if (t < DAY) {
        const minutes = Math.floor((t % HOUR) / MINUTE)
        const hours = `${Math.floor(t / HOUR)} h`
        return minutes === 0 || t >= 10 * HOUR
            ? hours
            : `${hours} ${minutes} min`
    }
    return `${Math.floor(t / DAY)} d`
}

/** @param {number} ms @returns {string} exact where it is short: "34 ms", "1.5 s", "12 min" */
export function period(ms) {
    if (ms < SECOND) return `${Math.round(ms)} ms`
    return ms < MINUTE ? `${(ms / SECOND).toFixed(1)} s` : duration(ms)
}

/** @param {number} ms how long ago @returns {string} */
export function ago(ms) {
    return ms < SECOND ? "now" : `${duration(ms)} ago`
}

/** @param {number} at ms since the epoch @returns {string} "14:03:07" */
export function clock(at) {
    return two(at, d => [d.getHours(), d.getMinutes(), d.getSeconds()])
}

/** @param {number} at ms since the epoch @returns {string} "14:03" */
export function minute(at) {
    return two(at, d => [d.getHours(), d.getMinutes()])
}

/**
 * The time of day, and the day too when that is not today.
 * @param {number} at @param {number} now both ms since the epoch
 */
export function moment(at, now) {
    const same = new Date(at).toDateString() === new Date(now).toDateString()
    if (same) return clock(at)
    const day = new Date(at)
    return `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())} ${minute(at)}`
}

/** @param {number} at @param {(date: Date) => number[]} parts */
function two(at, parts) {
    return parts(new Date(at)).map(pad).join(":")
}

/** @param {number} n */
function pad(n) {
    return String(n).padStart(2, "0")
}

/** Significant digits that a double keeps of any decimal number, and those that tell every float32 from its neighbours. */
const DIGITS = { double: 15, float: 9 }

/** @param {unknown} value @returns {string} as text, at most 80 characters */
export function valueText(value) {
    return cut(wholeText(value))
}

/** @param {unknown} value @returns {string} */
export function wholeText(value) {
    if (value === undefined || value === null) return "–"
    if (typeof value === "number") return number(value)
    if (typeof value === "boolean") return value ? "on" : "off"
    return typeof value === "string" ? value : JSON.stringify(value)
}

/** All the digits that a number has, without the noise of arithmetic, or of a float32 written out as a double. @param {number} value */
export function number(value) {
    if (!Number.isFinite(value)) return "–"
    if (Number.isInteger(value)) return minus(String(value))
    const { double, float } = DIGITS
    let text = value.toPrecision(double)
    // A float32 with 4 digits more than it can tell: what it was before.
    if (
        Math.fround(value) === value &&
        Number(value.toPrecision(float + 3)) !== value
    )
        for (let digits = 1; digits <= float; digits++) {
            text = value.toPrecision(digits)
            if (Math.fround(Number(text)) === value) break
        }
    return minus(String(Number(text)))
}

/** A figure at the edge of a plot: short, as exact as the height of the plot can show. @param {number} value @param {number} span */
export function tick(value, span) {
    const decimals = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(span))))
    return minus(String(Number(value.toFixed(decimals))))
}

/** The sign as typesetters have it, as wide as a digit. @param {string} text */
function minus(text) {
    return text.replace("-", "−")
}

/** @param {string} text @param {number} [length] */
export function cut(text, length = MAX_TEXT) {
    return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
    return `${n} ${n === 1 ? one : many}`
}

/** @param {{ min?: unknown, max?: unknown }} takes @returns {string} */
export function range({ min, max }) {
    if (min === undefined) return max === undefined ? "" : `${max} or less`
    return max === undefined ? `${min} or more` : `${min} to ${max}`
}
