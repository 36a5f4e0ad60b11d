// The broker that comes with the simulator: it serves real clients, ends in time, and names a port it cannot have.
import { once } from "node:events"
import { connect as connectTcp, createServer, type AddressInfo } from "node:net"
import { connect, connectAsync, type MqttClient } from "mqtt"
import { afterEach, describe, expect, test } from "vitest"
import { boundBacklog, type SessionStore } from "../../sim/broker/backlog"
import { EmbeddedBroker } from "../../sim/broker/embedded"
import { ListenError } from "../../sim/broker/listen"

const opened: (() => unknown)[] = []
afterEach(async () => {
    for (let next = opened.pop(); next; next = opened.pop()) await next()
})

async function start(): Promise<EmbeddedBroker> {
    const broker = await EmbeddedBroker.start({ port: 0 })
    opened.push(() => broker.stop())
    return broker
}

async function client(
    broker: EmbeddedBroker,
    options = {}
): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
        reconnectPeriod: 0,
        ...options,
    })
    opened.push(() => client.endAsync(true))
    return client
}

/** Resolves when the client's connection is gone. */
function gone(client: MqttClient): Promise<void> {
    return new Promise(resolve => client.once("close", () => resolve()))
}

/** Resolves to the next message as `topic payload retained?`. */
function nextMessage(client: MqttClient): Promise<string> {
    return new Promise(resolve =>
        client.once("message", (topic, payload, packet) =>
            resolve(
                `${topic} ${payload.toString()}${packet.retain ? " retained" : ""}`
            )
        )
    )
}

describe("a running broker", () => {
    test("hands a QoS 1 message to a subscriber and keeps a retained one for later subscribers", async () => {
        const broker = await start()
        const early = await client(broker)
        await early.subscribeAsync("a/#", { qos: 1 })
        const arrived = nextMessage(early)
        await (
            await client(broker)
        ).publishAsync("a/b", "1", { qos: 1, retain: true })
        expect(await arrived).toBe("a/b 1")

        const late = await client(broker)
        const kept = nextMessage(late)
        await late.subscribeAsync("a/#")
        expect(await kept).toBe("a/b 1 retained")
    })

    test("tells of clients that come and go", async () => {
        const broker = await start()
        const came = once(broker, "connected")
        const one = await client(broker, { clientId: "one" })
        expect(await came).toEqual(["one"])
        expect(broker.clients).toBe(1)
        const went = once(broker, "disconnected")
        await one.endAsync()
        expect(await went).toEqual(["one"])
        expect(broker.clients).toBe(0)
    })

    test("cuts no client that takes its subscription back while a message is on its way to it", async () => {
        const broker = await start()
        const refused: unknown[] = []
        broker.on("refused", (...why) => refused.push(why))
        const leaving = await client(broker, { clientId: "l", clean: false })
        await leaving.subscribeAsync("a/#", { qos: 1 })
        // In one piece: the broker takes them at the same moment.
        const cut = gone(leaving).then(() => "cut")
        const both = Promise.all([
            leaving.unsubscribeAsync("a/#"),
            leaving.publishAsync("a/b", "1", { qos: 1 }),
        ])
        const answered = both
            .then(() => leaving.publishAsync("c", "2", { qos: 1 }))
            .then(() => "answered")
        expect(await Promise.race([answered, cut])).toBe("answered")
        expect(refused).toEqual([])
    })

    test("publishes the will of a client whose connection breaks", async () => {
        const broker = await start()
        const watcher = await client(broker)
        await watcher.subscribeAsync("status", { qos: 1 })
        const dying = await client(broker, {
            will: { topic: "status", payload: "down", qos: 1 },
        })
        const will = nextMessage(watcher)
        dying.stream.destroy()
        expect(await will).toBe("status down")
    })

    test("that is stopped when a client has gone still tells its will", async () => {
        const broker = await start()
        const watcher = await client(broker)
        await watcher.subscribeAsync("status", { qos: 1 })
        const came = once(broker, "connected")
        const dying = await client(broker, {
            clientId: "dying",
            will: { topic: "status", payload: "down", qos: 1 },
        })
        await came
        const will = nextMessage(watcher)
        dying.stream.destroy()
        await broker.gone("dying")
        await broker.stop()
        expect(await will).toBe("status down")
    })

    test("waits for no client that is not there", async () => {
        const broker = await start()
        const began = performance.now()
        await broker.gone("nobody")
        await broker.gone(undefined)
        expect(performance.now() - began).toBeLessThan(100)
    })

    test("listens on the loopback interface alone", async () => {
        const broker = await start()
        expect(broker.host).toBe("127.0.0.1")
        const socket = connectTcp({ host: "127.0.0.2", port: broker.port })
        const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException]
        expect(error.code).toBe("ECONNREFUSED")
    })

    test.each([
        [
            "a payload over the bound",
            "a",
            Buffer.alloc(262_145),
            /262145 bytes/,
        ],
        ["a topic of the broker's own", "$SYS/x", Buffer.from("1"), /\$SYS/],
    ])(
        "cuts a client that sends %s, and says why",
        async (_what, topic, payload, reason) => {
            const broker = await start()
            const sender = await client(broker, { clientId: "wild" })
            const refused = once(broker, "refused")
            const closed = gone(sender)
            sender.publish(topic, payload, { qos: 1 })
            const [id, text] = (await refused) as [string, string]
            expect(id).toBe("wild")
            expect(text).toMatch(reason)
            await closed
        }
    )
})

