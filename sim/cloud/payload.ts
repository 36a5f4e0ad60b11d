// Reads the payloads of a device's topics, in every dialect a node or Waziup speaks. Pure: the time of arrival comes in.
// Whatever it is given, it throws nothing: what cannot be read is undefined.
import type { Takes } from "./catalog"
import {
    LATE_MS,
    MAX_DIAGNOSTICS,
    MAX_FUTURE_MS,
    MAX_PAYLOAD,
    MAX_VALUE,
    MIN_TIME,
} from "./limits"

/** A value that was measured at `at` and arrived at `received`, both in ms since 1970. */
export interface Reading {
    value: unknown
    at: number
    received: number
    /** It says itself when it was taken, so that a repetition can be told from another reading. */
    stamped: boolean
    late: boolean
}

export type Status = "up" | "down" | "sleeping"

/** The payload as JSON, or undefined when it is too large, no UTF-8 or no JSON. */
export function jsonOf(payload: Uint8Array): { json: unknown } | undefined {
    if (payload.length > MAX_PAYLOAD) return undefined
    try {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(payload)
        return { json: JSON.parse(text) as unknown }
    } catch {
        return undefined
    }
}

/**
 * One reading: `{"value":x}` with `timestamp` or `time` or `age` (s), or x alone.
 * @returns undefined when there is no value, or none that can be kept
 */
export function readingOf(
    json: unknown,
    received: number
): Reading | undefined {
    const stated = isObject(json) && Object.hasOwn(json, "value")
    const value = stated ? json["value"] : json
    if (valueFault(value) !== undefined) return undefined
    const live = { value, at: received, received, stamped: false, late: false }
    if (!stated) return live
    const at = timeOf(json["timestamp"] ?? json["time"], received)
    if (at !== undefined)
        return {
            value,
            at,
            received,
            stamped: true,
            late: received - at >= LATE_MS,
        }
    const age = json["age"]
    if (typeof age !== "number" || !(age > 0)) return live
    const taken = received - Math.round(age * 1_000)
    if (taken < MIN_TIME) return live
    // The age is in whole seconds and counts until it was sent: no stamp, by which a repetition could be known.
    return { ...live, at: taken, late: received - taken >= LATE_MS }
}

/** A batch: an array of what readingOf takes; what cannot be read in it is left out. */
export function readingsOf(json: unknown, received: number): Reading[] {
    if (!Array.isArray(json)) return []
    return json
        .map((item: unknown) => readingOf(item, received))
        .filter(reading => reading !== undefined)
}

/** What a command or a state says: `{"value":x}`, or x alone. */
export function actuatorValue(json: unknown): { value: unknown } | undefined {
    const stated = isObject(json) && Object.hasOwn(json, "value")
    const value = stated ? json["value"] : json
    return valueFault(value) === undefined ? { value } : undefined
}

export function statusOf(payload: Uint8Array): Status | undefined {
    const text = Buffer.from(payload.subarray(0, 16)).toString()
    return text === "up" || text === "down" || text === "sleeping"
        ? text
        : undefined
}

/** How the device's sensors are, by their id, and the whole that says so. */
export interface Diagnostics {
    body: Record<string, unknown>
    sensors: Map<string, { state: string; seconds: number }>
    /** What each actuator takes, and its state as far as the device knows it. */
    actuators: Map<string, { takes: Takes; value: unknown }>
}

export function diagnosticsOf(payload: Uint8Array): Diagnostics | undefined {
    if (payload.length > MAX_DIAGNOSTICS) return undefined
    const body = jsonOf(payload)?.json
    if (!isObject(body)) return undefined
    const sensors: Diagnostics["sensors"] = new Map()
    const listed = body["sensors"]
    for (const [id, entry] of Object.entries(isObject(listed) ? listed : {})) {
        if (!isObject(entry)) continue
        const { state, s } = entry
        if (typeof state !== "string" || !/^[a-z:]{1,32}$/.test(state)) continue
        const seconds = typeof s === "number" && s >= 0 ? s : 0
        sensors.set(id, { state, seconds })
    }
    const actuators: Diagnostics["actuators"] = new Map()
    const there = body["actuators"]
    for (const [id, entry] of Object.entries(isObject(there) ? there : {})) {
        if (!isObject(entry)) continue
        const { type, min, max, value } = entry
        if (type !== "boolean" && type !== "number" && type !== "string")
            continue
        const takes: Takes = { type }
        if (typeof min === "number") takes.min = min
        if (typeof max === "number") takes.max = max
        actuators.set(id, {
            takes,
            value: typeof value === type ? value : undefined,
        })
    }
    return { body, sensors, actuators }
}

/** Why `value` cannot be kept or published, or undefined when it can. */
export function valueFault(value: unknown): string | undefined {
    if (value === undefined) return "is missing"
    if (typeof value === "number" && !Number.isFinite(value))
        return "is too large a number"
    let bytes: number
    try {
        bytes = Buffer.byteLength(JSON.stringify(value))
    } catch {
        return "is nested too deeply"
    }
    return bytes > MAX_VALUE
        ? `has ${bytes} bytes as JSON, at most ${MAX_VALUE} are kept`
        : undefined
}

/** ISO 8601 with a zone, as RFC 3339 wants it, in the bounds of what a clock that was set can say. */
export function timeOf(text: unknown, now: number): number | undefined {
    if (typeof text !== "string" || !RFC_3339.test(text)) return undefined
    const at = Date.parse(text)
    return at >= MIN_TIME && at <= now + MAX_FUTURE_MS ? at : undefined
}

const RFC_3339 =
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

function isObject(json: unknown): json is Record<string, unknown> {
    return typeof json === "object" && json !== null && !Array.isArray(json)
}
