// Inputs that are right, or nearly so, one grammar a parser: what changes at random alone would take long to find. Knows no
// parser and no verdict.
import { pick, type Random } from "./mutate"
import { Parser } from "./outcomes"

const encoder = new TextEncoder()

export const bytesOf = (text: string) => encoder.encode(text)

/** True once in `n`. */
const once = (random: Random, n: number) => random(n) === 0

const LEVELS = ["a", "b", "", "+", "#", "$SYS", "ž", "sensors", "value", "\0"]

function topicOf(random: Random): string {
    const levels = Array.from({ length: 1 + random(5) }, () =>
        pick(random, LEVELS)
    )
    return once(random, 200) ? "x".repeat(2_040 + random(16)) : levels.join("/")
}

/** A length as MQTT writes it, now and then with a digit too many. */
function lengthBytes(length: number, random: Random): number[] {
    const digits: number[] = []
    let left = length
    do {
        digits.push(left & 127)
        left >>= 7
    } while (left > 0)
    if (once(random, 50)) digits.push(0)
    return digits.map((digit, i) =>
        i < digits.length - 1 ? digit | 128 : digit
    )
}

function publishBody(flags: number, random: Random): number[] {
    const topic = [...bytesOf(topicOf(random))]
    const length = once(random, 20) ? random(65_536) : topic.length
    const id = flags & 6 ? [random(3), random(256)] : []
    const payload = new Array<number>(
        once(random, 20) ? random(600) : random(8)
    ).fill(0x70)
    return [length >> 8, length & 255, ...topic, ...id, ...payload]
}

/** A packet a broker may send, or one like it. */
function packetOf(random: Random): number[] {
    const first = pick(
        random,
        [
            0x20, 0x30, 0x30, 0x31, 0x32, 0x32, 0x34, 0x3a, 0x3d, 0x40, 0x50,
            0x62, 0x70, 0x90, 0xb0, 0xd0, 0x36, 0x10, 0xe0,
        ]
    )
    const type = first >> 4
    let body = [random(3), random(4)]
    if (type === 3) body = publishBody(first & 15, random)
    if (type === 9) body.push(pick(random, [0, 1, 2, 3, 0x80]))
    if (type === 13) body = []
    const length = once(random, 20) ? random(300) : body.length
    return [first, ...lengthBytes(length, random), ...body]
}

const PRIMITIVES = [
    "0",
    "1",
    "-1",
    "1.5",
    "01",
    "1e3",
    "1e400",
    "-0",
    "9007199254",
    "9007199254.5",
    "0x10",
    "inf",
    "-inf",
    "-nan",
    "true",
    "false",
    "null",
    "tru",
    '""',
    '"a"',
    '"\\u0041"',
    '"\\"',
    '"x[{"',
    '"\\"x[{"',
    '"[[[[[\\\\"',
    '"ž"',
    '"\\ud800"',
    '"\\u0000"',
    "'a'",
]
const KEYS = ["value", "command", "sensor", "ms", "id", "__proto__", "length"]
const COMMANDS = ["report", "interval", "restart", "TC", "A"]

function jsonOf(random: Random, depth: number): string {
    const space = once(random, 8) ? pick(random, [" ", "\t", "\n", "\r"]) : ""
    switch (random(depth > 3 ? 2 : 6)) {
        case 2: {
            const items = Array.from({ length: random(3) }, () =>
                jsonOf(random, depth + 1)
            )
            return `[${space}${items.join(",")}]`
        }
        case 3:
        case 4:
        case 5: {
            const fields = Array.from(
                { length: random(4) },
                () =>
                    `"${pick(random, KEYS)}"${space}:${jsonOf(random, depth + 1)}`
            )
            return `{${fields.join(",")}${once(random, 30) ? "," : ""}}`
        }
        default:
            return once(random, 4)
                ? JSON.stringify(pick(random, COMMANDS))
                : space + pick(random, PRIMITIVES)
    }
}

