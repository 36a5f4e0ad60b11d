// What others may say to a node: a JSON text taken apart, and a value held to what was declared of it. Pure.
//
// Nothing in it is trusted. The VM's JSON.parse calls itself at each bracket: 1,024 of them end the simulator's VM beyond
// restart, and a board's stack is smaller. It also takes what is no JSON: hexadecimal numbers, -inf and -nan.

import { isMqttText } from "../mqtt/utf8"

/** Largest text in bytes: the longest id a topic may have, a time and a value fit in twice. */
export const MAX_BODY = 256

/** Most brackets that open, outside strings: the objects a node takes have one. */
const MAX_BRACKETS = 4

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `{`, and `[` without SMALL. */
const BRACE = 0x7b
const X = 0x78
/** Set in small letters. */
const SMALL = 0x20

/** What the JSON says, or undefined when it is none, has more than MAX_BODY bytes or more than four brackets. */
export function parseBody(bytes: Buffer): unknown {
    const length = bytes.length
    if (length > MAX_BODY) return undefined
    if (!isMqttText(bytes, 0, length)) return undefined
    let quoted = false
    let brackets = 0
    for (let i = 0; i < length; i++) {
        const c = bytes[i] as number
        if (c === QUOTE) quoted = !quoted
        else if (quoted) {
            if (c === BACKSLASH) i++
        } else {
            // 0x1f would be read as 31
            if ((c | SMALL) === X) return undefined
            if ((c | SMALL) === BRACE) brackets++
        }
    }
    if (brackets > MAX_BRACKETS) return undefined
    try {
        return JSON.parse(bytes.toString()) as unknown
    } catch (e) {
        return undefined
    }
}

/** What a value may be: `typeof` says so. */
export type Kind = "number" | "boolean" | "string"

/** Largest size of a number without bounds of its own: with six decimals it still fits in 2^53. */
export const MAX_NUMBER = 9007199254

/** Why a value is not one of those declared, or undefined when it is. */
export function valueFault(
    value: unknown,
    kind: Kind,
    min: number,
    max: number
): string | undefined {
    if (typeof value !== kind) return "not a " + kind
    if (kind !== "number") return undefined
    const x = value as number
    // NaN fails every comparison
    if (x >= min) if (x <= max) return undefined
    return "out of range"
}
