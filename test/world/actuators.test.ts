// Actuators of a node in the world: what is done, what is refused, what is said of it, and that none holds up another.
import {
    afterAll,
    afterEach,
    beforeAll,
    beforeEach,
    describe,
    expect,
    test,
} from "vitest"
import { ACT_LIMIT, DOER, DONE, doer, type Doer } from "./doers"

let it: Doer
/** Another node, for a test that must find it as it starts. */
async function renew() {
    it.world.stop()
    it = await doer()
}
beforeAll(async () => {
    it = await doer()
})
beforeEach(() => it.forget())
afterEach(() => {
    // no test leaves a program that has ended or begun anew
    const broken = it.node.lines.filter(({ text }) => text.startsWith("! "))
    expect(broken).toEqual([])
})
afterAll(() => it.world.stop())

const acted = (id: string, value: unknown) => [
    `act ${id} ${String(value)}`,
    `node: acted actuator=${id} value=${String(value)}`,
]
const rejected = (id: string, why: string) => [
    `node: rejected actuator=${id} text=${why}`,
]
const NO_JSON = "not JSON, or too long"

test("the diagnostics say which there are, what they take, and what is known of their state", async () => {
    await it.ask("TEXT", { value: 'a "b"' })
    await it.ask("FLAG", { value: true })
    await it.ask("FLAG", { value: 1 })
    await it.command({ command: "report" })
    const { payload } = it.world.broker
        .published(`devices/${DOER}/diagnostics`)
        .at(-1)!
    expect(
        (JSON.parse(payload) as Record<string, unknown>)["actuators"]
    ).toEqual({
        RELAY: { type: "boolean" },
        SERVO: { type: "number", min: -90, max: 90 },
        BULB: { type: "number", min: 0, max: 1 },
        PUMP: { type: "number", min: 0, max: 100, value: 0 },
        FREE: { type: "number" },
        TEXT: { type: "string", value: 'a "b"' },
        FLAG: { type: "boolean", value: true },
        SLOW: { type: "number" },
        HANG: { type: "number" },
        BAD: { type: "number" },
    })
})

describe("a command", () => {
    test("to a function is done, and the state is published once, QoS 1, not retained", async () => {
        await it.ask("PUMP", { value: 42.5 })
        expect(it.heard()).toEqual(acted("PUMP", 42.5))
        const [state, ...more] = it.world.broker.published(
            `devices/${DOER}/actuators/PUMP/state`
        )
        expect(state).toMatchObject({
            payload: '{"value":42.5}',
            qos: 1,
            retain: false,
        })
        expect(more).toEqual([])
    })

    test("to a register moves the hardware, and the state is what was asked for where that is what it reads", async () => {
        await it.ask("RELAY", { value: true })
        expect(it.node.sensors.state("relay")).not.toBe(0)
        await it.ask("RELAY", { value: false })
        expect(it.node.sensors.state("relay")).toBe(0)
        await it.ask("SERVO", { value: -45.3 })
        expect(it.node.sensors.state("servo")).toBeCloseTo(-45.3, 3)
        expect(it.states("RELAY")).toEqual([
            '{"value":true}',
            '{"value":false}',
        ])
        expect(it.states("SERVO")).toEqual(['{"value":-45.3}'])
    })

    test("that the hardware does otherwise is answered with what it did: this bulb knows only on and off", async () => {
        await it.ask("BULB", { value: 0.3 })
        expect(it.states("BULB")).toEqual(['{"value":0.999985}'])
    })

    test.each([
        ["QoS 0", { value: 1 }, { qos: 0 }],
        ["QoS 2", { value: 1 }, { qos: 2 }],
        ["other keys beside it", { time: "2026-01-01", value: 1, a: [] }, {}],
        ["the value alone, as WaziGate sends it", 1, {}],
        ["white space around it", ' \r\n{ "value" :\t1 } ', {}],
        ["the value twice: the last counts", '{"value":5,"value":1}', {}],
    ] as const)("is taken with %s", async (_, payload, options) => {
        await it.ask("PUMP", payload, options)
        expect(it.heard()).toEqual(acted("PUMP", 1))
    })

    test.each([
        ["FLAG", "true", "true"],
        ["FLAG", '{"value":false}', "false"],
        ["FREE", "-9007199254", "-9007199254"],
        ["FREE", "0.000001", "0.000001"],
        ["PUMP", "0", "0"],
        ["PUMP", "100", "100"],
    ])("%s %s is within what is declared", async (id, payload, value) => {
        await it.ask(id, payload)
        expect(it.states(id)).toEqual([`{"value":${value}}`])
        expect(it.heard()).toHaveLength(2)
    })

    test("may be a text, which is one line of the console whatever is in it", async () => {
        const text = 'open "A"\nnode: stopped\u0001 \\ žluť [[[[[{'
        await it.ask("TEXT", { value: text })
        const [state] = it.states("TEXT")
        expect(JSON.parse(state!)).toEqual({ value: text })
        expect(it.node.lines.at(-1)!.text).toMatch(
            /^node: acted actuator=TEXT text="open .*"$/
        )
    })

    test("that is fresh is done though it asks for the present state", async () => {
        await it.ask("PUMP", 5)
        await it.ask("PUMP", 5)
        expect(it.heard()).toEqual([...acted("PUMP", 5), ...acted("PUMP", 5)])
        expect(it.states("PUMP")).toHaveLength(2)
    })
})

