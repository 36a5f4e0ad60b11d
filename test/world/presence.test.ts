// The truth of the retained status of one node: `up` when it is there, `down` when it is not, within a stated time after
// the last thing that went wrong, and steadily from then on, with brokers good and bad.
import type { Packet } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import type { WorldBrokerOptions } from "../../sim/world"
import { COUNTER_STATUS } from "../../sim/world/faults/boards"
import {
    add,
    ANSWER_GAP,
    BOOT,
    BROKER_NOTICED,
    CONNECT,
    FIRST_RETRY,
    newWorld,
    NOTICED,
    REPAIR,
    ROUND_TRIP,
    said,
    settles,
    START,
    status,
    switchedOff,
    TICK,
    upIn,
    world,
} from "./truth"

/** ms a will may be late; 0 is at once. */
const DELAYS = [0, 1_000, 5_000, 15_000, 30_000]

describe("an old session's will that comes late is answered", () => {
    describe.each([
        ["with takeover", true],
        ["without takeover", false],
    ])("broker %s", (_, takeover) => {
        test.each(DELAYS)(
            "power cut and back, will %i ms late",
            async willDelay => {
                const node = await upIn({ takeover, willDelay })
                node.powerCut()
                await world.advance(3_000)
                await node.powerOn()
                const back = world.now
                await settles("up", { lastFault: back, within: START })
                // a will that is the last to speak is answered at once, and by one word
                const history = world.broker.statusHistory(COUNTER_STATUS)
                const will = history.findIndex(s => s.source === "will")
                expect(will).toBeGreaterThan(0)
                if (history[will]!.at < back + BOOT) return
                const answers = history.slice(will + 1)
                expect(answers.length).toBeGreaterThan(0)
                expect(answers.length).toBeLessThanOrEqual(2)
                expect(answers[0]!.at - history[will]!.at).toBeLessThanOrEqual(
                    REPAIR
                )
                expect(node.all("repair").length).toBe(1)
            }
        )

        test.each(DELAYS)(
            "link reset, will %i ms late: once it has come the status is up within a retry",
            async willDelay => {
                const node = await upIn({ takeover, willDelay })
                node.link.reset()
                await settles("up", {
                    lastFault: world.now,
                    within: FIRST_RETRY + CONNECT,
                })
                expect(said()).toContain("will down")
                expect(said().at(-1)).toBe("client up")
            }
        )

        test.each([0, 5_000])(
            "link silent until the node has noticed, will %i ms late",
            async willDelay => {
                const node = await upIn({ takeover, willDelay })
                node.link.silence()
                const silent = world.now
                await world.until(() => node.all("lost").length === 1, NOTICED)
                node.link.restore()
                await settles("up", {
                    lastFault: silent + NOTICED,
                    within: FIRST_RETRY + CONNECT,
                })
            }
        )
    })

    test("a will that never comes leaves up, which is the truth again", async () => {
        const node = await upIn({ willDelay: "never" })
        node.link.reset()
        await settles("up", { lastFault: world.now, within: CONNECT })
        expect(said()).toEqual(["client up", "client up"])
    })

    test("ten stray words, each is answered within a round trip and two ticks", async () => {
        await upIn()
        for (let i = 0; i < 10; i++) {
            world.broker.publish(COUNTER_STATUS, "down", { retain: true })
            const at = world.now
            await world.until(() => status() === "up", REPAIR, 1)
            expect(world.now - at).toBeLessThanOrEqual(REPAIR)
            await world.advance(5_007)
        }
    })

    test("a stray word while our own is on its way is answered once that has arrived", async () => {
        await upIn()
        const late = world.broker.rules.delay(
            { way: "in", cmd: "publish", when: isStatus, count: 1 },
            300
        )
        world.broker.publish(COUNTER_STATUS, "down", { retain: true })
        await world.until(() => late.hits === 1, REPAIR, 1)
        // the broker has the first answer at 300 ms, and has been told this meanwhile
        await world.advance(100)
        world.broker.publish(COUNTER_STATUS, "down", { retain: true })
        await settles("up", {
            lastFault: world.now,
            within: ANSWER_GAP + REPAIR,
        })
    })
})

