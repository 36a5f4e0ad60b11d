// A broker that goes away with a client's messages in flight, and comes back with what it knew or without.
import { afterEach, describe, expect, test } from "vitest"
import type { NodeSocketsOptions } from "../../sim/vm"
import { AedesBroker } from "../support/aedes-broker"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { describeWithNats, Nats } from "../support/nats"
import { packets } from "../node/wire"
import { Observer, type QoS } from "../support/observer"
import { Proxy } from "../support/proxy"
import { client, Programs, SOON_MS, type Chip } from "./chip"
import { keeper, known, letters, post, received, type Letter } from "./mailbox"

/** Messages of each QoS that the poster sends. */
const POSTS = 10
const numbers = Array.from({ length: POSTS }, (_, i) => `${i}`)

const programs = new Programs({
    // all at once: four are in flight, the others wait
    poster: client(
        `clientId: "poster", cleanSession: false, retryFirst: 50, retryCap: 50`,
        `
await mqtt.start()
for (let i = 0; i < ${POSTS}; i++)
    for (let qos = 1; qos < 3; qos++)
        mqtt.send(new Message(Buffer.from("post/" + qos), Buffer.from("" + i), qos, false,
            (m, outcome) => console.log(outcomeName(outcome) + " " + m.qos + " " + m.payload.toString())))`
    ),
    keeper,
})

/** What a test has opened, ended in that order: the broker last. */
const open: { stop(): Promise<void> }[] = []
const keep = <T extends { stop(): Promise<void> }>(thing: T): T => {
    open.unshift(thing)
    return thing
}
afterEach(async () => {
    programs.stop()
    for (const thing of open.splice(0)) await thing.stop()
})

/** The first byte of that packet. */
const PUBREL = 0x62

/** Where a message can be when the broker goes: a packet of the client, its first byte, and the answer that never comes. */
const MOMENTS = [
    ["PUBLISH with QoS 1", 0x32, "puback"],
    ["PUBLISH with QoS 2", 0x34, "pubrec"],
    ["PUBREL", PUBREL, "pubcomp"],
] as const

/** A poster whose broker is not heard any more from the moment it is sent that packet, and how many PUBRELs it has sent. */
async function poster(
    proxy: Proxy,
    type: number,
    answer: string
): Promise<{ chip: Chip; released: number }> {
    let deaf = false
    let released = 0
    const network: NodeSocketsOptions = {
        onWrite: bytes => {
            if (bytes[0] === PUBREL) released++
            if (!deaf && bytes[0] === type) {
                deaf = true
                proxy.swallow("down")
            }
            return 0
        },
    }
    const chip = await programs.start("poster", proxy, network)
    // the broker has answered, and the client does not know
    const answered = () => {
        const link = proxy.connections[0]
        return link
            ? packets(link.recorded("down")).map(p => p.cmd)
            : ["nothing"]
    }
    await expect.poll(answered, { timeout: SOON_MS }).toContain(answer)
    return { chip, released }
}

const ended = (chip: Chip, how: string) =>
    chip.lines.filter(line => line.startsWith(how)).sort()

/** `<how> <qos> <number>` of all that the poster sent. */
const allOf = (how: string) =>
    [1, 2].flatMap(qos => numbers.map(n => `${how} ${qos} ${n}`))

/** Once each, in the order of their first arrival. */
const once = (texts: string[]) => [...new Set(texts)]

