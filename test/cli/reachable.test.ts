// The look at a broker's address before a node is started for it.
import { once } from "node:events"
import { createServer, type AddressInfo, type Socket } from "node:net"
import { expect, test } from "vitest"
import { unreachable } from "../../sim/cli/reachable"

test("an address where something listens is reachable, and nothing is sent there", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const accepted = once(server, "connection") as Promise<[Socket]>
    expect(
        await unreachable("127.0.0.1", (server.address() as AddressInfo).port)
    ).toBeUndefined()
    const [socket] = await accepted
    socket.resume()
    await once(socket, "close")
    expect(socket.bytesRead).toBe(0)
    server.close()
})

test("an address where nothing listens is refused", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, "close")
    expect(await unreachable("127.0.0.1", port)).toBe(
        "connection refused, nothing listens there"
    )
})

test("a name nobody has is said to be one", async () => {
    // RFC 6761: no name under .invalid ever exists; without a name service the answer is that it does not answer.
    expect(await unreachable("no-such-host.invalid", 1883)).toMatch(
        /^(no such host name|the name service does not answer)$/
    )
})

test("the wait ends when it is told to", async () => {
    const stop = new AbortController()
    // A name look-up is under way when the signal comes in the same turn.
    const answer = unreachable("no-such-host.invalid", 1883, {
        signal: stop.signal,
    })
    stop.abort()
    expect(await answer).toBe("interrupted")
})

test("a host that does not answer is given up after the limit", async () => {
    // The address belongs to a block for documentation (RFC 5737): packets to it are dropped, or the network says so at once.
    const began = performance.now()
    const reason = await unreachable("192.0.2.1", 1883, { ms: 200 })
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(reason).toMatch(
        /^(no answer in 0.2 s|no route to .*|connection refused.*|EPERM|EACCES)$/
    )
})
