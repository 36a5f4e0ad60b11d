// What goes over the network: bytes, packets and writes of a publish beside what MQTT 3.1.1 needs at least, and what an
// idle session sends in an hour. Virtual time: same calls, same figures.
import { Lab } from "../client/lab"
import { build, CLIENTS, PAYLOAD, TOPIC, type Client } from "./build"
import type { Section } from "./section"

/** Publishes measured of each QoS. */
const COUNTED = 20

/** ms between two of them: each stands alone. */
const GAP = 100

/** Fixed header, topic with its length, identifier, payload; PUBREL of QoS 2. */
const least = (qos: number) =>
    2 +
    2 +
    TOPIC.length +
    (qos > 0 ? 2 : 0) +
    PAYLOAD.length +
    (qos === 2 ? 4 : 0)

interface Wire {
    bytes: number
    writes: number
}

/** Bytes and writes of a publish of each QoS, this side's only. */
async function publishes(client: Client): Promise<Wire[]> {
    const wire: Wire = { bytes: 0, writes: 0 }
    const lab = await Lab.run(
        build(
            client,
            `for (const qos of [0, 1, 2]) {
    await sleep(${GAP})
    console.log("mark")
    for (let i = 0; i < ${COUNTED}; i++) {
        await mqtt.publish("${TOPIC}", "${PAYLOAD}", qos)
        await sleep(${GAP})
    }
    console.log("mark")
}
console.log("done")`
        ),
        {
            onWrite: bytes => {
                wire.bytes += bytes.length
                wire.writes++
                return 0
            },
        }
    )
    const marks: Wire[] = []
    lab.vm.on("line", text => {
        if (text === "mark") marks.push({ ...wire })
    })
    try {
        await lab.line("done", 60_000)
    } finally {
        lab.stop()
    }
    return [0, 1, 2].map(qos => ({
        bytes: (marks[2 * qos + 1]!.bytes - marks[2 * qos]!.bytes) / COUNTED,
        writes: (marks[2 * qos + 1]!.writes - marks[2 * qos]!.writes) / COUNTED,
    }))
}

const HOUR = 3_600_000

/** Bytes of a PINGREQ with its PINGRESP; with the headers of IP and TCP, 40 each, of both and of an acknowledgement. */
const PING = 4
const PING_IP = PING + 3 * 40

/** PINGREQs of an idle hour; undefined when the connection does not last. */
async function pings(
    client: Client,
    keepAlive: number
): Promise<number | undefined> {
    const lab = await Lab.run(
        build(client, "await sleep(1)", { options: `keepAlive: ${keepAlive},` })
    )
    try {
        await lab.clock.advance(HOUR)
        return lab.links.length === 1
            ? lab.last.of("pingreq").length
            : undefined
    } finally {
        lab.stop()
    }
}

export async function wire(): Promise<Section[]> {
    const [ours, stock] = [await publishes("ours"), await publishes("stock")]
    const idle: Section["rows"] = []
    for (const keepAlive of [60, 300, 1200]) {
        const values: number[] = []
        for (const client of CLIENTS) {
            const n = (await pings(client, keepAlive)) ?? NaN
            values.push(n, n * PING, n * PING_IP)
        }
        idle.push({ what: `keep alive ${keepAlive} s`, values })
    }
    return [
        {
            id: "wire",
            title: "A publish of 16 bytes on the wire, to a topic of 6",
            columns: [
                "QoS",
                "bytes at least",
                "bytes",
                "writes",
                "stock, bytes",
                "stock, writes",
            ],
            rows: ours.map(({ bytes, writes }, qos) => ({
                what: `${qos}`,
                values: [
                    least(qos),
                    bytes,
                    writes,
                    stock[qos]!.bytes,
                    stock[qos]!.writes,
                ],
            })),
            notes: [
                "What the node writes, acknowledgements from the broker not counted. With QoS 2 the platform's client never sends PUBREL. Each write is a TCP segment, 40 bytes of headers more.",
            ],
        },
        {
            id: "idle",
            title: "An idle hour",
            columns: [
                "session",
                "pings",
                "MQTT bytes",
                "with TCP/IP",
                "stock, pings",
                "stock, MQTT bytes",
                "stock, with TCP/IP",
            ],
            rows: idle,
            notes: [
                "Both ways. With TCP/IP is computed: 40 bytes of headers on PINGREQ, PINGRESP and one acknowledgement. The platform's client sends a keep alive above 255 s modulo 256.",
            ],
        },
    ]
}
