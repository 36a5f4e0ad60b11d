// What `monitor` makes of what a device says, and that it goes on after its broker was away.
import { connectAsync, type MqttClient } from "mqtt"
import { afterEach, describe, expect, test } from "vitest"
import { Monitor } from "../../sim/boards/monitor"
import {
    eventsOf,
    monitorLine,
    type MonitorEvent,
} from "../../sim/boards/monitor-events"
import { PLAIN } from "../../sim/cli/format"
import { AedesBroker } from "../support/aedes-broker"
import { Watch, within } from "../support/wait"

const line = (topic: string, payload: string, retained = false) =>
    eventsOf(topic, payload, retained).map(event =>
        monitorLine(event, 0, false, PLAIN).slice(10).replace(/ +/g, " ")
    )

describe("a message is one line", () => {
    const D = "devices/kitchen"
    test.each([
        [`${D}/sensors/TC/value`, `{"value":21.5}`, "reading TC 21.5"],
        [`${D}/sensors/TC/value`, "21.5", "reading TC 21.5"],
        [
            `${D}/sensors/TC/value`,
            `{"value":1,"timestamp":"2026-03-01T12:00:05Z"}`,
            "reading TC 1 taken 2026-03-01T12:00:05Z",
        ],
        [
            `${D}/sensors/TC/value`,
            `{"value":1,"late":true,"age":75}`,
            "reading TC 1 1 min 15 s old",
        ],
        [`${D}/status`, "up", "status up"],
        [`${D}/actuators/RELAY/state`, `{"value":true}`, "state RELAY true"],
        [`${D}/actuators/RELAY/value`, "true", "asked RELAY true"],
        [
            `${D}/command/ack`,
            `{"command":"report","ok":true}`,
            `ack {"command":"report","ok":true}`,
        ],
        [
            `${D}/diagnostics`,
            `{"boot":2,"uptime":3600,"connects":1,"readings":{"read":9,"queued":0,"lost":1},"sensors":{"TC":{"state":"ok","s":1},"RH":{"state":"fault:nan","s":1}}}`,
            "diagnostics up 1 h 00 min, boot 2, connects 1, read 9, queued 0, lost 1, RH fault:nan",
        ],
        ["other/topic", "x", "other other/topic x"],
    ])("%s %s", (topic, payload, text) => {
        expect(line(topic, payload)).toEqual([text])
    })
    test("a batch is one for each reading", () => {
        expect(
            line(`${D}/sensors/TC/values`, `[{"value":1},{"value":2}]`)
        ).toEqual(["reading TC 1", "reading TC 2"])
    })
    test("a status that the broker had is told from one that is said now", () => {
        expect(line(`${D}/status`, "up", true)[0]).toContain("has kept it")
    })
    test("nothing gets to the terminal that could move its cursor, whatever comes", () => {
        for (const topic of ["sensors/TC/value", "status", "diagnostics", "x"])
            for (const text of [
                "\u001b[2J",
                `{"value":"\\u001b[2J"}`,
                "[",
                "null",
            ])
                expect(line(`${D}/${topic}`, text).join("")).not.toContain(
                    "\u001b"
                )
    })
})

let broker: AedesBroker | undefined
let monitor: Monitor | undefined
let device: MqttClient | undefined
afterEach(async () => {
    await monitor?.stop()
    await device?.endAsync(true)
    await broker?.stop()
    broker = monitor = device = undefined
})

function follow(options: { silentMs?: number } = {}) {
    const events: MonitorEvent[] = []
    const watch = new Watch()
    monitor = new Monitor({
        broker: { transport: "tcp", host: broker!.host, port: broker!.port },
        device: "kitchen",
        onEvent: event => {
            events.push(event)
            watch.changed()
        },
        ...options,
    })
    const event = (name: MonitorEvent["event"], nth = 1) =>
        watch.until(
            () => events.filter(one => one.event === name)[nth - 1],
            20_000,
            `${name} ${nth}`
        )
    return { events, event }
}

async function say(topic: string, payload: string) {
    device ??= await connectAsync(broker!.url, { reconnectPeriod: 100 })
    await device.publishAsync(topic, payload, { qos: 1 })
}

test("it hears its device only, says when the broker is away, and goes on when it is back", async () => {
    broker = await AedesBroker.start()
    const { events, event } = follow()
    await event("connected")
    await say("devices/cellar/sensors/TC/value", `{"value":1}`)
    await say("devices/kitchen/sensors/TC/value", `{"value":2}`)
    expect(await event("reading")).toMatchObject({
        device: "kitchen",
        value: 2,
    })
    await broker.restart()
    await event("connected", 2)
    await say("devices/kitchen/sensors/TC/value", `{"value":3}`)
    expect(await event("reading", 2)).toMatchObject({ value: 3 })
    expect(events.map(one => one.event)).toEqual([
        ...["connected", "reading", "lost", "connected", "reading"],
    ])
})

test("a device that was heard and falls silent is told once", async () => {
    broker = await AedesBroker.start()
    const { events, event } = follow({ silentMs: 1 })
    await event("connected")
    await say("devices/kitchen/status", "up")
    expect(await event("silent")).toMatchObject({ device: "kitchen" })
    await say("devices/kitchen/status", "up")
    await event("silent", 2)
    expect(events.filter(one => one.event === "silent")).toHaveLength(2)
})

test("wrong credentials end it with what to correct", async () => {
    broker = await AedesBroker.start({
        authenticate: (_client, _user, _password, done) => done(null, false),
    })
    follow()
    await expect(within(20_000, "refusal", monitor!.refused)).rejects.toThrow(
        /refuses: .*correct MQTT_USER and MQTT_PASS/
    )
})
