// What topics and payloads mean, in every dialect, and what is refused: the pure parts of the cloud stand-in.
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import {
    actuatorValue,
    diagnosticsOf,
    jsonOf,
    readingOf,
    readingsOf,
    statusOf,
    timeOf,
    valueFault,
} from "../../sim/cloud/payload"
import { subjectOf } from "../../sim/cloud/topics"

const NOW = Date.parse("2026-03-01T12:00:00Z")
const bytes = (text: string) => Buffer.from(text)

describe("a topic", () => {
    test.each([
        [
            "devices/D/sensors/TC/value",
            { kind: "value", device: "D", sensor: "TC" },
        ],
        [
            "devices/D/sensors/TC/values",
            { kind: "values", device: "D", sensor: "TC" },
        ],
        ["devices/a.b_c-1/status", { kind: "status", device: "a.b_c-1" }],
        ["devices/D/diagnostics", { kind: "diagnostics", device: "D" }],
        [
            "devices/D/actuators/R/value",
            { kind: "requested", device: "D", actuator: "R" },
        ],
        [
            "devices/D/actuators/R/state",
            { kind: "state", device: "D", actuator: "R" },
        ],
    ])("%s means %j", (topic, subject) => {
        expect(subjectOf(topic)).toEqual(subject)
    })

    test.each([
        "",
        "devices",
        "devices/D",
        "devices/D/",
        "devices//status",
        "/devices/D/status",
        "devices/D/status/",
        "devices/D/sensors/TC",
        "devices/D/sensors/TC/value/x",
        "devices/D/sensors//value",
        "devices/D/sensors/T C/value",
        "devices/D/sensors/<b>/value",
        "devices/../sensors/TC/value",
        "devices/./status",
        "devices/D/sensors/../value",
        "devices/D/sensors/ž/value",
        `devices/${"d".repeat(65)}/status`,
        "devices/D/command",
        "Devices/D/status",
        "devices/D/sensors/TC/state",
        "devices/D\0/status",
        "homeassistant/x/y/config",
    ])("%j means nothing", topic => {
        expect(subjectOf(topic)).toBeUndefined()
    })
})

describe("a reading", () => {
    const live = { at: NOW, received: NOW, stamped: false, late: false }
    const at = (text: string) => Date.parse(text)

    test.each<[string, unknown, object]>([
        ["a live one", { value: 21.6 }, { value: 21.6, ...live }],
        ["the bare value", 21.6, { value: 21.6, ...live }],
        ["a text", { value: "on" }, { value: "on", ...live }],
        ["null", { value: null }, { value: null, ...live }],
        [
            "an object as the value",
            { value: { x: 1 } },
            { value: { x: 1 }, ...live },
        ],
        ["an object without value", { x: 1 }, { value: { x: 1 }, ...live }],
        [
            "Waziup's timestamp",
            { value: 1, timestamp: "2026-03-01T11:59:00Z" },
            {
                value: 1,
                at: at("2026-03-01T11:59:00Z"),
                received: NOW,
                stamped: true,
                late: true,
            },
        ],
        [
            "WaziGate's time",
            { value: 1, time: "2026-03-01T12:59:00+01:00" },
            {
                value: 1,
                at: at("2026-03-01T11:59:00Z"),
                received: NOW,
                stamped: true,
                late: true,
            },
        ],
        [
            "a stamp of 1.9 s ago is not late",
            { value: 1, timestamp: "2026-03-01T11:59:58.1Z" },
            { at: NOW - 1_900, stamped: true, late: false },
        ],
        [
            "a stamp of 2 s ago is",
            { value: 1, timestamp: "2026-03-01T11:59:58Z" },
            { stamped: true, late: true },
        ],
        [
            "an age",
            { value: 1, late: true, age: 75 },
            {
                value: 1,
                at: NOW - 75_000,
                received: NOW,
                stamped: false,
                late: true,
            },
        ],
        [
            "a stamp that is none",
            { value: 1, timestamp: "yesterday" },
            { value: 1, ...live },
        ],
        [
            "a clock that was never set",
            { value: 1, timestamp: "1970-01-01T00:00:09Z" },
            { value: 1, ...live },
        ],
        [
            "a clock far ahead",
            { value: 1, timestamp: "2026-03-03T12:00:00Z" },
            { value: 1, ...live },
        ],
        [
            "an age before all time",
            { value: 1, age: 1e12 },
            { value: 1, ...live },
        ],
        [
            "an age that is no number",
            { value: 1, age: "75" },
            { value: 1, ...live },
        ],
    ])("%s", (_name, json, reading) => {
        expect(readingOf(json, NOW)).toMatchObject(reading)
    })

    test("larger than 1,024 bytes, infinite or without end is none", () => {
        expect(readingOf({ value: "x".repeat(1_022) }, NOW)).toBeDefined()
        expect(readingOf({ value: "x".repeat(1_023) }, NOW)).toBeUndefined()
        expect(
            readingOf(jsonOf(bytes('{"value":1e999}'))!.json, NOW)
        ).toBeUndefined()
        const deep = "[".repeat(30_000) + "]".repeat(30_000)
        expect(readingOf(jsonOf(bytes(deep))!.json, NOW)).toBeUndefined()
    })

    test("in a batch stands beside those that cannot be read", () => {
        const batch = [
            { value: 1, time: "2026-03-01T11:00:00Z" },
            { value: "x".repeat(2_000) },
            3,
        ]
        expect(readingsOf(batch, NOW).map(({ value }) => value)).toEqual([1, 3])
        expect(readingsOf({ value: 1 }, NOW)).toEqual([])
    })
})

