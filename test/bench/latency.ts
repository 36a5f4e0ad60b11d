// How long it takes from a value to its PUBACK, QoS 1, on real brokers: until its bytes are at the host, and until the
// program knows of it. This client, the platform's and a whole node in VMs, and MQTT.js in Node.js, all at the same time
// in one process. Times are the machine's, and reported only.
import { connect } from "mqtt"
import { AedesBroker } from "../support/aedes-broker"
import { Mosquitto, mosquittoAvailable } from "../support/mosquitto"
import { LOOPBACK } from "../support/free-port"
import { Watch } from "../support/wait"
import { build, buildNode, PAYLOAD, TOPIC, type Client } from "./build"
import type { Section } from "./section"
import { PUBACK, runVm } from "./vm-run"

/** Messages of each, and ms between two: a VM looks at its socket every 10 ms. */
const MESSAGES = 150
const GAP = 40

/** ms for all of them, on a busy machine. */
const LIMIT = 60_000

const publishing = (client: Client) =>
    build(
        client,
        `for (let i = 0; i <= ${MESSAGES}; i++) {
    console.log("value")
    await mqtt.publish("${TOPIC}", "${PAYLOAD}", 1)
    console.log("known")
    await sleep(${GAP})
}`
    )

/** A node that prints when it reads its sensor; it takes no interval below 100 ms. */
const node = () =>
    buildNode({
        interval: 100,
        before: `function noted() { console.log("value"); return 1 }`,
        read: "noted",
    })

/** What a program prints when it knows that a value was acknowledged; the node has words of its own. */
const KNOWN = /^known$|\backed topic=\S*\/value /

/** ms of each message, the fastest first. */
type Sorted = number[]

interface Latencies {
    /** Until the bytes of PUBACK were at the host. */
    arrived: Sorted
    /** Until the program knew; none where it waits for none. */
    known: Sorted
}

/** The types of the packets of a piece: whole ones, of less than 128 bytes each, which is what brokers send here. */
function packetTypes(piece: Uint8Array): number[] {
    const types: number[] = []
    for (let at = 0; at + 1 < piece.length; at += 2 + piece[at + 1]!)
        types.push(piece[at]! >> 4)
    return types
}

/** The first one is not counted: a connection has just been made. */
const counted = (times: number[]): Sorted =>
    times.slice(1, MESSAGES + 1).sort((a, b) => a - b)

async function inVm(
    program: ReturnType<typeof build>,
    port: number,
    waits: boolean
): Promise<Latencies> {
    const watch = new Watch()
    const arrived: number[] = []
    const known: number[] = []
    // brokers answer in order; the PUBACK of a node's `up` finds none, or that of the first value, which is not counted
    const begun: number[] = []
    const unknown: number[] = []
    const vm = await runVm(program, port, ({ at, way, bytes }) => {
        if (way !== "in") return
        for (const type of packetTypes(bytes)) {
            const from = type === PUBACK ? begun.shift() : undefined
            if (from !== undefined) arrived.push(at - from)
        }
        watch.changed()
    })
    vm.on("line", text => {
        const now = performance.now()
        if (text === "value") {
            begun.push(now)
            unknown.push(now)
        } else if (waits && KNOWN.test(text)) {
            known.push(now - unknown.shift()!)
            watch.changed()
        }
    })
    const enough = (times: number[]) => times.length > MESSAGES
    try {
        await watch.until(
            () => (enough(arrived) && (!waits || enough(known))) || undefined,
            LIMIT,
            "PUBACKs",
            () => `${arrived.length} and ${known.length} of ${MESSAGES}`
        )
    } finally {
        vm.stop()
    }
    return { arrived: counted(arrived), known: counted(known) }
}

async function mqttJs(port: number): Promise<Latencies> {
    const client = connect({ host: LOOPBACK, port, clientId: "bench-js" })
    const arrived: number[] = []
    const known: number[] = []
    let begun = 0
    client.on("packetreceive", packet => {
        if (packet.cmd === "puback") arrived.push(performance.now() - begun)
    })
    try {
        await new Promise<void>((resolve, reject) => {
            client.once("connect", () => resolve())
            client.once("error", reject)
        })
        for (let i = 0; i <= MESSAGES; i++) {
            begun = performance.now()
            await client.publishAsync(TOPIC, PAYLOAD, { qos: 1 })
            known.push(performance.now() - begun)
            await new Promise(resolve => setTimeout(resolve, GAP))
        }
    } finally {
        client.end(true)
    }
    return { arrived: counted(arrived), known: counted(known) }
}

/** Undefined of none. */
const percentile = (sorted: Sorted, p: number): number | undefined =>
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))]

/** What is compared, and how a measurement of it begins. */
function contestants(): [string, (port: number) => Promise<Latencies>][] {
    const [ours, stock, whole] = [
        publishing("ours"),
        publishing("stock"),
        node(),
    ]
    return [
        ["this client", port => inVm(ours, port, true)],
        ["this node, from the sample", port => inVm(whole, port, true)],
        ["stock", port => inVm(stock, port, false)],
        ["MQTT.js on Node.js", mqttJs],
    ]
}

export async function latency(): Promise<Section[]> {
    const all = contestants()
    const rows: Section["rows"] = []
    const against = async (broker: string, port: number) => {
        const measured = await Promise.all(all.map(([, run]) => run(port)))
        all.forEach(([what], i) =>
            rows.push({
                what: `${what}, ${broker}`,
                values: [measured[i]!.arrived, measured[i]!.known].flatMap(
                    times => [50, 99].map(p => percentile(times, p))
                ),
            })
        )
    }
    const aedes = await AedesBroker.start()
    try {
        await against("aedes", aedes.port)
    } finally {
        await aedes.stop()
    }
    if (mosquittoAvailable) {
        const mosquitto = await Mosquitto.start()
        try {
            await against("Mosquitto", mosquitto.port)
        } finally {
            await mosquitto.stop()
        }
    } else rows.push({ what: "Mosquitto", values: ["not installed"] })
    return [
        {
            id: "latency",
            title: "From a value to its PUBACK, ms",
            columns: [
                "what, broker",
                "arrived, p50",
                "p99",
                "known to the program, p50",
                "p99",
            ],
            rows,
            notes: [
                `${MESSAGES} messages each, all at the same time. Arrived is when the bytes of PUBACK are at the host; a VM looks at its socket every 10 ms, so its program knows of them later. The platform's client does not look at PUBACK. It writes a PUBLISH in two pieces, of which TCP holds the second back until the first is acknowledged (Nagle's algorithm and delayed acknowledgements): that is its time.`,
            ],
        },
    ]
}
