// Messages out and in, through the compiled client: what each QoS promises, and what a broker can do to it.
import { describe, expect, test } from "vitest"
import { accepted, Lab, program, type Script } from "./lab"

const noTrouble = (lab: Lab) =>
    expect(lab.lines.filter(l => l.startsWith("!"))).toEqual([])

describe("publishing", () => {
    const each = program(
        "keepAlive: 60",
        `await mqtt.start()
console.log("0 " + (await mqtt.publish("a", "zero", 0)))
console.log("1 " + (await mqtt.publish("b", Buffer.from("one"), 1, true)))
console.log("2 " + (await mqtt.publish("c", { two: 2 }, 2)))`
    )

    test("[MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1] each QoS reaches its end with the packets it takes", async () => {
        const lab = await Lab.run(each)
        await lab.line("2 true")
        const link = lab.links[0]!
        expect(lab.lines).toContain("0 true")
        expect(lab.lines).toContain("1 true")
        const sent = link.of("publish")
        expect(sent.map(p => [p.topic, p.qos, p.retain, p.dup])).toEqual([
            ["a", 0, false, false],
            ["b", 1, true, false],
            ["c", 2, false, false],
        ])
        expect(String(sent[2]!.payload)).toBe('{"two":2}')
        expect(link.of("pubrel")[0]!.messageId).toBe(sent[2]!.messageId)
        noTrouble(lab)
        lab.stop()
    })

    /** Publishes with QoS 2 three times, and says how each ended and what is known then. */
    const limited = `mqtt.onerror.subscribe(e => console.log("error " + e.message))
await mqtt.start()
for (let i = 0; i < 3; i++) console.log(i + " " + (await mqtt.publish("c", "x" + i, 2)))
console.log("at most " + mqtt.maxQos + ", downgraded " + mqtt.counters.outcomes[Outcome.Downgraded])
console.log("qos1 " + (await mqtt.publish("c", "y", 1)))`

    test("a broker that answers QoS 2 with PUBACK is one with QoS 1: no publish claims exactly once, the limit is an error, said once", async () => {
        const lab = await Lab.run(program("", limited), {
            script: {
                packet: (link, packet) => {
                    if (packet.cmd !== "publish") return false
                    link.send({ cmd: "puback", messageId: packet.messageId })
                    return true
                },
            },
        })
        await lab.line("qos1 true")
        for (const line of ["0 false", "1 false", "2 false"])
            expect(lab.lines).toContain(line)
        expect(lab.lines).toContain("at most 1, downgraded 3")
        expect(lab.lines.filter(l => l.startsWith("error"))).toEqual([
            "error QoS 2: the broker takes at most QoS 1",
        ])
        expect(lab.links).toHaveLength(1)
        expect(lab.last.of("publish").map(p => p.qos)).toEqual([2, 1, 1, 1])
        lab.stop()
    })

    test("a broker that closes on QoS 2 is one with QoS 1 after three connections, and is not taken for a takeover", async () => {
        const lab: Lab = await Lab.run(program("retryFirst: 100", limited), {
            script: {
                packet: (link, packet) => {
                    if (packet.cmd !== "publish" || packet.qos < 2) return false
                    link.end()
                    return true
                },
            },
        })
        await lab.line("qos1 true", 30_000)
        expect(lab.lines).toContain("at most 1, downgraded 3")
        expect(lab.links).toHaveLength(4)
        expect(lab.links.map(l => l.of("publish").map(p => p.qos))).toEqual([
            [2],
            [2],
            [2],
            [1, 1, 1, 1],
        ])
        expect(
            lab.lines.filter(l => /^error QoS 2|another client/.test(l))
        ).toEqual(["error QoS 2: the broker takes at most QoS 1"])
        lab.stop()
    })

    test("[MQTT-3.3.1-4] refuses a QoS that there is not, and sends nothing", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
for (const qos of [3, -1, 0.5, NaN]) {
    try {
        await mqtt.publish("a", "x", qos)
    } catch (e) {
        console.log("refused " + (e as Error).message)
    }
}
console.log("end")`
            )
        )
        await lab.line("end")
        expect(lab.lines.filter(l => l.startsWith("refused"))).toEqual(
            new Array(4).fill("refused qos: must be 0, 1 or 2")
        )
        expect(lab.last.of("publish")).toEqual([])
        lab.stop()
    })

    test("a Buffer may be used for the next message at once: what waits has bytes of its own", async () => {
        const lab = await Lab.run(
            program(
                "",
                `const b = Buffer.from("one")
mqtt.launch()
mqtt.publish.start("a", b, 1)
await ds.sleep(1)
b.set(Buffer.from("two"), 0)
await mqtt.publish("a", b, 1)
console.log("end")`
            )
        )
        await lab.line("end")
        expect(lab.last.of("publish").map(p => String(p.payload))).toEqual([
            "one",
            "two",
        ])
        lab.stop()
    })

    test("while offline QoS 0 is false at once, QoS 1 waits, and a time limit ends the wait", async () => {
        const lab = await Lab.run(
            program(
                "publishTimeout: 5000",
                `mqtt.launch()
await ds.sleep(100)
console.log("0 " + (await mqtt.publish("a", "x")))
const from = ds.millis()
console.log("1 " + (await mqtt.publish("a", "y", 1)))
console.log("after " + Math.round((ds.millis() - from) / 1000) + " " + mqtt.counters.outcomes.join(","))`
            ),
            { script: { connect: () => {} } }
        )
        await lab.line("0 false")
        await lab.line("1 false")
        // by Outcome: delivered, full, offline, timed out, uncertain, stopped, downgraded, parked
        await lab.line("after 5 0,0,1,1,0,0,0,0")
        lab.stop()
    })

    test("one that is never acknowledged is given up after three connections when the program wants it so; the others come through", async () => {
        const lab: Lab = await Lab.run(
            program(
                "ackTimeout: 1000, cleanSession: false, retryFirst: 10",
                `new Parking(mqtt.session, 3)
await mqtt.start()
mqtt.publish.start("good", "before", 1)
console.log("bad " + (await mqtt.publish("bad", "x", 1)) + " " + mqtt.counters.outcomes[Outcome.Parked])
console.log("good " + (await mqtt.publish("good", "after", 1)))`
            ),
            {
                script: {
                    connect: link => accepted(link, lab.links.length > 1),
                    packet: (_, packet) =>
                        packet.cmd === "publish" && packet.topic === "bad",
                },
            }
        )
        await lab.line("bad false 1", 10_000)
        expect(lab.now).toBeLessThan(3 * 1_000 + 1_000)
        await lab.line("good true")
        expect(
            lab.links.map(l => l.of("publish").filter(p => p.topic === "bad"))
        ).toMatchObject([
            [{ dup: false }],
            [{ dup: true }],
            [{ dup: true }],
            [],
        ])
        noTrouble(lab)
        lab.stop()
    })

    test("[MQTT-4.4.0-1] [MQTT-4.6.0-1] a kept session repeats what was open with DUP, the same identifiers and in order", async () => {
        let answers = false
        const script: Script = {
            connect: link => accepted(link, lab.links.length > 1),
            packet: (_, packet) => !answers && packet.cmd === "publish",
        }
        const lab: Lab = await Lab.run(
            program(
                "cleanSession: false, retryFirst: 10",
                `mqtt.launch()
for (let i = 0; i < 3; i++)
    mqtt.send(new Message(Buffer.from("t"), Buffer.from("m" + i), i === 1 ? 2 : 1, false, (m, o) => console.log(m.payload.toString() + " " + o)))`
            ),
            { script }
        )
        await lab.until(() => lab.links[0]?.of("publish").length === 3, 5_000)
        answers = true
        lab.links[0]!.cut()
        await lab.until(
            () => lab.lines.filter(l => /^m\d 0$/.test(l)).length === 3,
            5_000
        )
        const [first, again] = lab.links.map(l => l.of("publish"))
        expect(again!.map(p => [p.messageId, p.dup])).toEqual(
            first!.map(p => [p.messageId, true])
        )
        expect(again!.map(p => String(p.payload))).toEqual(["m0", "m1", "m2"])
        noTrouble(lab)
        lab.stop()
    })

    test("[MQTT-3.1.2-6] a lost session sends them as new, but not a QoS 2 message past its PUBREC", async () => {
        let n = 0
        const lab = await Lab.run(
            program(
                "cleanSession: false, retryFirst: 10",
                `mqtt.launch()
mqtt.send(new Message(Buffer.from("t"), Buffer.from("one"), 1, false, (m, o) => console.log("one " + o)))
mqtt.send(new Message(Buffer.from("t"), Buffer.from("two"), 2, false, (m, o) => console.log("two " + o)))`
            ),
            {
                script: {
                    packet: (link, packet) => {
                        if (link !== lab.links[0]) return false
                        if (packet.cmd === "publish" && packet.qos === 1)
                            return true
                        if (packet.cmd === "pubrel") {
                            n++
                            link.cut()
                            return true
                        }
                        return false
                    },
                },
            }
        )
        await lab.line("one 0")
        // 4 is Outcome.Uncertain
        await lab.line("two 4")
        expect(n).toBe(1)
        const again = lab.links[1]!.of("publish")
        expect(again.map(p => [String(p.payload), p.dup])).toEqual([
            ["one", false],
        ])
        lab.stop()
    })

    test("on a Pico W no more than 4,000 bytes are unproven: a PINGREQ asks before more is written", async () => {
        let unproven = 0
        let most = 0
        const lab = await Lab.run(
            program(
                "maxUnproven: 4000, queueMessages: 100, queueBytes: 32768, window: 64",
                `await mqtt.start()
let done = 0
for (let i = 0; i < 60; i++)
    mqtt.send(new Message(Buffer.from("t"), Buffer.alloc(300), 0, false, () => { done++ }))
while (done < 60) await ds.sleep(20)
console.log("done")`
            ),
            {
                onWrite: bytes => {
                    unproven += bytes.length
                    most = Math.max(most, unproven)
                    return 0
                },
                script: {
                    packet: (_, packet) => {
                        if (packet.cmd === "pingreq") unproven = 0
                    },
                },
            }
        )
        await lab.line("done")
        expect(lab.links[0]!.of("publish")).toHaveLength(60)
        // the packet that reaches the bound is still written, and the PINGREQ
        expect(most).toBeLessThanOrEqual(4_000 + 310)
        expect(lab.links[0]!.of("pingreq").length).toBeGreaterThanOrEqual(4)
        lab.stop()
    })
})

describe("receiving", () => {
    const listener = program(
        "cleanSession: false, retryFirst: 10, inboxMessages: 8",
        `await mqtt.start()
await mqtt.subscribe("in/#", async m => {
    console.log("got " + m.topic + " " + m.content.toString() + " " + m.qos)
    if (m.topic === "in/throw") throw new Error("handler")
    if (m.topic === "in/slow") await ds.sleep(30000)
}, 2)
console.log("subscribed")`
    )
    const ready = async (script: Script = {}) => {
        const lab = await Lab.run(listener, { script })
        await lab.line("subscribed")
        return lab
    }
    const publish = (
        lab: Lab,
        topic: string,
        qos: 0 | 1 | 2,
        messageId: number,
        dup = false,
        payload = "x"
    ) =>
        lab.last.send({
            cmd: "publish",
            topic,
            payload,
            qos,
            messageId,
            dup,
            retain: false,
        })

    test("[MQTT-3.3.4-1] [MQTT-4.3.2-2] [MQTT-4.5.0-2] each QoS is handed over and answered, in order", async () => {
        const lab = await ready()
        publish(lab, "in/a", 0, 0)
        publish(lab, "in/b", 1, 7)
        publish(lab, "in/c", 1, 8)
        publish(lab, "in/d", 2, 9)
        await lab.until(() => lab.last.of("pubcomp").length === 1, 2_000)
        expect(lab.lines.filter(l => l.startsWith("got"))).toEqual([
            "got in/a x 0",
            "got in/b x 1",
            "got in/c x 1",
            "got in/d x 2",
        ])
        expect(lab.last.of("puback").map(p => p.messageId)).toEqual([7, 8])
        expect(lab.last.of("pubrec").map(p => p.messageId)).toEqual([9])
        lab.stop()
    })

    test("[MQTT-4.3.3-2] a repeated QoS 2 PUBLISH is answered but not handed over again, also after a reconnect", async () => {
        let release = false
        let connects = 0
        const lab = await ready({
            connect: link => accepted(link, connects++ > 0),
            packet: (_, packet) => packet.cmd === "pubrec" && !release,
        })
        publish(lab, "in/x", 2, 5)
        await lab.until(() => lab.last.of("pubrec").length === 1, 2_000)
        publish(lab, "in/x", 2, 5, true)
        await lab.until(() => lab.last.of("pubrec").length === 2, 2_000)
        lab.last.cut()
        await lab.until(
            () => lab.links.length === 2 && lab.lines.includes("connected 1"),
            5_000
        )
        release = true
        publish(lab, "in/x", 2, 5, true)
        await lab.until(() => lab.last.of("pubcomp").length === 1, 2_000)
        publish(lab, "in/x", 2, 5)
        await lab.until(() => lab.last.of("pubcomp").length === 2, 2_000)
        expect(lab.lines.filter(l => l.startsWith("got"))).toHaveLength(2)
        lab.stop()
    })

    test("a handler that throws or takes long holds up neither acknowledgements nor pings", async () => {
        const lab = await ready()
        publish(lab, "in/throw", 1, 1)
        publish(lab, "in/slow", 1, 2)
        publish(lab, "in/next", 1, 3)
        await lab.until(() => lab.last.of("puback").length === 3, 1_000)
        expect(lab.lines).not.toContain("got in/next x 1")
        await lab.line("got in/next x 1", 40_000)
        expect(lab.lines).toContain("fault handler")
        expect(lab.links).toHaveLength(1)
        noTrouble(lab)
        lab.stop()
    })

    test("subscriptions come back after a lost session, and are not repeated on a kept one", async () => {
        let present = false
        const lab: Lab = await ready({
            connect: link => accepted(link, present),
        })
        lab.last.cut()
        await lab.until(
            () =>
                lab.links.length === 2 && lab.last.of("subscribe").length === 1,
            5_000
        )
        present = true
        lab.last.cut()
        await lab.until(() => lab.lines.includes("connected 1"), 5_000)
        await lab.clock.advance(2_000)
        expect(lab.links).toHaveLength(3)
        expect(lab.last.of("subscribe")).toHaveLength(0)
        lab.stop()
    })

    test("a packet over the bound is counted off and acknowledged, and the next one is right", async () => {
        const lab = await ready()
        publish(lab, "in/big", 1, 4, false, "y".repeat(20_000))
        publish(lab, "in/after", 1, 5)
        await lab.line("got in/after x 1")
        expect(lab.last.of("puback").map(p => p.messageId)).toEqual([4, 5])
        expect(lab.links).toHaveLength(1)
        noTrouble(lab)
        lab.stop()
    })

    test.each([
        ["a remaining length of five bytes", "30ffffffff01"],
        ["a topic length beyond the packet", "300960000000000000000000"],
        ["a packet type for servers", "c000"],
        ["bad UTF-8", "30050003eda080"],
        ["identifier 0", "32050001610000"],
        ["a wildcard in a topic", "300300012b"],
    ])(
        "[MQTT-4.8.0-1] %s ends the connection by name and the client comes back",
        async (_, hex) => {
            const lab = await ready()
            lab.last.raw(hex)
            await lab.until(() => lab.links.length === 2, 5_000)
            expect(lab.lines.some(l => /^lost MQTT-/.test(l))).toBe(true)
            noTrouble(lab)
            lab.stop()
        }
    )

    test("messages that wait for a slow handler are bounded in bytes and in number; what is over is acknowledged, dropped and counted", async () => {
        const lab = await Lab.run(
            program(
                "inboxBytes: 2000, inboxMessages: 3",
                `await mqtt.start()
let n = 0
await mqtt.subscribe("in/#", async m => {
    n++
    if (m.topic === "in/slow") await ds.sleep(1000)
    console.log("got " + m.topic + " " + m.content.length)
}, 1)
console.log("ready")
while (n < 8) await ds.sleep(100)
console.log("dropped " + mqtt.counters.inboxDropped)`
            )
        )
        await lab.line("ready")
        publish(lab, "in/slow", 1, 1)
        await lab.until(() => lab.last.of("puback").length === 1, 1_000)
        // 706 bytes each: two fit, the third is over the bound in bytes, the fourth fits again and fills the number
        for (const [i, bytes] of [700, 700, 700, 10, 10].entries())
            publish(lab, `in/${i}`, 1, 10 + i, false, "y".repeat(bytes))
        await lab.until(() => lab.last.of("puback").length === 6, 1_000)
        await lab.line("got in/3 10", 5_000)
        // one message alone may be over the bound
        publish(lab, "in/big", 1, 20, false, "y".repeat(2_030))
        await lab.line("got in/big 2030", 5_000)
        for (let i = 0; i < 3; i++) publish(lab, "in/end", 1, 30 + i)
        await lab.line("dropped 2", 5_000)
        expect(lab.lines.filter(l => l.startsWith("got"))).toEqual([
            "got in/slow 1",
            "got in/0 700",
            "got in/1 700",
            "got in/3 10",
            "got in/big 2030",
            "got in/end 1",
            "got in/end 1",
            "got in/end 1",
        ])
        noTrouble(lab)
        lab.stop()
    })

    test("hundreds of small packets in one piece are read without ending the program", async () => {
        const lab = await ready()
        const one = Buffer.from("300300017a", "hex")
        // 15,000 bytes at once: a board's broker has been away and comes back with its backlog
        lab.last.raw(
            Buffer.concat(Array.from({ length: 3000 }, () => one)).toString(
                "hex"
            )
        )
        publish(lab, "in/end", 1, 9)
        await lab.until(() => lab.last.of("puback").length === 1, 20_000)
        expect(lab.links).toHaveLength(1)
        noTrouble(lab)
        lab.stop()
    })
})

describe("subscribing", () => {
    test("[MQTT-3.8.4-5] what the broker grants or refuses is told, and UNSUBSCRIBE ends it", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
const a = await mqtt.subscribe("a/+", async m => console.log("a " + m.topic), 2)
const b = await mqtt.subscribe("b", async m => console.log("b"), 1)
console.log("granted " + a.granted + " " + b.granted)
console.log("unsubscribed " + (await mqtt.unsubscribe("a/+")))`
            ),
            {
                script: {
                    packet: (link, packet) => {
                        if (packet.cmd !== "subscribe") return false
                        const refused = packet.subscriptions[0]!.topic === "b"
                        link.send({
                            cmd: "suback",
                            messageId: packet.messageId!,
                            granted: [refused ? 128 : 1],
                        })
                        return true
                    },
                },
            }
        )
        await lab.line("granted 1 128")
        await lab.line("unsubscribed true")
        expect(lab.last.of("unsubscribe")[0]!.unsubscriptions).toEqual(["a/+"])
        lab.stop()
    })

    test("[MQTT-4.7.2-1] several filters that match one message each get it, and $SYS is not for #", async () => {
        const lab = await Lab.run(
            program(
                "",
                `mqtt.onunhandledmessage.subscribe(m => console.log("unhandled " + m.topic))
await mqtt.start()
await mqtt.subscribe("#", async m => console.log("all " + m.topic))
await mqtt.subscribe("s/+/t", async m => console.log("one " + m.topic))
console.log("ready")`
            )
        )
        await lab.line("ready")
        for (const topic of ["s/1/t", "$SYS/x"])
            lab.last.send({
                cmd: "publish",
                topic,
                payload: "",
                qos: 0,
                dup: false,
                retain: false,
            })
        await lab.line("unhandled $SYS/x")
        expect(lab.lines.filter(l => /^(all|one)/.test(l))).toEqual([
            "all s/1/t",
            "one s/1/t",
        ])
        lab.stop()
    })

    test("subscriptions are bounded, also while offline; one more is refused by name and changes nothing", async () => {
        const lab = await Lab.run(
            program(
                "subscriptions: 2",
                `await mqtt.subscribe("a")
await mqtt.subscribe("b")
for (const filter of ["c", "b"])
    try {
        await mqtt.subscribe(filter)
    } catch (e) {
        console.log("refused " + (e as Error).message)
    }
for (let i = 0; i < 5; i++)
    try {
        await mqtt.unsubscribe("a")
        console.log("unsubscribed " + i)
        await mqtt.subscribe("a")
    } catch (e) {
        console.log("no more " + (e as Error).message)
        break
    }
await mqtt.start()
await ds.sleep(100)
await mqtt.subscribe("d")
console.log("end")`
            )
        )
        await lab.line("end")
        expect(lab.lines.filter(l => /^(refused|no more)/.test(l))).toEqual([
            "refused subscriptions: more than 2",
            "refused subscriptions: more than 2",
            "no more subscriptions: more than 2",
        ])
        expect(
            lab.last.of("subscribe").map(p => p.subscriptions[0]!.topic)
        ).toEqual(["a", "b", "d"])
        noTrouble(lab)
        lab.stop()
    })
})