describe("the power is cut", () => {
    test.each(DELAYS)(
        "and stays away: down when the broker has noticed, and %i ms for the will",
        async willDelay => {
            const node = await upIn({ willDelay })
            node.powerCut()
            await settles("down", {
                lastFault: world.now,
                within: BROKER_NOTICED + willDelay,
            })
            expect(said()).toEqual(["client up", "will down"])
        }
    )

    describe.each([
        ["before CONNACK", "out", "connack"],
        ["between CONNACK and up", "in", "publish"],
    ] as const)("during connect, %s", (_, way, cmd) => {
        const held = async (options: WorldBrokerOptions = {}) => {
            newWorld(options)
            const rule = world.broker.rules.drop({ way, cmd, count: 1 })
            const node = await add()
            await world.until(() => rule.hits === 1, START, 1)
            node.powerCut()
            expect(status()).toBeUndefined()
            return node
        }

        test("of its first start: down, by the will of a connection that never said up", async () => {
            await held()
            await settles("down", {
                lastFault: world.now,
                within: BROKER_NOTICED,
            })
            expect(said()).toEqual(["will down"])
        })

        test.each(DELAYS)(
            "and back after 2 s, without takeover, will %i ms late: up, and up again after the will",
            async willDelay => {
                const node = await held({ takeover: false, willDelay })
                await world.advance(2_000)
                await node.powerOn()
                await settles("up", { lastFault: world.now, within: START })
                expect(said()).toEqual(["client up", "will down", "client up"])
            }
        )
    })

    test("during connect, before CONNECT was sent: the broker knows nothing, and up comes with the power", async () => {
        newWorld()
        const node = await add()
        const { connections } = world.broker
        await world.until(() => connections.length === 1, START, 1)
        node.powerCut()
        expect(connections[0]!.packets).toEqual([])
        await world.advance(2_000)
        expect(said()).toEqual([])
        await node.powerOn()
        await settles("up", { lastFault: world.now, within: START })
        expect(said()).toEqual(["client up"])
    })

    test("ten times in a row at ten moments of the start, without takeover: ten wills, and up in the end", async () => {
        const node = await upIn({ takeover: false, willDelay: 2_000 })
        for (let i = 0; i < 10; i++) {
            node.powerCut()
            await world.advance(500)
            await node.powerOn()
            await world.advance(1_000 + 5 * i)
        }
        await settles("up", { lastFault: world.now, within: START })
    })
})

describe("a clean stop", () => {
    test.each([true, false])(
        "says down within a round trip and a tick of the switch, no will comes (takeover %s)",
        async takeover => {
            const node = await upIn({ takeover })
            await switchedOff(node)
            await settles("down", {
                lastFault: node.all("stopping")[0]!.at,
                within: ROUND_TRIP + TICK,
            })
            expect(said()).toEqual(["client up", "client down"])
            expect(world.broker.connections[0]!.end).toBe("disconnect")
        }
    )

    test("after a reconnect, with the old session's will still to come: down stays", async () => {
        const node = await upIn({ willDelay: 10_000 })
        node.powerCut()
        await world.advance(1_000)
        await node.powerOn()
        await world.advance(START + 2_000)
        await switchedOff(node)
        await settles("down", {
            lastFault: node.all("stopping")[0]!.at,
            within: ROUND_TRIP + TICK,
        })
        expect(said().at(-1)).toBe("will down")
    })

    test("with a broker that does not answer: the will says it, within 8 s and a tick", async () => {
        const node = await upIn()
        world.broker.rules.drop({ way: "out", cmd: "puback" })
        world.broker.rules.drop({ way: "in", cmd: "publish", when: isStatus })
        await switchedOff(node)
        await settles("down", {
            lastFault: node.all("stopping")[0]!.at,
            within: 8_000 + ROUND_TRIP + 2 * TICK,
        })
        expect(said()).toEqual(["client up", "will down"])
    })
})

const isStatus = (packet: Packet) =>
    packet.cmd === "publish" && packet.topic === COUNTER_STATUS