describe("stopping", () => {
    test("hands on what it has acknowledged, ends every connection and frees the port", async () => {
        const broker = await start()
        const watcher = await client(broker)
        await watcher.subscribeAsync("#", { qos: 1 })
        const messages: string[] = []
        watcher.on("message", (topic, payload) =>
            messages.push(`${topic} ${payload.toString()}`)
        )
        const closed = gone(watcher)
        const sender = await client(broker)
        // aedes acknowledges before it hands on: the acknowledgement and the stop come in one turn.
        await Promise.all(
            Array.from({ length: 20 }, (_, i) =>
                sender.publishAsync("t", `${i}`, { qos: 1 })
            )
        )
        await broker.stop()
        await closed
        expect(messages).toEqual(Array.from({ length: 20 }, (_, i) => `t ${i}`))

        const again = createServer().listen(broker.port, "127.0.0.1")
        await once(again, "listening")
        again.close()
    })

    test("takes under 2 s with a client that answers nothing and one that has sent no CONNECT", async () => {
        const broker = await start()
        for (let i = 0; i < 2; i++) {
            const mute = connectTcp({
                host: "127.0.0.1",
                port: broker.port,
                allowHalfOpen: true,
            })
            opened.push(() => mute.destroy())
            mute.on("error", () => {})
            await once(mute, "connect")
        }
        const began = performance.now()
        await broker.stop()
        expect(performance.now() - began).toBeLessThan(2_000)
    })

    test("may be asked for twice", async () => {
        const broker = await start()
        await Promise.all([broker.stop(), broker.stop()])
        await broker.stop()
    })
})

test("a port in use is a typed error with host, port and reason", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    opened.push(() => other.close())
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const error = await EmbeddedBroker.start({ port }).catch(
        (error: unknown) => error
    )
    expect(error).toBeInstanceOf(ListenError)
    expect(error).toMatchObject({
        host: "127.0.0.1",
        port,
        reason: "in-use",
        code: "EADDRINUSE",
    })
})

describe("the backlog of sessions whose client is away", () => {
    test("reaches a client that comes back", async () => {
        const broker = await start()
        const session = { clientId: "away", clean: false }
        const before = await client(broker, session)
        await before.subscribeAsync("t", { qos: 1 })
        await before.endAsync()
        await (await client(broker)).publishAsync("t", "kept", { qos: 1 })
        const url = `mqtt://127.0.0.1:${broker.port}`
        const after = connect(url, { reconnectPeriod: 0, ...session })
        opened.push(() => after.endAsync(true))
        expect(await nextMessage(after)).toBe("t kept")
    })

    test("holds to its bound in bytes, tells what it drops, and takes more once some is cleared", async () => {
        const stored: { topic: string; payload?: string | Uint8Array }[] = []
        const dropped: [string, number][] = []
        const store: SessionStore = {
            outgoingEnqueue: async (_subscription, packet) =>
                void stored.push(packet),
            outgoingEnqueueCombi: async (subscriptions, packet) => {
                for (let i = 0; i < subscriptions.length; i++)
                    stored.push(packet)
            },
            outgoingClearMessageId: async () => stored.shift(),
        }
        const backlog = boundBacklog(store, 1_000, (topic, sessions) =>
            dropped.push([topic, sessions])
        )
        const packet = { topic: "t", payload: "x".repeat(100) } // 100 + 2 * 1 + 256 bytes an entry
        const two = [{ clientId: "a" }, { clientId: "b" }]
        await store.outgoingEnqueueCombi(two, packet)
        expect(backlog.bytes).toBe(716)
        await store.outgoingEnqueueCombi(two, packet)
        await store.outgoingEnqueue(two[0]!, packet)
        expect([stored.length, dropped]).toEqual([2, [["t", 2], ["t", 1]]]) // prettier-ignore
        await store.outgoingClearMessageId(undefined, undefined)
        expect(backlog.bytes).toBe(358)
        await store.outgoingEnqueue(two[0]!, packet)
        expect([stored.length, backlog.bytes]).toEqual([2, 716])
    })
})
