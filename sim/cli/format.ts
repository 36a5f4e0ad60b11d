// Turns a report into the line a person reads. Pure: colours come in as a function, the column's width as a number.
import { readingTopic } from "../../src/config/topics"
import type { Status } from "./node-events"
import type { Report } from "./report"

export type Tone = "plain" | "dim" | "good" | "warn" | "bad" | "value"
export interface Style {
    paint(tone: Tone, text: string): string
    /** Characters given to the topic of a reading, see topicColumn. */
    topicWidth: number
}

/** Without colours: for a file, a pipe and NO_COLOR. */
export const PLAIN: Style["paint"] = (_tone, text) => text

/** Characters of the word that names the event; the longest are `connecting`. */
const LABEL = 10
/** Characters of a value: `-1234.56`. */
const VALUE = 8
/** Characters of a time in ms: up to 9,999. */
const MS = 4
/** A topic longer than this does not widen the column for all others. */
const MAX_TOPIC = 80

/** The width the topic column needs once `report` has been seen, so that readings stand below each other. */
export function topicColumn(width: number, report: Report): number {
    const wider = (topic: string) =>
        Math.max(width, Math.min(topic.length, MAX_TOPIC))
    if (report.event === "acked") return wider(report.topic)
    if (report.event !== "boot") return width
    const longest = report.sensors.reduce(
        (a, b) => (b.length > a.length ? b : a),
        ""
    )
    return wider(readingTopic(report.device ?? "", longest))
}

/** @returns one line without its line end: time of day, what happened, details */
export function formatReport(report: Report, style: Style): string {
    const { label, tone, text } = describe(report, style)
    const line = `${style.paint("dim", timeOfDay(report.at))}  ${style.paint(tone, label.padEnd(LABEL))}  ${text}`
    return line.trimEnd()
}

