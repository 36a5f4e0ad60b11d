// Commands to a node itself in the world: each is answered, and nothing but what was asked for happens.
import {
    afterAll,
    afterEach,
    beforeAll,
    beforeEach,
    describe,
    expect,
    test,
} from "vitest"
import { reading } from "./scenes"
import { deafBoard, DOER, DONE, doer, type Doer } from "./doers"

/** ms from a restart to the program's next connection: a clean stop, a start of the chip, settings, CONNECT. */
const RESTART = 6_000

let it: Doer
/** Another node, for a test that must find it as it starts. */
async function renew(...args: Parameters<typeof doer>) {
    it.world.stop()
    it = await doer(...args)
}
beforeAll(async () => {
    it = await doer()
})
beforeEach(() => it.forget())
afterEach(() => {
    const panics = it.node.lines.filter(({ text }) =>
        /^! (?!restart|power)/.test(text)
    )
    expect(panics).toEqual([])
})
afterAll(() => it.world.stop())

const readings = (sensor: string) =>
    it.world.broker.published(reading(sensor, DOER))
/** ms between the last two readings of a sensor. */
const gap = (sensor: string) => {
    const [a, b] = readings(sensor).slice(-2)
    return b!.at - a!.at
}
/** Waits until the node has said `up` for the nth time. */
const up = (n: number) =>
    it.world.until(
        () => it.node.all("status").filter(s => s.value === "up").length === n,
        RESTART
    )
async function powerCycle(n: number) {
    it.node.powerCut()
    await it.world.advance(1_000)
    await it.node.powerOn()
    await up(n)
}
const ok = (command: string) => `{"command":"${command}","ok":true}`
const refused = (command: string, error: string) =>
    `{"command":"${command}","ok":false,"error":"${error}"}`

describe("an answer", () => {
    test("goes out once, with QoS 1, not retained", async () => {
        await it.command({ command: "report" })
        const all = it.world.broker.published(`devices/${DOER}/command/ack`)
        expect(all).toHaveLength(1)
        expect(all[0]).toMatchObject({
            payload: ok("report"),
            qos: 1,
            retain: false,
        })
        expect(it.node.all("command").map(({ text }) => text)).toEqual([
            ok("report"),
        ])
    })

    test.each([
        ["a text", "a-1", '"a-1"'],
        ["a text with quotes", 'ž"', '"ž\\""'],
        ["a number of ms since 1970", 1_790_000_000_123, "1790000000123"],
    ])("gives back the id of its command: %s", async (_, id, json) => {
        await it.command({ command: "report", id })
        expect(it.answers()).toEqual([
            `{"command":"report","id":${json},"ok":true}`,
        ])
    })

    test.each([
        ["an object", '{"a":1}'],
        ["a list", "[1]"],
        ["null", "null"],
        ["no number", "-nan"],
    ])("leaves out an id that is %s", async (_, id) => {
        await it.command(`{"command":"report","id":${id}}`)
        expect(it.answers()).toEqual([ok("report")])
    })
})

describe("refused is", () => {
    const UNKNOWN = '"error":"unknown command"}'
    const NO_JSON = '{"ok":false,"error":"not JSON, or too long"}'
    test.each<[string, unknown, string]>([
        [
            "an unknown command",
            { command: "format" },
            `{"command":"format","ok":false,${UNKNOWN}`,
        ],
        [
            "one with another case",
            { command: "Restart" },
            `{"command":"Restart","ok":false,${UNKNOWN}`,
        ],
        ["one that is no text", { command: 1 }, `{"ok":false,${UNKNOWN}`],
        ["no command", {}, `{"ok":false,${UNKNOWN}`],
        ["a list", ["restart"], `{"ok":false,${UNKNOWN}`],
        ["a bare text", '"restart"', NO_JSON],
        ["null", "null", NO_JSON],
        ["no JSON", "restart", NO_JSON],
        ["nothing", "", NO_JSON],
        ["257 bytes", `{"command":"restart"${" ".repeat(236)}}`, NO_JSON],
        ["the deepest nesting in 256 bytes", "[".repeat(256), NO_JSON],
    ])("%s", async (_, payload, answer) => {
        await it.command(payload)
        expect(it.answers()).toEqual([answer])
        await it.world.advance(RESTART)
        expect(it.node.all("stopping")).toEqual([])
    })

    test("everything when the board has no commands: it does not even listen", async () => {
        await renew(deafBoard())
        await it.command({ command: "restart" })
        await it.world.advance(RESTART)
        expect([it.answers(), it.node.all("stopping")]).toEqual([[], []])
        const subscribed = it.world.broker.connections[0]!.packets.flatMap(
            ({ packet }) =>
                packet.cmd === "subscribe"
                    ? packet.subscriptions.map(s => s.topic)
                    : []
        )
        expect(subscribed.filter(topic => topic.includes("command"))).toEqual(
            []
        )
    })
})

