// Messages out and in through real brokers: each QoS both ways, what is retained, and which subscription gets what.
import { expect, test } from "vitest"
import { qosBothWays, qosPrograms } from "./broker-qos"
import { aedes, mosquitto, nats, withEach } from "./brokers"
import { client, Programs, SOON_MS } from "./chip"
import { BYTES, stage } from "./stage"

const programs = new Programs({
    ...qosPrograms,
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
    const on = stage(kind, programs)

    qosBothWays(on)

    test("[MQTT-3.3.1-9] a message the client had retained comes with retain 1 to who subscribes, one published now with 0", async () => {
        const chip = await on.ready("keeps")
        const stored = await chip.until(() => chip.got("kept/a")[0], "kept/a")
        expect(stored).toMatchObject({ payload: BYTES, retain: 1, qos: 1 })
        const observer = await on.observe("kept/+")
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
        on.noTrouble(chip)
    })

    test("an empty retained message of the client ends what was retained", async () => {
        const chip = await on.ready("keeps")
        await chip.until(() => chip.got("kept/a")[0], "kept/a")
        const observer = await on.observe("kept/+")
        await observer.next(m => m.retain, SOON_MS)
        await observer.publish("do/clear", "")
        const empty = await observer.next(m => m.bytes.length === 0, SOON_MS)
        expect([empty.topic, empty.retain]).toEqual(["kept/a", false])
        await chip.until(() => chip.got("kept/a")[1], "kept/a, empty")
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
        const late = await on.observe("kept/+")
        await late.publish("kept/end", "")
        await late.next(m => m.topic === "kept/end", SOON_MS)
        expect(late.on("kept/a")).toEqual([])
        on.noTrouble(chip)
    })

    test("every filter that matches gets each copy the broker forwards, and no other gets one", async () => {
        const chip = await on.ready("filters")
        const observer = await on.observe("f/#")
        const matching: Record<string, string[]> = {
            f: ["f/#"],
            "f/a": ["f/#"],
            "f/a/x": ["f/+/x", "f/#", "+/a/x"],
            "f/b/x": ["f/+/x", "f/#"],
            "g/a/x": ["+/a/x"],
            "g/b": [],
            "f/a/x/y": ["f/#"],
        }
        for (const topic of Object.keys(matching))
            await observer.publish(topic, "x", false, kind.maxQos)
        await observer.publish("end", "")
        await chip.line("end")
        const each = kind.overlap.length > 1
        for (const [topic, filters] of Object.entries(matching)) {
            const copies = each ? filters.length : Math.sign(filters.length)
            // several subscriptions are served in any order: "end" need not be the last one
            if (copies > 0)
                await chip.until(
                    () => chip.got(topic)[copies * filters.length - 1],
                    `${copies} of ${topic}`
                )
            const qos = on.messages("down", topic).map(p => p.qos)
            expect(qos).toHaveLength(copies)
            expect(chip.got(topic).map(m => [m.by, m.qos])).toEqual(
                qos.flatMap(q => filters.map(filter => [filter, q]))
            )
        }
        const overlap = on.messages("down", "f/a/x").map(p => p.qos)
        expect(overlap.sort()).toEqual(kind.overlap)
        on.noTrouble(chip)
    })

    test("unsubscribe ends the flow of its filter and of no other", async () => {
        const chip = await on.ready("filters")
        const observer = await on.observe("f/#")
        await observer.publish("f/a", "before")
        await chip.until(() => chip.got("f/a")[0], "f/a")
        await observer.publish("do/leave", "")
        await chip.line("left true")
        await observer.publish("f/a", "after")
        await observer.publish("f/b/x", "after")
        await observer.publish("end", "")
        await chip.line("end")
        await chip.until(() => chip.got("f/b/x")[0], "f/b/x")
        expect(chip.got("f/a")).toHaveLength(1)
        expect(chip.got("f/b/x").map(m => m.by)).toEqual(["f/+/x"])
        // it is the broker that has stopped, not only the handler
        expect(on.messages("down", "f/a")).toHaveLength(1)
        on.noTrouble(chip)
    })
})
