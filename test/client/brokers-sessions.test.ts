// What a real broker keeps of a client: its will when its power goes, its session until it is back, and what it says to
// one it does not know.
import { connectAsync } from "mqtt"
import { afterEach, beforeEach, expect, test } from "vitest"
import { Observer, type QoS } from "../support/observer"
import { Proxy } from "../support/proxy"
import { aedes, mosquitto, nats, withEach, type Broker } from "./brokers"
import { client, Programs, SOON_MS } from "./chip"
import { ended, keeper, known, letters, post, received } from "./mailbox"

/** Not UTF-8, with a zero at its start and its end. */
const BYTES = "00ffc32880ed00"

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
    let broker: Broker
    /** What a test has opened beside it. */
    const open: { stop(): Promise<void> }[] = []

    beforeEach(async () => {
        broker = await kind.start()
    })
    afterEach(async () => {
        programs.stop()
        for (const thing of open.splice(0)) await thing.stop()
        await broker.stop()
    })

    const observe = async (filter: string) => {
        const observer = await Observer.start(
            broker.url,
            filter,
            {},
            kind.maxQos
        )
        open.push(observer)
        return observer
    }
    const start = async (name: string, way: { port: number } = broker) => {
        const chip = await programs.start(name, way)
        await chip.line(/^ready/)
        return chip
    }
    /** What a new subscriber gets of the will. */
    const retained = async () => {
        const late = await observe("will")
        // with the same QoS: only then does it come after it
        await late.publish("will", "end", false, kind.maxQos)
        await late.next(m => m.payload === "end", SOON_MS)
        return late.messages.filter(m => m.retain)
    }

    for (const qos of [0, 1, 2] as const) {
        if (qos > kind.maxQos) continue
        const keeps = qos > 0

        test(`a power cut makes the broker publish the will, byte for byte with QoS ${qos}${keeps ? ", retained" : ""}`, async () => {
            const observer = await observe("will")
            const chip = await start(`will ${qos}`)
            chip.cut()
            const will = await observer.next(() => true, SOON_MS)
            expect([will.bytes.toString("hex"), will.qos]).toEqual([BYTES, qos])
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
        const observer = await observe("will")
        const polite = await start("will 1")
        await observer.publish("do/stop", "")
        await polite.line("stopped")
        expect(await retained()).toEqual([])
        await observer.next(m => m.payload === "end", SOON_MS)
        expect(observer.messages.map(m => m.payload)).toEqual(["end"])
        polite.cut()
        await start("will 1")
        await observer.publish("do/leave", "")
        const will = await observer.next(m => m.payload !== "end", SOON_MS)
        expect(will.bytes.toString("hex")).toBe(BYTES)
    })

    test("[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] a kept session outlives a power cut: what came meanwhile is handed over once, and once only", async () => {
        const observer = await observe("life")
        // it says that the broker has noticed
        const will = () => observer.next(m => m.payload === "gone", SOON_MS)
        const first = await start("keeper")
        expect(first.lines).toEqual(["connected 0", `ready ${kind.maxQos}`])
        first.cut()
        await will()
        const sent = [...letters(1, 5), ...letters(2, kind.backlog2)]
        await post(observer, sent)

        const proxy = await Proxy.start(broker)
        open.push(proxy)
        const second = await start("keeper", proxy)
        expect(second.lines[0]).toBe("connected 1")
        await known(second, broker.url, proxy, {
            all: sent.length,
            completed: kind.backlog2,
        })
        expect(received(second)).toEqual(sent)
        second.cut()
        await will()

        const third = await start("keeper")
        expect(third.lines[0]).toBe("connected 1")
        await ended(broker.url)
        expect(received(third)).toEqual([])
        expect([second, third].flatMap(chip => chip.trouble)).toEqual([])
    })

    test("a kept session without subscriptions that is taken over goes on publishing, whatever the broker says of it", async () => {
        const observer = await observe("post")
        const before = await connectAsync(broker.url, {
            clientId: "poster",
            clean: false,
            reconnectPeriod: 0,
        })
        const chip = await programs.start("poster", broker)
        await chip.line("published true", kind.maxQos + 1)
        expect(chip.lines[0]).toBe(`connected ${kind.presentBare ? 1 : 0}`)
        await observer.next(m => m.qos === kind.maxQos, SOON_MS)
        expect(observer.messages.map(m => m.qos)).toEqual(
            [0, 1, 2].slice(0, kind.maxQos + 1)
        )
        await before.endAsync(true)
    })
})

withEach([aedes, mosquitto, nats], kind => {
    test("[MQTT-3.2.2-5] a wrong password is refused by name and waited on, not hammered at; the right one is let in", async () => {
        const broker = await kind.start({ user: "node", password: "s3cret" })
        try {
            const stranger = await programs.start("stranger", broker)
            const wait = await stranger.line(/^retry/)
            await stranger.line(`error ${kind.refusal}`)
            expect(stranger.lines.sort()).toEqual([
                `error ${kind.refusal}`,
                `lost ${kind.refusal}`,
                wait,
            ])
            // drawn from up to an hour, where an ordinary loss waits at most 10 ms
            expect(Number(wait.slice(6))).toBeGreaterThan(10)
            const known = await programs.start("known", broker)
            await known.line("connected 0")
        } finally {
            programs.stop()
            await broker.stop()
        }
    })
})