test("report: every sensor publishes at once, also what its filter would keep back, and so do the diagnostics", async () => {
    await renew()
    await it.world.advance(40_000)
    const before = [readings("N").length, readings("M").length]
    const said = it.world.broker.published(`devices/${DOER}/diagnostics`).length
    // M is 7 for ever: it is read every 30 s and would not be published again
    expect(before[1]).toBe(1)
    await it.command({ command: "report" })
    expect([readings("N").length, readings("M").length]).toEqual(
        before.map(n => n + 1)
    )
    expect(
        it.world.broker.published(`devices/${DOER}/diagnostics`)
    ).toHaveLength(said + 1)
})

describe("interval", () => {
    beforeEach(() => renew())
    const ask = (ms: unknown, sensor: unknown = "N") =>
        it.command({ command: "interval", sensor, ms })

    test("changes one sensor's interval at once", async () => {
        await ask(2_000)
        expect(it.answers()).toEqual([ok("interval")])
        await it.world.advance(10_000)
        expect(gap("N")).toBeGreaterThan(1_950)
        expect(gap("N")).toBeLessThan(2_050)
        await it.world.advance(30_000)
        expect(readings("M")).toHaveLength(1)
    })

    test("is kept over power cuts, and the last one counts", async () => {
        await ask(2_000)
        await ask(3_000)
        for (const boot of [2, 3]) {
            await powerCycle(boot)
            await it.world.advance(10_000)
            expect(gap("N")).toBeGreaterThan(2_950)
            expect(gap("N")).toBeLessThan(3_050)
        }
    })

    test.each<[string, unknown, unknown, string]>([
        ["shorter than the board allows", 999, "N", "ms is out of range"],
        ["shorter than 100 ms", 99, "N", "ms is out of range"],
        ["longer than a day", 86_400_001, "N", "ms is out of range"],
        ["with a fraction", 2_000.5, "N", "ms is out of range"],
        ["as text", "2000", "N", "ms is out of range"],
        ["of no number", null, "N", "ms is out of range"],
        ["of a sensor that is not there", 2_000, "X", "unknown sensor"],
        ["of no sensor", 2_000, null, "unknown sensor"],
    ])("%s is refused, and changes nothing", async (_, ms, sensor, error) => {
        const flash = Buffer.from(it.node.flash.image)
        await ask(ms, sensor)
        expect(it.answers()).toEqual([refused("interval", error)])
        await it.world.advance(15_000)
        expect(gap("N")).toBeGreaterThan(4_950)
        expect(flash.equals(it.node.flash.image)).toBe(true)
    })

    test("of a day and of the least the board allows are taken", async () => {
        await ask(86_400_000)
        await ask(1_000)
        expect(it.answers()).toEqual([ok("interval"), ok("interval")])
    })

    test("is not written again when it is what it was", async () => {
        await ask(2_000)
        const flash = Buffer.from(it.node.flash.image)
        // nor does it count against the bound of what may be written
        for (let i = 0; i < 20; i++) await ask(2_000)
        expect(it.answers()).toEqual(Array(21).fill(ok("interval")))
        expect(flash.equals(it.node.flash.image)).toBe(true)
    })

    test("may be written 16 times in one go and then once in 10 s, for the flash's sake", async () => {
        for (let i = 0; i < 30; i++) await ask(2_000 + i)
        const taken = it
            .answers()
            .filter(answer => answer === ok("interval")).length
        expect(taken).toBeGreaterThanOrEqual(16)
        expect(taken).toBeLessThanOrEqual(
            16 + Math.ceil(it.world.now / 10_000) + 1
        )
        expect(it.answers().at(-1)).toBe(refused("interval", "too often"))
        // the interval that counts is the last one that was taken
        const last = 2_000 + taken - 1
        await it.world.advance(10_000)
        expect(Math.abs(gap("N") - last)).toBeLessThan(15)
        await ask(5_000)
        expect(it.answers().at(-1)).toBe(ok("interval"))
    })

    test.each<[string, unknown]>([
        ["of another sensor", ["OTHER", 2_000]],
        ["below the board's bounds", ["N", 500]],
        ["that is none", ["N", "x"]],
        ["that is no list", 7],
        ["that is null", null],
    ])("%s in the flash is passed over", async (_, kept) => {
        await renew(undefined, { INTERVAL_0: kept })
        await it.world.advance(15_000)
        expect(gap("N")).toBeGreaterThan(4_950)
        expect(gap("N")).toBeLessThan(5_050)
    })
})

