// Reads the firmware's console protocol: one line an event, `node: <event> key=value ...`, the last key `text=` running to
// the end of the line. Pure: no clock, no output, no VM. Says nothing of how an event is shown.

/**
 * What a node says of itself. Times are in ms as the node measured them. The VM cuts console lines at about 297 bytes and a
 * firmware may be older or newer than this file, so every field a reader can do without may be missing.
 */
export type NodeEvent =
    | {
          event: "boot"
          board?: string
          device?: string
          client?: string
          /** Seconds; 0 is off. */
          keepalive?: number
          sensors: string[]
          version?: string
      }
    | { event: "connecting"; host?: string; port?: number; attempt?: number }
    /** `present` is CONNACK's session present flag. */
    | { event: "connected"; present: boolean; ms?: number }
    /** `ms` is how long the session had lasted. */
    | { event: "lost"; ms?: number; text?: string }
    | { event: "retry"; ms?: number }
    /** A reading the broker has acknowledged, `ms` after it was first sent. */
    | {
          event: "acked"
          topic: string
          value?: number | string
          qos?: number
          ms?: number
      }
    /** A reading that will never reach the broker: the node's queue was full, or it stopped. */
    | {
          event: "dropped"
          topic: string
          value?: number | string
          reason?: string
      }
    /** The broker has acknowledged this retained status. */
    | { event: "status"; value: Status }
    /** Something else stood on the status topic, and the node says `up` again. */
    | { event: "repair" }
    /** An actuator did what it was asked to; `value` is the state that came of it. */
    | { event: "acted"; actuator: string; value?: number | string }
    /** What an actuator was asked to do and will not; `?` is an actuator whose name cannot be one. */
    | { event: "rejected"; actuator: string; text: string }
    /** A command to the node itself; `text` is its answer, JSON. */
    | { event: "command"; text: string }
    /** The node survived an error. */
    | { event: "fault"; text: string }
    /** The node does not start: its board file or a setting is wrong. */
    | { event: "refused"; text: string }
    | { event: "stopping" }
    | { event: "stopped" }

const STATUSES = ["up", "down", "sleeping"] as const
/** What a node says of its presence; `sleeping`: in deep sleep as planned. */
export type Status = (typeof STATUSES)[number]

function isStatus(value: string | undefined): value is Status {
    return (STATUSES as readonly unknown[]).includes(value)
}

const PREFIX = "node: "
const TEXT = " text="

/** @returns the event, or undefined for a line that is not one: another program's output, or an event this file does not know */
export function parseNodeLine(line: string): NodeEvent | undefined {
    if (!line.startsWith(PREFIX)) return undefined
    const { name, fields } = split(line.slice(PREFIX.length).trimEnd())
    switch (name) {
        case "boot":
            return {
                event: "boot",
                board: fields.get("board"),
                device: fields.get("device"),
                client: fields.get("client"),
                keepalive: count(fields.get("keepalive")),
                sensors: (fields.get("sensors") ?? "")
                    .split(",")
                    .filter(id => id !== ""),
                version: fields.get("version"),
            }
        case "connecting":
            return {
                event: "connecting",
                host: fields.get("host"),
                port: count(fields.get("port")),
                attempt: count(fields.get("attempt")),
            }
        case "connected":
            return {
                event: "connected",
                present: fields.get("present") === "1",
                ms: count(fields.get("ms")),
            }
        case "lost":
            return {
                event: "lost",
                ms: count(fields.get("ms")),
                text: fields.get("text"),
            }
        case "retry":
            return { event: "retry", ms: count(fields.get("ms")) }
        case "acked": {
            const topic = fields.get("topic")
            if (topic === undefined) return undefined
            return {
                event: "acked",
                topic,
                value: scalar(fields.get("value")),
                qos: count(fields.get("qos")),
                ms: count(fields.get("ms")),
            }
        }
        case "dropped": {
            const topic = fields.get("topic")
            if (topic === undefined) return undefined
            return {
                event: "dropped",
                topic,
                value: scalar(fields.get("value")),
                reason: fields.get("reason"),
            }
        }
        case "status": {
            const value = fields.get("value")
            return isStatus(value) ? { event: "status", value } : undefined
        }
        case "acted": {
            const actuator = fields.get("actuator")
            if (actuator === undefined) return undefined
            // a text may have spaces, and is the rest of the line
            const value = fields.get("text") ?? scalar(fields.get("value"))
            return { event: "acted", actuator, value }
        }
        case "rejected": {
            const actuator = fields.get("actuator")
            if (actuator === undefined) return undefined
            const text = fields.get("text") ?? ""
            return { event: "rejected", actuator, text }
        }
        case "command":
        case "fault":
        case "refused":
            return { event: name, text: fields.get("text") ?? "" }
        case "repair":
        case "stopping":
        case "stopped":
            return { event: name }
        default:
            return undefined
    }
}

/** Takes a line apart; of a key that comes twice the first counts, a word that is no `key=value` is passed over. */
function split(rest: string): { name: string; fields: Map<string, string> } {
    const fields = new Map<string, string>()
    const textAt = rest.indexOf(TEXT)
    const words = (textAt < 0 ? rest : rest.slice(0, textAt))
        .split(" ")
        .filter(word => word !== "")
    for (const word of words.slice(1)) {
        const equals = word.indexOf("=")
        const key = word.slice(0, equals)
        if (equals > 0 && !fields.has(key))
            fields.set(key, word.slice(equals + 1))
    }
    if (textAt >= 0) fields.set("text", rest.slice(textAt + TEXT.length))
    return { name: words[0] ?? "", fields }
}

/** A whole number from 0 up; the node's clock is a 53-bit integer of ms, longer digits are not one. */
function count(text: string | undefined): number | undefined {
    return text !== undefined && /^\d{1,15}$/.test(text)
        ? Number(text)
        : undefined
}

/** A decimal number as a number, everything else as it stands. */
function scalar(text: string | undefined): number | string | undefined {
    if (text === undefined || text === "") return undefined
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(text)
        ? Number(text)
        : text
}
