import { existsSync } from "node:fs"
import { afterEach, expect, test } from "vitest"
import { describeWithNats, Nats, type NatsOptions } from "./nats"
import { Observer } from "./observer"

const open: { stop(): Promise<void> }[] = []

function keep<T extends { stop(): Promise<void> }>(thing: T): T {
    open.push(thing)
    return thing
}

const start = async (options?: NatsOptions) => keep(await Nats.start(options))

afterEach(async () => {
    // The broker first: after a restart it takes 4 s over a client's goodbye.
    for (const thing of open.splice(0)) await thing.stop()
})

const isAlive = (pid: number) => {
    try {
        return process.kill(pid, 0)
    } catch {
        return false
    }
}

describeWithNats("NATS in a test", () => {
    test("hands a published message to a subscriber", async () => {
        const broker = await start()
        const observer = keep(await Observer.start(broker.url, "a/#"))
        await observer.publish("a/b", "21.5")
        expect((await observer.next(() => true, 2_000)).payload).toBe("21.5")
    })

    test("lets in who knows the password and nobody else", async () => {
        const broker = await start({ users: { node: "s3cret" } })
        keep(
            await Observer.start(broker.url, "a", {
                username: "node",
                password: "s3cret",
            })
        )
        await expect(
            Observer.start(broker.url, "a", {
                username: "node",
                password: "guess",
            })
        ).rejects.toThrow(/not authorized/i)
    })

    test("keeps a retained message over a restart on the same port", async () => {
        const broker = await start()
        const { port, pid } = broker
        const before = keep(await Observer.start(broker.url))
        await before.publish("status", "up", true)
        await broker.restart()
        expect(broker.port).toBe(port)
        expect(broker.pid).not.toBe(pid)
        const after = keep(await Observer.start(broker.url))
        expect((await after.next(({ retain }) => retain, 2_000)).payload).toBe(
            "up"
        )
    })

    test("is gone after stop, with its folder", async () => {
        const broker = await start()
        const pid = broker.pid!
        expect([isAlive(pid), existsSync(broker.folder)]).toEqual([true, true])
        await broker.stop()
        expect([isAlive(pid), existsSync(broker.folder)]).toEqual([
            false,
            false,
        ])
        await expect(Observer.start(broker.url)).rejects.toThrow("ECONNREFUSED")
    })
})