describeWithMosquitto("with a Mosquitto that keeps what it knows", () => {
    test.each(MOMENTS)(
        "[MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1] a restart before the answer to a %s loses nothing: QoS 1 at least once, QoS 2 exactly once, in order",
        async (_, type, answer) => {
            const broker = keep(await Mosquitto.start({ persistence: true }))
            const proxy = keep(await Proxy.start(broker))
            const observer = keep(
                await Observer.start(
                    broker.url,
                    "post/+",
                    { clientId: "watcher", clean: false, reconnectPeriod: 50 },
                    2
                )
            )
            const { chip } = await poster(proxy, type, answer)
            await broker.restart()
            proxy.pass()
            proxy.reset()
            await chip.line(/^delivered/, 2 * POSTS)
            expect(chip.lines).toContain("connected 1")
            expect(ended(chip, "delivered")).toEqual(allOf("delivered"))
            await observer.publish("post/end", "", false, 2)
            await observer.next(m => m.topic === "post/end", SOON_MS)
            const seen = (qos: QoS) =>
                observer.on(`post/${qos}`).map(m => m.payload)
            expect(once(seen(1))).toEqual(numbers)
            expect(seen(2)).toEqual(numbers)
            expect(chip.trouble).toEqual([])
        }
    )
})

/** What was sent to a kept session while its client was away survives a restart of the broker, and the client its next. */
function keepsMail(start: () => Promise<Mosquitto | Nats>, maxQos: QoS): void {
    test("[MQTT-3.1.2-4] [MQTT-3.2.2-2] a kept session outlives a restart of the broker: away or connected, the client gets each message once", async () => {
        const broker = keep(await start())
        const proxy = keep(await Proxy.start(broker))
        const several = (first: number) =>
            [1, 2]
                .filter(qos => qos <= maxQos)
                .flatMap(qos => letters(qos as QoS, 3, first))
        const completed = maxQos === 2 ? 3 : 0
        const sendNow = async (sent: Letter[]) => {
            const observer = await Observer.start(broker.url, "none")
            await post(observer, sent)
            await observer.stop()
        }
        const before = await programs.start("keeper", broker)
        await before.line(/^ready/)
        before.cut()
        const first = several(0)
        await sendNow(first)
        await broker.restart()
        const after = await programs.start("keeper", proxy)
        await known(after, broker.url, proxy, { all: first.length, completed })
        expect(after.lines[0]).toBe("connected 1")
        expect(received(after)).toEqual(first)

        await broker.restart()
        await after.line("connected 1", 2)
        const all = [...first, ...several(3)]
        await sendNow(all.slice(first.length))
        await known(after, broker.url, proxy, { all: all.length, completed })
        expect(received(after)).toEqual(all)
        expect(after.trouble).toEqual([])
    })
}

describeWithMosquitto("with a Mosquitto that keeps its sessions", () =>
    keepsMail(() => Mosquitto.start({ persistence: true }), 2)
)
describeWithNats("with NATS, which always does", () =>
    keepsMail(() => Nats.start(), 1)
)

describe("with a broker that forgets", () => {
    test.each(MOMENTS)(
        "[MQTT-3.1.2-6] [MQTT-3.2.2-3] a restart before the answer to a %s loses nothing but what is counted: past its PUBREC a message ends as uncertain",
        async (_, type, answer) => {
            const broker = keep(await AedesBroker.start())
            const proxy = keep(await Proxy.start(broker))
            const first = await Observer.start(broker.url, "post/+", {}, 2)
            const { chip, released } = await poster(proxy, type, answer)
            proxy.refuse()
            await broker.restart()
            proxy.reset()
            await first.stop()
            const second = keep(
                await Observer.start(broker.url, "post/+", {}, 2)
            )
            proxy.pass()
            await proxy.accept()
            await chip.line(/^(delivered|uncertain)/, 2 * POSTS)
            expect(chip.lines).not.toContain("connected 1")
            await second.publish("post/end", "", false, 2)
            await second.next(m => m.topic === "post/end", SOON_MS)
            const seen = [first, second].flatMap(o =>
                o.messages.map(m => `${m.topic.slice(5)} ${m.payload}`)
            )
            for (const line of ended(chip, "delivered"))
                expect(seen).toContain(line.slice("delivered ".length))
            expect(released > 0).toBe(type === PUBREL)
            expect(ended(chip, "uncertain").length).toBe(released)
            expect(
                [...ended(chip, "delivered"), ...ended(chip, "uncertain")]
                    .length
            ).toBe(2 * POSTS)
            expect(chip.trouble).toEqual([])
        }
    )
})
