// What a reading looks like on the wire, for each of the servers that read it. Pure: texts in, text out. Knows no clock, no
// queue and no topic layout but how WaziGate names a batch.
//
// A live reading is {"value":x} in every dialect: the one form that WaziCloud and WaziGate both take. A late one says when
// it was taken, or, while the node does not know what time it is, that it is late and by how much:
//   WaziCloud  "timestamp". From its type SensorValue (wazicloud-api, src/Waziup/Types.hs), whose other keys are optional
//              and unknown ones ignored, so a reading marked late has its value and no time.
//   WaziGate   "time". From getReqValue (wazigate-edge, api/values.go), which takes an object with a key it does not know
//              as the value itself. So one marked late is stored, at the gateway's time, as an object that says so.
//   Plain      "timestamp", as WaziCloud: no standard names it, and a consumer of both needs one name.

import { isoText } from "./http-date"

export const enum Dialect {
    /** No server in particular. */
    Plain,
    WaziCloud,
    WaziGate,
}

/**
 * The payload of one reading.
 * @param value JSON
 * @param takenMs when it was taken, in ms since 1970; undefined when it is live, or when time is not known
 * @param ageMs how long ago it was taken; undefined when it is live, not needed beside `takenMs`. What is sent is whole
 * seconds and true when the payload is made, so a repeated message goes out with the text that was made first
 *
 * A time outside 2020 to 2099 is none: such a reading is marked late like one without.
 */
export function payload(
    dialect: Dialect,
    value: string,
    takenMs: number | undefined,
    ageMs: number | undefined
): string {
    if (takenMs === undefined) {
        if (ageMs === undefined) return livePayload(value)
    } else {
        const taken = isoText(takenMs)
        if (taken !== undefined) {
            const key = dialect === Dialect.WaziGate ? "time" : "timestamp"
            return '{"value":' + value + ',"' + key + '":"' + taken + '"}'
        }
    }
    return latePayload(value, ageMs)
}

/** A live reading, in every dialect. */
export function livePayload(value: string): string {
    return '{"value":' + value + "}"
}

/** A late reading of a node that does not know what time it is, in every dialect. */
export function latePayload(value: string, ageMs: number | undefined): string {
    let age = ""
    if (ageMs !== undefined) {
        let seconds = Math.round(ageMs / 1000)
        // NaN fails every comparison
        if (!(seconds >= 0)) seconds = 0
        age = ',"age":' + seconds
    }
    return '{"value":' + value + ',"late":true' + age + "}"
}

/** Where WaziGate takes a batch of a sensor's readings: beside the topic of one, which ends in `/value`. */
export function backlogTopic(readingTopic: string): string {
    return readingTopic + "s"
}

/**
 * How many payloads from the first one make a batch of at most `maxBytes`; 0 when not even one does.
 *
 * Only stamped ones may be in it: WaziGate takes every element of a batch as a bare value when one of them has a key that
 * it does not know (getReqValues, api/values.go).
 */
export function backlogCount(parts: string[], maxBytes: number): number {
    // two brackets, and a comma for each but the first
    let bytes = 1
    for (let i = 0; i < parts.length; i++) {
        bytes += Buffer.from(parts[i] as string).length + 1
        if (bytes > maxBytes) return i
    }
    return parts.length
}

/** The batch of the first `count` payloads, a JSON array. Joined at once: adding one by one copies all each time. */
export function backlogPayload(parts: string[], count: number): string {
    return "[" + parts.slice(0, count).join(",") + "]"
}
