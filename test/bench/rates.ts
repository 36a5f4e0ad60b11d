// Publishes a second to a peer on loopback that only counts bytes, this client and the platform's side by side in VMs and
// MQTT.js in Node.js beside them, and what each publish takes of a CPU. Reported only.
import { connect } from "mqtt"
import { LOOPBACK } from "../support/free-port"
import { PAYLOAD, TOPIC } from "./build"
import { spread, type Spread } from "./figures"
import type { Section } from "./section"
import { Sink } from "./sink"
import { ROUNDS, throughput } from "./throughput"

/** As a VM does it: bursts, and a rest between them. */
const BURST = 50
const BURSTS = 40

/** Publishes a second of MQTT.js with QoS 0: from the first call of a burst until its last callback. */
async function mqttJs(): Promise<Spread> {
    const sink = await Sink.start(() => {})
    const client = connect({
        host: LOOPBACK,
        port: sink.port,
        clientId: "bench",
    })
    const rates: number[] = []
    try {
        await new Promise<void>((resolve, reject) => {
            client.once("connect", () => resolve())
            client.once("error", reject)
        })
        for (let round = 0; round < ROUNDS + 1; round++) {
            let busy = 0
            for (let n = 0; n < BURSTS; n++) {
                await new Promise(resolve => setTimeout(resolve, 1))
                const begun = performance.now()
                await new Promise<void>(resolve => {
                    let left = BURST
                    for (let i = 0; i < BURST; i++)
                        client.publish(TOPIC, PAYLOAD, () => {
                            left--
                            if (left === 0) resolve()
                        })
                })
                busy += performance.now() - begun
            }
            // the first one warms up
            if (round > 0) rates.push((BURST * BURSTS * 1000) / busy)
        }
    } finally {
        client.end(true)
        sink.stop()
    }
    return spread(rates)
}

/** us of each publish: a burst is busy all the time, on one core. */
const micros = ({ median, least, most }: Spread): Spread => ({
    median: 1e6 / median,
    least: 1e6 / most,
    most: 1e6 / least,
})

export async function rates(): Promise<Section[]> {
    const { ours, stock, ratio } = await throughput()
    const js = await mqttJs()
    const row = (what: string, rate: Spread) => ({
        what,
        values: [rate, micros(rate)],
    })
    return [
        {
            id: "rate",
            title: "QoS 0 publishes of 16 bytes to a local sink",
            columns: ["client", "publishes a second", "us of a core each"],
            rows: [
                row("this client", ours),
                row("stock", stock),
                { what: "ratio of the two in a round", values: [ratio] },
                row("MQTT.js on Node.js", js),
            ],
            notes: [
                `Medians of ${ROUNDS} rounds and their range. The first two take turns in one process, MQTT.js comes after them.`,
            ],
        },
    ]
}