describe("restart", () => {
    beforeEach(() => renew())
    const RESTARTS = () =>
        it.node.lines.filter(({ text }) => text.startsWith("! restart"))

    test("is answered, says down and DISCONNECT, and the chip starts anew", async () => {
        await it.command({ command: "restart", id: 7 })
        await up(2)
        expect(it.answers()).toEqual(['{"command":"restart","id":7,"ok":true}'])
        expect(RESTARTS().map(({ text }) => text)).toEqual(["! restart reset"])
        expect(it.world.broker.connections[0]!.end).toBe("disconnect")
        const status = it.world.broker.statusHistory(`devices/${DOER}/status`)
        expect(status.map(s => `${s.source} ${s.payload}`).slice(0, 3)).toEqual(
            ["client up", "client down", "client up"]
        )
    })

    test("keeps the interval that was set", async () => {
        await it.command({ command: "interval", sensor: "N", ms: 2_000 })
        await it.command({ command: "restart" })
        await up(2)
        await it.world.advance(10_000)
        expect(gap("N")).toBeLessThan(2_050)
    })

    test.each([
        ["kept by the broker", { retain: true, qos: 0 }],
        ["sent again by the broker", { dup: true }],
    ] as const)("that was %s is refused", async (_, how) => {
        await it.command({ command: "restart" }, how)
        await it.world.advance(RESTART)
        expect(it.answers()).toEqual([refused("restart", "not fresh")])
        expect(RESTARTS()).toEqual([])
    })

    test("whose acknowledgement is lost is done once, and refused when the broker sends it again", async () => {
        const lost = it.world.broker.rules.drop({ way: "in", cmd: "puback" })
        it.world.broker.publish(
            `devices/${DOER}/command`,
            '{"command":"restart"}',
            { qos: 1 }
        )
        await it.world.until(() => lost.hits === 1, 1_000)
        lost.off()
        await up(2)
        await it.world.advance(5 * RESTART)
        expect(it.answers()).toEqual([
            ok("restart"),
            refused("restart", "not fresh"),
        ])
        expect(RESTARTS()).toHaveLength(1)
    })

    test("that is kept by the broker restarts no node, however often it starts", async () => {
        it.world.broker.plant(
            `devices/${DOER}/command`,
            '{"command":"restart"}'
        )
        await powerCycle(2)
        await powerCycle(3)
        await it.world.advance(5 * RESTART)
        expect(RESTARTS()).toEqual([])
        expect(new Set(it.answers())).toEqual(
            new Set([refused("restart", "not fresh")])
        )
    })

    test("twice in a row is done once", async () => {
        for (let i = 0; i < 2; i++)
            it.world.broker.publish(
                `devices/${DOER}/command`,
                '{"command":"restart"}',
                { qos: 1 }
            )
        await up(2)
        await it.world.advance(5 * RESTART)
        expect(RESTARTS()).toHaveLength(1)
    })

    test("with a broker that answers nothing comes within 10 s all the same", async () => {
        it.world.broker.rules.drop({ way: "out", cmd: "puback" })
        await it.command({ command: "restart" })
        await it.world.advance(10_000 - DONE)
        expect(RESTARTS()).toHaveLength(1)
    })
})
