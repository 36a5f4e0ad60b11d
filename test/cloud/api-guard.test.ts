// Who may ask, how much, and what every answer says to a browser: the cloud stand-in's defences.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { once } from "node:events"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { startCloud } from "../../sim/cloud"
import { Gate, foreign } from "../../sim/cloud/guard"
import { ask, Rig, type Ask, type EventClient } from "./api-rig"

const TOKEN = "correct-horse-battery-staple"
const OVERVIEW = "/api/v2/overview"

let rig: Rig
afterEach(() => rig.close())

describe("every answer", () => {
    beforeEach(async () => {
        rig = await Rig.start()
    })

    test.each([OVERVIEW, "/", "/nothing", "/api/v2/devices/%23"])(
        "%s forbids a browser what it could be tricked into",
        async path => {
            const { headers } = await rig.ask(path)
            expect(headers).toMatchObject({
                "content-security-policy":
                    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';manifest-src 'self';" +
                    "base-uri 'none';form-action 'none';frame-ancestors 'none';require-trusted-types-for 'script'",
                "x-content-type-options": "nosniff",
                "x-frame-options": "DENY",
                "referrer-policy": "no-referrer",
                "cross-origin-opener-policy": "same-origin",
                "cross-origin-resource-policy": "same-origin",
            })
            expect(headers).not.toHaveProperty("x-powered-by")
            expect(headers).not.toHaveProperty("access-control-allow-origin")
        }
    )

    test("has the policy that docs/cloud-api.md shows, and the files that it names are there", async () => {
        const page = readFileSync(
            join(import.meta.dirname, "../../docs/cloud-api.md"),
            "utf8"
        )
        const text = page.slice(page.indexOf("## Static files"))
        const [, shown] = /```\n([^]*?)\n```/.exec(text)!
        const { headers } = await rig.ask("/main.js")
        expect(shown!.split(/;\s+/)).toEqual(
            String(headers["content-security-policy"]).split(";")
        )
        const files = text
            .slice(0, text.indexOf("```"))
            .match(/(?<=`)\w+\.(html|svg|css|js)(?=`)/g)!
        expect(files).toContain("main.js")
        for (const file of files)
            expect([file, (await rig.ask(`/${file}`)).status]).toEqual([
                file,
                200,
            ])
    })

    test("data is stored by no cache, and an event stream has the same headers", async () => {
        expect((await rig.ask(OVERVIEW)).headers["cache-control"]).toBe(
            "no-store"
        )
        const events = rig.events()
        await events.next(({ event }) => event === "overview")
        expect(events.headers).toMatchObject({
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-security-policy":
                expect.stringContaining("default-src 'none'"),
        })
    })
})

describe("on the loopback interface", () => {
    beforeEach(async () => {
        rig = await Rig.start()
    })

    test("only names of this machine are answered, so that no foreign name can be made to mean it", async () => {
        const status = async (host: string) =>
            (await rig.ask(OVERVIEW, { headers: { host } })).status
        for (const host of [
            "127.0.0.1",
            `127.0.0.1:${rig.cloud.port}`,
            "localhost:9999",
            "[::1]:80",
        ])
            expect(await status(host), host).toBe(200)
        for (const host of [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "evil.example:8088",
            "127.0.0.1@evil.example",
        ])
            expect(await status(host), host).toBe(403)
    })

    test("a page of another site can neither read nor send nor listen", async () => {
        const post: Ask = { method: "POST", body: { value: 1 } }
        const from = (headers: Record<string, string>, options: Ask = {}) =>
            rig.sensor("S/value", { ...options, headers })
        const own = `http://127.0.0.1:${rig.cloud.port}`
        expect((await from({ origin: own }, post)).status).toBe(204)
        for (const origin of [
            "http://evil.example",
            "null",
            "http://127.0.0.1:1",
            `${own}0`,
        ])
            expect((await from({ origin }, post)).status, origin).toBe(403)
        expect((await from({ "sec-fetch-site": "cross-site" })).status).toBe(
            403
        )
        expect((await from({ "sec-fetch-site": "same-origin" })).status).toBe(
            200
        )
        const stream = rig.events("/api/v2/events", {
            origin: "http://evil.example",
        })
        expect(
            await stream.until(() => stream.status || undefined, "an answer")
        ).toBe(403)
        // What a browser asks first gets no permission either.
        const preflight = await rig.ask("/api/v2/devices/D/sensors/S/value", {
            method: "OPTIONS",
            headers: {
                origin: "http://evil.example",
                "access-control-request-method": "POST",
            },
        })
        expect(preflight.status).toBe(403)
        expect(preflight.headers).not.toHaveProperty(
            "access-control-allow-origin"
        )
    })

    test("there it listens and nowhere else", async () => {
        expect(rig.cloud.url).toBe(`http://127.0.0.1:${rig.cloud.port}/`)
        const socket = connect({ host: "127.0.0.2", port: rig.cloud.port })
        const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException]
        expect(error.code).toBe("ECONNREFUSED")
    })
})

