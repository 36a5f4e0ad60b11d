// What a page hears while it is open: values, presence, actuators, raw messages; and what it hears again after a failure.
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { LOOPBACK } from "../support/free-port"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { Observer } from "../support/observer"
import { startCloud } from "../../sim/cloud"
import { eventText, Streams, type Stream } from "../../sim/cloud/streams"
import { Latest } from "../../sim/cloud/latest"
import { EventClient, Rig, SOON_MS, type ServerEvent } from "./api-rig"

let rig: Rig
beforeEach(async () => {
    rig = await Rig.start()
})
afterEach(() => rig.close())

const named =
    (name: string) =>
    ({ event }: ServerEvent) =>
        event === name
const iso = expect.stringMatching(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
) as string

/** An event stream that has begun: what is published from now on comes after its overview. */
async function listening(path?: string): Promise<EventClient> {
    const client = rig.events(path)
    await client.until(
        () => (client.status === 200 && client.others.length > 0) || undefined,
        "the beginning"
    )
    return client
}

describe("events", () => {
    test("begin with everything, and tell a new value within a second of its publish", async () => {
        await rig.device.publish("devices/D/status", "up", true)
        const events = await listening()
        expect((await events.next(named("overview"))).data).toMatchObject({
            now: iso,
            broker: {
                url: rig.broker.url,
                embedded: false,
                connected: true,
                since: iso,
            },
            topics: "devices/#",
            retentionHours: 168,
        })
        expect(events.others[0]).toBe("retry: 1000")
        const began = performance.now()
        await rig.device.publish("devices/D/sensors/TC/value", '{"value":21.6}')
        const { data } = await events.next(named("value"))
        expect(performance.now() - began).toBeLessThan(1_000)
        expect(data).toEqual({
            device: "D",
            sensor: "TC",
            value: 21.6,
            timestamp: iso,
            receivedAt: iso,
            late: false,
            interval: null,
            state: null,
        })
        const overview = (await rig.ask("/api/v2/overview")).json<{
            devices: unknown
        }>()
        expect(overview.devices).toEqual([
            {
                id: "D",
                name: null,
                presence: { status: "up", since: iso },
                sensors: [
                    {
                        id: "TC",
                        name: null,
                        unit: null,
                        quantityKind: null,
                        interval: null,
                        state: null,
                        value: {
                            value: 21.6,
                            timestamp: data["timestamp"],
                            receivedAt: data["receivedAt"],
                            late: false,
                        },
                    },
                ],
                actuators: [],
                diagnostics: null,
            },
        ])
    })

    test("tell a late value as late, and it does not become the current one", async () => {
        const events = await listening()
        await rig.device.publish("devices/D/sensors/TC/value", '{"value":2}')
        await rig.device.publish(
            "devices/D/sensors/TC/value",
            '{"value":1,"timestamp":"2026-03-01T12:00:00Z"}'
        )
        await rig.device.publish(
            "devices/D/sensors/TC/values",
            '[{"value":0,"time":"2026-03-01T11:00:00Z"},{"value":5,"time":"2026-03-01T11:30:00Z"}]'
        )
        await events.next(({ data }) => data["value"] === 5)
        const seen = events.events
            .filter(named("value"))
            .map(({ data }) => [data["value"], data["late"], data["timestamp"]])
        expect(seen).toEqual([
            [2, false, iso],
            [1, true, "2026-03-01T12:00:00.000Z"],
            [0, true, "2026-03-01T11:00:00.000Z"],
            [5, true, "2026-03-01T11:30:00.000Z"],
        ])
        expect((await rig.sensor("TC/value")).json()).toMatchObject({
            value: 2,
        })
    })

    test("tell of an actuator as soon as the diagnostics name it, and of a fault's end with the first fresh value", async () => {
        const events = await listening()
        await rig.device.publish(
            "devices/D/diagnostics",
            '{"sensors":{"TC":{"state":"fault:range","s":60}},"actuators":{"R":{"type":"number","max":9,"value":3}}}'
        )
        expect((await events.next(named("actuator"))).data).toEqual({
            device: "D",
            actuator: "R",
            requested: null,
            state: { value: 3, at: iso },
            takes: { type: "number", max: 9 },
        })
        await events.next(named("diagnostics"))
        await rig.device.publish(
            "devices/D/sensors/TC/value",
            '{"value":1,"timestamp":"2026-01-01T00:00:00Z"}'
        )
        expect((await events.next(named("value"))).data).toMatchObject({
            late: true,
            state: { state: "fault:range" },
        })
        await rig.device.publish("devices/D/sensors/TC/value", '{"value":2}')
        const fresh = await events.next(
            ({ event, data }) => event === "value" && data["value"] === 2
        )
        expect(fresh.data).toMatchObject({
            late: false,
            state: { state: "ok" },
        })
    })

    test("tell presence, diagnostics, actuators and names", async () => {
        const events = await listening()
        for (const status of ["up", "sleeping", "sleeping", "down"])
            await rig.device.publish("devices/D/status", status, true)
        await rig.device.publish(
            "devices/D/diagnostics",
            '{"boot":3,"sensors":{"TC":{"state":"fault:range","s":60}}}',
            true
        )
        await rig.device.publish(
            "devices/D/actuators/R/value",
            '{"value":true}'
        )
        await rig.device.publish(
            "devices/D/actuators/R/state",
            '{"value":true}'
        )
        await events.next(
            ({ event, data }) => event === "actuator" && data["state"] !== null
        )
        await rig.sensor("TC/unit", { method: "PUT", body: '"Percent"' })
        await events.next(named("names"))
        const seen = events.events.filter(({ event }) => event !== "overview")
        expect(seen).toEqual([
            ...["up", "sleeping", "down"].map(status => ({
                event: "presence",
                data: { device: "D", status, since: iso },
            })),
            {
                event: "diagnostics",
                data: {
                    device: "D",
                    at: iso,
                    retained: false,
                    body: {
                        boot: 3,
                        sensors: { TC: { state: "fault:range", s: 60 } },
                    },
                    sensors: { TC: { state: "fault:range", since: iso } },
                },
            },
            {
                event: "actuator",
                data: {
                    device: "D",
                    actuator: "R",
                    requested: { value: true, at: iso },
                    state: null,
                    takes: null,
                },
            },
            {
                event: "actuator",
                data: {
                    device: "D",
                    actuator: "R",
                    requested: { value: true, at: iso },
                    state: { value: true, at: iso },
                    takes: null,
                },
            },
            {
                event: "names",
                data: {
                    device: "D",
                    sensor: "TC",
                    name: null,
                    unit: "Percent",
                    quantityKind: null,
                },
            },
        ])
        const [, diagnostics] = [
            0,
            seen[3]!.data as { at: string; sensors: { TC: { since: string } } },
        ]
        expect(
            Date.parse(diagnostics.at) -
                Date.parse(diagnostics.sensors.TC.since)
        ).toBe(60_000)
    })

    test("carry hostile text as data: no line of it becomes an event of its own", async () => {
        const events = await listening()
        const value =
            'x\n\nevent: presence\ndata: {"device":"D","status":"down"}\n\n<script>alert(1)</script>\u2028\r\n'
        await rig.device.publish(
            "devices/D/sensors/TC/value",
            JSON.stringify({ value })
        )
        expect((await events.next(named("value"))).data["value"]).toBe(value)
        await rig.device.publish(
            "devices/<img src=x onerror=alert(1)>/sensors/TC/value",
            '{"value":1}'
        )
        await rig.device.publish(
            "devices/D/sensors/TC/value",
            '{"value":"end"}'
        )
        await events.next(({ data }) => data["value"] === "end")
        expect(events.events.map(({ event }) => event)).toEqual([
            "overview",
            "value",
            "value",
        ])
        expect(
            (await rig.ask("/api/v2/devices")).json<unknown[]>()
        ).toHaveLength(1)
    })
})

