import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { Observer } from "./observer"
import { describeWithRabbitmq, Rabbitmq } from "./rabbitmq"

/** ms: its own bounds for its start and end together. */
const START_AND_STOP_MS = 90_000

/** Processes below a process, all the way down. Linux only. */
async function below(pid: number): Promise<number[]> {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")
    const children = text.split(" ").filter(Boolean).map(Number)
    const deeper = await Promise.all(children.map(below))
    return [...children, ...deeper.flat()]
}

/** Whether a process still does something: it is there and not only waiting for its parent to take notice of its end. */
async function works(pid: number): Promise<boolean> {
    try {
        const stat = await readFile(`/proc/${pid}/stat`, "utf8")
        return !/\) Z /.test(stat)
    } catch {
        return false
    }
}

describeWithRabbitmq("RabbitMQ in a test", () => {
    let broker: Rabbitmq | undefined
    beforeAll(async () => {
        broker = await Rabbitmq.start()
    }, START_AND_STOP_MS)
    afterAll(() => broker?.stop(), START_AND_STOP_MS)

    test("hands a published message to a subscriber", async () => {
        const observer = await Observer.start(broker!.url, "a/#")
        await observer.publish("a/b", "21.5")
        expect((await observer.next(() => true, 5_000)).payload).toBe("21.5")
        await observer.stop()
    })

    test(
        "is gone after stop with all its processes and its folder",
        async () => {
            const { pids, folder, url } = broker!
            expect(pids).toHaveLength(2)
            const all =
                process.platform === "linux"
                    ? [...pids, ...(await Promise.all(pids.map(below))).flat()]
                    : pids
            await broker!.stop()
            for (const pid of all)
                await expect
                    .poll(() => works(pid), { timeout: 5_000 })
                    .toBe(false)
            expect(existsSync(folder)).toBe(false)
            await expect(Observer.start(url)).rejects.toThrow("ECONNREFUSED")
        },
        START_AND_STOP_MS
    )
})