describe("beyond the loopback interface", () => {
    test("it does not start without a token", async () => {
        rig = await Rig.start()
        await expect(
            startCloud({
                broker: {
                    transport: "tcp",
                    host: "127.0.0.1",
                    port: rig.broker.port,
                    name: "b",
                    embedded: false,
                },
                port: 0,
                host: "0.0.0.0",
            })
        ).rejects.toThrow("needs a token")
    })

    test("any name is answered, and nothing without the token", async () => {
        rig = await Rig.start({ host: "0.0.0.0", token: TOKEN })
        const headers = { host: "page.example" }
        expect((await rig.ask(OVERVIEW, { headers })).status).toBe(401)
        expect(
            (
                await rig.ask(OVERVIEW, {
                    headers: { ...headers, authorization: `Bearer ${TOKEN}` },
                })
            ).status
        ).toBe(200)
    })
})

describe("with a token", () => {
    beforeEach(async () => {
        rig = await Rig.start({ token: TOKEN })
    })

    test("nothing is given or taken without it, and no answer repeats it", async () => {
        const paths: [string, Ask][] = [
            [OVERVIEW, {}],
            ["/api/v2/devices", {}],
            ["/api/v2/events", {}],
            ["/api/v2/messages?filter=%23", {}],
            [
                "/api/v2/devices/D/sensors/S/value",
                { method: "POST", body: { value: 1 } },
            ],
            [
                "/api/v2/devices/D/actuators/R/value",
                { method: "POST", body: "x".repeat(20_000) },
            ],
            ["/api/v2/devices/D/name", { method: "PUT", body: '"x"' }],
            ["/api/v2//devices", {}],
            ["/api/v2/devices/%2e%2e/session", {}],
        ]
        const wrong = [
            {},
            { authorization: "Bearer wrong" },
            { authorization: TOKEN },
            { authorization: `Basic ${TOKEN}` },
            { cookie: `page_session=${TOKEN}` },
        ]
        for (const [path, options] of paths)
            for (const headers of wrong) {
                const answer = await rig.ask(path, {
                    ...options,
                    headers: headers as Record<string, string>,
                })
                expect(answer.status, path).toBe(401)
                expect(answer.headers["www-authenticate"]).toBe("Bearer")
                expect(answer.text).not.toContain(TOKEN)
            }
        expect(rig.device.messages).toEqual([])
        const right = await rig.ask(OVERVIEW, {
            headers: { authorization: `Bearer ${TOKEN}` },
        })
        expect(right.status).toBe(200)
        expect(right.text).not.toContain(TOKEN)
    })

    test("a wrong one, a missing one and a session that is over are told apart, each in one JSON error", async () => {
        const refused = async (headers: Record<string, string>) => {
            const {
                status,
                headers: had,
                json,
            } = await rig.ask(OVERVIEW, {
                headers,
            })
            expect(had["content-type"]).toBe("application/json; charset=utf-8")
            const { message, ...rest } = json()
            expect([status, rest]).toEqual([
                401,
                { statusCode: 401, error: "Unauthorized" },
            ])
            return message
        }
        expect(await refused({})).toBe(
            "this server asks for a token: send Authorization: Bearer <token>"
        )
        const wrong =
            "the token in Authorization: Bearer is not the one of this server"
        // Nothing tells how near a guess was.
        for (const guess of ["x", TOKEN.slice(0, -1), `${TOKEN}0`])
            expect(await refused({ authorization: `Bearer ${guess}` })).toBe(
                wrong
            )
        expect(await refused({ authorization: `Basic ${TOKEN}` })).toMatch(
            /^Authorization is not understood/
        )
        expect(await refused({ cookie: "page_session=over" })).toMatch(
            /^the session is over/
        )
    })

    test("a browser exchanges it for a cookie that scripts cannot read, and takes it back", async () => {
        const session = (options: Ask = {}) =>
            rig.ask("/api/v2/session", options)
        expect((await session()).json()).toEqual({
            required: true,
            open: false,
        })
        const refused = await session({
            method: "POST",
            body: { token: "wrong" },
        })
        expect([refused.status, refused.headers["set-cookie"]]).toEqual([
            401,
            undefined,
        ])
        const entered = await session({
            method: "POST",
            body: { token: TOKEN },
        })
        expect(entered.status).toBe(204)
        const set = entered.headers["set-cookie"]![0]!
        expect(set).toMatch(
            /^page_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/
        )
        expect(set).not.toContain(TOKEN)
        const headers = { cookie: `other=1; ${set.split(";")[0]}` }
        expect((await session({ headers })).json()).toEqual({
            required: true,
            open: true,
        })
        expect((await rig.ask(OVERVIEW, { headers })).status).toBe(200)
        const events = rig.events("/api/v2/events", headers)
        await events.next(({ event }) => event === "overview")
        expect((await session({ method: "DELETE", headers })).status).toBe(204)
        expect((await rig.ask(OVERVIEW, { headers })).status).toBe(401)
    })

    test("guessing it is slowed to ten tries a minute", async () => {
        const tries = []
        for (let i = 0; i < 12; i++)
            tries.push(
                (
                    await rig.ask("/api/v2/session", {
                        method: "POST",
                        body: { token: `wrong ${i}` },
                    })
                ).status
            )
        expect(tries).toEqual([...Array<number>(10).fill(401), 429, 429])
    })
})