/** `ms` for a person: `340 ms`, `12.3 s`, `4 min 05 s`, `3 h 20 min`. */
export function duration(ms: number): string {
    if (ms < 1_000) return `${Math.round(ms)} ms`
    if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
    const seconds = Math.round(ms / 1_000)
    if (seconds < 3_600)
        return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
    const minutes = Math.round(seconds / 60)
    return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** Text from outside as it may stand on a terminal: control characters, which could move its cursor or worse, become `?`. */
export function printable(text: string): string {
    return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?")
}

function describe(
    report: Report,
    style: Style
): { label: string; tone: Tone; text: string } {
    const dim = (text: string) => style.paint("dim", text)
    switch (report.event) {
        case "start":
            return {
                label: "start",
                tone: "plain",
                text: `board ${printable(report.board)}, ${printable(report.file)}`,
            }
        case "broker":
            return {
                label: "broker",
                tone: "plain",
                text: `${report.url}${report.embedded ? " (embedded)" : ""}`,
            }
        case "page":
            return { label: "page", tone: "plain", text: report.url }
        case "state":
            return { label: "state", tone: "plain", text: report.url }
        case "built":
            return {
                label: "built",
                tone: "plain",
                text: `${kilobytes(report.bytes)} of bytecode in ${duration(report.ms)}`,
            }
        case "boot":
            return {
                label: "boot",
                tone: "plain",
                text: list([
                    named("device", report.device),
                    report.client === report.device
                        ? undefined
                        : named("client id", report.client),
                    report.sensors.length === 0
                        ? undefined
                        : `sensors ${report.sensors.map(printable).join(" ")}`,
                    report.keepalive === undefined
                        ? undefined
                        : report.keepalive === 0
                          ? "no keep alive"
                          : `keep alive ${report.keepalive} s`,
                    named("version", report.version),
                ]),
            }
        case "connecting":
            return {
                label: "connecting",
                tone: "dim",
                text: dim(
                    list([
                        report.host === undefined
                            ? undefined
                            : `to ${printable(report.host)}:${report.port ?? "?"}`,
                        report.attempt === undefined
                            ? undefined
                            : `attempt ${report.attempt}`,
                    ])
                ),
            }
        case "connected":
            return {
                label: "connected",
                tone: "good",
                text: list([
                    report.ms === undefined
                        ? undefined
                        : `in ${duration(report.ms)}`,
                    report.present ? "session resumed" : "new session",
                ]),
            }
        case "lost":
            return {
                label: "lost",
                tone: "warn",
                text: list([
                    report.text === undefined
                        ? undefined
                        : printable(report.text),
                    // 0 is an attempt that came to nothing.
                    report.ms === undefined || report.ms === 0
                        ? undefined
                        : `the session had lasted ${duration(report.ms)}`,
                ]),
            }
        case "retry":
            return {
                label: "retry",
                tone: "dim",
                text:
                    report.ms === undefined
                        ? ""
                        : dim(`next attempt in ${duration(report.ms)}`),
            }
        case "dropped":
            return {
                label: "dropped",
                tone: "warn",
                text: list([
                    `${printable(report.topic)}  ${printable(String(report.value ?? "?"))}`,
                    named("reason", report.reason),
                ]),
            }
        case "acked":
            return {
                label: "reading",
                tone: "plain",
                text: reading(report, style),
            }
        case "status":
            return {
                label: "status",
                tone: STATUS_TONES[report.value],
                text: `${report.value} ${dim("retained, acknowledged")}`,
            }
        case "repair":
            return {
                label: "status",
                tone: "warn",
                text: "something else stood on the status topic; the node says up again",
            }
        case "acted":
            return {
                label: "acted",
                tone: "good",
                text: `${printable(report.actuator)}  ${style.paint("value", printable(String(report.value ?? "?")))}`,
            }
        case "rejected":
            return {
                label: "rejected",
                tone: "warn",
                text: `${printable(report.actuator)}, ${printable(report.text)}`,
            }
        case "command":
            return {
                label: "command",
                tone: "plain",
                text: printable(report.text),
            }
        case "fault":
        case "refused":
            return {
                label: report.event,
                tone: "bad",
                text: printable(report.text),
            }
        case "stopping":
            return {
                label: "stopping",
                tone: "plain",
                text: "the node says how it leaves, and disconnects",
            }
        case "stopped":
            return {
                label: "stopped",
                tone: "plain",
                text: "the connection is closed",
            }
        case "client":
            return {
                label: "client",
                tone: "dim",
                text: dim(`${printable(report.id)} ${report.state}`),
            }
        case "console":
            return {
                label: "console",
                tone: "dim",
                text: dim(printable(report.text)),
            }
        case "trouble":
            return {
                label: "trouble",
                tone: "bad",
                text: printable(report.text),
            }
        case "warning":
            return {
                label: "warning",
                tone: "warn",
                text: printable(report.text),
            }
        case "panic":
            return { label: "panic", tone: "bad", text: panic(report.code) }
        case "sleep":
            return {
                label: "sleep",
                tone: "plain",
                text: `deep sleep for ${duration(report.ms)}`,
            }
        case "restart":
            return {
                label: "restart",
                tone: "warn",
                text: printable(report.reason),
            }
        case "stop":
            return {
                label: "stop",
                tone: "plain",
                text: printable(report.reason),
            }
        case "end":
            return {
                label: "end",
                tone: report.code === 0 ? "good" : "bad",
                text: printable(report.text),
            }
    }
}

function reading(report: Report & { event: "acked" }, style: Style): string {
    const topic = printable(report.topic).padEnd(style.topicWidth)
    const value = style.paint(
        "value",
        printable(String(report.value ?? "?")).padStart(VALUE)
    )
    const acked =
        report.ms === undefined
            ? "acknowledged"
            : `acknowledged in ${String(report.ms).padStart(MS)} ms`
    return `${topic}  ${value}  ${style.paint("dim", `QoS ${report.qos ?? "?"}  ${acked}`)}`
}

/** Sleep is planned, so it is no warning. */
const STATUS_TONES: Record<Status, Tone> = {
    up: "good",
    down: "warn",
    sleeping: "plain",
}

/** The panics of the DeviceScript VM a person meets, and what the device does next. */
function panic(code: number): string {
    const why = PANICS.get(code)
    return `code ${code}${why === undefined ? "" : `, ${why}`}; the device starts the program again in 5 s`
}

const PANICS = new Map([
    [60001, "the program ran too long without a pause"],
    [60004, "out of memory"],
    [60005, "an exception nobody caught"],
    [60006, "calls nested too deep"],
])

function named(name: string, value: string | undefined): string | undefined {
    return value === undefined ? undefined : `${name} ${printable(value)}`
}

function list(parts: (string | undefined)[]): string {
    return parts.filter(part => part !== undefined && part !== "").join(", ")
}

function kilobytes(bytes: number): string {
    return `${(bytes / 1_000).toFixed(1)} kB`
}

function timeOfDay(at: number): string {
    const time = new Date(at)
    return [time.getHours(), time.getMinutes(), time.getSeconds()]
        .map(two)
        .join(":")
}

function two(value: number): string {
    return String(value).padStart(2, "0")
}
