// The console protocol of the firmware, read line by line.
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import { parseNodeLine, type NodeEvent } from "../../sim/cli/node-events"

const understood: [line: string, event: NodeEvent][] = [
    [
        "node: boot board=simulator device=ESPDEVICE client=esp-1 keepalive=60 sensors=TC,RH,LUX,BTN version=0.1.0",
        {
            event: "boot",
            board: "simulator",
            device: "ESPDEVICE",
            client: "esp-1",
            keepalive: 60,
            sensors: ["TC", "RH", "LUX", "BTN"],
            version: "0.1.0",
        },
    ],
    [
        "node: connecting host=127.0.0.1 port=1883 attempt=1",
        { event: "connecting", host: "127.0.0.1", port: 1883, attempt: 1 },
    ],
    [
        "node: connected present=0 ms=23",
        { event: "connected", present: false, ms: 23 },
    ],
    [
        "node: connected present=1 ms=23",
        { event: "connected", present: true, ms: 23 },
    ],
    [
        "node: lost ms=12345 text=connection closed by the broker",
        { event: "lost", ms: 12345, text: "connection closed by the broker" },
    ],
    ["node: retry ms=812", { event: "retry", ms: 812 }],
    [
        "node: acked topic=devices/ESPDEVICE/sensors/TC/value value=-21.5 qos=1 ms=12",
        {
            event: "acked",
            topic: "devices/ESPDEVICE/sensors/TC/value",
            value: -21.5,
            qos: 1,
            ms: 12,
        },
    ],
    [
        "node: dropped topic=t value=1 reason=2",
        { event: "dropped", topic: "t", value: 1, reason: "2" },
    ],
    [
        "node: refused text=device is empty",
        { event: "refused", text: "device is empty" },
    ],
    ["node: status value=up", { event: "status", value: "up" }],
    ["node: status value=down", { event: "status", value: "down" }],
    ["node: status value=sleeping", { event: "status", value: "sleeping" }],
    [
        "node: fault text=sensor TC: key=value is not a number",
        { event: "fault", text: "sensor TC: key=value is not a number" },
    ],
    [
        "node: acted actuator=RELAY value=true",
        { event: "acted", actuator: "RELAY", value: "true" },
    ],
    [
        "node: acted actuator=servo-1 value=45.5",
        { event: "acted", actuator: "servo-1", value: 45.5 },
    ],
    [
        'node: acted actuator=LCD text="door open"',
        { event: "acted", actuator: "LCD", value: '"door open"' },
    ],
    [
        "node: rejected actuator=? text=unknown",
        { event: "rejected", actuator: "?", text: "unknown" },
    ],
    [
        'node: command text={"command":"report","ok":true}',
        { event: "command", text: '{"command":"report","ok":true}' },
    ],
    ["node: repair", { event: "repair" }],
    ["node: stopping", { event: "stopping" }],
    ["node: stopped", { event: "stopped" }],
]

describe("a line of the console protocol becomes its event", () => {
    test.each(understood)("%s", (line, event) => {
        expect(parseNodeLine(line)).toEqual(event)
    })
})

describe("a reading's value", () => {
    const valueOf = (text: string) => {
        const event = parseNodeLine(`node: acked topic=t value=${text}`)
        return event?.event === "acked" ? event.value : "no reading"
    }
    test.each([
        ["25", 25],
        ["0", 0],
        [".5", 0.5],
        ["1e-3", 0.001],
        ["open", "open"],
        ["0x10", "0x10"],
        ["NaN", "NaN"],
        ["a=b", "a=b"],
    ])("%s is %j", (text, value) => {
        expect(valueOf(text)).toBe(value)
    })
    test("that is empty is missing", () => {
        expect(valueOf("")).toBeUndefined()
    })
})

describe("a line that is not quite right", () => {
    test("keeps the fields it has when it was cut in the middle", () => {
        expect(
            parseNodeLine("node: acked topic=devices/d/sensors/TC/va")
        ).toEqual({
            event: "acked",
            topic: "devices/d/sensors/TC/va",
        })
    })
    test("loses only the field that is no number", () => {
        expect(
            parseNodeLine("node: connecting host=h port=many attempt=-1")
        ).toEqual({ event: "connecting", host: "h" })
    })
    test("may have fields in another order, unknown ones, twice the same, spare spaces and a carriage return", () => {
        expect(
            parseNodeLine("node:   retry  colour=red  ms=5 ms=6 alone =x \r")
        ).toEqual({ event: "retry", ms: 5 })
    })
    test("takes `text=` inside a word for a part of that word", () => {
        expect(
            parseNodeLine("node: lost context=3 ms=4 text=a text=b")
        ).toEqual({ event: "lost", ms: 4, text: "a text=b" })
    })
    test("has no sensors when the list is empty", () => {
        expect(parseNodeLine("node: boot sensors=")).toMatchObject({
            event: "boot",
            sensors: [],
        })
    })
})

describe("a line that is no event", () => {
    test.each([
        ["another program's output", "hello"],
        ["an event this version does not know", "node: levitating ms=3"],
        ["a prefix without an event", "node: "],
        ["a prefix in the middle", "see node: stopped"],
        ["another prefix", "nodes: stopped"],
        ["a reading without a topic", "node: acked value=1"],
        ["an act of nothing", "node: acted value=1"],
        ["a rejection of nothing", "node: rejected text=unknown"],
        ["a drop without a topic", "node: dropped value=1"],
        ["a status that is none of the three", "node: status value=sideways"],
        ["nothing", ""],
    ])("%s", (_name, line) => {
        expect(parseNodeLine(line)).toBeUndefined()
    })
})

test("no text whatever makes the parser throw, and an event has a known name", () => {
    const names = new Set(understood.map(([, event]) => event.event))
    const word = fc.oneof(
        fc.constantFrom(...names, "topic=", "ms=", "text=", "value=up", " "),
        fc.string()
    )
    fc.assert(
        fc.property(fc.array(word), words => {
            const event = parseNodeLine("node: " + words.join(" "))
            return event === undefined || names.has(event.event)
        })
    )
})
