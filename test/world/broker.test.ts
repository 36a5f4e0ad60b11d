// What the broker model does when its behaviour, its rules or a test tell it to, and what it writes down. That it is a good
// broker otherwise is conversation.test.ts.
import { beforeEach, describe, expect, test } from "vitest"
import type { Packet } from "mqtt-packet"
import {
    World,
    type WorldBroker,
    type WorldBrokerOptions,
} from "../../sim/world"
import { disconnect, ping, publish, subscribe } from "./conversations"
import { inWorld, type Open, type Party } from "./parties"

let world: World
let broker: WorldBroker
let open: Open

function make(options: WorldBrokerOptions = {}) {
    world = new World(options)
    broker = world.broker
    open = inWorld(world)
}

beforeEach(() => make())

/** A connected client. */
async function client(
    name: string,
    more: Partial<Packet> = {}
): Promise<Party> {
    const party = await open(name)
    await party.connects(more)
    return party
}

/** CONNECT's part for a client that is a device. */
const device = {
    will: { topic: "status", payload: "down", qos: 1, retain: true },
    keepalive: 10,
} as Partial<Packet>

/** A client with a will that has said up. */
async function up(name = "d"): Promise<Party> {
    const party = await client(name, device)
    party.says(publish("status", "up", 1, { messageId: 1, retain: true }))
    await party.hears()
    return party
}

const status = () =>
    broker.statusHistory("status").map(({ at, payload }) => ({ at, payload }))
const ends = () => broker.connections.map(({ end }) => end)

describe("keep alive", () => {
    test("a client silent for one and a half times its keep alive is cut off, and its will is published", async () => {
        const silent = await up()
        const since = world.now
        await silent.hears()
        expect(ends()).toEqual(["keep alive"])
        expect(broker.connections[0]!.closedAt! - since).toBeGreaterThan(14_990)
        expect(broker.connections[0]!.closedAt! - since).toBeLessThan(15_010)
        expect(broker.retainedNow("status")).toBe("down")
    })

    test("a client that says anything in time stays", async () => {
        const party = await up()
        for (let i = 0; i < 10; i++) {
            await world.advance(14_000)
            party.says(ping)
        }
        await party.hears(10)
        expect(ends()).toEqual([undefined])
    })

    test("a broker that does not enforce it keeps silent clients for ever", async () => {
        make({ keepAlive: false })
        await up()
        await world.advance(3_600_000)
        expect(ends()).toEqual([undefined])
        broker.behaviour.keepAlive = true
        await world.advance(15_010)
        expect(ends()).toEqual(["keep alive"])
    })

    test("a connection without CONNECT is closed after 10 s", async () => {
        const party = await open("mute")
        expect(await party.hears()).toEqual(["mute: closed"])
        expect(ends()).toEqual(["no CONNECT"])
        expect(world.now).toBeGreaterThanOrEqual(10_000)
    })
})

describe("takeover", () => {
    test("the old connection ends, its will is published before the new one is accepted", async () => {
        const old = await up()
        const fresh = await client("d")
        expect(await old.hears()).toEqual(["d: closed"])
        expect(fresh.heard).toEqual(["connack 0"])
        expect(ends()).toEqual(["taken over", undefined])
        expect(broker.retainedNow("status")).toBe("down")
        const [first, second] = broker.connections
        expect(first!.closedAt).toBe(second!.acceptedAt)
    })

    test("its will can be kept back", async () => {
        make({ willAtTakeover: false })
        const old = await up()
        await client("d")
        await old.hears()
        expect(status().map(s => s.payload)).toEqual(["up"])
    })

    test("without it both connections live, and the will of the old one comes when its keep alive ends", async () => {
        make({ takeover: false })
        const old = await up()
        const fresh = await up()
        const since = world.now
        await world.advance(10_000)
        fresh.says(ping)
        await old.hears()
        expect(ends()).toEqual(["keep alive", undefined])
        expect(status().map(s => s.payload)).toEqual(["up", "up", "down"])
        expect(world.now - since).toBeLessThan(15_010)
        fresh.says(ping)
        expect(await fresh.hears(2)).toEqual(["d: pingresp", "d: pingresp"])
    })

    test("without it a session that is in use is not given to another connection", async () => {
        make({ takeover: false })
        const old = await client("d", { clean: false })
        old.says(subscribe(1, ["t", 1]))
        await old.hears()
        const fresh = await client("d", { clean: false })
        expect(fresh.heard).toEqual(["connack 0"])
        fresh.says(disconnect)
        await fresh.hears()
        old.says(disconnect)
        await old.hears()
        // the last to end has left its own
        const next = await client("d", { clean: false })
        expect(next.heard).toEqual(["connack 0 present"])
        expect([...broker.session("d")!.subscriptions]).toEqual([["t", 1]])
    })
})

