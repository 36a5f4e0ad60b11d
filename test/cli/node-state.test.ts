// What is known of a node after each of its reports.
import { expect, test } from "vitest"
import { initialState, MAX_TOPICS, reduce } from "../../sim/cli/node-state"
import type { Report, RunEvent } from "../../sim/cli/report"

const iso = (at: number) => new Date(at).toISOString()
const after = (...reports: RunEvent[]) =>
    reports
        .map((report, index) => ({ at: index + 1, ...report }))
        .reduce(reduce, initialState(0))

test("a node that was started, connected and published is connected, up, and has its last reading", () => {
    const state = after(
        { event: "start", board: "simulator", file: "f" },
        { event: "broker", url: "mqtt://h:1", embedded: true },
        {
            event: "boot",
            device: "D",
            client: "C",
            sensors: ["TC"],
            keepalive: 60,
            version: "1",
        },
        { event: "connecting", host: "h", port: 1, attempt: 1 },
        { event: "connected", present: false, ms: 3 },
        { event: "status", value: "up" },
        { event: "acked", topic: "t", value: 1, qos: 1, ms: 5 },
        { event: "acked", topic: "t", value: 2, qos: 1, ms: 7 }
    )
    expect(state).toEqual({
        board: "simulator",
        broker: "mqtt://h:1",
        embedded: true,
        device: "D",
        client: "C",
        version: "1",
        keepalive: 60,
        sensors: ["TC"],
        session: "connected",
        since: iso(5),
        status: "up",
        readings: { t: { value: 2, qos: 1, ms: 7, at: iso(8), count: 2 } },
        actuators: {},
        counts: {
            readings: 2,
            connects: 1,
            attempts: 1,
            losses: 0,
            dropped: 0,
            repairs: 0,
            acted: 0,
            rejected: 0,
            commands: 0,
            faults: 0,
            panics: 0,
        },
    })
})

test("a lost connection is offline until the next attempt, and its reason is kept", () => {
    const lost = after(
        { event: "connected", present: false },
        { event: "lost", text: "reset" },
        { event: "retry", ms: 5 }
    )
    expect(lost).toMatchObject({
        session: "offline",
        since: iso(2),
        lastError: { at: iso(2), text: "reset" },
        counts: { connects: 1, losses: 1 },
    })
    expect(reduce(lost, { at: 9, event: "connecting" })).toMatchObject({
        session: "connecting",
        since: iso(9),
    })
})

test("a panic is counted and lasts until the program boots again", () => {
    const state = after({ event: "panic", code: 60005 })
    expect(state).toMatchObject({
        session: "panicked",
        counts: { panics: 1 },
        lastError: { text: "panic 60005" },
    })
    expect(reduce(state, { at: 8, event: "boot", sensors: [] })).toMatchObject({
        session: "starting",
        since: iso(8),
    })
})

test("a stop goes from stopping to stopped, with the status the broker has acknowledged", () => {
    const stopping = after(
        { event: "stop", reason: "SIGINT" },
        { event: "stopping" }
    )
    expect(stopping).toMatchObject({ session: "stopping", since: iso(1) })
    const stopped = after(
        { event: "stop", reason: "x" },
        { event: "status", value: "down" },
        { event: "stopped" }
    )
    expect(stopped).toMatchObject({
        session: "stopped",
        since: iso(3),
        status: "down",
    })
})

test("a node in deep sleep has said so, and starts again by itself", () => {
    const asleep = after(
        { event: "status", value: "sleeping" },
        { event: "stopped" },
        { event: "sleep", ms: 60_000 }
    )
    expect(asleep).toMatchObject({ session: "stopped", status: "sleeping" })
})

test("a fault is counted and does not end the session", () => {
    const state = after(
        { event: "connected", present: true },
        { event: "fault", text: "TC" }
    )
    expect(state).toMatchObject({
        session: "connected",
        counts: { faults: 1 },
        lastError: { at: iso(2), text: "TC" },
    })
})

test("each time the node puts its status right is counted", () => {
    expect(after({ event: "repair" }, { event: "repair" })).toMatchObject({
        counts: { repairs: 2, faults: 0 },
    })
})

test("what actuators do is counted, and the last state of each is kept", () => {
    const state = after(
        { event: "acted", actuator: "RELAY", value: "true" },
        { event: "acted", actuator: "SERVO", value: 45 },
        { event: "acted", actuator: "RELAY", value: "false" },
        { event: "rejected", actuator: "SERVO", text: "out of range" },
        { event: "command", text: "{}" }
    )
    expect(state).toMatchObject({
        actuators: {
            RELAY: { value: "false", count: 2 },
            SERVO: { value: 45, count: 1 },
        },
        counts: { acted: 3, rejected: 1, commands: 1 },
    })
    expect(state.readings).toEqual({})
})

test("a dropped reading is counted, a refused configuration is kept as the last error", () => {
    const state = after(
        { event: "dropped", topic: "t", value: 1 },
        { event: "refused", text: "device is empty" }
    )
    expect(state).toMatchObject({
        counts: { dropped: 1, readings: 0 },
        lastError: { at: iso(2), text: "device is empty" },
    })
})

test("console lines, other clients and warnings change nothing", () => {
    const state = initialState(0)
    const reports: Report[] = [
        { at: 1, event: "console", text: "x" },
        { at: 1, event: "client", id: "c", state: "connected" },
        { at: 1, event: "warning", text: "w" },
        { at: 1, event: "built", bytes: 1, ms: 1 },
        { at: 1, event: "page", url: "u" },
        { at: 1, event: "state", url: "u" },
        { at: 1, event: "end", code: 0, text: "" },
    ]
    expect(reports.reduce(reduce, state)).toBe(state)
})

test("a report leaves the state it started from as it was", () => {
    const before = after({ event: "acked", topic: "t", value: 1 })
    const copy = structuredClone(before)
    reduce(before, { at: 5, event: "acked", topic: "t", value: 2 })
    reduce(before, { at: 5, event: "acked", topic: "u", value: 2 })
    expect(before).toEqual(copy)
})

test("a firmware that invents topics fills no memory: the first are kept, all are counted", () => {
    const reports = Array.from({ length: MAX_TOPICS + 10 }, (_, i) => ({
        event: "acked" as const,
        topic: `t${i}`,
        value: i,
    }))
    const state = after(...reports, { event: "acked", topic: "t0", value: -1 })
    expect(Object.keys(state.readings)).toHaveLength(MAX_TOPICS)
    expect(state.readings["t0"]).toMatchObject({ value: -1, count: 2 })
    expect(state.counts.readings).toBe(MAX_TOPICS + 11)
})

test("a topic named like a property every object has is a topic like any other", () => {
    const state = after(
        { event: "acked", topic: "__proto__", value: 1 },
        { event: "acked", topic: "toString", value: 2 }
    )
    expect(JSON.parse(JSON.stringify(state.readings))).toEqual(
        JSON.parse(
            `{"__proto__":{"value":1,"at":"${iso(1)}","count":1},"toString":{"value":2,"at":"${iso(2)}","count":1}}`
        )
    )
})
