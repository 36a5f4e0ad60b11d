// The connection's life: what is noticed when, named how, and waited how long for.
import { describe, expect, test } from "vitest"
import { accepted, Lab, program } from "./lab"

/** The VM looks at timers every 10 ms and a piece is 1 ms under way. */
const TICK = 40

const idle = (options = "") => program(options, "mqtt.launch()")

describe("keep alive", () => {
    test.each([2, 60, 300])(
        "[MQTT-3.12.4-1] a link that falls silent is given up within %i s of its last byte, after one PINGREQ at half",
        async seconds => {
            const lab = await Lab.run(idle(`keepAlive: ${seconds}`), {
                script: { packet: () => true },
            })
            await lab.line("connected 0")
            const lastByte = lab.now
            await lab.until(
                () => lab.lines.some(l => l.startsWith("lost")),
                seconds * 1000 + TICK
            )
            expect(lab.now - lastByte).toBeLessThanOrEqual(seconds * 1000)
            const pings = lab.links[0]!.of("pingreq")
            expect(pings).toHaveLength(1)
            expect(
                Math.abs(pings[0]!.at - lastByte - seconds * 500)
            ).toBeLessThanOrEqual(TICK)
            expect(lab.lines).toContain("lost MQTT-3.12.4-1: no PINGRESP")
            lab.stop()
        }
    )

    test("[MQTT-3.1.2-23] an answered PINGREQ every half keep alive holds an idle link for hours", async () => {
        const lab = await Lab.run(idle("keepAlive: 60"))
        await lab.line("connected 0")
        await lab.clock.advance(3_600_000)
        expect(lab.links).toHaveLength(1)
        const pings = lab.links[0]!.of("pingreq")
        expect(pings.length).toBeGreaterThanOrEqual(119)
        expect(pings.length).toBeLessThanOrEqual(121)
        lab.stop()
    })

    test("0 sends no PINGREQ, and a silent link is still found by what awaits an acknowledgement", async () => {
        const lab = await Lab.run(
            program(
                "keepAlive: 0, ackTimeout: 5000",
                `mqtt.launch()
await ds.sleep(600000)
await mqtt.publish("t", "x", 1)`
            ),
            { script: { packet: () => true } }
        )
        await lab.clock.advance(590_000)
        expect(lab.links[0]!.of("pingreq")).toHaveLength(0)
        await lab.until(() => lab.links[0]!.of("publish").length === 1, 30_000)
        const sent = lab.now
        await lab.until(
            () => lab.lines.some(l => l.startsWith("lost")),
            5_000 + TICK
        )
        expect(lab.now - sent).toBeGreaterThanOrEqual(4_900)
        expect(lab.lines).toContain("lost ackTimeout: no acknowledgement")
        lab.stop()
    })
})