test("what is no JSON, no UTF-8 or over 64 KiB is nothing", () => {
    expect(jsonOf(bytes("null"))).toEqual({ json: null })
    expect(jsonOf(bytes("{value:1}"))).toBeUndefined()
    expect(jsonOf(bytes(""))).toBeUndefined()
    expect(jsonOf(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined()
    expect(jsonOf(bytes(" ".repeat(65_535) + "1"))).toEqual({ json: 1 })
    expect(jsonOf(bytes(" ".repeat(65_536) + "1"))).toBeUndefined()
})

test("a status is one of three words and nothing like them", () => {
    expect(
        ["up", "down", "sleeping"].map(text => statusOf(bytes(text)))
    ).toEqual(["up", "down", "sleeping"])
    for (const text of ["", "UP", "up ", '"up"', "sleeping but not for long"])
        expect(statusOf(bytes(text))).toBeUndefined()
})

test("diagnostics name the sensors whose state can be read, and are kept whole up to 4 KiB", () => {
    const text =
        '{"boot":1,"sensors":{"TC":{"state":"fault:nan","s":5},"X":{"state":"<b>"},"__proto__":{"state":"ok"},"Y":3}}'
    const diagnostics = diagnosticsOf(bytes(text))!
    expect([...diagnostics.sensors]).toEqual([
        ["TC", { state: "fault:nan", seconds: 5 }],
        ["__proto__", { state: "ok", seconds: 0 }],
    ])
    expect(JSON.stringify(diagnostics.body)).toBe(text)
    expect(diagnosticsOf(bytes("[]"))).toBeUndefined()
    expect(diagnosticsOf(bytes(`{"a":"${"x".repeat(4_096)}"}`))).toBeUndefined()
})

test("diagnostics name the actuators whose type is known, with the bounds and the state that fit it", () => {
    const { actuators } = diagnosticsOf(
        bytes(
            '{"actuators":{"R":{"type":"boolean","value":true},"S":{"type":"number","min":-90,"max":90,"value":"x"},"T":{"type":"<b>"},"U":1}}'
        )
    )!
    expect([...actuators]).toEqual([
        ["R", { takes: { type: "boolean" }, value: true }],
        [
            "S",
            { takes: { type: "number", min: -90, max: 90 }, value: undefined },
        ],
    ])
})

test("an actuator's value is in `value` or stands alone", () => {
    expect(actuatorValue({ value: false })).toEqual({ value: false })
    expect(actuatorValue(0)).toEqual({ value: 0 })
    expect(actuatorValue({ value: "x".repeat(2_000) })).toBeUndefined()
})

test("whatever bytes arrive, nothing throws, and a reading's time is never after its arrival by more than a day", () => {
    const json = fc.json({ maxDepth: 4 }).map(text => Buffer.from(text))
    const stamped = fc
        .record({
            value: fc.jsonValue(),
            timestamp: fc.anything(),
            age: fc.double(),
        })
        .map(object =>
            Buffer.from(
                JSON.stringify(object, (_key, value: unknown) =>
                    typeof value === "bigint" ? String(value) : value
                )
            )
        )
    fc.assert(
        fc.property(fc.oneof(fc.uint8Array(), json, stamped), payload => {
            statusOf(payload)
            diagnosticsOf(payload)
            const parsed = jsonOf(payload)
            if (parsed === undefined) return
            for (const reading of [
                readingOf(parsed.json, NOW),
                ...readingsOf(parsed.json, NOW),
            ]) {
                if (reading === undefined) continue
                expect(valueFault(reading.value)).toBeUndefined()
                expect(reading.at).toBeLessThanOrEqual(NOW + 86_400_000)
                expect(reading.at).toBeGreaterThan(946_684_799_999)
                expect(new Date(reading.at).toISOString()).toMatch(/Z$/)
            }
        })
    )
})

test("a time has a date, a time and a zone", () => {
    for (const text of [
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-02-31T25:00:00Z",
        "1 March 2026",
        "",
        5,
        null,
    ])
        expect(timeOf(text, NOW)).toBeUndefined()
    expect(timeOf("2026-03-01t12:00:00.123456789z", NOW)).toBe(NOW + 123)
})
