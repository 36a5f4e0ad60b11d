// Starting, stopping, and fibers and sockets that stop doing their part, through the compiled client.
import { describe, expect, test } from "vitest"
import { accepted, Lab, program } from "./lab"

const trouble = (lab: Lab) => lab.lines.filter(l => /^(!|fault )/.test(l))

describe("stopping", () => {
    test("[MQTT-3.14.4-2] nothing follows DISCONNECT, also while the broker does not close and the program publishes", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
mqtt.stop.start()
let refused = 0
for (let i = 0; i < 30; i++) {
    await ds.sleep(20)
    if (!(await mqtt.publish("a", "x" + i))) refused++
}
console.log("refused " + refused)`
            ),
            { script: { packet: (_, p) => p.cmd === "disconnect" } }
        )
        await lab.until(
            () => lab.lines.some(l => l.startsWith("refused")),
            5_000
        )
        const sent = lab.links[0]!.packets.map(p => p.cmd)
        expect(sent.at(-1)).toBe("disconnect")
        expect(lab.lines.at(-1)).not.toBe("refused 0")
        lab.stop()
    })

    test("taken back by a start while it is under way leaves a client that runs", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
const other = async () => { await mqtt.stop(); console.log("other stopped") }
other.start()
await ds.sleep(100)
await mqtt.start()
console.log("started " + mqtt.running() + " " + mqtt.readyState)
console.log("sent " + (await mqtt.publish("a", "x", 1)))`
            ),
            { script: { packet: (_, p) => p.cmd === "disconnect" } }
        )
        await lab.line("sent true", 20_000)
        // 2 is MQTTState.Connected
        expect(lab.lines).toContain("started true 2")
        expect(lab.lines).toContain("other stopped")
        expect(trouble(lab)).toEqual([])
        lab.stop()
    })

    test("twice at once, then started again: both stops return and the client runs on", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
const other = async () => { await mqtt.stop(); console.log("other stopped") }
other.start()
await ds.sleep(3)
await mqtt.stop()
await mqtt.start()
console.log("sent " + (await mqtt.publish("a", "x", 1)))
await ds.sleep(100)
console.log("end")`
            )
        )
        await lab.line("end", 20_000)
        expect(lab.lines).toContain("other stopped")
        expect(lab.lines).toContain("sent true")
        lab.stop()
    })
})

test("start returns at once when the client is connected", async () => {
    const lab = await Lab.run(
        program(
            "",
            `await mqtt.start()
await mqtt.start()
console.log("end")`
        )
    )
    await lab.line("end", 1_000)
    lab.stop()
})

test("a fiber terminated while its publish waits neither ends the connection nor keeps others from their end", async () => {
    let answers = true
    const lab: Lab = await Lab.run(
        program(
            "",
            `await mqtt.start()
const one = async (n: number) => { console.log("r" + n + " " + (await mqtt.publish("a", "x" + n, 1))) }
const f = one.start(1)
one.start(2)
await ds.sleep(500)
f.terminate()
console.log("terminated")`
        ),
        { script: { packet: (_, p) => p.cmd === "publish" && answers } }
    )
    await lab.line("terminated")
    answers = false
    for (const { messageId } of lab.last.of("publish"))
        lab.last.send({ cmd: "puback", messageId })
    await lab.line("r2 true")
    expect(lab.links).toHaveLength(1)
    expect(trouble(lab)).toEqual([])
    lab.stop()
})

test("a socket that takes nothing for ever is given up within ackTimeout, without a keep alive", async () => {
    let writes = 0
    const lab = await Lab.run(
        program(
            "keepAlive: 0, ackTimeout: 5000",
            `await mqtt.start()
mqtt.publish.start("a", "x", 1)
console.log("published")`
        ),
        { onWrite: () => (writes++ > 0 ? -1 : 0) }
    )
    await lab.line("published")
    await lab.line("lost MQTT-3.12.4-1: no PINGRESP", 5_100)
    lab.stop()
})

test("[MQTT-4.7.3-1] an empty topic is refused by name, first thing and later", async () => {
    const lab = await Lab.run(
        program(
            "",
            `const refused = async () => {
    for (let qos = 0; qos < 2; qos++)
        try {
            await mqtt.publish("", "x", qos)
        } catch (e) {
            console.log((e as Error).message)
        }
}
await refused()
await mqtt.start()
await refused()
console.log("end")`
        )
    )
    await lab.line("end")
    expect(lab.lines.filter(l => l === "topic: is empty")).toHaveLength(4)
    lab.stop()
})

test("an observer of faults that throws ends no program", async () => {
    const lab = await Lab.run(
        program(
            "",
            `mqtt.observer.fault = e => { throw new Error("observer") }
mqtt.onconnect.subscribe(e => { throw new Error("mine") })
await mqtt.start()
await ds.sleep(100)
console.log("faults " + mqtt.counters.faults)`
        ),
        { script: { connect: link => accepted(link) } }
    )
    await lab.line("faults 2")
    expect(trouble(lab)).toEqual([])
    lab.stop()
})

test("a QoS 0 message larger than what may be unproven is not written past the bound: Full, on the same connection", async () => {
    const sizes: number[] = []
    const lab = await Lab.run(
        program(
            "maxUnproven: 4000",
            `await mqtt.start()
console.log("big " + (await mqtt.publish("a", Buffer.alloc(12000))) + " " + mqtt.counters.outcomes[Outcome.Full])
console.log("small " + (await mqtt.publish("a", "x")))`
        ),
        {
            onWrite: bytes => {
                sizes.push(bytes.length)
                return 0
            },
        }
    )
    await lab.line("big false 1")
    await lab.line("small true")
    expect(Math.max(...sizes)).toBeLessThan(4_000)
    lab.stop()
})