test("a client that does not read is cut when a megabyte waits for it, and holds up nobody", async () => {
    const streams = new Streams()
    const open: Stream[] = []
    const server = createServer((_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        open.push(streams.open(response, () => {}))
    }).listen(0, LOOPBACK)
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const connect = async () => {
        const client = new EventClient(port, "/")
        await client.until(
            () => client.others.length > 0 || undefined,
            "the beginning"
        )
        return client
    }
    const stuck = await connect()
    const other = await connect()
    stuck.pause()
    const text = eventText("value", { value: "x".repeat(10_000) })
    let sent = 0
    // The kernel holds some MB for both ends; then the server's own bound is met.
    while (streams.size === 2) {
        for (const stream of open) stream.send(text)
        sent++
        expect(sent * text.length).toBeLessThan(64 * 1_048_576)
        if (sent % 20 === 0)
            await other.until(
                () => other.events.length === sent || undefined,
                "all that was sent"
            )
    }
    await other.until(
        () => other.events.length === sent || undefined,
        "all that was sent"
    )
    expect(other.closed).toBe(false)
    expect(sent * text.length).toBeGreaterThan(1_048_576)
    stuck.resume()
    await stuck.until(() => stuck.closed || undefined, "the end")
    streams.stop()
    other.close()
    server.closeAllConnections()
    server.close()
})

