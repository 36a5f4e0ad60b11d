// The HTTP API as a client of Waziup meets it: what it publishes, what it gives back, and what it refuses.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { describeIf } from "../support/skip"
import { findServer } from "../support/server-process"
import { Rig, SOON_MS } from "./api-rig"

const API = "/api/v2/devices"
let rig: Rig
beforeAll(async () => {
    // What is asked here is what is answered; how often one may ask is in api-guard.test.ts.
    rig = await Rig.start({ rates: { requests: 10_000, posts: 10_000 } })
})
afterAll(() => rig.close())

/** The next message of a topic at the device's side, published from now on. */
const next = (topic: string) =>
    rig.device.next(message => message.topic === topic, SOON_MS)

/** A device says something, and the stand-in has taken it in. */
async function said(topic: string, payload: string): Promise<void> {
    const id = topic.split("/")[1]!
    const before = (await rig.ask(`${API}/${id}`)).text
    await rig.device.publish(topic, payload)
    const began = performance.now()
    while ((await rig.ask(`${API}/${id}`)).text === before)
        expect(performance.now() - began, topic).toBeLessThan(SOON_MS)
}

const DOCUMENT = readFileSync(
    join(import.meta.dirname, "../../docs/cloud-api.md"),
    "utf8"
)

describeIf(
    findServer("curl") !== undefined,
    "needs curl, on Debian: apt-get install curl"
)("the course's curl line", () => {
    test("as the documentation has it, with the port of this server, publishes the value and is answered 204", async () => {
        const line = /^curl -X POST .*$/m.exec(DOCUMENT)![0]
        expect(line).toBe(
            'curl -X POST "http://127.0.0.1:8088/api/v2/devices/ESPDEVICE/sensors/TC/value" -H "accept: application/json;charset=utf-8"' +
                ' -H "Content-Type: application/json;charset=utf-8" -d "{ \\"value\\": 25}"'
        )
        const { stdout } = await promisify(execFile)("bash", [
            "-c",
            `${line.replace("127.0.0.1:8088", `127.0.0.1:${rig.cloud.port}`)} -s -w "%{http_code}"`,
        ])
        expect(stdout).toBe("204")
        const { payload, qos, retain } = await next(
            "devices/ESPDEVICE/sensors/TC/value"
        )
        expect([payload, qos, retain]).toEqual(['{"value":25}', 1, false])
        const value = await rig.ask(`${API}/ESPDEVICE/sensors/TC/value`)
        expect(value.json()).toMatchObject({ value: 25 })
    })
})

