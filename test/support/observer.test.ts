import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { AedesBroker } from "./aedes-broker"
import { Observer } from "./observer"

let broker: AedesBroker
let observer: Observer

beforeEach(async () => {
    broker = await AedesBroker.start()
    observer = await Observer.start(broker.url, "devices/#")
})

afterEach(async () => {
    await observer.stop()
    await broker.stop()
})

describe("an observer", () => {
    test("gives messages back in order, each once, though they came before it was asked", async () => {
        await observer.publish("devices/a", "1")
        await observer.publish("devices/b", "2")
        await observer.publish("devices/a", "3")
        const first = await observer.next(
            ({ topic }) => topic === "devices/a",
            2_000
        )
        const second = await observer.next(
            ({ topic }) => topic === "devices/a",
            2_000
        )
        expect([first.payload, second.payload]).toEqual(["1", "3"])
        expect(observer.messages.map(({ payload }) => payload)).toEqual([
            "1",
            "2",
            "3",
        ])
    })

    test("waits for a message that is still to come", async () => {
        const wait = observer.next(({ payload }) => payload === "late", 2_000)
        await observer.publish("devices/a", "late")
        expect((await wait).topic).toBe("devices/a")
    })

    test("tells a retained message it got on subscribing from one that was published now", async () => {
        await observer.publish("devices/status", "up", true)
        const live = await observer.next(() => true, 2_000)
        const later = await Observer.start(broker.url, "devices/status")
        const stored = await later.next(() => true, 2_000)
        await later.stop()
        expect([live.retain, stored.retain]).toEqual([false, true])
    })

    test("publishes and subscribes with the QoS it is told", async () => {
        const twice = await Observer.start(broker.url, "devices/#", {}, 2)
        for (const qos of [0, 1, 2] as const)
            await observer.publish(`devices/${qos}`, "x", false, qos)
        await twice.next(({ topic }) => topic === "devices/2", 2_000)
        await twice.stop()
        expect(twice.messages.map(({ qos }) => qos)).toEqual([0, 1, 2])
    })

    test("gets what the broker kept for its session, also what comes before it has subscribed again", async () => {
        const session = { clientId: "sleeper", clean: false }
        const before = await Observer.start(broker.url, "devices/#", session)
        await before.stop()
        await observer.publish("devices/a", "meanwhile")
        const after = await Observer.start(broker.url, "devices/#", session)
        const kept = await after.next(() => true, 2_000)
        await after.stop()
        expect(kept.payload).toBe("meanwhile")
    })

    test("does not see what its filter leaves out", async () => {
        await observer.publish("other/a", "1")
        await observer.publish("devices/a", "2")
        await observer.next(({ payload }) => payload === "2", 2_000)
        expect(observer.messages.map(({ topic }) => topic)).toEqual([
            "devices/a",
        ])
    })

    test("says what it saw when the message does not come in time", async () => {
        await observer.publish("devices/a", "21.5", true)
        const failed = observer.next(({ payload }) => payload === "22", 50)
        await expect(failed).rejects.toThrow(
            "no such message on devices/# within 50 ms\nseen meanwhile: 1\n  devices/a 21.5 (QoS 1)"
        )
    })

    test("says so when it has lost its connection", async () => {
        await broker.stop()
        await expect(observer.next(() => true, 500)).rejects.toThrow(
            "the observer has lost its connection"
        )
    })
})
