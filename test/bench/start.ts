// From the power to the first packets, of a program that is in the chip's flash: real time, medians of several starts.
// Reported only.
import { connect } from "mqtt"
import { Flash, type CompiledProgram } from "../../sim/vm"
import { AedesBroker } from "../support/aedes-broker"
import { LOOPBACK } from "../support/free-port"
import { Watch } from "../support/wait"
import { build, buildNode, PAYLOAD, TOPIC } from "./build"
import { spread } from "./figures"
import type { Section } from "./section"
import { CONNECT, PUBLISH, runVm, type Seen } from "./vm-run"

const STARTS = 5

/** ms for one start. */
const LIMIT = 20_000

type Times = Partial<Record<"connect" | "up" | "first", number>>

/** The text of a packet, for what is in it. */
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1")

/** A flash with the program in it. */
async function flashed(program: CompiledProgram, port: number) {
    const flash = new Flash()
    const vm = await runVm(program, port, undefined, { flash })
    vm.powerCut()
    return flash
}

async function oneStart(
    program: CompiledProgram,
    port: number
): Promise<Times> {
    const flash = await flashed(program, port)
    const watch = new Watch()
    const times: Times = {}
    const begun = performance.now()
    let publishing = false
    const see = ({ at, way, type, bytes }: Seen) => {
        if (way !== "out") return
        const ms = at - begun
        // the platform's client writes the first bytes of a packet by themselves
        if (type === CONNECT && times.connect === undefined) times.connect = ms
        else if (type === PUBLISH) publishing = true
        if (publishing) {
            const body = text(bytes)
            if (body.includes("/status")) times.up ??= ms
            else if (body.includes("/value") || body.includes(TOPIC))
                times.first ??= ms
        }
        watch.changed()
    }
    const vm = await runVm(program, port, see, { flash, deploy: false })
    try {
        await watch.until(
            () => times.first !== undefined || undefined,
            LIMIT,
            "the first value",
            () => JSON.stringify(times)
        )
    } finally {
        vm.stop()
    }
    return times
}

async function oneMqttJs(port: number): Promise<Times> {
    const times: Times = {}
    const begun = performance.now()
    const client = connect({ host: LOOPBACK, port, clientId: "bench-js" })
    client.on("packetsend", packet => {
        if (packet.cmd === "publish") times.first ??= performance.now() - begun
    })
    try {
        await client.publishAsync(TOPIC, PAYLOAD)
    } finally {
        client.end(true)
    }
    return times
}

export async function start(): Promise<Section[]> {
    const publish = `await mqtt.publish("${TOPIC}", "${PAYLOAD}")`
    const programs: [string, CompiledProgram | undefined][] = [
        ["this client", build("ours", publish)],
        ["stock", build("stock", publish)],
        ["this node, a sensor that is a function", buildNode()],
        ["MQTT.js in a running Node.js", undefined],
    ]
    const broker = await AedesBroker.start()
    const rows: Section["rows"] = []
    try {
        for (const [what, program] of programs) {
            const runs: Times[] = []
            for (let n = 0; n < STARTS; n++)
                runs.push(
                    program
                        ? await oneStart(program, broker.port)
                        : await oneMqttJs(broker.port)
                )
            const of = (key: keyof Times) => {
                const all = runs.flatMap(run => run[key] ?? [])
                return all.length > 0 ? spread(all) : undefined
            }
            rows.push({ what, values: [of("connect"), of("up"), of("first")] })
        }
    } finally {
        await broker.stop()
    }
    return [
        {
            id: "start",
            title: "From the power to the first packets, ms",
            columns: ["what", "CONNECT", "up", "first value"],
            rows,
            notes: [
                `Medians of ${STARTS} starts and their range, to aedes on loopback. A chip runs what is in its flash 1.1 s after it has power, the platform's own wait. A node then waits for the chip's settings service, and takes its first reading at a moment of its own within 2 s.`,
            ],
        },
    ]
}