describe("raw messages", () => {
    test("are those the filter matches, the last ones first, whatever their topic and bytes", async () => {
        await rig.device.publish("devices/a b/<i>", "one")
        await rig.device.publish("devices/D/sensors/TC/value", '{"value":1}')
        await rig.device.publish("devices/D/bytes", Buffer.from([0xff, 0x00]))
        await rig.device.publish("devices/D/long", "ž".repeat(3_000), true)
        const all = await listening("/api/v2/messages")
        await all.next(({ data }) => data["topic"] === "devices/D/long")
        await rig.device.publish("devices/D/last", "new")
        await all.next(({ data }) => data["topic"] === "devices/D/last")
        const shown = {
            encoding: "utf8",
            truncated: false,
            at: iso,
            retain: false,
            qos: 1,
        }
        expect(all.events.map(({ data }) => data)).toEqual([
            { ...shown, topic: "devices/a b/<i>", payload: "one", size: 3 },
            {
                ...shown,
                topic: "devices/D/sensors/TC/value",
                payload: '{"value":1}',
                size: 11,
            },
            {
                ...shown,
                topic: "devices/D/bytes",
                payload: "/wA=",
                encoding: "base64",
                size: 2,
            },
            {
                ...shown,
                topic: "devices/D/long",
                payload: "ž".repeat(2_048),
                size: 6_000,
                truncated: true,
            },
            { ...shown, topic: "devices/D/last", payload: "new", size: 3 },
        ])
        const some = await listening(
            "/api/v2/messages?filter=devices/+/sensors/%23"
        )
        await some.next(
            ({ data }) => data["topic"] === "devices/D/sensors/TC/value"
        )
        await rig.device.publish("devices/D/other", "no")
        await rig.device.publish("devices/E/sensors/x", "yes")
        await some.next(({ data }) => data["topic"] === "devices/E/sensors/x")
        expect(some.events).toHaveLength(2)
    })

    test("begin with the latest of each topic where that is asked for, however many messages came after it", async () => {
        const first = await listening(
            "/api/v2/messages?filter=devices/D/sensors/RH/%23"
        )
        await rig.device.publish("devices/D/status", "up", true)
        await rig.device.publish("devices/D/status", "sleeping", true)
        await rig.device.publish("devices/D/diagnostics", "{}", true)
        for (let n = 0; n < 510; n++)
            await rig.device.publish(
                "devices/D/sensors/TC/value",
                `${n}`,
                false,
                0
            )
        await rig.device.publish("devices/D/sensors/RH/value", "1")
        await first.next(named("message"))
        const latest = await listening(
            "/api/v2/messages?filter=devices/D/%23&latest=true"
        )
        await latest.next(
            ({ data }) => data["topic"] === "devices/D/sensors/RH/value"
        )
        expect(
            latest.events.map(({ data }) => [data["topic"], data["payload"]])
        ).toEqual([
            ["devices/D/status", "sleeping"],
            ["devices/D/diagnostics", "{}"],
            ["devices/D/sensors/TC/value", "509"],
            ["devices/D/sensors/RH/value", "1"],
        ])
    })

    test("of topics beyond the bounds the one that was silent for longest is forgotten", () => {
        const latest = new Latest<string>(3, 100)
        for (const topic of ["a", "b", "c", "a", "d"])
            latest.set(topic, topic, 9)
        expect(latest.items()).toEqual(["c", "a", "d"])
        latest.set("e", "e", 89)
        expect(latest.items()).toEqual(["d", "e"])
        latest.set("f", "f", 200)
        expect(latest.items()).toEqual([])
    })

    test.each(["a/%23/b", "a%2B", "%00", ""])(
        "with the filter %j are refused",
        async filter => {
            const { status, json } = await rig.ask(
                `/api/v2/messages?filter=${filter}`
            )
            expect([status, json()]).toMatchObject([
                400,
                { error: "Bad Request" },
            ])
        }
    )

    test("are at most 100 a second; the others are counted", async () => {
        const raw = await listening("/api/v2/messages?filter=devices/flood")
        for (let i = 0; i < 300; i++)
            await rig.device.publish("devices/flood", `${i}`, false, 0)
        const { data } = await raw.next(named("dropped"))
        const shown = raw.events.findIndex(named("dropped"))
        expect(shown).toBeGreaterThanOrEqual(100)
        const began = performance.now()
        const sum = () =>
            raw.events.reduce(
                (sum, { event, data }) =>
                    sum + (event === "dropped" ? Number(data["count"]) : 1),
                0
            )
        while (sum() < 300) {
            await raw.until(
                () => sum() >= 300 || undefined,
                "all of them, shown or counted"
            )
            expect(performance.now() - began).toBeLessThan(SOON_MS)
        }
        expect(Number(data["count"])).toBeGreaterThan(0)
    })
})

