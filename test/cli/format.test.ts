// What a person reads, and what a script reads.
import { describe, expect, test } from "vitest"
import {
    duration,
    formatReport,
    PLAIN,
    printable,
    topicColumn,
    type Style,
} from "../../sim/cli/format"
import { colours } from "../../sim/cli/output"
import { toJson, type Report, type RunEvent } from "../../sim/cli/report"

const AT = new Date(2026, 0, 2, 3, 4, 5, 678).getTime()
const plain: Style = { paint: PLAIN, topicWidth: 0 }
const line = (event: RunEvent, style = plain) =>
    formatReport({ at: AT, ...event }, style)

describe("a line has the time of day, a word and the details", () => {
    test.each<[RunEvent, string]>([
        [
            { event: "start", board: "simulator", file: "boards/simulator.ts" },
            "start       board simulator, boards/simulator.ts",
        ],
        [
            { event: "broker", url: "mqtt://127.0.0.1:1883", embedded: true },
            "broker      mqtt://127.0.0.1:1883 (embedded)",
        ],
        [
            { event: "broker", url: "mqtts://h:8883", embedded: false },
            "broker      mqtts://h:8883",
        ],
        [
            { event: "page", url: "http://127.0.0.1:8/" },
            "page        http://127.0.0.1:8/",
        ],
        [
            { event: "state", url: "http://127.0.0.1:9/" },
            "state       http://127.0.0.1:9/",
        ],
        [
            { event: "built", bytes: 12_345, ms: 1_710 },
            "built       12.3 kB of bytecode in 1.7 s",
        ],
        [
            {
                event: "boot",
                device: "D",
                client: "D",
                sensors: ["TC", "RH"],
                keepalive: 60,
                version: "0.1.0",
            },
            "boot        device D, sensors TC RH, keep alive 60 s, version 0.1.0",
        ],
        [
            {
                event: "boot",
                device: "D",
                client: "C",
                sensors: [],
                keepalive: 0,
            },
            "boot        device D, client id C, no keep alive",
        ],
        [
            { event: "connecting", host: "h", port: 1883, attempt: 2 },
            "connecting  to h:1883, attempt 2",
        ],
        [
            { event: "connected", present: false, ms: 23 },
            "connected   in 23 ms, new session",
        ],
        [{ event: "connected", present: true }, "connected   session resumed"],
        [
            { event: "acted", actuator: "RELAY", value: "true" },
            "acted       RELAY  true",
        ],
        [{ event: "acted", actuator: "RELAY" }, "acted       RELAY  ?"],
        [
            { event: "rejected", actuator: "RELAY", text: "out of range" },
            "rejected    RELAY, out of range",
        ],
        [
            { event: "command", text: '{"command":"report","ok":true}' },
            'command     {"command":"report","ok":true}',
        ],
        [
            { event: "lost", ms: 65_000, text: "no PINGRESP" },
            "lost        no PINGRESP, the session had lasted 1 min 05 s",
        ],
        [{ event: "lost", ms: 0, text: "refused" }, "lost        refused"],
        [{ event: "lost" }, "lost"],
        [{ event: "retry", ms: 812 }, "retry       next attempt in 812 ms"],
        [
            { event: "status", value: "up" },
            "status      up retained, acknowledged",
        ],
        [
            { event: "status", value: "sleeping" },
            "status      sleeping retained, acknowledged",
        ],
        [
            { event: "fault", text: "TC: no answer" },
            "fault       TC: no answer",
        ],
        [{ event: "refused", text: "no sensors" }, "refused     no sensors"],
        [
            { event: "repair" },
            "status      something else stood on the status topic; the node says up again",
        ],
        [
            { event: "dropped", topic: "t", value: 1, reason: "full" },
            "dropped     t  1, reason full",
        ],
        [
            { event: "client", id: "mqttjs_1", state: "gone" },
            "client      mqttjs_1 gone",
        ],
        [{ event: "console", text: "hello" }, "console     hello"],
        [{ event: "warning", text: "w" }, "warning     w"],
        [
            { event: "panic", code: 60005 },
            "panic       code 60005, an exception nobody caught; the device starts the program again in 5 s",
        ],
        [
            { event: "panic", code: 7 },
            "panic       code 7; the device starts the program again in 5 s",
        ],
        [
            { event: "sleep", ms: 60_000 },
            "sleep       deep sleep for 1 min 00 s",
        ],
        [{ event: "restart", reason: "reboot" }, "restart     reboot"],
        [{ event: "stop", reason: "SIGINT" }, "stop        SIGINT"],
        [
            { event: "stopping" },
            "stopping    the node says how it leaves, and disconnects",
        ],
        [{ event: "stopped" }, "stopped     the connection is closed"],
        [
            { event: "end", code: 0, text: "stopped cleanly" },
            "end         stopped cleanly",
        ],
    ])("%j", (event, text) => {
        expect(line(event)).toBe("03:04:05  " + text)
    })
})