describe("what is not as declared is rejected and never done", () => {
    test.each<[string, string, unknown, string]>([
        ["nothing at all", "PUMP", "", NO_JSON],
        ["no JSON", "PUMP", "on", NO_JSON],
        ["half an object", "PUMP", '{"value":1', NO_JSON],
        ["something behind it", "PUMP", '{"value":1}}', NO_JSON],
        ["single quotes", "PUMP", "{'value':1}", NO_JSON],
        ["no UTF-8", "TEXT", Buffer.from('"\xff"', "latin1"), NO_JSON],
        ["a hexadecimal number", "PUMP", '{"value":0x1F}', NO_JSON],
        ["the same in capitals", "PUMP", "0X1F", NO_JSON],
        ["NaN", "PUMP", '{"value":NaN}', NO_JSON],
        ["five brackets in each other", "PUMP", "[[[[[1]]]]]", NO_JSON],
        ["257 bytes", "TEXT", `"${"a".repeat(255)}"`, NO_JSON],
        ["257 bytes of spaces", "PUMP", " ".repeat(256) + "1", NO_JSON],
        ["2,000 bytes", "TEXT", `"${"a".repeat(1998)}"`, NO_JSON],
        ["no value", "PUMP", "{}", "not a number"],
        ["null", "PUMP", "null", "not a number"],
        ["a value of null", "PUMP", '{"value":null}', "not a number"],
        ["a list", "PUMP", "[1]", "not a number"],
        ["an object as value", "PUMP", '{"value":{"value":1}}', "not a number"],
        ["a number as text", "PUMP", '{"value":"1"}', "not a number"],
        ["a boolean", "PUMP", '{"value":true}', "not a number"],
        ["1 for true", "FLAG", '{"value":1}', "not a boolean"],
        ["a text for true", "FLAG", '{"value":"true"}', "not a boolean"],
        ["a number for a text", "TEXT", "1", "not a string"],
        ["less than min", "PUMP", "-0.001", "out of range"],
        ["more than max", "PUMP", "100.001", "out of range"],
        ["1e999", "PUMP", '{"value":1e999}', "out of range"],
        [
            "-inf, which the VM takes for a number",
            "FREE",
            "-inf",
            "out of range",
        ],
        ["-nan, which it takes too", "FREE", '{"value":-nan}', "out of range"],
        ["a number too large to be said", "FREE", "9007199255", "out of range"],
        ["a register's wrong type", "RELAY", "1", "not a boolean"],
        ["a register's range", "SERVO", "90.5", "out of range"],
    ])("%s", async (_, id, payload, why) => {
        await it.ask(id, payload)
        expect(it.heard()).toEqual(rejected(id, why))
        expect(it.states(id)).toEqual([])
        // and the next one is done
        await it.ask("PUMP", 3)
        expect(it.heard()).toEqual(acted("PUMP", 3))
    })

    test("256 bytes of the deepest nesting there is do the VM no harm", async () => {
        for (const text of [
            "[".repeat(256),
            '{"a":'.repeat(51),
            "[{".repeat(128),
            `${"[".repeat(128)}${"]".repeat(128)}`,
            `"${"[".repeat(254)}"`,
        ])
            await it.ask("PUMP", text)
        expect(it.heard()).toHaveLength(5)
        await it.ask("PUMP", 3)
        expect(it.heard()).toEqual(acted("PUMP", 3))
    })
})

