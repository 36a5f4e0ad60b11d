// A sensor's value as JSON, rounded to the sensor's own precision. Pure.
//
// The VM prints numbers with 7 significant digits, and a Jacdac reading of 21.7 arrives as
// 21.700000762939453; neither may leave a node.

/** Most decimals a reading may have. */
export const MAX_PRECISION = 6

/** Above this a scaled value has more digits than the VM prints, and is put together from its parts. */
const PRINTS_EXACTLY = 9999999

/** Largest whole number a double holds exactly, 2^53 - 1. */
const MAX_EXACT = 9007199254740991

/**
 * `x` with at most `precision` decimals and no trailing zeros, as JSON; undefined when it is no number that
 * can be sent (NaN, infinity, or too large to be exact).
 * @param precision decimals, 0 to 6
 */
export function numberText(x: number, precision: number): string | undefined {
    let scale = 1
    for (let i = 0; i < precision; i++) scale *= 10
    const scaled = Math.round(x * scale)
    const size = Math.abs(scaled)
    // NaN fails every comparison
    if (!(size <= MAX_EXACT)) return undefined
    if (size <= PRINTS_EXACTLY) return "" + scaled / scale
    const whole = Math.floor(size / scale)
    const rest = size - whole * scale
    const sign = scaled < 0 ? "-" : ""
    if (rest === 0) return sign + whole
    let decimals = "" + rest
    while (decimals.length < precision) decimals = "0" + decimals
    let end = decimals.length
    while (decimals.charAt(end - 1) === "0") end--
    return sign + whole + "." + decimals.slice(0, end)
}

/** A value as JSON, or undefined when it is not one that can be sent. */
export function valueText(
    value: number | boolean | string,
    precision: number
): string | undefined {
    if (typeof value === "number") return numberText(value, precision)
    if (typeof value === "boolean") return value ? "true" : "false"
    if (typeof value === "string") return textJson(value)
    return undefined
}

/**
 * A text as JSON. JSON.stringify of a VM whose C compiler's `char` has a sign, as the simulator's, makes two wrong
 * characters of each outside ASCII: they are left to themselves.
 */
export function textJson(text: string): string {
    if (Buffer.from(text).length === text.length) return JSON.stringify(text)
    const parts: string[] = []
    for (let i = 0; i < text.length; i++) {
        let c = text.charAt(i)
        if (text.charCodeAt(i) < 128) {
            c = JSON.stringify(c)
            c = c.slice(1, c.length - 1)
        }
        parts.push(c)
    }
    return '"' + parts.join("") + '"'
}
