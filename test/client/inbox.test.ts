// What comes in faster, longer or in more ways than one run of the VM takes, through the compiled client.
import { describe, expect, test } from "vitest"
import { Lab, program } from "./lab"

const trouble = (lab: Lab) => lab.lines.filter(l => l.startsWith("!"))

const publish = (lab: Lab, topic: string, messageId: number) =>
    lab.last.send({
        cmd: "publish",
        topic,
        payload: "x",
        qos: 1,
        messageId,
        dup: false,
        retain: false,
    })

describe("more messages than the inbox holds", () => {
    test("none is lost when they come in one piece and handlers do not wait", async () => {
        const lab = await Lab.run(
            program(
                "inboxMessages: 4",
                `await mqtt.start()
let n = 0
await mqtt.subscribe("#", m => { n++ })
console.log("ready")
while (n < 100) await ds.sleep(100)
console.log("dropped " + mqtt.counters.inboxDropped)`
            )
        )
        await lab.line("ready")
        for (let i = 1; i <= 100; i++) publish(lab, `t/${i}`, i)
        await lab.line("dropped 0", 2_000)
        expect(lab.last.of("puback")).toHaveLength(100)
        lab.stop()
    })

    test("handlers that wait cost the connection one pause, not one for each message", async () => {
        const lab = await Lab.run(
            program(
                "inboxMessages: 4",
                `await mqtt.start()
await mqtt.subscribe("#", async m => { await ds.sleep(60000) })
console.log("ready")`
            )
        )
        await lab.line("ready")
        const from = lab.now
        for (let i = 1; i <= 100; i++) publish(lab, `t/${i}`, i)
        await lab.until(() => lab.last.of("puback").length === 100, 100)
        expect(lab.now - from).toBeLessThan(100)
        lab.stop()
    })
})

describe("the longest topics", () => {
    test("are compared with many filters without ending the program", async () => {
        const lab = await Lab.run(
            program(
                "",
                `await mqtt.start()
let n = 0
for (let i = 0; i < 30; i++) await mqtt.subscribe("+/" + i, m => { n++ })
await mqtt.subscribe("+/status", m => { console.log("got " + m.topic.length + " " + n) })
console.log("ready")`
            )
        )
        await lab.line("ready")
        publish(lab, `${"x".repeat(2_000)}/status`, 1)
        await lab.line("got 2007 0", 2_000)
        expect(trouble(lab)).toEqual([])
        lab.stop()
    })

    test("are subscribed to one after the other, also without a connection, without ending the program", async () => {
        const lab = await Lab.run(
            program(
                "",
                `const bytes = Buffer.alloc(2000)
bytes.fillAt(0, 2000, 120)
const all = bytes.toString()
for (let i = 0; i < 7; i++) await mqtt.subscribe(all + i)
await mqtt.start()
await ds.sleep(1000)
console.log("end")`
            )
        )
        await lab.line("end")
        expect(lab.last.of("subscribe")).toHaveLength(7)
        expect(trouble(lab)).toEqual([])
        lab.stop()
    })
})

test("a listener that takes itself away does not keep the message from the next one", async () => {
    const lab = await Lab.run(
        program(
            "",
            `await mqtt.start()
const off = mqtt.onunhandledmessage.subscribe(m => { console.log("one"); off() })
mqtt.onunhandledmessage.subscribe(m => { console.log("two") })
mqtt.onunhandledmessage.subscribe(m => { console.log("three") })
console.log("ready")`
        )
    )
    await lab.line("ready")
    publish(lab, "t", 1)
    await lab.line("three")
    expect(lab.lines.slice(-3)).toEqual(["one", "two", "three"])
    lab.stop()
})