test("a browser's session ends after 12 hours, and the oldest makes room for the 65th", () => {
    let now = 0
    const gate = new Gate(TOKEN, () => now)
    const enter = () => gate.enter(TOKEN)!.split(";")[0]!
    const open = (cookie: string) => gate.open({ headers: { cookie } })
    const first = enter()
    now += 12 * 3_600_000 - 1
    expect(open(first)).toBe(true)
    now += 1
    expect(open(first)).toBe(false)
    const many = Array.from({ length: 65 }, enter)
    expect(many.map(open)).toEqual([false, ...Array<boolean>(64).fill(true)])
})

test("behind a proxy that does TLS the page is of https and still this server's own", () => {
    const request = {
        headers: { host: "page.example", origin: "https://page.example" },
    }
    expect(foreign(request, false)).toBeUndefined()
    expect(
        foreign(
            {
                headers: {
                    ...request.headers,
                    origin: "https://page.example.evil",
                },
            },
            false
        )
    ).toBeDefined()
})

describe("limits", () => {
    beforeEach(async () => {
        rig = await Rig.start()
    })

    test("an address has 100 requests a second, then 429 and how long to wait", async () => {
        const answers = await Promise.all(
            Array.from({ length: 120 }, () => rig.ask("/api/v2/session"))
        )
        const refused = answers.filter(({ status }) => status === 429)
        // All within a second; where the machine took longer, more were allowed.
        expect(refused.length).toBeGreaterThan(0)
        expect(refused.length).toBeLessThanOrEqual(20)
        expect(refused[0]!.headers["retry-after"]).toBe("1")
        expect(refused[0]!.json()).toMatchObject({
            statusCode: 429,
            error: "Too Many Requests",
            message: expect.stringMatching(/^too many requests, try again in /),
        })
    })

    test("of these it may publish 20 a second", async () => {
        const post = () =>
            rig.sensor("S/value", { method: "POST", body: { value: 1 } })
        const answers = await Promise.all(Array.from({ length: 30 }, post))
        const count = (wanted: number) =>
            answers.filter(({ status }) => status === wanted).length
        expect(count(204) + count(429)).toBe(30)
        expect(count(204)).toBeGreaterThanOrEqual(20)
        expect(count(429)).toBeGreaterThan(0)
        expect(rig.device.on("devices/D/sensors/S/value")).toHaveLength(
            count(204)
        )
    })

    test("32 event streams at once, and one that ends makes room", async () => {
        const streams: EventClient[] = []
        for (let i = 0; i < 32; i++) {
            const stream = rig.events(
                i % 2 === 0 ? "/api/v2/events" : "/api/v2/messages"
            )
            await stream.until(() => stream.status || undefined, "an answer")
            streams.push(stream)
        }
        expect(streams.map(({ status }) => status)).toEqual(Array(32).fill(200))
        const more = rig.events()
        await more.until(() => more.closed || undefined, "the end")
        expect([more.status, more.headers["retry-after"]]).toEqual([429, "5"])
        expect(JSON.parse(more.text)).toMatchObject({
            message: "32 event streams are open already",
        })
        streams[0]!.close()
        for (;;) {
            const again = rig.events()
            if (
                (await again.until(
                    () => again.status || undefined,
                    "an answer"
                )) === 200
            )
                break
        }
    })

    test("a header over 16 KiB and a path that never ends are refused", async () => {
        expect(
            (
                await rig.ask(OVERVIEW, {
                    headers: { cookie: "x".repeat(17_000) },
                })
            ).status
        ).toBe(431)
        expect(
            (await rig.ask(`/api/v2/devices/${"d".repeat(2_000)}/sensors`))
                .status
        ).toBeGreaterThanOrEqual(400)
    })
})