describe("wills", () => {
    test("late by the delay", async () => {
        make({ willDelay: 7_000 })
        ;(await up()).drop()
        await world.advance(10)
        const { closedAt } = broker.connections[0]!
        await world.advance(6_000)
        expect(broker.retainedNow("status")).toBe("up")
        await world.advance(2_000)
        expect(status().at(-1)).toEqual({
            at: closedAt! + 7_000,
            payload: "down",
        })
    })

    test("a late one comes although the client is back", async () => {
        make({ willDelay: 7_000 })
        ;(await up()).drop()
        await up()
        await world.advance(8_000)
        expect(status().map(s => s.payload)).toEqual(["up", "up", "down"])
    })

    test("unless the broker forgets it then", async () => {
        make({ willDelay: 7_000, willAfterReturn: false })
        ;(await up()).drop()
        await up()
        await world.advance(8_000)
        expect(status().map(s => s.payload)).toEqual(["up", "up"])
    })

    test("never", async () => {
        make({ willDelay: "never" })
        const party = await up()
        party.drop()
        await world.advance(100_000)
        expect(ends()).toEqual(["reset by peer"])
        expect(broker.retainedNow("status")).toBe("up")
    })
})

describe("CONNACK", () => {
    test("any code, by script; the connection ends", async () => {
        make({ connack: (_packet, nth) => (nth <= 5 ? nth : 0) })
        for (const code of [1, 2, 3, 4, 5]) {
            const party = await open("d")
            await party.connects(device)
            expect(await party.hears()).toEqual(["d: closed"])
            expect(party.heard[0]).toBe(`connack ${code}`)
        }
        const party = await client("d")
        expect(party.heard).toEqual(["connack 0"])
        expect(ends().slice(0, 5)).toEqual(Array(5).fill("refused"))
        // a refused client has no will
        expect(broker.history).toEqual([])
    })

    test("an empty client identifier needs a clean session, another protocol level is refused", async () => {
        const kept = await open("kept")
        kept.raw("100c00044d5154540400003c0000")
        expect(await kept.hears(2)).toEqual(["kept: connack 2", "kept: closed"])
        const old = await client("old", {
            protocolId: "MQIsdp",
            protocolVersion: 3,
        })
        expect(old.heard[0]).toBe("connack 1")
        const anonymous = await open("")
        anonymous.raw("100c00044d5154540402003c0000")
        await anonymous.hears()
        expect(anonymous.heard).toEqual(["connack 0"])
    })

    test("never, by a rule", async () => {
        broker.rules.drop({ way: "out", cmd: "connack" })
        const party = await open("d")
        party.says({ cmd: "connect", clientId: "d", clean: true, keepalive: 4 })
        expect(await party.hears()).toEqual(["d: closed"])
        expect(ends()).toEqual(["keep alive"])
    })
})