describe("POST to a sensor", () => {
    const topic = "devices/D/sensors/S/value"
    test.each<[string, unknown, string]>([
        ["a number", { value: 1.5 }, '{"value":1.5}'],
        ["a text", { value: "on" }, '{"value":"on"}'],
        ["null", { value: null }, '{"value":null}'],
        ["an object", { value: { a: [1] } }, '{"value":{"a":[1]}}'],
        [
            "markup",
            { value: "<img src=x onerror=alert(1)>" },
            '{"value":"<img src=x onerror=alert(1)>"}',
        ],
        [
            "a timestamp",
            { value: 1, timestamp: "2026-03-01T12:00:05Z" },
            '{"value":1,"timestamp":"2026-03-01T12:00:05Z"}',
        ],
        [
            "WaziGate's time",
            { value: 1, time: "2026-03-01T12:00:05.5Z" },
            '{"value":1,"timestamp":"2026-03-01T12:00:05.5Z"}',
        ],
        ["a timestamp of null", { value: 1, timestamp: null }, '{"value":1}'],
        [
            "what Waziup's own library sends besides",
            { value: 1, date_received: "x", other: 2 },
            '{"value":1}',
        ],
    ])("%s", async (_name, body, payload) => {
        const answer = await rig.sensor("S/value", { method: "POST", body })
        expect([answer.status, answer.text]).toEqual([204, ""])
        expect((await next(topic)).payload).toBe(payload)
    })

    test("the value can be read as soon as it was answered, with its times", async () => {
        for (let value = 0; value < 5; value++) {
            await rig.sensor("NOW/value", { method: "POST", body: { value } })
            const last = (await rig.sensor("NOW/value")).json<{
                value: number
                timestamp: string
                date_received: string
            }>()
            expect(last.value).toBe(value)
            expect(last.timestamp).toBe(last.date_received)
            expect(
                Math.abs(Date.now() - Date.parse(last.timestamp))
            ).toBeLessThan(SOON_MS)
        }
    })

    test.each<[string, unknown, string]>([
        ["no value", {}, "body must have required property 'value'"],
        ["no object", "5", "body must be object"],
        ["no JSON", "{value:25}", "the body is not valid JSON"],
        ["nothing", "", "the body is not valid JSON"],
        [
            "a number without end",
            '{"value":1e999}',
            "the value is too large a number",
        ],
        [
            "a long value",
            { value: "x".repeat(1_023) },
            "the value has 1025 bytes as JSON, at most 1024 are kept",
        ],
        [
            "a time that is none",
            { value: 1, timestamp: "noon" },
            "timestamp is no time from 2000 to tomorrow as 2026-03-01T12:00:05Z",
        ],
        [
            "a time far ahead",
            { value: 1, time: "2999-01-01T00:00:00Z" },
            "time is no time from 2000 to tomorrow as 2026-03-01T12:00:05Z",
        ],
        [
            "a prototype",
            '{"value":1,"__proto__":{"x":1}}',
            "the body is not valid JSON",
        ],
    ])(
        "%s is refused with 400 and published nowhere",
        async (_name, body, message) => {
            const before = rig.device.on("devices/D/sensors/BAD/value").length
            const answer = await rig.sensor("BAD/value", {
                method: "POST",
                body,
            })
            expect([answer.status, answer.json()]).toEqual([
                400,
                { statusCode: 400, error: "Bad Request", message },
            ])
            expect(rig.device.on("devices/D/sensors/BAD/value")).toHaveLength(
                before
            )
            expect((await rig.sensor("BAD")).status).toBe(404)
        }
    )

    test("a body over 16 KiB is 413, one that is no JSON by its type 415", async () => {
        const large = await rig.sensor("S/value", {
            method: "POST",
            body: `{"value":1${" ".repeat(16_384)}}`,
        })
        expect([large.status, large.json()]).toMatchObject([
            413,
            { message: "the body is larger than 16384 bytes" },
        ])
        for (const type of [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ]) {
            const form = await rig.sensor("S/value", {
                method: "POST",
                headers: { "content-type": type },
                body: '{"value":1}',
            })
            expect([form.status, form.json()]).toMatchObject([
                415,
                { error: "Unsupported Media Type" },
            ])
        }
    })
})

describe("an id that is not one level of a topic and of a path", () => {
    const hostile = [
        "a%2Fb",
        "%2e%2e",
        "..",
        ".",
        "%2E",
        "+",
        "%23",
        "a%20b",
        "%00",
        "%0a",
        "%C5%BE",
        "%3Cb%3E",
        "a'b",
        "a%22b",
        "$SYS",
        "d".repeat(65),
        "..%2f..%2fetc%2fpasswd",
        "..%5c..",
        "%252e%252e",
    ]
    test.each(hostile)(
        "%s is refused, as device, sensor and actuator",
        async id => {
            const seen = rig.device.messages.length
            for (const path of [
                `${id}/sensors/TC/value`,
                `D/sensors/${id}/value`,
                `D/actuators/${id}/value`,
            ]) {
                const answer = await rig.ask(`${API}/${path}`, {
                    method: "POST",
                    body: { value: 1 },
                })
                // Node.js hands `..` on as it is; no route has such a path then.
                expect([400, 404], path).toContain(answer.status)
                expect(answer.json()).toHaveProperty("message")
                if (!/^\.+$/.test(id))
                    expect(answer.json()).toMatchObject({
                        statusCode: 400,
                        message:
                            "a device, sensor or actuator id is 1 to 64 of A-Z a-z 0-9 _ - .",
                    })
            }
            // One that is well formed comes after all that might have been published.
            await rig.device.publish("devices/D/sensors/MARK/value", "1")
            await next("devices/D/sensors/MARK/value")
            const topics = rig.device.messages
                .slice(seen)
                .map(({ topic }) => topic)
            expect(topics).toEqual(["devices/D/sensors/MARK/value"])
        }
    )

    test("what is no percent code is 400", async () => {
        const answer = await rig.ask(`${API}/%E0%A4%A/sensors`)
        expect([answer.status, answer.json()]).toMatchObject([
            400,
            { message: "the path is not well formed" },
        ])
    })
})

