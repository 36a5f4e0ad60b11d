// What a program costs the machine that simulates it: many VMs in one process, each publishing once a second to a peer
// in the same process that only counts bytes. Real time and memory, reported only.
import { connect, type MqttClient } from "mqtt"
import type { Vm } from "../../sim/vm"
import { LOOPBACK } from "../support/free-port"
import { build, CLIENTS, PAYLOAD, TOPIC, type Client } from "./build"
import type { Section } from "./section"
import { Sink } from "./sink"
import { runVm } from "./vm-run"

/** VMs at once. */
const FLEET = 100

/** ms until all publish, and ms measured. */
const SETTLE = 3_000
const MEASURED = 8_000

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** MB and percent of a core, of one of the fleet. */
interface Share {
    megabytes: number
    percent: number
}

/** @param members starts one, and gives what ends it */
async function share(
    member: (port: number, i: number) => Promise<() => void>
): Promise<Share> {
    const sink = await Sink.start(() => {})
    const ends: (() => void)[] = []
    const before = process.memoryUsage().rss
    try {
        for (let i = 0; i < FLEET; i++) ends.push(await member(sink.port, i))
        await sleep(SETTLE)
        const from = process.cpuUsage()
        const begun = performance.now()
        await sleep(MEASURED)
        const { user, system } = process.cpuUsage(from)
        const ms = performance.now() - begun
        return {
            megabytes: (process.memoryUsage().rss - before) / FLEET / 2 ** 20,
            percent: (user + system) / 10 / ms / FLEET,
        }
    } finally {
        for (const end of ends) end()
        sink.stop()
    }
}

async function vmFleet(client: Client): Promise<Share> {
    const program = build(
        client,
        `setInterval(async () => { await mqtt.publish("${TOPIC}", "${PAYLOAD}") }, 1000)`
    )
    return share(async (port, i) => {
        const id = (i + 1).toString(16).padStart(16, "0")
        const vm: Vm = await runVm(program, port, undefined, id)
        return () => vm.stop()
    })
}

function jsFleet(): Promise<Share> {
    return share(async (port, i) => {
        const client: MqttClient = connect({
            host: LOOPBACK,
            port,
            clientId: `bench-${i}`,
        })
        client.on("error", () => {})
        const timer = setInterval(() => client.publish(TOPIC, PAYLOAD), 1000)
        return () => {
            clearInterval(timer)
            client.end(true)
        }
    })
}

export async function fleet(): Promise<Section[]> {
    const rows: Section["rows"] = []
    const names: Record<Client, string> = {
        ours: "this client",
        stock: "stock",
    }
    // the first fleet pays for what all share
    await jsFleet()
    for (const client of CLIENTS) {
        const { megabytes, percent } = await vmFleet(client)
        rows.push({ what: names[client], values: [megabytes, percent] })
    }
    const { megabytes, percent } = await jsFleet()
    rows.push({ what: "MQTT.js on Node.js", values: [megabytes, percent] })
    return [
        {
            id: "fleet",
            title: `A fleet of ${FLEET} in one process, one publish a second each`,
            columns: ["each of them", "MB", "% of a core"],
            rows,
            notes: [
                "Memory is the growth of the process, and of MQTT.js on memory that the fleets before have left: a lower bound. The peer's own work is in it. An idle VM looks at its timers every 10 ms, which is most of its share.",
            ],
        },
    ]
}