describe("rules for packets", () => {
    test("the second PUBACK of a client is dropped, once", async () => {
        const [a, b] = [await client("a"), await client("b")]
        const rule = broker.rules.drop({
            way: "out",
            cmd: "puback",
            client: "a",
            from: 2,
            count: 1,
        })
        for (const party of [a, b])
            for (const messageId of [1, 2, 3])
                party.says(publish("t", "m", 1, { messageId }))
        expect(await a.hears(2)).toEqual(["a: puback 1", "a: puback 3"])
        expect(await b.hears(3)).toContain("b: puback 2")
        expect(rule).toMatchObject({ seen: 2, hits: 1 })
    })

    test("what a rule drops on the way in the broker never had", async () => {
        const rule = broker.rules.drop({
            way: "in",
            cmd: "publish",
            when: packet => packet.cmd === "publish" && packet.topic === "lost",
        })
        const a = await client("a")
        a.says(publish("lost", "m"), publish("kept", "m"), ping)
        await a.hears()
        expect(broker.history.map(({ topic }) => topic)).toEqual(["kept"])
        rule.off()
        a.says(publish("lost", "m"), ping)
        await a.hears()
        expect(broker.published("lost")).toHaveLength(1)
    })

    test("held back until released, in order, while others pass", async () => {
        const rule = broker.rules.hold({ way: "out", cmd: "puback" })
        const a = await client("a")
        a.says(publish("t", "1", 1, { messageId: 1 }))
        a.says(publish("t", "2", 1, { messageId: 2 }), ping)
        expect(await a.hears()).toEqual(["a: pingresp"])
        rule.release()
        expect(await a.hears(2)).toEqual(["a: puback 1", "a: puback 2"])
        a.says(publish("t", "3", 1, { messageId: 3 }))
        expect(await a.hears()).toEqual(["a: puback 3"])
    })

    test("late by so many ms", async () => {
        broker.rules.delay({ way: "out", cmd: "pingresp" }, 5_000)
        const a = await client("a")
        const since = world.now
        a.says(ping)
        await a.hears()
        expect(world.now - since).toBeGreaterThanOrEqual(5_002)
        expect(world.now - since).toBeLessThan(5_010)
    })
})

describe("its process", () => {
    async function kept() {
        const a = await client("a", { clean: false })
        a.says(subscribe(1, ["t", 1]))
        a.says(publish("r", "m", 1, { messageId: 1, retain: true }))
        await a.hears(2)
        return a
    }

    test("a restart with memory keeps sessions and retained messages, and says the wills", async () => {
        await kept()
        const d = await up()
        broker.restart(60_000)
        expect(await d.hears()).toEqual(["d: closed"])
        const refused = await open("a")
        expect(await refused.hears()).toEqual(["a: closed"])
        await world.advance(60_000)
        const a = await client("a", { clean: false })
        expect(a.heard).toEqual(["connack 0 present"])
        expect(broker.retainedNow("r")).toBe("m")
        expect(broker.retainedNow("status")).toBe("down")
        expect(ends()).toEqual(["broker stopped", "broker stopped", undefined])
    })

    test("one that is killed says none, and forgets those it had put off", async () => {
        broker.behaviour.willDelay = 5_000
        ;(await up("c")).drop()
        const d = await up()
        broker.restart(1_000, { wills: false })
        expect(await d.hears()).toEqual(["d: closed"])
        await world.advance(10_000)
        expect(broker.retainedNow("status")).toBe("up")
        await up()
        broker.restart(1_000)
        await world.advance(1)
        // not put off: it has no time left
        expect(broker.retainedNow("status")).toBe("down")
    })

    test("a restart without memory has lost both", async () => {
        const before = await kept()
        broker.restart(1_000, { memory: false, reset: true })
        await before.hears()
        await world.advance(1_000)
        const a = await client("a", { clean: false })
        expect(a.heard).toEqual(["connack 0"])
        expect(broker.retainedNow("r")).toBeUndefined()
        // it is in the record all the same
        expect(broker.statusHistory("r")).toHaveLength(1)
    })

    test("a broker that keeps no sessions loses them with the connection", async () => {
        broker.behaviour.keepsSessions = false
        ;(await kept()).drop()
        const a = await client("a", { clean: false })
        expect(a.heard).toEqual(["connack 0"])
    })

    test("refused: nobody new gets in, who is there stays", async () => {
        const a = await client("a")
        broker.refuse(true)
        const errors: string[] = []
        const socket = world.network.connect("broker", 1883, false)
        socket.on("error", (error: Error) => errors.push(error.message))
        await world.advance(10)
        expect(errors).toEqual(["connect ECONNREFUSED broker:1883"])
        a.says(ping)
        expect(await a.hears()).toEqual(["a: pingresp"])
        broker.refuse(false)
        expect((await client("b")).heard).toEqual(["connack 0"])
    })
})

