// Messages out and in through real brokers: each QoS both ways, what is retained, and which subscription gets what.
import { afterEach, beforeEach, expect, test } from "vitest"
import type { IPublishPacket } from "mqtt-packet"
import { packets } from "../node/wire"
import { Observer, type QoS } from "../support/observer"
import { Proxy } from "../support/proxy"
import { aedes, mosquitto, nats, withEach, type Broker } from "./brokers"
import { client, Programs, SOON_MS, type Chip } from "./chip"

/** Not UTF-8, with a zero at its start and its end. */
const BYTES = "00ffc32880ed00"

const programs = new Programs({
    // sends what it gets on to/<qos> back on from/<qos> with that QoS
    echo: client(
        `clientId: "echo", inboxMessages: 64`,
        `
await mqtt.start()
await mqtt.subscribe("to/+", async m => {
    said(m)
    const qos = parseInt(m.topic.slice(3))
    console.log("echoed " + (await mqtt.publish("from/" + qos, m.content, qos)))
}, 2)
console.log("ready")`
    ),
    asks: client(
        `clientId: "asks"`,
        `
await mqtt.start()
for (let qos = 0; qos < 3; qos++) {
    const s = await mqtt.subscribe("grant/" + qos, async m => said(m), qos)
    console.log("granted " + s.granted)
}
console.log("ready")`
    ),
    keeps: client(
        `clientId: "keeps"`,
        `
await mqtt.start()
await mqtt.publish("kept/a", hex\`${BYTES}\`, 1, true)
await mqtt.subscribe("kept/+", async m => said(m), 1)
await mqtt.subscribe("do/+", async m => {
    if (m.topic === "do/clear") await mqtt.publish("kept/a", Buffer.alloc(0), 1, true)
    if (m.topic === "do/again") {
        await mqtt.unsubscribe("kept/+")
        await mqtt.subscribe("kept/+", async m => said(m, "again"), 1)
    }
    console.log("done " + m.topic)
}, 1)
console.log("ready")`
    ),
    filters: client(
        `clientId: "filters"`,
        `
mqtt.onunhandledmessage.subscribe(m => said(m, "nobody"))
await mqtt.start()
await mqtt.subscribe("f/+/x", async m => said(m, "f/+/x"), 0)
await mqtt.subscribe("f/#", async m => said(m, "f/#"), 1)
await mqtt.subscribe("+/a/x", async m => said(m, "+/a/x"), 1)
await mqtt.subscribe("do/leave", async m => {
    console.log("left " + (await mqtt.unsubscribe("f/#")))
}, 1)
await mqtt.subscribe("end", async m => console.log("end"), 1)
console.log("ready")`
    ),
})

