// What the broker model does of what odd brokers do: sessions it does not own up to, QoS it does not keep, what it refuses,
// and packets that come twice or overtake each other.
import { expect, test } from "vitest"
import type { Packet } from "mqtt-packet"
import { World, type WorldBrokerOptions } from "../../sim/world"
import { publish, subscribe } from "./conversations"
import { inWorld } from "./parties"

function make(options: WorldBrokerOptions = {}) {
    const world = new World(options)
    return { world, broker: world.broker, open: inWorld(world) }
}

const kept = { clean: false } as Partial<Packet>

test("a session that is kept and not owned up to: what was owed comes all the same", async () => {
    const { open, broker } = make({ saysPresent: false })
    const first = await open("d")
    await first.connects(kept)
    first.says(subscribe(1, ["t", 1]))
    await first.hears()
    first.says({ cmd: "disconnect" })
    await first.hears()
    broker.publish("t", "m", { qos: 1 })
    const again = await open("d")
    expect(await again.connects(kept)).toEqual(["d: connack 0"])
    expect(await again.hears()).toEqual(["d: publish t=m qos 1"])
})

test("a QoS 2 message may be taken as QoS 1, or end the connection", async () => {
    const { open, broker } = make({ qos2: "downgraded" })
    const a = await open("a")
    await a.connects()
    a.says(publish("t", "m", 2, { messageId: 7 }))
    expect(await a.hears()).toEqual(["a: puback 7"])
    broker.behaviour.qos2 = "closed"
    a.says(publish("t", "n", 2, { messageId: 8 }))
    expect(await a.hears()).toEqual(["a: closed"])
    expect(broker.published("t").map(({ payload }) => payload)).toEqual(["m"])
})

test("RETAIN may be taken off: those who are there hear it, those who come later do not", async () => {
    const { open, broker } = make({ retains: false })
    const a = await open("a")
    await a.connects()
    a.says(subscribe(1, ["t", 0]))
    await a.hears()
    broker.publish("t", "m", { retain: true })
    expect(await a.hears()).toEqual(["a: publish t=m qos 0"])
    expect(broker.retainedNow("t")).toBeUndefined()
})

test("a subscription may be refused, beside one that is granted", async () => {
    const { open, broker } = make({ grants: filter => filter !== "no" })
    const a = await open("a")
    await a.connects()
    a.says(subscribe(1, ["no", 1], ["yes", 1]))
    expect(await a.hears()).toEqual(["a: suback 1 128,1"])
    broker.publish("no", "unheard")
    broker.publish("yes", "heard")
    expect(await a.hears()).toEqual(["a: publish yes=heard qos 0"])
})

test("acknowledgements may come twice, at once or later", async () => {
    const { open, broker, world } = make()
    const a = await open("a")
    await a.connects()
    const rule = broker.rules.twice({ way: "out", cmd: "puback" })
    a.says(publish("t", "m", 1, { messageId: 1 }))
    expect(await a.hears(2)).toEqual(["a: puback 1", "a: puback 1"])
    rule.off()
    broker.rules.twice({ way: "out", cmd: "puback" }, 500)
    const since = world.now
    a.says(publish("t", "m", 1, { messageId: 2 }))
    expect(await a.hears(2)).toEqual(["a: puback 2", "a: puback 2"])
    expect(world.now - since).toBeGreaterThanOrEqual(500)
})

test("acknowledgements may overtake each other, and all come when the rules are ended", async () => {
    const { open, broker, world } = make()
    const a = await open("a")
    await a.connects()
    const luck = [0.9, 0.1, 0.5]
    broker.rules.shuffle({ way: "out", cmd: "puback" }, 100, () =>
        luck.shift()!
    )
    for (const messageId of [1, 2, 3])
        a.says(publish("t", "m", 1, { messageId }))
    expect(await a.hears(3)).toEqual([
        "a: puback 2",
        "a: puback 3",
        "a: puback 1",
    ])
    broker.rules.end()
    broker.rules.hold({ way: "out", cmd: "puback" })
    a.says(publish("t", "m", 1, { messageId: 4 }))
    await world.advance(1_000)
    broker.rules.end()
    expect(await a.hears()).toEqual(["a: puback 4"])
})

test("a session may be removed: its connection is cut, and the next one has none", async () => {
    const { open, broker } = make()
    const a = await open("a")
    await a.connects(kept)
    broker.forget("a")
    expect(await a.hears()).toEqual(["a: closed"])
    const again = await open("a")
    expect(await again.connects(kept)).toEqual(["a: connack 0"])
})

test("a rule may end the connection, and may outlast the end of the others", async () => {
    const { open, broker } = make()
    const { rules } = broker
    rules.drop({
        way: "in",
        cmd: "publish",
        forever: true,
        when: packet => packet.cmd === "publish" && packet.topic === "bad",
        also: () => broker.connection("a")?.close("refused"),
    })
    rules.drop({ way: "out", cmd: "puback" })
    rules.end()
    const a = await open("a")
    await a.connects()
    a.says(publish("good", "m", 1, { messageId: 1 }))
    expect(await a.hears()).toEqual(["a: puback 1"])
    a.says(publish("bad", "m", 1, { messageId: 2 }))
    expect(await a.hears()).toEqual(["a: closed"])
    expect(broker.published("bad")).toEqual([])
})