describe("the page's files", () => {
    test("are those of its folder: no other file, no folder, no link's name that hides", async () => {
        rig = await Rig.start()
        const folder = rig.folder()
        writeFileSync(
            join(folder, "index.html"),
            "<!doctype html><title>x</title>"
        )
        writeFileSync(join(folder, "page.js"), "export {}")
        writeFileSync(join(folder, ".secret.js"), "x")
        writeFileSync(join(folder, "notes.txt"), "x")
        mkdirSync(join(folder, "inner"))
        writeFileSync(join(folder, "inner", "a.js"), "x")
        symlinkSync("/etc/passwd", join(folder, "link.js"))
        const { port } = await rig.open({ page: folder })
        const get = (path: string, headers = {}) => ask(port, path, { headers })
        const index = await get("/")
        expect([
            index.status,
            index.headers["content-type"],
            index.text,
        ]).toEqual([
            200,
            "text/html; charset=utf-8",
            "<!doctype html><title>x</title>",
        ])
        expect((await get("/index.html")).text).toBe(index.text)
        const script = await get("/page.js?x=1")
        expect([
            script.status,
            script.headers["content-type"],
            script.headers["cache-control"],
        ]).toEqual([200, "text/javascript; charset=utf-8", "no-cache"])
        expect(
            (await get("/page.js", { "if-none-match": script.headers.etag }))
                .status
        ).toBe(304)
        for (const path of [
            "/.secret.js",
            "/notes.txt",
            "/inner/a.js",
            "/inner",
            "/link.js",
            "//etc/passwd",
            "/..%2f..%2f..%2fetc%2fpasswd",
            "/page.js%00.html",
            "/PAGE.js",
        ])
            expect((await get(path)).status, path).toBe(404)
    })
})