withEach([aedes, mosquitto, nats], kind => {
    let broker: Broker
    let proxy: Proxy
    let chip: Chip
    const observers: Observer[] = []
    const every = Array.from({ length: kind.maxQos + 1 }, (_, i) => i as QoS)

    beforeEach(async () => {
        broker = await kind.start()
        proxy = await Proxy.start({ port: broker.port })
    })
    afterEach(async () => {
        programs.stop()
        await proxy.stop()
        for (const observer of observers.splice(0)) await observer.stop()
        await broker.stop()
    })

    const observe = async (filter: string) => {
        const observer = await Observer.start(
            broker.url,
            filter,
            {},
            kind.maxQos
        )
        observers.push(observer)
        return observer
    }
    const start = async (name: string) => {
        chip = await programs.start(name, proxy)
        await chip.line("ready")
    }
    /** The messages that came to the chip over the wire, repeats included. */
    const forwarded = () =>
        packets(proxy.connections[0]!.recorded("down")).filter(
            (p): p is IPublishPacket => p.cmd === "publish"
        )
    const noTrouble = () => {
        expect(chip.trouble).toEqual([])
        expect(proxy.connections).toHaveLength(1)
    }

    test(`[MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1] every QoS to ${kind.maxQos} goes both ways, byte for byte and once, in order`, async () => {
        await start("echo")
        const observer = await observe("from/+")
        const sent = every.flatMap(qos =>
            Array.from({ length: 8 }, (_, i) => ({
                qos,
                payload: `0${i}${BYTES}`,
            }))
        )
        for (const { qos, payload } of sent)
            await observer.publish(
                `to/${qos}`,
                Buffer.from(payload, "hex"),
                false,
                qos
            )
        await observer.publish(`to/${kind.maxQos}`, "end", false, kind.maxQos)
        await observer.next(m => m.payload === "end", SOON_MS)
        const end = Buffer.from("end").toString("hex")
        expect(chip.got().filter(m => m.payload !== end)).toEqual(
            sent.map(({ qos, payload }) => ({
                topic: `to/${qos}`,
                payload,
                qos,
                retain: 0,
                dup: false,
                by: "",
            }))
        )
        const back = observer.messages.filter(m => m.payload !== "end")
        expect(
            back.map(m => [m.topic, m.bytes.toString("hex"), m.qos, m.dup])
        ).toEqual(
            sent.map(({ qos, payload }) => [`from/${qos}`, payload, qos, false])
        )
        await chip.line("echoed true", sent.length + 1)
        noTrouble()
    })

    test("[MQTT-3.8.4-6] a subscription gets messages with at most the QoS it asked for, and says what was granted", async () => {
        await start("asks")
        const observer = await observe("grant/+")
        const granted = [0, 1, 2].map(qos => Math.min(qos, kind.maxQos))
        expect(chip.lines.filter(l => l.startsWith("granted"))).toEqual(
            granted.map(qos => `granted ${qos}`)
        )
        for (const qos of [0, 1, 2])
            await observer.publish(`grant/${qos}`, "x", false, kind.maxQos)
        await chip.until(() => chip.got("grant/2")[0], "last message")
        expect(chip.got().map(m => [m.topic, m.qos])).toEqual(
            granted.map((qos, i) => [`grant/${i}`, qos])
        )
        noTrouble()
    })

    test("[MQTT-3.3.1-9] a message the client had retained comes with retain 1 to who subscribes, one published now with 0", async () => {
        await start("keeps")
        const stored = await chip.until(() => chip.got("kept/a")[0], "kept/a")
        expect(stored).toMatchObject({ payload: BYTES, retain: 1, qos: 1 })
        const observer = await observe("kept/+")
        const seen = await observer.next(() => true, SOON_MS)
        expect([seen.retain, seen.bytes.toString("hex")]).toEqual([true, BYTES])

        await observer.publish("kept/b", "live", true, kind.maxQos)
        const live = await chip.until(() => chip.got("kept/b")[0], "kept/b")
        expect(live.retain).toBe(0)

        await observer.publish("do/again", "")
        await chip.until(() => chip.got("kept/b")[1], "kept/b again")
        await chip.until(() => chip.got("kept/a")[1], "kept/a again")
        const again = chip.got().filter(m => m.by === "again")
        expect(again.map(m => [m.topic, m.retain]).sort()).toEqual([
            ["kept/a", 1],
            ["kept/b", 1],
        ])
        noTrouble()
    })

    test("an empty retained message of the client ends what was retained", async () => {
        await start("keeps")
        await chip.until(() => chip.got("kept/a")[0], "kept/a")
        const observer = await observe("kept/+")
        await observer.next(m => m.retain, SOON_MS)
        await observer.publish("do/clear", "")
        const empty = await observer.next(m => m.bytes.length === 0, SOON_MS)
        expect([empty.topic, empty.retain]).toEqual(["kept/a", false])
        await chip.line("done do/clear")
        await observer.publish("do/again", "")
        await chip.line("done do/again")
        await observer.publish("kept/end", "")
        await chip.until(() => chip.got("kept/end")[0], "kept/end")
        // the empty message itself came before the client subscribed again
        expect(
            chip.got("kept/a").map(m => [m.payload, m.retain, m.by])
        ).toEqual([
            [BYTES, 1, ""],
            ["", 0, ""],
        ])
        const late = await observe("kept/+")
        await late.publish("kept/end", "")
        await late.next(m => m.topic === "kept/end", SOON_MS)
        expect(late.on("kept/a")).toEqual([])
        noTrouble()
    })

    test("every filter that matches gets each copy the broker forwards, and no other gets one", async () => {
        await start("filters")
        const observer = await observe("f/#")
        const topics = ["f", "f/a", "f/a/x", "f/b/x", "g/a/x", "g/b", "f/a/x/y"]
        for (const topic of topics)
            await observer.publish(topic, "x", false, kind.maxQos)
        await observer.publish("end", "")
        await chip.line("end")
        const copies = (topic: string) =>
            forwarded().filter(p => p.topic === topic)
        for (const [topic, filters] of [
            ["f", ["f/#"]],
            ["f/a", ["f/#"]],
            ["f/a/x", ["f/+/x", "f/#", "+/a/x"]],
            ["f/b/x", ["f/+/x", "f/#"]],
            ["g/a/x", ["+/a/x"]],
            ["g/b", []],
            ["f/a/x/y", ["f/#"]],
        ] as const) {
            const qos = copies(topic).map(p => p.qos)
            expect(chip.got(topic).map(m => [m.by, m.qos])).toEqual(
                qos.flatMap(q => filters.map(filter => [filter, q]))
            )
        }
        expect(
            copies("f/a/x")
                .map(p => p.qos)
                .sort()
        ).toEqual(kind.overlap)
        noTrouble()
    })

    test("unsubscribe ends the flow of its filter and of no other", async () => {
        await start("filters")
        const observer = await observe("f/#")
        await observer.publish("f/a", "before")
        await chip.until(() => chip.got("f/a")[0], "f/a")
        await observer.publish("do/leave", "")
        await chip.line("left true")
        await observer.publish("f/a", "after")
        await observer.publish("f/b/x", "after")
        await observer.publish("end", "")
        await chip.line("end")
        expect(chip.got("f/a")).toHaveLength(1)
        expect(chip.got("f/b/x").map(m => m.by)).toEqual(["f/+/x"])
        // it is the broker that has stopped, not only the handler
        expect(forwarded().filter(p => p.topic === "f/a")).toHaveLength(1)
        noTrouble()
    })
})
