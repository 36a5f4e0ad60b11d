// Brokers without QoS 2. One closes the connection on such a message, the other acknowledges it as if it had QoS 1: both
// end in a limit that is known, told once and lived with, not in a loop.
import { expect, test } from "vitest"
import { qosBothWays, qosPrograms } from "./broker-qos"
import { nats, rabbitmq, shared } from "./brokers"
import { client, Programs, SOON_MS, type Chip } from "./chip"
import { keeper, outlivesPowerCut } from "./mailbox"
import { stage, type Stage } from "./stage"

/** ms for RabbitMQ's start or end, above the bounds of its own. */
const RABBITMQ_MS = 90_000

const LIMIT = "error QoS 2: the broker takes at most QoS 1"

const programs = new Programs({
    ...qosPrograms,
    keeper,
    // twice with QoS 2, before and after the limit is known, and once with each of the others
    hopeful: client(
        `clientId: "hopeful", retryFirst: 50, retryCap: 50`,
        `
await mqtt.start()
for (const qos of [2, 2, 1, 0])
    console.log(qos + " " + (await mqtt.publish("limit", "" + qos, qos)))
console.log("at most " + mqtt.maxQos + ", downgraded " + mqtt.counters.outcomes[Outcome.Downgraded])
await mqtt.subscribe("do/+", async m => {
    console.log("2 " + (await mqtt.publish("limit", "late", 2)))
}, 1)
console.log("ready")`
    ),
})

/** What becomes of the hopeful one at a broker without QoS 2. */
async function settlesForQos1(on: Stage): Promise<Chip> {
    const observer = await on.observe("limit")
    const chip = await on.ready("hopeful")
    await chip.line(LIMIT)
    const said = chip.lines.filter(line => /^(\d|at most)/.test(line))
    // false: nobody may take them for delivered exactly once, yet they came
    expect(said).toEqual([
        "2 false",
        "2 false",
        "1 true",
        "0 true",
        "at most 1, downgraded 2",
    ])
    // QoS 0 may overtake the others
    const seen = (qos: number) =>
        observer.messages.filter(m => m.qos === qos).map(m => m.payload)
    await expect
        .poll(() => [seen(2), seen(1), seen(0)], { timeout: SOON_MS })
        .toEqual([[], ["2", "2", "1"], ["0"]])
    // much later the connection still holds, and nothing is said again
    const connections = on.proxy.connections.length
    await observer.publish("do/it", "")
    await observer.next(m => m.payload === "late", SOON_MS)
    await chip.line("2 false", 3)
    expect(on.proxy.connections).toHaveLength(connections)
    expect(on.proxy.open).toBe(1)
    expect(chip.lines.filter(line => line.startsWith("error QoS 2"))).toEqual([
        LIMIT,
    ])
    expect(chip.lines.join("\n")).not.toContain("another client")
    expect(chip.trouble).toEqual([])
    return chip
}

nats.describe("with NATS, which closes on QoS 2", () => {
    const on = stage(nats, programs)

    test("a QoS 2 message is tried on three connections, then it and all later ones go with QoS 1", async () => {
        const chip = await settlesForQos1(on)
        expect(on.proxy.connections).toHaveLength(4)
        expect(
            [1, 2, 3, 4].map(n => on.messages("up", "limit", n).map(m => m.qos))
        ).toEqual([[2], [2], [2], [1, 1, 1, 0, 1]])
        expect(chip.lines.filter(line => line.startsWith("lost"))).toEqual(
            Array.from(
                { length: 3 },
                () => "lost connection: closed by the broker"
            )
        )
    })
})

rabbitmq.describe("with RabbitMQ, which answers QoS 2 by PUBACK", () => {
    const on = stage(shared(rabbitmq, RABBITMQ_MS), programs)

    test("the first PUBACK for a QoS 2 message says it: later ones go with QoS 1, on the same connection", async () => {
        const chip = await settlesForQos1(on)
        on.noTrouble(chip)
        expect(on.messages("up", "limit").map(m => m.qos)).toEqual([
            2, 1, 1, 0, 1,
        ])
    })

    qosBothWays(on)

    outlivesPowerCut(on)
})
