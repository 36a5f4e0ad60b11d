// What a parser should have made of an input, found in another way: with regular expressions, split, Node.js' own Date, JSON and
// TextDecoder. Knows nothing of the firmware but its bounds and the form of an outcome.
import { Parser } from "./outcomes"
import { packetsReference } from "./packets-reference"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text, or undefined when it is none that MQTT allows. */
export function mqttText(bytes: Uint8Array): string | undefined {
    if (bytes.includes(0)) return undefined
    try {
        return decoder.decode(bytes)
    } catch {
        return undefined
    }
}

/** Bytes as a number of 24 bits, as in an outcome. */
export function digest(bytes: Uint8Array): string {
    return `${bytes.length}:${bytes.reduce((h, byte) => (h * 31 + byte) & 0xffffff, bytes.length)}`
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1")

/** Largest number a value may be, and the largest body, bytes. */
const MAX_NUMBER = 9_007_199_254
const MAX_BODY = 256
const MAX_BRACKETS = 4

function value(v: unknown): string {
    if (v === undefined) return "undefined"
    if (v === null) return "null"
    if (typeof v === "object") return "object"
    if (typeof v === "string")
        return `text ${digest(new TextEncoder().encode(v))}`
    if (typeof v === "boolean") return String(v)
    if (Math.abs(v as number) > MAX_NUMBER) return "out of range"
    return String(Math.round((v as number) * 1_000) / 1_000)
}

function body(bytes: Uint8Array): string {
    const text = mqttText(bytes)
    if (text === undefined || bytes.length > MAX_BODY) return "undefined"
    const outside = text.replaceAll(/"(?:\\[^]|[^"\\])*"?/g, "")
    if (/x/i.test(outside)) return "undefined"
    if ((outside.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS) return "undefined"
    let v: unknown
    try {
        v = JSON.parse(text)
    } catch {
        return "undefined"
    }
    if (typeof v !== "object" || v === null) return value(v)
    const o = v as Record<string, unknown>
    return ["value", "command", "sensor", "ms", "id"]
        .map(key => value(o[key]))
        .join(", ")
}

const DATE = /^..., \d\d ... (20[2-9]\d) (\d\d):(\d\d):(\d\d) GMT$/

/** ms since 1970 of an IMF-fixdate. */
function dateMs(text: string): number | undefined {
    const m = DATE.exec(text)
    if (!m) return undefined
    const leap = m[4] === "60"
    if (leap && `${m[2]}${m[3]}` !== "2359") return undefined
    const plain = leap ? text.replace(":60 ", ":59 ") : text
    const ms = Date.parse(plain)
    if (Number.isNaN(ms) || new Date(ms).toUTCString() !== plain)
        return undefined
    return ms + (leap ? 1_000 : 0)
}

function date(bytes: Uint8Array): string {
    const ms = dateMs(latin1(bytes))
    if (ms === undefined) return "none"
    const end = ms >= Date.UTC(2100)
    return `${ms} ${end ? "undefined" : new Date(ms).toISOString().replace(".000", "")}`
}

/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 2_048
/** Waits, has a date, has failed: as in TimeAnswer. */
const [WAITS, DONE, FAILED] = ["0 0", "1", "2 0"]

/** The state of an answer and its date. */
function answer(bytes: Uint8Array): string {
    const text = latin1(bytes.slice(0, MAX_ANSWER))
    const more = text.length === MAX_ANSWER ? FAILED : WAITS
    const form = "HTTP/1.# ###"
    let at = 0
    for (;;) {
        // the status line
        const from = at
        for (const c of form) {
            if (at === text.length) return more
            if (c === "#" ? !/\d/.test(text[at]!) : c !== text[at])
                return FAILED
            at++
        }
        if (at === text.length) return more
        if (!"\n \r".includes(text[at]!)) return FAILED
        at = text.indexOf("\n", at) + 1
        if (at === 0) return more
        const interim = text[from + 9] === "1"
        for (;;) {
            // a header, or the end of them
            const end = text.indexOf("\n", at)
            const line = text.slice(at, end < 0 ? undefined : end)
            if (line.startsWith("\r") && line !== "\r") return FAILED
            if (/^date:/i.test(line)) {
                const begin = line.slice(5).replace(/^[ \t]+/, "")
                if (/[^ \t\r]/.test(begin.slice(29))) return FAILED
                if (end < 0) return more
                const ms =
                    begin.length < 29 ? undefined : dateMs(begin.slice(0, 29))
                return ms === undefined ? FAILED : `${DONE} ${ms}`
            }
            if (end < 0) return more
            at = end + 1
            if (line === "" || line === "\r") break
        }
        if (!interim) return FAILED
    }
}

/** Longest topic in bytes. */
const MAX_TOPIC = 2_048

function topicFault(bytes: Uint8Array): string | undefined {
    if (bytes.length === 0) return "is empty"
    if (bytes.length > MAX_TOPIC) return "is longer than 2048 bytes"
    if (mqttText(bytes) === undefined) return "is not UTF-8 without U+0000"
    return undefined
}

function matches(filter: string, name: string): boolean {
    if (name.startsWith("$") && /^[+#]/.test(filter)) return false
    const names = name.split("/")
    const filters = filter.split("/")
    if (filters.at(-1) === "#") {
        filters.pop()
        if (names.length < filters.length) return false
        names.length = filters.length
    }
    return (
        names.length === filters.length &&
        filters.every((level, i) => level === "+" || level === names[i])
    )
}

function topic(bytes: Uint8Array): string {
    const cut = bytes.indexOf(10)
    const filter = bytes.slice(0, cut < 0 ? undefined : cut)
    const name = cut < 0 ? new Uint8Array() : bytes.slice(cut + 1)
    const levels = latin1(filter).split("/")
    const wrong = levels.some(
        (level, i) =>
            (/[+#]/.test(level) && level.length > 1) ||
            (level === "#" && i < levels.length - 1)
    )
    const filterBad = topicFault(filter) !== undefined || wrong
    const nameBad = topicFault(name) !== undefined || /[+#]/.test(latin1(name))
    if (!filterBad && !nameBad)
        return `matches ${matches(latin1(filter), latin1(name)) ? 1 : 0}`
    return `${filterBad ? "bad" : "good"} | ${nameBad ? "bad" : "good"}`
}

function id(bytes: Uint8Array): string {
    if (bytes.length > MAX_TOPIC) return "long"
    const text = mqttText(bytes)
    if (text === undefined) return "no text"
    return /^[A-Za-z0-9_.-]{1,64}$/.test(text) ? "good" : "bad"
}

/** What is right, as far as an outcome's exact words do not matter. */
function right(parser: Parser, bytes: Uint8Array): string {
    switch (parser) {
        case Parser.Packets:
            return packetsReference(bytes)
        case Parser.Body:
            return body(bytes)
        case Parser.Date:
            return date(bytes)
        case Parser.Answer:
            return bytes.length < 1 ? "short" : answer(bytes.slice(1))
        case Parser.Topic:
            return topic(bytes)
        default:
            return id(bytes)
    }
}

/** An outcome without the words that may be chosen freely. */
function plain(parser: Parser, outcome: string): string {
    switch (parser) {
        case Parser.Packets:
            return outcome.replace(/! .*(?=, taken)/, "!")
        case Parser.Answer:
            return outcome.split(" ").slice(0, 2).join(" ")
        case Parser.Topic:
            return outcome.startsWith("matches")
                ? outcome
                : outcome.replaceAll(
                      /(is|has|contains) [^|]*?(?= \||$)/g,
                      "bad"
                  )
        default:
            return outcome
    }
}

/** Why an outcome is wrong; undefined when it is right. */
export function fault(
    parser: Parser,
    bytes: Uint8Array,
    outcome: string
): string | undefined {
    const wanted = right(parser, bytes)
    const got = plain(parser, outcome)
    return got === wanted ? undefined : `gives ${got}, should ${wanted}`
}
