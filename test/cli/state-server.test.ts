// The page behind --http-port, asked as a browser or curl would.
import { once } from "node:events"
import { connect, createServer, type AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { ListenError } from "../../sim/broker/listen"
import { serveState, type StateServer } from "../../sim/cli/state-server"

let server: StateServer | undefined
afterEach(async () => {
    await server?.stop()
    server = undefined
})

async function serve(document: () => unknown): Promise<string> {
    server = await serveState(0, document)
    return `http://127.0.0.1:${server.port}`
}

test("GET / is the document as it is at that moment, as JSON that no cache keeps", async () => {
    let count = 0
    const url = await serve(() => ({ count: ++count, name: "žluť" }))
    const answer = await fetch(url + "/")
    expect(answer.status).toBe(200)
    expect(answer.headers.get("content-type")).toBe(
        "application/json; charset=utf-8"
    )
    expect(answer.headers.get("cache-control")).toBe("no-store")
    expect(await answer.json()).toEqual({ count: 1, name: "žluť" })
    expect(await (await fetch(url + "/?x=1")).json()).toEqual({
        count: 2,
        name: "žluť",
    })
})

test("HEAD / has the length and no body", async () => {
    const url = await serve(() => ({}))
    const answer = await fetch(url, { method: "HEAD" })
    expect([
        answer.status,
        answer.headers.get("content-length"),
        await answer.text(),
    ]).toEqual([200, "3", ""])
})

test("another path is 404 and says which there are", async () => {
    const url = await serve(() => ({}))
    const answer = await fetch(url + "/etc/passwd")
    expect([answer.status, await answer.json()]).toEqual([
        404,
        { error: "not found", paths: ["/"] },
    ])
})

test.each(["POST", "PUT", "DELETE", "OPTIONS"])(
    "%s is 405 and names what is allowed",
    async method => {
        const url = await serve(() => ({}))
        const answer = await fetch(url, {
            method,
            body: method === "DELETE" ? undefined : "x".repeat(100_000),
        })
        expect([answer.status, answer.headers.get("allow")]).toEqual([
            405,
            "GET, HEAD",
        ])
        expect(await answer.json()).toMatchObject({
            error: "method not allowed",
        })
    }
)

test("stop ends connections that are open and idle", async () => {
    await serve(() => ({}))
    const socket = connect({ host: "127.0.0.1", port: server!.port })
    await once(socket, "connect")
    socket.on("error", () => {})
    const closed = once(socket, "close")
    await server!.stop()
    await closed
})

test("a port in use is a typed error", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const error = await serveState(port, () => ({})).catch(
        (error: unknown) => error
    )
    other.close()
    expect(error).toBeInstanceOf(ListenError)
    expect(error).toMatchObject({ port, reason: "in-use" })
})
