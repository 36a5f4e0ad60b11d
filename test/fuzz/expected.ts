// What the node of test/world/doers has to make of a body, by what docs/node.md says of actuators and commands. Pure; written
// apart from src/node on purpose.
import { mayDiffer } from "./json-of-vm"

/** Largest body, bytes; brackets outside strings. */
const MAX_BODY = 256
const MAX_BRACKETS = 4

/** Actuators that are functions of the board: what they take. */
const TAKES: Record<string, (value: unknown) => boolean> = {
    PUMP: v => typeof v === "number" && v >= 0 && v <= 100,
    FREE: v => typeof v === "number" && Math.abs(v) <= 9_007_199_254,
    TEXT: v => typeof v === "string",
    FLAG: v => typeof v === "boolean",
}

export const ACTUATORS = Object.keys(TAKES)

/** Its sensors, and the bounds of their intervals, ms. */
const SENSORS = ["N", "M"]
const SHORTEST = 1_000
const LONGEST = 86_400_000

/** A body that is refused before anybody looks into it. */
function harmful(input: Uint8Array): boolean {
    const text = Buffer.from(input).toString()
    const outside = text.replaceAll(/"(?:\\[^]|[^"\\])*"?/g, "")
    const brackets = outside.match(/[[{]/g)?.length ?? 0
    return (
        input.length > MAX_BODY ||
        brackets > MAX_BRACKETS ||
        /x/i.test(outside) ||
        input.includes(0) ||
        !Buffer.from(text).equals(Buffer.from(input))
    )
}

/** What the body of a message says; `known` is false where the VM may see something else in it. */
type Reading = { known: false } | { known: true; body: unknown }

function read(input: Uint8Array): Reading {
    if (harmful(input)) return { known: true, body: undefined }
    if (mayDiffer(input)) return { known: false }
    const body: unknown = JSON.parse(Buffer.from(input).toString())
    return { known: true, body }
}

/** What an actuator has to do: the value, undefined for nothing. */
export type Deed = { known: false } | { known: true; value: unknown }

export function deedOf(id: string, input: Uint8Array): Deed {
    const reading = read(input)
    if (!reading.known) return reading
    const { body } = reading
    const value =
        typeof body === "object" && body
            ? (body as { value?: unknown }).value
            : body
    return { known: true, value: TAKES[id]!(value) ? value : undefined }
}

/** Whether `text`, as a program prints it, is that value, as far as a console line shows it: to U+0000, and a number nearly. */
export function shows(text: string, value: unknown): boolean {
    if (typeof value !== "number") return text === String(value).split("\0")[0]
    const shown = Number(text)
    return Math.abs(shown - value) <= 1e-6 * Math.abs(value)
}

/** What may stand in the answer to a command: `error` is "" for one that is done. */
export type Answers = { known: false } | { known: true; errors: string[] }

export function answersTo(input: Uint8Array): Answers {
    const reading = read(input)
    if (!reading.known) return reading
    return { known: true, errors: errorsOf(reading.body) }
}

function errorsOf(body: unknown): string[] {
    if (typeof body !== "object" || !body) return ["not JSON, or too long"]
    const { command, sensor, ms } = body as Record<string, unknown>
    if (command === "report" || command === "restart") return [""]
    if (command !== "interval") return ["unknown command"]
    if (!SENSORS.includes(sensor as string)) return ["unknown sensor"]
    const allowed =
        Number.isInteger(ms) &&
        (ms as number) >= SHORTEST &&
        (ms as number) <= LONGEST
    // the flash is not written as often as somebody likes
    return allowed ? ["", "too often"] : ["ms is out of range"]
}