describe("from outside", () => {
    test("a publish reaches subscribers, retained or not; a planted one those who come later", async () => {
        const a = await client("a")
        a.says(subscribe(1, ["t/#", 2]))
        await a.hears()
        broker.publish("t/1", "news", { qos: 1 })
        broker.publish("t/2", "kept", { retain: true })
        broker.plant("t/3", "stray")
        expect(await a.hears(2)).toEqual([
            "a: publish t/1=news qos 1",
            "a: publish t/2=kept qos 0",
        ])
        a.says(subscribe(2, ["t/+", 0]))
        expect(await a.hears(3)).toEqual([
            "a: suback 2 0",
            "a: publish t/2=kept qos 0 retain",
            "a: publish t/3=stray qos 0 retain",
        ])
        expect(() => broker.publish("t/#", "")).toThrow("wildcard")
    })

    test("bytes as they are, on a client's connection", async () => {
        const bytes: number[] = []
        const socket = world.network.connect("broker", 1883, false)
        socket.write(Buffer.from("100d00044d5154540402003c000161", "hex"))
        await world.advance(10)
        socket.on("data", (piece: Uint8Array) => bytes.push(...piece))
        broker.connection("a")!.raw("f0ff")
        broker.connection("a")!.raw(Uint8Array.of(0, 1))
        await world.advance(10)
        expect(bytes).toEqual([0xf0, 0xff, 0, 1])
    })

    test("a granted QoS has a limit", async () => {
        make({ maxQos: 1 })
        const a = await client("a")
        a.says(subscribe(1, ["t", 2], ["u", 0]))
        expect(await a.hears()).toEqual(["a: suback 1 1,0"])
    })
})

describe("what it owes a client", () => {
    test("twenty messages are in flight at once, the others follow in order as they are acknowledged", async () => {
        const a = await client("a")
        a.says(subscribe(1, ["t", 1]))
        await a.hears()
        for (let i = 1; i <= 30; i++) broker.publish("t", `${i}`, { qos: 1 })
        a.says(ping)
        const heard = await a.hears(21)
        expect(heard.at(-1)).toBe("a: pingresp")
        expect(broker.session("a")!.owed).toBe(30)
        for (let i = 1; i <= 30; i++) a.says({ cmd: "puback", messageId: i })
        heard.push(...(await a.hears(10)))
        await world.advance(10)
        expect(heard.filter(line => line.includes("publish"))).toEqual(
            Array.from({ length: 30 }, (_, i) => `a: publish t=${i + 1} qos 1`)
        )
        expect(broker.session("a")!.owed).toBe(0)
    })

    test("the acknowledgement of another kind, or of a message not sent, settles nothing", async () => {
        const a = await client("a")
        a.says(subscribe(1, ["t", 2]))
        await a.hears()
        broker.publish("t", "m", { qos: 2 })
        await a.hears()
        const { id } = a
        a.says({ cmd: "puback", messageId: id })
        a.says({ cmd: "pubcomp", messageId: id })
        a.says({ cmd: "puback", messageId: id + 1 }, ping)
        await a.hears()
        expect(broker.session("a")!.owed).toBe(1)
    })
})

test("the record: publishes with their times and sources, packets of a connection both ways", async () => {
    const d = await up()
    d.says(publish("t", "x", 2, { messageId: 9 }))
    d.says(publish("t", "x", 2, { messageId: 9, dup: true }))
    await d.hears(2)
    d.drop()
    await world.advance(10)
    const all = broker.history.map(({ at: _at, ...rest }) => rest)
    const from = { source: "client", client: "d", dup: false, fresh: true }
    expect(all).toEqual([
        { ...from, topic: "status", payload: "up", qos: 1, retain: true },
        { ...from, topic: "t", payload: "x", qos: 2, retain: false },
        {
            ...from,
            topic: "t",
            payload: "x",
            qos: 2,
            retain: false,
            dup: true,
            fresh: false,
        },
        {
            ...from,
            source: "will",
            topic: "status",
            payload: "down",
            qos: 1,
            retain: true,
        },
    ])
    const times = broker.history.map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    const [connection] = broker.connections
    expect(
        connection!.packets.map(({ way, packet }) => `${way} ${packet.cmd}`)
    ).toEqual([
        "in connect",
        "out connack",
        "in publish",
        "out puback",
        "in publish",
        "out pubrec",
        "in publish",
        "out pubrec",
    ])
    expect(connection).toMatchObject({
        client: "d",
        end: "reset by peer",
        sessionPresent: false,
    })
})
