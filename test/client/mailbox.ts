// A client with a kept session that gets mail, and what a test needs to be sure of before it cuts something: that the
// broker knows what the client has got. Knows nothing of kinds of brokers.
import { expect, test } from "vitest"
import { packets } from "../node/wire"
import { Observer, type QoS } from "../support/observer"
import type { Proxy } from "../support/proxy"
import { client, SOON_MS, type Chip } from "./chip"
import { BYTES, type Stage } from "./stage"

/**
 * Tells what comes on `mail/+`, and answers `mail/end` by `end` on `life`, where its will is `gone`. What waits for it
 * comes right after CONNACK: it subscribes before it connects.
 */
export const keeper = client(
    `clientId: "keeper", cleanSession: false, retryFirst: 50, retryCap: 50, will: { topic: "life", message: "gone" }`,
    `
const mail = await mqtt.subscribe("mail/+", async m => {
    said(m)
    if (m.topic === "mail/end") await mqtt.publish("life", "end", 1)
}, 2)
await mqtt.start()
while (mail.granted === undefined) await ds.sleep(10)
console.log("ready " + mail.granted)`
)

/** What is sent to the keeper. */
export interface Letter {
    qos: QoS
    payload: string
}

/** `count` letters of a QoS, told apart by their last byte; the others are not UTF-8. */
export function letters(qos: QoS, count: number, first = 0): Letter[] {
    return Array.from({ length: count }, (_, i) => ({
        qos,
        payload: `${BYTES}0${first + i}`,
    }))
}

/** Sends letters in that order, each when the broker has acknowledged the one before. */
export async function post(
    observer: Observer,
    sent: readonly Letter[]
): Promise<void> {
    for (const { qos, payload } of sent)
        await observer.publish(
            `mail/${qos}`,
            Buffer.from(payload, "hex"),
            false,
            qos
        )
}

/** The letters a chip got, all with the flags of a first delivery. */
export function received(chip: Chip): Letter[] {
    const mail = chip.got().filter(m => m.topic !== "mail/end")
    for (const m of mail)
        expect(m).toMatchObject({
            topic: `mail/${m.qos}`,
            retain: 0,
            dup: false,
        })
    return mail.map(m => ({ qos: m.qos as QoS, payload: m.payload }))
}

/**
 * Waits until the keeper has got as many letters, and its broker knows: the exchange of those with QoS 2 is over on the
 * keeper's newest connection, and what the keeper has said after it has come through.
 */
export async function known(
    chip: Chip,
    url: string,
    proxy: Proxy,
    { all, completed }: { all: number; completed: number }
): Promise<void> {
    await chip.until(
        () => (received(chip).length >= all ? true : undefined),
        `${all} letters`
    )
    const over = () =>
        packets(proxy.connections.at(-1)!.recorded("up")).filter(
            p => p.cmd === "pubcomp"
        ).length
    await expect.poll(over, { timeout: SOON_MS }).toBe(completed)
    await ended(url)
}

/** The keeper has handled all that was sent before, and its broker all that the keeper has said. */
export async function ended(url: string): Promise<void> {
    const observer = await Observer.start(url, "life")
    await observer.publish("mail/end", "")
    await observer.next(m => m.payload === "end", SOON_MS)
    await observer.stop()
}

/** The test of any kind of broker that keeps sessions; its programs have to include `keeper`. */
export function outlivesPowerCut(on: Stage): void {
    const { maxQos, backlog2 } = on.kind

    test("[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] a kept session outlives a power cut: what came meanwhile is handed over once, and once only", async () => {
        const observer = await on.observe("life")
        // it says that the broker has noticed
        const will = () => observer.next(m => m.payload === "gone", SOON_MS)
        const first = await on.ready("keeper")
        expect(first.lines).toEqual(["connected 0", `ready ${maxQos}`])
        first.cut()
        await will()
        const sent = [...letters(1, 5), ...letters(2, backlog2)]
        await post(observer, sent)

        const second = await on.ready("keeper")
        expect(second.lines[0]).toBe("connected 1")
        await known(second, on.broker.url, on.proxy, {
            all: sent.length,
            completed: backlog2,
        })
        expect(received(second)).toEqual(sent)
        second.cut()
        await will()

        const third = await on.ready("keeper")
        expect(third.lines[0]).toBe("connected 1")
        await ended(on.broker.url)
        expect(received(third)).toEqual([])
        expect([second, third].flatMap(chip => chip.trouble)).toEqual([])
    })
}
