// A second reader of what a broker sends, written from the standard for clarity and not for a board: all of a stream at once. It
// says what must be found and whether the stream is broken, and not which rule it breaks.
import { digest, mqttText } from "./judge"

/** Largest bodies taken in whole, as an outcome names them by its first byte. */
const MOSTS = [16, 128, 256, 2_048]
/** Longest topic that is looked at, bytes. */
const MAX_TOPIC = 2_048
const CONNACK = 2
const PUBLISH = 3
const PUBREL = 6
const SUBACK = 9
const PINGRESP = 13
/** Bytes of the packets whose length is fixed. */
const LENGTHS: Record<number, number> = {
    2: 2,
    4: 2,
    5: 2,
    6: 2,
    7: 2,
    9: 3,
    11: 2,
    13: 0,
}

class Broken extends Error {}

function must(condition: boolean): void {
    if (!condition) throw new Broken()
}

/** A fixed header: what is known, or undefined when bytes are missing (section 2.2). */
function header(b: Uint8Array, at: number) {
    let length = 0
    for (let i = 0; ; i++) {
        if (i === 4) throw new Broken()
        const digit = b[at + 1 + i]
        if (digit === undefined) return undefined
        length += (digit & 127) * 128 ** i
        if (digit >= 128) continue
        return { type: b[at]! >> 4, flags: b[at]! & 15, length, size: 2 + i }
    }
}

type Header = NonNullable<ReturnType<typeof header>>

function checkHeader({ type, flags, length }: Header): void {
    if (type !== PUBLISH) {
        must(LENGTHS[type] === length)
        must(flags === (type === PUBREL ? 2 : 0))
        return
    }
    const qos = (flags >> 1) & 3
    must(qos !== 3)
    must(qos !== 0 || (flags & 8) === 0)
    must(length >= (qos > 0 ? 5 : 3))
}

/** As much of a PUBLISH as is there. @returns its entry, undefined when it is not whole */
function publish(
    { type, flags, length }: Header,
    b: Uint8Array,
    most: number
): string | undefined {
    const whole = b.length === length
    // one that is taken in whole is looked at when it is there
    if (!whole && length <= most) return undefined
    if (b.length < 2) return undefined
    const qos = (flags >> 1) & 3
    const size = b[0]! * 256 + b[1]!
    const end = 2 + size + (qos > 0 ? 2 : 0)
    must(size > 0 && end <= length)
    let id = 0
    if (qos > 0 && b.length >= end) {
        id = b[end - 2]! * 256 + b[end - 1]!
        must(id > 0)
    }
    if (!whole) return undefined
    const topic = b.slice(2, 2 + size)
    let rest = "skipped"
    if (length <= most && size <= MAX_TOPIC) {
        const text = mqttText(topic)
        must(text !== undefined && !/[+#]/.test(text))
        rest = `${digest(topic)} ${digest(b.slice(end))}`
    }
    return `${type} ${id} ${qos}${flags & 8 ? "d" : "-"}${flags & 1 ? "r" : "-"} ${rest}`
}

function other({ type }: Header, b: Uint8Array): string {
    if (type === PINGRESP) return `${type}`
    if (type === CONNACK) {
        must(b[0]! <= 1 && b[1]! <= 5)
        must(b[0] === 0 || b[1] === 0)
        return `${type} ${b[0]} ${b[1]}`
    }
    const id = b[0]! * 256 + b[1]!
    must(id > 0)
    if (type !== SUBACK) return `${type} ${id}`
    must([0, 1, 2, 0x80].includes(b[2]!))
    return `${type} ${id} ${b[2]}`
}

/** The outcome of an input, with `!` for the stream's end. */
export function packetsReference(input: Uint8Array): string {
    if (input.length < 2) return "short"
    const most = MOSTS[input[0]! & 3]!
    const found: string[] = []
    let taken = 0
    try {
        for (let at = 2; at < input.length;) {
            const head = header(input, at)
            if (!head) break
            checkHeader(head)
            taken += head.length
            const from = at + head.size
            const bytes = input.slice(from, from + head.length)
            let entry: string | undefined
            if (head.type === PUBLISH) entry = publish(head, bytes, most)
            else if (bytes.length === head.length) entry = other(head, bytes)
            if (entry === undefined) break
            found.push(entry)
            at = from + head.length
        }
    } catch (error) {
        if (!(error instanceof Broken)) throw error
        found.push("!")
    }
    return [...found, `taken ${taken}`].join(", ")
}