describe("readings", () => {
    const reading = (
        topic: string,
        value: number | string,
        ms?: number
    ): Report => ({
        at: AT,
        event: "acked",
        topic,
        value,
        qos: 1,
        ms,
    })

    test("stand below each other whatever the length of topic, value and time", () => {
        const reports = [
            reading("devices/d/sensors/LUX/value", 1023.5, 104),
            reading("devices/d/sensors/TC/value", -4, 9),
        ]
        const topicWidth = reports.reduce(topicColumn, 0)
        expect(
            reports.map(report =>
                formatReport(report, { paint: PLAIN, topicWidth })
            )
        ).toEqual([
            "03:04:05  reading     devices/d/sensors/LUX/value    1023.5  QoS 1  acknowledged in  104 ms",
            "03:04:05  reading     devices/d/sensors/TC/value         -4  QoS 1  acknowledged in    9 ms",
        ])
    })
    test("show what is missing as missing", () => {
        expect(line({ event: "acked", topic: "t" })).toBe(
            "03:04:05  reading     t         ?  QoS ?  acknowledged"
        )
    })
    test("stand below each other from the first one on: the boot names the sensors", () => {
        const boot: Report = {
            at: AT,
            event: "boot",
            device: "D",
            sensors: ["TC", "LUX", "RH"],
        }
        expect(topicColumn(0, boot)).toBe("devices/D/sensors/LUX/value".length)
    })
    test("do not widen the column beyond 80 characters", () => {
        expect(topicColumn(10, reading("x".repeat(500), 1))).toBe(80)
        expect(topicColumn(10, { at: AT, event: "stopped" })).toBe(10)
    })
})

test("colours mark the tone and change no character", () => {
    const marked = line(
        { event: "fault", text: "x" },
        { topicWidth: 0, paint: (tone, text) => `<${tone}>${text}</>` }
    )
    expect(marked).toBe("<dim>03:04:05</>  <bad>fault     </>  x")
})

test("colours are for a terminal that has them, unless NO_COLOR asks for none", () => {
    expect(colours(true, {})).toBe(true)
    expect(colours(true, { NO_COLOR: "" })).toBe(true)
    expect(colours(true, { NO_COLOR: "1" })).toBe(false)
    expect(colours(true, { TERM: "dumb" })).toBe(false)
    expect(colours(undefined, {})).toBe(false)
})

test("text from outside cannot send control codes to the terminal", () => {
    expect(printable("a\u001b[2Jb\r\n\u009bc\u2028žd")).toBe("a?[2Jb???c?žd")
    const hostile = "\u001b]0;x\u0007\n"
    const reports: RunEvent[] = [
        { event: "start", board: hostile, file: hostile },
        {
            event: "boot",
            device: hostile,
            client: hostile + 1,
            sensors: [hostile],
            version: hostile,
        },
        { event: "connecting", host: hostile },
        { event: "lost", text: hostile },
        { event: "acked", topic: hostile, value: hostile },
        { event: "fault", text: hostile },
        { event: "client", id: hostile, state: "gone" },
        { event: "console", text: hostile },
        { event: "warning", text: hostile },
        { event: "restart", reason: hostile },
        { event: "end", code: 1, text: hostile },
    ]
    for (const report of reports) {
        expect(line(report)).toContain("?]0;x??")

        expect(line(report)).not.toMatch(/[\u0000-\u001f]/)
    }
})

test.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1_000, "1.0 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 00 s"],
    [3_599_000, "59 min 59 s"],
    [3_600_000, "1 h 00 min"],
    [90_060_000, "25 h 01 min"],
])("%d ms is shown as %s", (ms, text) => {
    expect(duration(ms)).toBe(text)
})

test("a line of JSON has the time first, in UTC, and the event's own fields", () => {
    const report: Report = {
        at: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
        event: "acked",
        topic: "t\n",
        value: 1.5,
        qos: 1,
    }
    expect(toJson(report)).toBe(
        '{"time":"2026-01-02T03:04:05.006Z","event":"acked","topic":"t\\n","value":1.5,"qos":1}'
    )
})
