// What a node does when its link or its broker fails: it notices within a bound that follows from its settings, comes
// back by itself, and loses no QoS 1 reading.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { AedesBroker } from "../support/aedes-broker"
import { Mosquitto, describeWithMosquitto } from "../support/mosquitto"
import { Observer } from "../support/observer"
import { Proxy } from "../support/proxy"
import { CLOSED_MS, noticedMs, RECOVERED_MS } from "./bounds"
import { countingBoard, TestNode } from "./rig"

const STATUS = "devices/COUNTER/status"
const VALUE = "devices/COUNTER/sensors/CNT/value"
/** Seconds; short, so that a silent link is found in the time of a test. */
const KEEP_ALIVE = 3

/** The values that arrived, each once, in the order of their first arrival. */
function arrived(observer: Observer): number[] {
    const seen: number[] = []
    for (const m of observer.on(VALUE)) {
        const { value } = JSON.parse(m.payload) as { value: number }
        if (!seen.includes(value)) seen.push(value)
    }
    return seen
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

function recoveryWith(start: () => Promise<AedesBroker | Mosquitto>) {
    let broker: AedesBroker | Mosquitto
    let proxy: Proxy
    let observer: Observer
    let node: TestNode

    beforeEach(async () => {
        broker = await start()
        proxy = await Proxy.start({ port: broker.port })
        observer = await Observer.start(broker.url, "devices/#")
        node = await TestNode.start({
            port: proxy.port,
            program: countingBoard({ options: `keepAlive: ${KEEP_ALIVE},` }),
        })
        await node.event("acked", 3, 15_000)
    })
    afterEach(async () => {
        node.vm.stop()
        await observer.stop()
        await proxy.stop()
        await broker.stop()
    })

    /** After the fault: connected again, `up` again, and not one reading missing. */
    async function allThere() {
        await node.event("connected", 2, RECOVERED_MS + 5_000)
        const acked = node.all("acked").length
        await node.event("acked", acked + 5, 15_000)
        await node.stop()
        expect(arrived(observer)).toEqual(upTo(node.all("acked").length))
        const late = await Observer.start(broker.url, STATUS)
        expect((await late.next(() => true, 5_000)).payload).toBe("down")
        await late.stop()
        expect(node.lines.filter(line => line.startsWith("!"))).toEqual([])
    }

    test("a reset is noticed at once and nothing is lost", async () => {
        const at = Date.now()
        proxy.reset()
        const lost = await node.event("lost", 1, CLOSED_MS)
        const back = await node.event("connected", 2, RECOVERED_MS)
        expect(lost.at - at).toBeLessThanOrEqual(CLOSED_MS)
        expect(back.at - lost.at).toBeLessThanOrEqual(RECOVERED_MS)
        await allThere()
    })

    test("a close in good order by the broker is noticed at once and nothing is lost", async () => {
        const at = Date.now()
        proxy.fin()
        const lost = await node.event("lost", 1, CLOSED_MS)
        expect(lost.at - at).toBeLessThanOrEqual(CLOSED_MS)
        expect(lost.text).toContain("closed by the broker")
        await allThere()
    })

    test.each(["both", "up", "down"] as const)(
        "a link that goes silent (%s) is noticed within one keep alive, and nothing is lost",
        async direction => {
            const at = Date.now()
            proxy.swallow(direction)
            const lost = await node.event("lost", 1, noticedMs(KEEP_ALIVE))
            proxy.pass()
            expect(lost.at - at).toBeLessThanOrEqual(noticedMs(KEEP_ALIVE))
            expect(lost.text).toMatch(/no PINGRESP|no acknowledgement/)
            await node.event("connected", 2, RECOVERED_MS + 5_000)
            await allThere()
        }
    )

    test("bytes that arrive one at a time change nothing", async () => {
        proxy.cut(1, "down")
        proxy.reset()
        await node.event("lost", 1, CLOSED_MS)
        await allThere()
    })

    test("a broker that is away for seconds is found again when it is back", async () => {
        proxy.refuse()
        proxy.reset()
        await node.event("retry", 3, 10_000)
        await proxy.accept()
        await node.event("connected", 2, 10_000)
        await allThere()
    })
}

describe("with aedes", () => recoveryWith(() => AedesBroker.start()))
describeWithMosquitto("with Mosquitto", () =>
    recoveryWith(() => Mosquitto.start())
)

describeWithMosquitto("with a Mosquitto that keeps what it knows", () => {
    test("a restart of the broker loses no reading, and status is up again", async () => {
        const broker = await Mosquitto.start({ persistence: true })
        const node = await TestNode.start({ port: broker.port })
        await node.event("acked", 3, 15_000)
        await broker.restart()
        const observer = await Observer.start(broker.url, "devices/#")
        await node.event("connected", 2, 10_000)
        await observer.next(
            m => m.topic === STATUS && m.payload === "up" && !m.retain,
            10_000
        )
        const acked = node.all("acked").length
        await node.event("acked", acked + 5, 15_000)
        await node.stop()
        // the node counts its readings, so an acknowledged count without a gap is all of them
        const values = node.all("acked").map(e => Number(e.value))
        expect(values).toEqual(upTo(values.length))
        await observer.stop()
        await broker.stop()
    })
})

describe("a broker that lost everything", () => {
    test("what was in flight is sent again as new, and status is up again", async () => {
        const broker = await AedesBroker.start()
        const node = await TestNode.start({ port: broker.port })
        await node.event("acked", 3, 15_000)
        await broker.restart()
        const observer = await Observer.start(broker.url, "devices/#")
        const back = await node.event("connected", 2, 10_000)
        expect(back.present).toBe(false)
        const acked = node.all("acked").length
        await node.event("acked", acked + 5, 15_000)
        await node.stop()
        const values = node.all("acked").map(e => Number(e.value))
        expect(values).toEqual(upTo(values.length))
        expect(observer.on(STATUS).at(-1)?.payload).toBe("down")
        await observer.stop()
        await broker.stop()
    })
})