describe("POST and PUT to an actuator", () => {
    test.each<[string, unknown, string]>([
        ["POST", { value: true }, '{"value":true}'],
        ["POST", "true", '{"value":true}'],
        ["PUT", "0.5", '{"value":0.5}'],
        ["PUT", { value: "open", more: 1 }, '{"value":"open"}'],
    ])("%s %j publishes %s, not retained", async (method, body, payload) => {
        const answer = await rig.ask(`${API}/D/actuators/R/value`, {
            method,
            body,
        })
        expect(answer.status).toBe(204)
        const message = await next("devices/D/actuators/R/value")
        expect([message.payload, message.qos, message.retain]).toEqual([
            payload,
            1,
            false,
        ])
    })

    test("its value is its state, where it has said one, else what it was asked for", async () => {
        await rig.ask(`${API}/D/actuators/LAMP/value`, {
            method: "POST",
            body: { value: 1 },
        })
        const lamp = async () =>
            (await rig.ask(`${API}/D/actuators/LAMP`)).json()
        expect(await lamp()).toEqual({ id: "LAMP", name: null, value: 1 })
        await said("devices/D/actuators/LAMP/state", '{"value":0.5}')
        expect(await lamp()).toEqual({ id: "LAMP", name: null, value: 0.5 })
    })

    test("without a body, or with one too long, is 400", async () => {
        for (const body of [undefined, { value: "x".repeat(2_000) }])
            expect(
                (
                    await rig.ask(`${API}/D/actuators/R/value`, {
                        method: "POST",
                        body,
                    })
                ).status
            ).toBe(400)
    })
})