describe("a broker that goes away", () => {
    test("and comes back is said, and values flow again without anybody's doing", async () => {
        const events = await listening()
        await rig.broker.stop()
        await events.next(
            ({ event, data }) =>
                event === "broker" && data["connected"] === false
        )
        await rig.broker.restart()
        await events.next(
            ({ event, data }) =>
                event === "broker" && data["connected"] === true
        )
        const device = await Observer.start(rig.broker.url, "devices/#")
        await device.publish("devices/D/sensors/TC/value", '{"value":1}')
        await events.next(named("value"))
        await device.stop()
        expect(events.closed).toBe(false)
        expect(events.events.filter(named("overview"))).toHaveLength(1)
    })

    test("a retained word heard again is no change, and a retained reading no new one", async () => {
        await rig.device.publish("devices/D/status", "up", true)
        await rig.device.publish(
            "devices/D/sensors/TC/value",
            '{"value":1}',
            true
        )
        const events = await listening()
        const before = (await rig.ask("/api/v2/overview")).json<{
            devices: unknown
        }>().devices
        const file = join(rig.folder(), "h.db")
        rig.cloud = await rig.open({ history: file })
        const other = await listening()
        await other.next(
            ({ event, data }) =>
                (event === "overview" &&
                    (data["devices"] as unknown[]).length > 0) ||
                event === "value"
        )
        const device = (await rig.ask("/api/v2/overview")).json<{
            devices: { presence: object }[]
        }>().devices[0]!
        // How it is, but not since when.
        expect(device.presence).toEqual({ status: "up", since: null })
        await rig.cloud.stop()
        rig.cloud = await rig.open({ history: file })
        const values = (await rig.sensor("TC/values")).json<unknown[]>()
        expect(values).toHaveLength(1)
        expect((before as unknown[])[0]).toMatchObject({
            id: "D",
            presence: { since: iso },
        })
        expect(
            events.events.filter(({ event }) => event !== "overview")
        ).toEqual([])
    })
})

