// The events a run reports, the node's own and those of the host around it: what --json prints and what the terminal, the
// state page and the exit code are made from. Types only.
import type { NodeEvent } from "./node-events"

export type HostEvent =
    | { event: "start"; board: string; file: string }
    /** The board's program was compiled to `bytes` of bytecode in `ms`. */
    | { event: "built"; bytes: number; ms: number }
    /** The broker the node will use, as a URL without credentials; `embedded`: this program runs it, and it answers from now on. */
    | { event: "broker"; url: string; embedded: boolean }
    /** Where the live page and the API are served. */
    | { event: "page"; url: string }
    /** Where the node's state is served as JSON. */
    | { event: "state"; url: string }
    /** A client of the embedded broker other than the node. */
    | { event: "client"; id: string; state: "connected" | "gone" }
    /** A console line of the firmware that is no event of its protocol. */
    | { event: "console"; text: string }
    /** A line of the firmware's error console, or of the report of an exception, with `file(line)`. */
    | { event: "trouble"; text: string }
    /** The embedded broker or the page refused something, cannot do something, or has a defect. */
    | { event: "warning"; text: string }
    /** The program in the VM ended; the device starts it again by itself. */
    | { event: "panic"; code: number }
    /** The chip went to deep sleep for `ms`; a restart follows. */
    | { event: "sleep"; ms: number }
    /** The VM was started again: `reason` as the VM host gives it. */
    | { event: "restart"; reason: string }
    /** The clean stop was asked for. */
    | { event: "stop"; reason: string }
    /** The last event of a run; `code` is the exit code. */
    | { event: "end"; code: number; text: string }

/** Any event of a run. */
export type RunEvent = NodeEvent | HostEvent

/** An event and when the host saw it, in ms since 1970. */
export type Report = { at: number } & RunEvent

/** One object for a line of --json: the time as ISO 8601 in UTC first, then the event with its fields. */
export function toJson(report: Report): string {
    const { at, ...event } = report
    return JSON.stringify({ time: new Date(at).toISOString(), ...event })
}