const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ")
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")
/** ms since 1970, both a little outside what is taken. */
const EARLIEST = Date.UTC(2019, 11, 1)
const LATEST = Date.UTC(2100, 1, 1)

function dateOf(random: Random): string {
    if (!once(random, 3)) {
        const span = (LATEST - EARLIEST) / 1_000
        const text = new Date(EARLIEST + random(span) * 1_000).toUTCString()
        return once(random, 10) ? text.replace(/\d\d GMT/, "60 GMT") : text
    }
    const two = (n: number) => String(random(n)).padStart(2, "0")
    return `${pick(random, DAYS)}, ${two(34)} ${pick(random, MONTHS)} 20${two(100)} ${two(26)}:${two(62)}:${two(63)} GMT`
}

const HEADERS = [
    "Server: x",
    "date:",
    "Date",
    "X-Date: Sat, 21 Nov 2026 08:49:37 GMT",
    "Content-Length: 0",
    "",
]

function answerOf(random: Random): string {
    const end = once(random, 10) ? "\n" : "\r\n"
    const status = () =>
        `HTTP/1.${random(2)} ${pick(random, ["200", "100", "404", "2x0", "199"])}${pick(random, [" OK", "", " "])}`
    const headers = Array.from({ length: random(5) }, () =>
        pick(random, HEADERS)
    )
    const blank = pick(random, ["", " ", "\t ", "  "])
    const name = pick(random, ["Date", "date", "DATE", "Dat"])
    headers.splice(
        random(headers.length + 1),
        0,
        `${name}:${blank}${dateOf(random)}${blank}`
    )
    if (once(random, 100)) headers.unshift(`X: ${"y".repeat(1_990)}`)
    const interim = once(random, 5) ? [status(), ""] : []
    return [...interim, status(), ...headers, "", ""].join(end)
}

/** An input for a parser. */
export function grammatical(parser: Parser, random: Random): Uint8Array {
    switch (parser) {
        case Parser.Packets: {
            const packets = Array.from({ length: 1 + random(4) }, () =>
                packetOf(random)
            )
            const piece = once(random, 2) ? 0 : 1 + random(9)
            return Uint8Array.from([random(4), piece, ...packets.flat()])
        }
        case Parser.Body:
            return bytesOf(jsonOf(random, 0))
        case Parser.Date:
            return bytesOf(dateOf(random))
        case Parser.Answer: {
            const piece = once(random, 2) ? 0 : 1 + random(40)
            return Uint8Array.of(piece, ...bytesOf(answerOf(random)))
        }
        case Parser.Topic:
            return bytesOf(`${topicOf(random)}\n${topicOf(random)}`)
        default:
            return bytesOf(
                pick(random, ["a", "Z9_-.", "a b", "+", "", "ž"]).repeat(
                    1 + random(once(random, 5) ? 70 : 3)
                )
            )
    }
}

/** Words that a parser knows, for changes at random. */
export const WORDS: Uint8Array[] = [
    ...PRIMITIVES,
    ...KEYS.map(key => `"${key}":`),
    ...COMMANDS.map(word => `"${word}"`),
    ...HEADERS,
    ...LEVELS,
    ...DAYS,
    ...MONTHS,
    "{",
    "}",
    "[",
    "]",
    ",",
    "\\u",
    "HTTP/1.1 200",
    "\r\n",
    "GMT",
    "/",
].flatMap(word => (word === "" ? [] : [bytesOf(word)]))
WORDS.push(
    ...[
        [0xd0, 0],
        [0x40, 2, 0, 1],
        [0x20, 2, 0, 0],
        [0xff, 0xff, 0xff, 0x7f],
        [0x80, 0x80, 0x01],
        [0xff, 0xff],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xef, 0xbb, 0xbf],
    ].map(bytes => Uint8Array.from(bytes))
)