describe("an actuator that is not there", () => {
    test.each([
        ["an unknown one", "NONE", "NONE"],
        ["one without a name", "", "?"],
        ["the name of another with another case", "pump", "pump"],
        ["a name with an end of line", "X\nnode: stopped", "?"],
        ["a name with a space", "PUMP text=x", "?"],
        ["a name that is a property of every list", "length", "length"],
        ["a name of 65 characters", "a".repeat(65), "?"],
    ])("%s is rejected", async (_, id, shown) => {
        await it.ask(id, 1)
        expect(it.heard()).toEqual(rejected(shown, "unknown"))
        expect(it.node.all("stopped")).toEqual([])
    })

    test("no other topic reaches an actuator, whatever the broker sends", async () => {
        for (const topic of [
            `devices/${DOER}/actuators/PUMP`,
            `devices/${DOER}/actuators/PUMP/value/value`,
            `devices/${DOER}/actuators/x/PUMP/value`,
            `devices/${DOER}/actuators/PUMP/Value`,
            `devices/${DOER}/actuators/PUMP/state`,
            `devices/OTHER/actuators/PUMP/value`,
            `/devices/${DOER}/actuators/PUMP/value`,
            `devices/${DOER}/sensors/PUMP/value`,
        ])
            it.world.broker.connection(DOER)!.send({
                cmd: "publish",
                topic,
                payload: "1",
                qos: 0,
                dup: false,
                retain: false,
            })
        await it.world.advance(DONE)
        expect(it.heard()).toEqual([])
    })

    test("one filter is subscribed for all of them", () => {
        const subscribed = it.world.broker.connections[0]!.packets.flatMap(
            ({ packet }) =>
                packet.cmd === "subscribe" ? packet.subscriptions : []
        )
        expect(
            subscribed.filter(({ topic }) => topic.includes("actuators"))
        ).toEqual([{ topic: `devices/${DOER}/actuators/+/value`, qos: 1 }])
    })
})

describe.each([
    ["kept by the broker", { retain: true, qos: 0 }],
    ["sent again by the broker", { dup: true, qos: 1 }],
] as const)("a command that was %s", (_, again) => {
    test("is not done when it asks for what was done last", async () => {
        await it.ask("PUMP", 5)
        it.heard()
        await it.ask("PUMP", { value: 5 }, again)
        expect(it.heard()).toEqual([])
        expect(it.states("PUMP")).toHaveLength(1)
    })

    test("is done when it asks for something else", async () => {
        await it.ask("PUMP", 5)
        it.heard()
        await it.ask("PUMP", 5.001, again)
        expect(it.heard()).toEqual(acted("PUMP", 5.001))
    })

    test("is not done when it asks for the state at the start that the board declares, done when none is known", async () => {
        await renew()
        await it.ask("PUMP", 0, again)
        await it.ask("FREE", 0, again)
        expect(it.heard()).toEqual(acted("FREE", 0))
    })

    test("is done after one that failed, since nobody knows the state", async () => {
        await it.ask("BAD", 0)
        await it.ask("BAD", 1)
        it.heard()
        await it.ask("BAD", 0, again)
        expect(it.heard()).toEqual(acted("BAD", 0))
    })

    test("is held against what a register reads, not against what was asked for last", async () => {
        await it.ask("RELAY", true, again)
        await it.ask("RELAY", true, again)
        await it.ask("SERVO", 45.3)
        await it.ask("SERVO", 45.3, again)
        expect([it.states("RELAY"), it.states("SERVO")]).toEqual([
            ['{"value":true}'],
            ['{"value":45.3}'],
        ])
        // a bulb that knows on and off only has not become what was asked for
        await it.ask("BULB", 1)
        await it.ask("BULB", 0.5, again)
        expect(it.states("BULB")).toHaveLength(2)
    })
})

test("a command whose acknowledgement is lost comes again after the reconnect, and is done once", async () => {
    await renew()
    const lost = it.world.broker.rules.drop({
        way: "in",
        cmd: "puback",
        count: 1,
    })
    it.world.broker.publish(`devices/${DOER}/actuators/PUMP/value`, "8", {
        qos: 1,
    })
    await it.world.until(() => lost.hits === 1, 1_000)
    it.node.link.reset()
    await it.world.until(() => it.node.all("connected").length === 2, 10_000)
    await it.world.advance(DONE)
    const again = it.world.broker.connections[1]!.packets.filter(
        ({ packet }) => packet.cmd === "publish" && packet.dup
    )
    expect(again).toHaveLength(1)
    expect(it.heard().filter(line => line.startsWith("act"))).toEqual([
        "act PUMP 8",
    ])
})

test("what the broker keeps is done at the start, once, however often the node reconnects", async () => {
    await renew()
    it.world.broker.plant(`devices/${DOER}/actuators/PUMP/value`, "8")
    // without a session the broker sends what it keeps at every connect
    it.world.broker.behaviour.keepsSessions = false
    for (let i = 0; i < 3; i++) {
        it.node.link.reset()
        const connects = it.node.all("connected").length
        await it.world.until(
            () => it.node.all("connected").length > connects,
            20_000
        )
        await it.world.advance(12_000)
    }
    expect(it.states("PUMP")).toEqual(['{"value":8}'])
})

