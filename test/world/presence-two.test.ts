// The truth of the retained status when two do not agree about it: two nodes with one client identifier, of which one is
// switched off, and somebody who will not hear of it.
import mqttPacket, { type Packet } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import type { WorldBrokerOptions } from "../../sim/world"
import { COUNT_TOPIC, COUNTER_STATUS } from "../../sim/world/faults/boards"
import {
    add,
    ANSWER_GAP,
    CONNECT,
    LONGEST_RETRY,
    REPAIR,
    ROUND_TRIP,
    said,
    settles,
    switchedOff,
    TICK,
    upIn,
    world,
} from "./truth"

describe("somebody who answers every up with down", () => {
    test("is answered at once, then once a second; readings go on, and up is the last word", async () => {
        const node = await upIn()
        const other = contrary()
        const seconds = 20
        await world.advance(seconds * 1_000)
        const repairs = node.all("repair").length
        expect(repairs).toBeLessThanOrEqual(seconds + 1)
        expect(repairs).toBeGreaterThanOrEqual(seconds - 1)
        expect(world.broker.published(COUNT_TOPIC).length).toBeGreaterThan(
            seconds
        )
        expect(world.broker.connections[0]!.end).toBeUndefined()
        other.cut()
        await settles("up", {
            lastFault: world.now,
            within: ANSWER_GAP + REPAIR,
        })
    })
})

describe("two nodes with one client identifier", () => {
    /** ms for which both have power. */
    const TOGETHER = 120_000

    async function both(options: WorldBrokerOptions) {
        const first = await upIn(options)
        const second = await add()
        await world.advance(TOGETHER)
        return [first, second] as const
    }

    describe.each([0, 30_000])("will %i ms late", willDelay => {
        test.each([0, 1])(
            "with takeover, node %i is switched off: the other is up within its longest wait for a new connection",
            async i => {
                const nodes = await both({ willDelay })
                nodes[i]!.powerCut()
                await settles("up", {
                    lastFault: world.now,
                    within: LONGEST_RETRY + CONNECT,
                })
                const end = world.broker.connections.at(-1)!
                expect(end.end).toBeUndefined()
            }
        )

        test.each([0, 1])(
            "without takeover, node %i is switched off: the other answers its will",
            async i => {
                const nodes = await both({ takeover: false, willDelay })
                nodes[i]!.powerCut()
                const cut = world.now
                await settles("up", { lastFault: cut, within: REPAIR })
                expect(said().slice(-2)).toEqual(["will down", "client up"])
                expect(nodes[1 - i]!.all("repair").length).toBe(1)
            }
        )
    })

    test("without takeover, one stops cleanly: the other is there and says so", async () => {
        const [first] = await both({ takeover: false })
        await switchedOff(first)
        await settles("up", {
            lastFault: first.all("stopping")[0]!.at,
            within: ROUND_TRIP + TICK + REPAIR,
        })
    })

    test("both stop cleanly: down", async () => {
        const nodes = await both({ takeover: false })
        await switchedOff(nodes[0])
        await world.advance(1_000)
        await switchedOff(nodes[1])
        await settles("down", {
            lastFault: nodes[1].all("stopping")[0]!.at,
            within: ROUND_TRIP + TICK,
        })
    })

    test.each([true, false])(
        "they do not flood the broker: less than a status a second in the long run (takeover %s)",
        async takeover => {
            await both({ takeover, willDelay: 1_000 })
            const before = said().length
            await world.advance(300_000)
            expect(said().length - before).toBeLessThan(300)
        }
    )
})

/** Somebody who takes every `up` for an occasion to say `down`, until it is `cut`. */
function contrary() {
    const socket = world.network.connect("broker", 1883, false)
    const parser = mqttPacket.parser({ protocolVersion: 4 })
    const says = (packet: Packet) => socket.write(mqttPacket.generate(packet))
    const down = {
        cmd: "publish",
        topic: COUNTER_STATUS,
        payload: "down",
        qos: 0,
        retain: true,
        dup: false,
    } as const
    parser.on("packet", packet => {
        if (packet.cmd !== "publish") return
        if (packet.payload.toString() === "up") says(down)
    })
    socket.on("data", (bytes: Uint8Array) => parser.parse(Buffer.from(bytes)))
    socket.on("error", () => {})
    says({ cmd: "connect", clientId: "contrary", clean: true, keepalive: 0 })
    const subscriptions = [{ topic: COUNTER_STATUS, qos: 0 as const }]
    says({ cmd: "subscribe", messageId: 1, subscriptions })
    return socket
}