describe("GET", () => {
    beforeAll(async () => {
        await rig.device.publish("devices/G/status", "up", true)
        for (let i = 0; i < 5; i++)
            await said(
                "devices/G/sensors/A/value",
                JSON.stringify({
                    value: i,
                    timestamp: `2026-03-01T12:00:0${i}Z`,
                })
            )
        await said("devices/G/sensors/B/value", '{"value":"x"}')
        await said(
            "devices/G/diagnostics",
            '{"sensors":{"C":{"state":"unbound","s":3}}}'
        )
    })

    test("a device and its parts in Waziup's words, names null until they are set", async () => {
        const { json } = await rig.ask(`${API}/G`)
        const device = json<Record<string, unknown>>()
        const unnamed = { name: null, unit: null, quantity_kind: null }
        expect(device).toEqual({
            id: "G",
            name: null,
            status: "up",
            date_created: expect.any(String),
            date_modified: expect.any(String),
            sensors: [
                {
                    id: "A",
                    ...unnamed,
                    value: {
                        value: 4,
                        timestamp: "2026-03-01T12:00:04.000Z",
                        date_received: expect.any(String),
                    },
                },
                {
                    id: "B",
                    ...unnamed,
                    value: {
                        value: "x",
                        timestamp: expect.any(String),
                        date_received: expect.any(String),
                    },
                },
                { id: "C", ...unnamed, value: null },
            ],
            actuators: [],
        })
        expect((await rig.ask(`${API}/G/sensors`)).json()).toEqual(
            device["sensors"]
        )
        expect((await rig.ask(`${API}/G/sensors/C`)).json()).toEqual(
            (device["sensors"] as unknown[])[2]
        )
        const ids = (await rig.ask(`${API}?limit=2&offset=1`))
            .json<{ id: string }[]>()
            .map(({ id }) => id)
        const all = (await rig.ask(API))
            .json<{ id: string }[]>()
            .map(({ id }) => id)
        expect(all).toEqual([...all].sort())
        expect(ids).toEqual(all.slice(1, 3))
    })

    test("a name, a unit and a quantity kind can be set", async () => {
        const put = (path: string, body: unknown) =>
            rig.ask(`${API}/G${path}`, {
                method: "PUT",
                body: JSON.stringify(body),
            })
        expect((await put("/name", "Garden")).status).toBe(204)
        expect((await put("/sensors/A/unit", "DegreeCelsius")).status).toBe(204)
        expect(
            (await put("/sensors/A/quantity_kind", "AirTemperature")).status
        ).toBe(204)
        expect((await put("/sensors/A/name", "<b>Air</b>")).status).toBe(204)
        expect((await rig.ask(`${API}/G`)).json()).toMatchObject({
            name: "Garden",
            sensors: [
                {
                    id: "A",
                    name: "<b>Air</b>",
                    unit: "DegreeCelsius",
                    quantity_kind: "AirTemperature",
                },
                {},
                {},
            ],
        })
        for (const wrong of ["", "x".repeat(65), "two\nlines", { a: 1 }])
            expect(
                (await put("/name", wrong)).status,
                JSON.stringify(wrong)
            ).toBe(400)
        expect((await put("/sensors/NONE/unit", "x")).status).toBe(404)
    })

    test("values by time, number, place and order, as Waziup's datapoints", async () => {
        const values = async (query: string) => {
            const { status, json } = await rig.ask(
                `${API}/G/sensors/A/values?${query}`
            )
            expect(status, query).toBe(200)
            return json<{ value: number }[]>().map(({ value }) => value)
        }
        expect(
            (await rig.ask(`${API}/G/sensors/A/values?limit=1`)).json()
        ).toEqual([
            {
                device_id: "G",
                sensor_id: "A",
                value: 0,
                timestamp: "2026-03-01T12:00:00.000Z",
                date_received: expect.any(String),
                late: true,
            },
        ])
        expect(await values("")).toEqual([0, 1, 2, 3, 4])
        expect(await values("limit=2&sort=dsc")).toEqual([4, 3])
        expect(await values("limit=2&offset=3")).toEqual([3, 4])
        expect(
            await values("from=2026-03-01T12:00:01Z&to=2026-03-01T12:00:03Z")
        ).toEqual([1, 2, 3])
        expect(await values("date_from=2026-03-01T13:00:03%2B01:00")).toEqual([
            3, 4,
        ])
        expect(await values("date_from=2026-03-01T13:00:03+01:00")).toEqual([
            3, 4,
        ])
    })

    test("a plot and the changes of state and presence", async () => {
        const series = await rig.ask(
            `${API}/G/sensors/A/series?from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:09.999Z&points=10`
        )
        expect(series.json()).toEqual({
            from: "2026-03-01T12:00:00.000Z",
            to: "2026-03-01T12:00:09.999Z",
            asOf: expect.any(String) as string,
            stepMs: 1_000,
            points: [0, 1, 2, 3, 4].map(i => ({
                at: `2026-03-01T12:00:0${i}.500Z`,
                min: i,
                max: i,
                mean: i,
                count: 1,
                late: 1,
            })),
        })
        const states = (await rig.ask(`${API}/G/sensors/C/states`)).json<
            { state: string; since: string }[]
        >()
        expect(states.map(({ state }) => state)).toEqual(["unbound"])
        const presence = (await rig.ask(`${API}/G/presence`)).json<
            { status: string; since: string }[]
        >()
        expect(presence).toEqual([{ status: "up", since: expect.any(String) }])
    })

    test.each([
        ["/values?limit=0", "querystring/limit must be >= 1"],
        ["/values?limit=5001", "querystring/limit must be <= 5000"],
        ["/values?limit=x", "querystring/limit must be integer"],
        ["/values?offset=-1", "querystring/offset must be >= 0"],
        [
            "/values?sort=up",
            "querystring/sort must be equal to one of the allowed values",
        ],
        ["/values?from=now", "from is no time as 2026-03-01T12:00:05Z"],
        [
            "/values?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
            "from is after to",
        ],
        ["/series?points=2001", "querystring/points must be <= 2000"],
        ["/series?points=9", "querystring/points must be >= 10"],
        ["/states?to=1e9", "to is no time as 2026-03-01T12:00:05Z"],
    ])("%s is 400: %s", async (path, message) => {
        const { status, json } = await rig.ask(`${API}/G/sensors/A${path}`)
        expect([status, json()]).toEqual([
            400,
            { statusCode: 400, error: "Bad Request", message },
        ])
    })

    test.each([
        [`${API}/NONE`, "there is no device NONE"],
        [`${API}/NONE/sensors`, "there is no device NONE"],
        [`${API}/NONE/presence`, "there is no device NONE"],
        [`${API}/G/sensors/NONE/value`, "device G has no sensor NONE"],
        [`${API}/G/sensors/C/value`, "sensor C of device G has no value yet"],
        [`${API}/G/actuators/NONE`, "device G has no actuator NONE"],
        ["/api/v2/projects", "there is nothing at this path"],
        ["/api/v1/devices", "there is nothing at this path"],
        ["/../../package.json", "there is nothing at this path"],
        ["/%2e%2e/%2e%2e/package.json", "there is nothing at this path"],
        ["/page.js/..%2f..%2fserver.ts", "there is nothing at this path"],
        ["/index.ts", "there is nothing at this path"],
    ])("%s is 404: %s", async (path, message) => {
        const { status, json, headers } = await rig.ask(path)
        expect([status, json()]).toEqual([
            404,
            { statusCode: 404, error: "Not Found", message },
        ])
        expect(headers["content-type"]).toBe("application/json; charset=utf-8")
    })

    test.each([
        ["DELETE", `${API}/G`, "GET, HEAD"],
        ["POST", API, "GET, HEAD"],
        ["PUT", `${API}/G/sensors/A/value`, "GET, HEAD, POST"],
        ["GET", `${API}/G/actuators/R/value`, "POST, PUT"],
        ["POST", "/api/v2/events", "GET"],
    ])("%s %s is 405 and says what is allowed", async (method, path, allow) => {
        const body = method === "GET" || method === "DELETE" ? undefined : "x"
        const answer = await rig.ask(path, {
            method,
            body,
            headers: { "content-type": "text/plain" },
        })
        expect([answer.status, answer.headers.allow]).toEqual([405, allow])
        expect(answer.json()).toMatchObject({
            error: "Method Not Allowed",
            message: `this path is for ${allow}`,
        })
    })
})

test("without its broker it says 503, and that nothing is known to have been published", async () => {
    const own = await Rig.start()
    try {
        await own.broker.stop()
        const events = own.events()
        await events.next(
            ({ event, data }) =>
                (event === "broker" && data["connected"] === false) ||
                (data["broker"] as { connected?: boolean } | undefined)
                    ?.connected === false
        )
        const answer = await own.sensor("S/value", {
            method: "POST",
            body: { value: 1 },
        })
        expect([answer.status, answer.json()]).toEqual([
            503,
            {
                statusCode: 503,
                error: "Service Unavailable",
                message: "the broker cannot be reached",
            },
        ])
    } finally {
        await own.close()
    }
})