describe("an act that does not succeed", () => {
    test.each([
        ["throws an error", 1, "jammed"],
        ["throws nothing at all", 2, "throwing null/undefined"],
        ["throws what is no error", 3, "threw"],
    ])(
        "because it %s is reported, has no state, and the next is done",
        async (_, value, why) => {
            await it.ask("BAD", value)
            expect(it.heard()).toEqual([
                `node: fault text=actuator BAD: ${why}`,
            ])
            expect(it.states("BAD")).toEqual([])
            await it.ask("BAD", 4)
            expect(it.states("BAD")).toEqual(['{"value":4}'])
        }
    )

    test("because it hangs is given up after 10 s; others are done meanwhile, and its next one afterwards", async () => {
        await renew()
        const readings = () =>
            it.world.broker.published(`devices/${DOER}/sensors/N/value`).length
        const before = readings()
        await it.ask("HANG", 1)
        await it.ask("HANG", 2)
        await it.ask("PUMP", 4)
        await it.ask("RELAY", true)
        expect([
            it.states("PUMP"),
            it.states("RELAY"),
            it.states("HANG"),
        ]).toEqual([['{"value":4}'], ['{"value":true}'], []])
        it.heard()
        await it.world.advance(ACT_LIMIT - 5 * DONE)
        expect(it.heard()).toEqual([])
        await it.world.advance(2 * DONE)
        expect(it.heard()).toEqual([
            "node: fault text=actuator HANG: no answer",
            ...acted("HANG", 2),
        ])
        expect(it.states("HANG")).toEqual(['{"value":2}'])
        expect(readings() - before).toBeGreaterThanOrEqual(2)
        // what hung does not come to itself and act a minute later
        await it.world.advance(60_000)
        expect(it.heard()).toEqual([])
        expect(it.node.all("lost")).toEqual([])
    })

    test("because the role is not there is given up, and never written when the role comes back", async () => {
        await renew()
        it.node.sensors.silence()
        await it.world.advance(3_000)
        await it.ask("RELAY", true)
        await it.ask("PUMP", 4)
        expect(it.states("PUMP")).toEqual(['{"value":4}'])
        await it.world.advance(ACT_LIMIT)
        expect(it.heard().at(-1)).toBe(
            "node: fault text=actuator RELAY: no answer"
        )
        it.node.sensors.resume()
        await it.world.advance(3_000)
        expect(it.node.sensors.state("relay")).toBe(0)
        expect(it.states("RELAY")).toEqual([])
        await it.ask("RELAY", true)
        expect(it.states("RELAY")).toEqual(['{"value":true}'])
    })
})

describe("commands that come faster than they are done", () => {
    test("are done one after the other, in their order", async () => {
        for (const value of [1, 2, 3]) await it.ask("SLOW", value)
        await it.world.advance(2_000)
        expect(it.states("SLOW")).toEqual([1, 2, 3].map(v => `{"value":${v}}`))
    })

    test("four wait; of more the oldest is overtaken, and the last one is done last", async () => {
        const { world } = it
        await it.ask("SLOW", 1)
        for (let value = 2; value <= 7; value++)
            world.broker.publish(
                `devices/${DOER}/actuators/SLOW/value`,
                `${value}`,
                { qos: 1 }
            )
        await world.advance(5_000)
        expect(it.heard().filter(line => line.startsWith("act"))).toEqual(
            [1, 4, 5, 6, 7].map(v => `act SLOW ${v}`)
        )
        expect(it.node.all("rejected").map(({ text }) => text)).toEqual([
            "overtaken",
            "overtaken",
        ])
    })

    test("a hundred in one go, good and bad, leave the node connected and its heap as it was", async () => {
        await renew()
        const burst = async () => {
            for (let i = 0; i < 100; i++)
                it.world.broker.publish(
                    `devices/${DOER}/actuators/${["PUMP", "NONE", "SLOW", "TEXT"][i % 4]!}/value`,
                    i % 3 === 0 ? "[" : "7",
                    { qos: i % 2 === 0 ? 0 : 1 }
                )
            await it.world.advance(15_000)
            const figures = it.node.vm.liveHeap()
            await it.world.advance(6_000)
            return (await figures).used
        }
        await burst()
        const used = await burst()
        for (let i = 0; i < 2; i++)
            expect(await burst()).toBeLessThan(used + 300)
        expect(it.node.all("lost")).toEqual([])
    })
})
