// What is known of a running node, made from its reports one by one: the JSON that --http-port serves. Pure.
// Holds no credentials, because no report does.
import type { Status } from "./node-events"
import type { Report } from "./report"

/** `offline` is between two attempts, `panicked` until the program has started again. */
export type Session =
    | "starting"
    | "connecting"
    | "connected"
    | "offline"
    | "panicked"
    | "stopping"
    | "stopped"

export interface SensorState {
    value?: number | string
    qos?: number
    /** ms from sending to acknowledgement. */
    ms?: number
    /** When the host saw the acknowledgement, ISO 8601 in UTC. */
    at: string
    /** Readings acknowledged since the start. */
    count: number
}

export interface ActuatorState {
    value?: number | string
    /** When the host heard of it, ISO 8601 in UTC. */
    at: string
    /** Times it acted since the start. */
    count: number
}

export interface NodeState {
    board: string
    broker: string
    embedded: boolean
    device?: string
    client?: string
    version?: string
    keepalive?: number
    sensors: string[]
    session: Session
    /** Since when `session` is what it is. */
    since: string
    /** The last status the broker has acknowledged. */
    status?: Status
    /** The last reading by topic. */
    readings: Record<string, SensorState>
    /** The last state of each actuator that acted, by its id. */
    actuators: Record<string, ActuatorState>
    counts: {
        readings: number
        connects: number
        attempts: number
        losses: number
        dropped: number
        /** Times the node put its status right. */
        repairs: number
        /** What actuators did, and what they were asked for in vain. */
        acted: number
        rejected: number
        /** Commands to the node itself. */
        commands: number
        faults: number
        panics: number
    }
    /** What last went wrong, and when. */
    lastError?: { at: string; text: string }
}

/** Topics kept, and actuators. A node has far fewer of both; a firmware gone wild must not fill the host's memory. */
export const MAX_TOPICS = 64

export function initialState(at: number): NodeState {
    return {
        board: "",
        broker: "",
        embedded: false,
        sensors: [],
        session: "starting",
        since: iso(at),
        readings: {},
        actuators: {},
        counts: {
            readings: 0,
            connects: 0,
            attempts: 0,
            losses: 0,
            dropped: 0,
            repairs: 0,
            acted: 0,
            rejected: 0,
            commands: 0,
            faults: 0,
            panics: 0,
        },
    }
}

/** @returns the state after `report`; the one handed in stays as it is */
export function reduce(state: NodeState, report: Report): NodeState {
    const { counts } = state
    const count = (name: keyof NodeState["counts"]) => ({
        counts: { ...counts, [name]: counts[name] + 1 },
    })
    const session = (session: Session) =>
        state.session === session ? {} : { session, since: iso(report.at) }
    const error = (text: string) => ({
        lastError: { at: iso(report.at), text },
    })

    switch (report.event) {
        case "start":
            return { ...state, board: report.board }
        case "broker":
            return { ...state, broker: report.url, embedded: report.embedded }
        case "boot":
            return {
                ...state,
                ...session("starting"),
                device: report.device,
                client: report.client,
                version: report.version,
                keepalive: report.keepalive,
                sensors: report.sensors,
            }
        case "connecting":
            return { ...state, ...session("connecting"), ...count("attempts") }
        case "connected":
            return { ...state, ...session("connected"), ...count("connects") }
        case "lost":
            return {
                ...state,
                ...session("offline"),
                ...count("losses"),
                ...error(report.text ?? "connection lost"),
            }
        case "retry":
            return { ...state, ...session("offline") }
        case "status":
            return { ...state, status: report.value }
        case "acked":
            return {
                ...state,
                ...count("readings"),
                readings: withReading(state.readings, report),
            }
        case "dropped":
            return { ...state, ...count("dropped") }
        case "repair":
            return { ...state, ...count("repairs") }
        case "acted":
            return {
                ...state,
                ...count("acted"),
                actuators: withActuator(state.actuators, report),
            }
        case "rejected":
            return { ...state, ...count("rejected") }
        case "command":
            return { ...state, ...count("commands") }
        case "fault":
            return { ...state, ...count("faults"), ...error(report.text) }
        case "refused":
            return { ...state, ...error(report.text) }
        case "panic":
            return {
                ...state,
                ...session("panicked"),
                ...count("panics"),
                ...error(`panic ${report.code}`),
            }
        case "stop":
        case "stopping":
            return { ...state, ...session("stopping") }
        case "stopped":
            return { ...state, ...session("stopped") }
        case "built":
        case "page":
        case "state":
        case "client":
        case "console":
        case "trouble":
        case "warning":
        case "sleep":
        case "restart":
        case "end":
            return state
    }
}

function withReading(
    readings: NodeState["readings"],
    report: Report & { event: "acked" }
): NodeState["readings"] {
    const before = Object.hasOwn(readings, report.topic)
        ? readings[report.topic]
        : undefined
    if (!before && Object.keys(readings).length >= MAX_TOPICS) return readings
    const reading: SensorState = {
        value: report.value,
        qos: report.qos,
        ms: report.ms,
        at: iso(report.at),
        count: (before?.count ?? 0) + 1,
    }
    return { ...readings, [report.topic]: reading }
}

function withActuator(
    actuators: NodeState["actuators"],
    { actuator, value, at }: Report & { event: "acted" }
): NodeState["actuators"] {
    const before = Object.hasOwn(actuators, actuator)
        ? actuators[actuator]
        : undefined
    if (!before && Object.keys(actuators).length >= MAX_TOPICS) return actuators
    const count = (before?.count ?? 0) + 1
    return { ...actuators, [actuator]: { value, at: iso(at), count } }
}

function iso(at: number): string {
    return new Date(at).toISOString()
}