test("stop() ends the streams, frees the port, and what was heard is there for the next one", async () => {
    const file = join(rig.folder(), "h.db")
    rig.cloud = await rig.open({ history: file })
    const events = await listening()
    await rig.device.publish("devices/D/status", "up")
    await rig.sensor("TC/value", { method: "POST", body: { value: 7 } })
    const { port } = rig.cloud
    await rig.cloud.stop()
    await events.until(
        () => events.closed || undefined,
        "the end of the stream"
    )
    await expect(rig.ask("/")).rejects.toThrow("ECONNREFUSED")
    rig.cloud = await rig.open({ history: file, port })
    expect(rig.cloud.port).toBe(port)
    expect((await rig.sensor("TC/value")).json()).toMatchObject({ value: 7 })
    // It is not known whether it still is.
    expect((await rig.ask("/api/v2/devices/D")).json()).toMatchObject({
        status: "unknown",
    })
    expect(rig.warnings).toEqual([])
})

test("a history that another has open is said, and this one keeps its own in memory", async () => {
    const file = join(rig.folder(), "h.db")
    await rig.open({ history: file })
    rig.cloud = await rig.open({ history: file })
    expect(rig.warnings).toEqual([
        expect.stringMatching(
            /^the history .*h\.db cannot be opened \(.* is in use by process \d+\): this run keeps it in memory only$/
        ),
    ])
    await rig.sensor("TC/value", { method: "POST", body: { value: 7 } })
    expect((await rig.sensor("TC/value")).json()).toMatchObject({ value: 7 })
})

test("another port is taken only if any will do", async () => {
    const { port } = rig.cloud
    await expect(rig.open({ port })).rejects.toThrow(
        `cannot listen on 127.0.0.1:${port} (EADDRINUSE)`
    )
    const other = await rig.open({ port, otherPort: true })
    expect(other.port).not.toBe(port)
})

describeWithMosquitto("in front of Mosquitto", () => {
    test("with a password: what is sent while the connection is away comes later; a refusal is said once, without the password", async () => {
        const broker = await Mosquitto.start({
            users: { page: "p@ss word", node: "n" },
            persistence: true,
        })
        const warnings: string[] = []
        const open = (password: string) =>
            startCloud({
                broker: {
                    transport: "tcp",
                    host: LOOPBACK,
                    port: broker.port,
                    user: "page",
                    password,
                    name: broker.url,
                    embedded: false,
                },
                port: 0,
                onWarning: text => warnings.push(text),
            })
        const refused = await open("wrong")
        await refused.stop()
        expect(warnings).toEqual([
            expect.stringMatching(
                /^mqtt:\/\/127\.0\.0\.1:\d+ refuses the page: .*[Nn]ot authorized/
            ),
        ])
        expect(warnings.join()).not.toMatch(/wrong|p@ss/)

        const cloud = await open("p@ss word")
        const node = await Observer.start(broker.url, "devices/#", {
            username: "node",
            password: "n",
        })
        const events = new EventClient(cloud.port, "/api/v2/events")
        try {
            await events.next(named("overview"))
            await node.publish("devices/D/sensors/TC/value", '{"value":1}')
            await events.next(({ data }) => data["value"] === 1)
            await broker.restart()
            await events.next(
                ({ event, data }) =>
                    event === "broker" && data["connected"] === true
            )
            const again = await Observer.start(broker.url, "devices/#", {
                username: "node",
                password: "n",
            })
            await again.publish("devices/D/sensors/TC/value", '{"value":2}')
            await events.next(({ data }) => data["value"] === 2)
            await again.stop()
        } finally {
            events.close()
            await node.stop()
            await cloud.stop()
            await broker.stop()
        }
    })
})
