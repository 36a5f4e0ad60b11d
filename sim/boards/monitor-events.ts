// Makes of a message below devices/<device>/ the event it tells of, and of an event the line a person reads. Pure. Whatever
// comes over the network may be anything: nothing here throws, and nothing gets to the terminal as it is.
import { duration, printable, type Style, type Tone } from "../cli/format"

/** Anything that JSON can say. */
export type Json = unknown

export type MonitorEvent =
    | { event: "connected" }
    | { event: "lost"; text: string }
    | { event: "silent"; device: string; ms: number }
    | {
          event: "reading"
          device: string
          sensor: string
          value: Json
          /** When it was taken, as the node says; age in seconds where it does not know the time. */
          taken?: string
          age?: number
          late?: boolean
      }
    | { event: "status"; device: string; value: string; retained: boolean }
    | { event: "diagnostics"; device: string; value: Json }
    | {
          event: "state" | "asked"
          device: string
          actuator: string
          value: Json
      }
    | { event: "command" | "ack"; device: string; value: Json }
    | { event: "other"; topic: string; text: string }

/** Characters of a payload that are shown when it is of no kind known. */
const MAX_TEXT = 200

/** @returns one event, or several of a batch of readings */
export function eventsOf(
    topic: string,
    payload: string,
    retained: boolean
): MonitorEvent[] {
    const [root, device, ...path] = topic.split("/")
    const other: MonitorEvent = {
        event: "other",
        topic,
        text: payload.slice(0, MAX_TEXT),
    }
    if (root !== "devices" || device === undefined) return [other]
    const [kind, id, leaf] = path
    if (path.length === 1) {
        if (kind === "status")
            return [{ event: "status", device, value: payload, retained }]
        const value = json(payload)
        if (kind === "diagnostics" && isObject(value))
            return [{ event: "diagnostics", device, value }]
        if (kind === "command") return [{ event: "command", device, value }]
    }
    if (path.length === 2 && kind === "command" && id === "ack")
        return [{ event: "ack", device, value: json(payload) }]
    if (path.length !== 3 || id === undefined) return [other]
    const value = json(payload)
    if (kind === "sensors" && leaf === "value")
        return [reading(device, id, value)]
    if (kind === "sensors" && leaf === "values" && Array.isArray(value))
        return value.map(one => reading(device, id, one))
    if (kind === "actuators" && (leaf === "state" || leaf === "value"))
        return [
            {
                event: leaf === "state" ? "state" : "asked",
                device,
                actuator: id,
                value: isObject(value) ? value["value"] : value,
            },
        ]
    return [other]
}

function reading(device: string, sensor: string, body: Json): MonitorEvent {
    const event = { event: "reading" as const, device, sensor }
    if (!isObject(body)) return { ...event, value: body }
    const taken = body["timestamp"] ?? body["time"]
    const { age, late } = body
    return {
        ...event,
        value: body["value"],
        ...(typeof taken === "string" ? { taken } : {}),
        ...(typeof age === "number" ? { age } : {}),
        ...(late === true ? { late } : {}),
    }
}

/** What JSON says, or the text itself where it is none. */
function json(text: string): Json {
    try {
        return JSON.parse(text) as Json
    } catch {
        return text
    }
}

function isObject(value: Json): value is Record<string, Json> {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Characters of the word that names the event; the longest is `diagnostics`. */
const LABEL = 11
/** Characters of a sensor's id before its value; a longer one moves its own line only. */
const ID = 8
/** Characters of a value: `-1234.56`. */
const VALUE = 9

/**
 * One line without its end.
 * @param at ms since 1970
 * @param named whether the device is shown: more than one is followed
 */
export function monitorLine(
    event: MonitorEvent,
    at: number,
    named: boolean,
    paint: Style["paint"]
): string {
    const { tone, text } = describe(event, paint)
    const device =
        named && "device" in event ? `${printable(event.device)}  ` : ""
    const time = paint("dim", new Date(at).toTimeString().slice(0, 8))
    const label = paint(tone, event.event.padEnd(LABEL))
    return `${time}  ${label}  ${device}${text}`.trimEnd()
}

const STATUS_TONES: Record<string, Tone> = {
    up: "good",
    down: "bad",
    sleeping: "plain",
}

function describe(
    event: MonitorEvent,
    paint: Style["paint"]
): { tone: Tone; text: string } {
    switch (event.event) {
        case "connected":
            return { tone: "good", text: "to the broker" }
        case "lost":
            return { tone: "warn", text: printable(event.text) }
        case "silent":
            return {
                tone: "warn",
                text: `nothing for ${duration(event.ms)}`,
            }
        case "reading": {
            const { sensor, value, taken, age, late } = event
            const when =
                taken !== undefined
                    ? `taken ${printable(taken)}`
                    : age !== undefined
                      ? `${duration(age * 1_000)} old`
                      : late === true
                        ? "late"
                        : ""
            return {
                tone: "plain",
                text: `${printable(sensor).padEnd(ID)}  ${paint("value", shown(value).padStart(VALUE))}  ${paint("dim", when)}`,
            }
        }
        case "status":
            return {
                tone: STATUS_TONES[event.value] ?? "warn",
                text: `${printable(event.value)}${event.retained ? paint("dim", "  as the broker has kept it") : ""}`,
            }
        case "diagnostics":
            return { tone: "dim", text: diagnostics(event.value) }
        case "state":
        case "asked":
            return {
                tone: event.event === "state" ? "good" : "plain",
                text: `${printable(event.actuator).padEnd(ID)}  ${paint("value", shown(event.value).padStart(VALUE))}`,
            }
        case "command":
        case "ack":
            return { tone: "plain", text: shown(event.value) }
        case "other":
            return {
                tone: "dim",
                text: `${printable(event.topic)}  ${printable(event.text)}`,
            }
    }
}

function shown(value: Json): string {
    const text =
        typeof value === "string" ? value : (JSON.stringify(value) ?? "?")
    return printable(text.slice(0, MAX_TEXT))
}

/** The few words of the diagnostics that a person looks for first, and what is not well. */
function diagnostics(value: Json): string {
    if (!isObject(value)) return shown(value)
    const readings = isObject(value["readings"]) ? value["readings"] : {}
    const sensors = isObject(value["sensors"]) ? value["sensors"] : {}
    const number = (from: Record<string, Json>, key: string) =>
        typeof from[key] === "number" ? from[key] : undefined
    const seconds = number(value, "uptime")
    const part = (name: string, count: number | undefined) =>
        count === undefined ? [] : [`${name} ${count}`]
    const unwell = Object.entries(sensors).flatMap(([id, sensor]) =>
        isObject(sensor) && sensor["state"] !== "ok"
            ? [`${id} ${shown(sensor["state"])}`]
            : []
    )
    const some = (name: string) => {
        const count = number(readings, name)
        return count === undefined || count === 0 ? [] : [`${name} ${count}`]
    }
    return printable(
        [
            ...(seconds === undefined
                ? []
                : [`up ${duration(seconds * 1_000)}`]),
            ...part("boot", number(value, "boot")),
            ...part("connects", number(value, "connects")),
            ...part("read", number(readings, "read")),
            ...part("queued", number(readings, "queued")),
            ...["full", "thinned", "parked", "lost", "faults"].flatMap(some),
            ...(Object.keys(sensors).length === 0
                ? []
                : unwell.length === 0
                  ? ["all sensors ok"]
                  : unwell),
        ].join(", ")
    )
}
