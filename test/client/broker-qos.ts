// What a client and any broker agree on: every QoS the broker has goes both ways, and a subscription is granted no more
// than it asked for. For the tests of each kind of broker.
import { expect, test } from "vitest"
import type { QoS } from "../support/observer"
import { client, SOON_MS } from "./chip"
import { BYTES, type Stage } from "./stage"

/** The last message of all. */
const END = "ff"

export const qosPrograms = {
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
}

export function qosBothWays(on: Stage): void {
    const { maxQos } = on.kind
    const every = Array.from({ length: maxQos + 1 }, (_, i) => i as QoS)

    test(`[MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1] every QoS to ${maxQos} goes both ways, byte for byte and once, in order`, async () => {
        const chip = await on.ready("echo")
        const observer = await on.observe("from/+")
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
        await observer.publish(
            `to/${maxQos}`,
            Buffer.from(END, "hex"),
            false,
            maxQos
        )
        // the chip answers one after the other
        await chip.line(/^echoed/, sent.length + 1)
        await observer.next(m => m.bytes.toString("hex") === END, SOON_MS)
        // only messages of one QoS keep their order
        for (const qos of every) {
            const own = sent.filter(m => m.qos === qos)
            const end = qos === maxQos ? [{ qos, payload: END }] : []
            await chip.until(
                () => chip.got(`to/${qos}`)[own.length + end.length - 1],
                `last message of QoS ${qos}`
            )
            expect(chip.got(`to/${qos}`)).toEqual(
                [...own, ...end].map(({ payload }) => ({
                    topic: `to/${qos}`,
                    payload,
                    qos,
                    retain: 0,
                    dup: false,
                    by: "",
                }))
            )
            expect(
                observer
                    .on(`from/${qos}`)
                    .map(m => [m.bytes.toString("hex"), m.qos, m.dup])
            ).toEqual(
                [...own, ...end].map(({ payload }) => [payload, qos, false])
            )
        }
        await chip.line("echoed true", sent.length + 1)
        on.noTrouble(chip)
    })

    test("[MQTT-3.8.4-6] a subscription gets messages with at most the QoS it asked for, and says what was granted", async () => {
        const chip = await on.ready("asks")
        const observer = await on.observe("grant/+")
        const granted = [0, 1, 2].map(qos => Math.min(qos, maxQos))
        expect(chip.lines.filter(l => l.startsWith("granted"))).toEqual(
            granted.map(qos => `granted ${qos}`)
        )
        for (const qos of [0, 1, 2])
            await observer.publish(`grant/${qos}`, "x", false, maxQos)
        await chip.until(() => chip.got()[2], "third message")
        // messages of different QoS may overtake each other
        expect(
            chip
                .got()
                .map(m => [m.topic, m.qos])
                .sort()
        ).toEqual(granted.map((qos, i) => [`grant/${i}`, qos]))
        on.noTrouble(chip)
    })
}
