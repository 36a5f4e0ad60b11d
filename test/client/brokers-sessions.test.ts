// What a real broker keeps of a client: its will when its power goes, its session until it is back, and what it says to
// one it does not know.
import { connectAsync } from "mqtt"
import { expect, test } from "vitest"
import type { QoS } from "../support/observer"
import { aedes, mosquitto, nats, withEach } from "./brokers"
import { client, Programs, SOON_MS } from "./chip"
import { keeper, outlivesPowerCut } from "./mailbox"
import { BYTES, stage } from "./stage"

const withWill = (qos: QoS, retain: boolean) =>
    client(
        `clientId: "mortal", will: { topic: "will", message: hex\`${BYTES}\`, qos: ${qos}, retain: ${retain} }`,
        `
await mqtt.start()
await mqtt.subscribe("do/+", async m => {
    await mqtt.stop(5000, m.topic === "do/stop")
    console.log("stopped")
})
console.log("ready")`
    )

const programs = new Programs({
    "will 0": withWill(0, false),
    "will 1": withWill(1, true),
    "will 2": withWill(2, true),
    keeper,
    poster: client(
        `clientId: "poster", cleanSession: false`,
        `
await mqtt.start()
for (let qos = 0; qos < 3; qos++)
    console.log("published " + (await mqtt.publish("post", "x", qos)))`
    ),
    stranger: client(
        // the highest cap there is: a wait that is not drawn up to it stands out
        `clientId: "stranger", username: "node", password: "guess", retryFirst: 10, retryCap: 3600000`,
        `mqtt.launch()`
    ),
    known: client(
        `clientId: "known", username: "node", password: "s3cret"`,
        `mqtt.launch()`
    ),
})

withEach([aedes, mosquitto, nats], kind => {
    const on = stage(kind, programs)

    /** What a new subscriber gets of the will. */
    const retained = async () => {
        const late = await on.observe("will")
        // with the same QoS: only then does it come after it
        await late.publish("will", "end", false, kind.maxQos)
        await late.next(m => m.payload === "end", SOON_MS)
        return late.messages.filter(m => m.retain)
    }

    for (const qos of [0, 1, 2] as const) {
        const keeps = qos > 0
        const served = Math.min(qos, kind.maxQos)

        test(`a power cut makes the broker publish the will of QoS ${qos}, byte for byte with QoS ${served}${keeps ? ", retained" : ""}`, async () => {
            const observer = await on.observe("will")
            const chip = await on.ready(`will ${qos}`)
            chip.cut()
            const will = await observer.next(() => true, SOON_MS)
            expect([will.bytes.toString("hex"), will.qos]).toEqual([
                BYTES,
                served,
            ])
            const stored = await retained()
            expect(stored.map(m => m.bytes.toString("hex"))).toEqual(
                keeps ? [BYTES] : []
            )
            await observer.next(m => m.payload === "end", SOON_MS)
            expect(observer.messages.map(m => m.payload)).toEqual([
                will.payload,
                "end",
            ])
        })
    }

    test("[MQTT-3.14.4-1] [MQTT-3.14.4-2] a stop of the client ends without a will, and with one when it leaves without a goodbye", async () => {
        const observer = await on.observe("will")
        const polite = await on.ready("will 1")
        await observer.publish("do/stop", "")
        await polite.line("stopped")
        expect(await retained()).toEqual([])
        await observer.next(m => m.payload === "end", SOON_MS)
        expect(observer.messages.map(m => m.payload)).toEqual(["end"])
        polite.cut()
        await on.ready("will 1")
        await observer.publish("do/leave", "")
        const will = await observer.next(m => m.payload !== "end", SOON_MS)
        expect(will.bytes.toString("hex")).toBe(BYTES)
    })

    outlivesPowerCut(on)

    test("a kept session without subscriptions that is taken over goes on publishing, whatever the broker says of it", async () => {
        const observer = await on.observe("post")
        const before = await connectAsync(on.broker.url, {
            clientId: "poster",
            clean: false,
            reconnectPeriod: 0,
        })
        const chip = await on.launch("poster")
        await chip.line("published true", kind.maxQos + 1)
        expect(chip.lines[0]).toBe(`connected ${kind.presentBare ? 1 : 0}`)
        const every = [0, 1, 2].slice(0, kind.maxQos + 1)
        await expect
            .poll(() => observer.messages.map(m => m.qos).sort(), {
                timeout: SOON_MS,
            })
            .toEqual(every)
        await before.endAsync(true)
    })
})

withEach([aedes, mosquitto, nats], kind => {
    const on = stage(kind, programs, { user: "node", password: "s3cret" })

    test("[MQTT-3.2.2-5] a wrong password is refused by name and waited on, not hammered at; the right one is let in", async () => {
        const stranger = await on.launch("stranger")
        const wait = await stranger.line(/^retry/)
        await stranger.line(`error ${kind.refusal}`)
        expect(stranger.lines.sort()).toEqual([
            `error ${kind.refusal}`,
            `lost ${kind.refusal}`,
            wait,
        ])
        // drawn from up to an hour, where an ordinary loss waits at most 10 ms
        expect(Number(wait.slice(6))).toBeGreaterThan(10)
        const known = await on.launch("known")
        await known.line("connected 0")
    })
})