describe("connecting", () => {
    test.each([
        [1, "unacceptable protocol version"],
        [2, "client identifier rejected"],
        [3, "server unavailable"],
        [4, "bad user name or password"],
        [5, "not authorized"],
    ])(
        "[MQTT-3.2.2-5] CONNACK %i is named %s, and its connection is over",
        async (code, name) => {
            const lab = await Lab.run(refused, {
                script: {
                    connect: link => {
                        link.send({
                            cmd: "connack",
                            returnCode: code,
                            sessionPresent: false,
                        })
                        link.end()
                    },
                },
            })
            await lab.line(`lost CONNACK ${code}: ${name}`)
            await lab.until(() => lab.links[0]!.closedAt !== undefined, 1_000)
            lab.stop()
        }
    )
    const refused = idle()

    test("refused credentials do not hammer the broker: ten minutes see few tries", async () => {
        const lab = await Lab.run(refused, {
            script: {
                connect: link => {
                    link.send({
                        cmd: "connack",
                        returnCode: 5,
                        sessionPresent: false,
                    })
                    link.end()
                },
            },
        })
        await lab.clock.advance(600_000)
        // full jitter up to 60 s: 30 s on average
        expect(lab.links.length).toBeLessThan(45)
        expect(lab.links.length).toBeGreaterThan(8)
        lab.stop()
    })

    test("a broker that never says CONNACK is given up after ackTimeout", async () => {
        const lab = await Lab.run(idle("ackTimeout: 3000"), {
            script: { connect: () => {} },
        })
        await lab.line("lost ackTimeout: no CONNACK", 3_000 + 1_500)
        lab.stop()
    })

    test("[MQTT-3.2.0-1] a packet before CONNACK, and a second CONNACK, end the connection", async () => {
        let n = 0
        const lab = await Lab.run(idle(), {
            script: {
                connect: link => {
                    n++
                    if (n === 1) link.send({ cmd: "pingresp" })
                    else {
                        accepted(link)
                        if (n === 2) accepted(link)
                    }
                },
            },
        })
        await lab.line("lost MQTT-3.2.0-1: packet before CONNACK")
        await lab.line("lost MQTT-3.2.0-1: second CONNACK")
        lab.stop()
    })

    test("a session present after a CONNECT without an answer may be of that one: subscriptions are asked for again, once", async () => {
        let n = 0
        const lab = await Lab.run(
            program(
                "cleanSession: false",
                `mqtt.launch()
await mqtt.subscribe("a", async () => {})`
            ),
            {
                script: {
                    connect: link => {
                        n++
                        // no answer to the second
                        if (n !== 2) accepted(link, n > 1)
                    },
                },
            }
        )
        const asked = () => lab.links.map(link => link.of("subscribe").length)
        await lab.until(() => asked()[0] === 1, 5_000)
        await lab.clock.advance(1_000)
        for (const links of [2, 3, 4]) {
            lab.last.cut()
            await lab.until(() => lab.links.length === links, 5_000)
            await lab.clock.advance(1_000)
        }
        expect(asked()).toEqual([1, 0, 1, 0])
        lab.stop()
    })

    test("[MQTT-3.2.2-1] session present after a clean session is the broker's mistake", async () => {
        const lab = await Lab.run(idle(), {
            script: { connect: link => accepted(link, true) },
        })
        await lab.until(
            () => lab.lines.some(l => l.startsWith("lost MQTT-3.2.2-1")),
            5_000
        )
        lab.stop()
    })

    test("the wait grows from under a second to its cap, and is short again after a session that held", async () => {
        const lab = await Lab.run(idle("retryCap: 8000"))
        await lab.line("connected 0")
        lab.refuse(true)
        lab.last.cut()
        await lab.clock.advance(120_000)
        const waits = lab.lines
            .filter(l => l.startsWith("retry "))
            .map(l => Number(l.slice(6)))
        expect(waits[0]).toBeLessThanOrEqual(900)
        waits.forEach((wait, i) =>
            expect(wait).toBeLessThanOrEqual(Math.min(8_000, 900 * 2 ** i))
        )
        expect(Math.max(...waits)).toBeGreaterThan(3_000)
        lab.refuse(false)
        await lab.until(() => lab.links.length === 2, 9_000)
        await lab.clock.advance(11_000)
        lab.lines.length = 0
        lab.last.cut()
        await lab.until(() => lab.lines.some(l => l.startsWith("retry")), 1_000)
        const again = lab.lines.find(l => l.startsWith("retry"))!
        expect(Number(again.slice(6))).toBeLessThanOrEqual(900)
        lab.stop()
    })

    test("two clients with one client id are recognised, and backed off from", async () => {
        const lab = await Lab.run(idle(), {
            script: {
                connect: link => {
                    accepted(link)
                    // the other one comes back half a second later
                    lab.clock.setTimeout(() => link.end(), 500)
                },
            },
        })
        await lab.line(
            "lost MQTT-3.1.3-2: another client seems to use this client id",
            30_000
        )
        const before = lab.links.length
        await lab.clock.advance(600_000)
        expect(lab.links.length - before).toBeLessThan(45)
        lab.stop()
    })
})

describe("a thousand reconnects", () => {
    test("leave the heap as it was", async () => {
        const lab = await Lab.run(idle("retryFirst: 10, retryCap: 10"), {
            script: {
                connect: link => {
                    accepted(link)
                    lab.clock.setTimeout(() => link.cut(), 20)
                },
            },
        })
        await lab.until(() => lab.links.length === 100, 60_000)
        const before = await lab.liveHeap()
        await lab.until(() => lab.links.length === 1_100, 600_000)
        const after = await lab.liveHeap()
        // one reading may fall into a connection's beginning and the other into its end: a chunk and a timer's worth
        expect(Math.abs(after - before)).toBeLessThanOrEqual(256)
        expect(lab.lines.filter(l => l.startsWith("!"))).toEqual([])
        lab.stop()
    }, 60_000)
})
