import { afterEach, describe, expect, test } from "vitest"
import { AedesBroker } from "./aedes-broker"
import { Observer } from "./observer"

const open: { stop(): Promise<void> }[] = []

function keep<T extends { stop(): Promise<void> }>(thing: T): T {
    open.push(thing)
    return thing
}

afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.stop()
})

describe("the embedded broker of tests", () => {
    test("hands a published message to a subscriber", async () => {
        const broker = keep(await AedesBroker.start())
        const observer = keep(await Observer.start(broker.url, "a/#"))
        await observer.publish("a/b", "21.5")
        const { topic, payload, qos, retain, dup } = await observer.next(
            () => true,
            2_000
        )
        expect({ topic, payload, qos, retain, dup }).toEqual({
            topic: "a/b",
            payload: "21.5",
            qos: 1,
            retain: false,
            dup: false,
        })
    })

    test("comes back on the same port, and with nothing retained", async () => {
        const broker = keep(await AedesBroker.start())
        const { port } = broker
        const before = keep(await Observer.start(broker.url))
        await before.publish("status", "up", true)
        await broker.restart()
        expect(broker.port).toBe(port)
        const after = keep(await Observer.start(broker.url))
        await after.publish("mark", "")
        await after.next(message => message.topic === "mark", 2_000)
        expect(after.on("status")).toEqual([])
    })

    test("refuses connections while it is stopped", async () => {
        const broker = keep(await AedesBroker.start())
        await broker.stop()
        await expect(Observer.start(broker.url)).rejects.toThrow("ECONNREFUSED")
    })

    test("publishes the will of a client whose connection is reset", async () => {
        const broker = keep(await AedesBroker.start())
        const observer = keep(
            await Observer.start(broker.url, "#", { clientId: "observer" })
        )
        const will = {
            topic: "status",
            payload: Buffer.from("down"),
            qos: 1 as const,
            retain: true,
        }
        keep(
            await Observer.start(broker.url, "none", { clientId: "node", will })
        )
        broker.resetConnection("node")
        const message = await observer.next(
            ({ topic }) => topic === "status",
            2_000
        )
        expect(message.payload).toBe("down")
    })
})
