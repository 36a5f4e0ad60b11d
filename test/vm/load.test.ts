// Many chips in one process: what they cost is printed, and that none takes anything from another is tested.
import { generate, parser } from "mqtt-packet"
import { expect, test } from "vitest"
import { attachSensors } from "../../sim/sensors/index"
import {
    compileProgram,
    Flash,
    MemoryNetwork,
    startVm,
    VirtualClock,
} from "../../sim/vm/index"

const CHIPS = 12

/** ms until a node has found its sensors, connected, and sent readings of the value it is given then. */
const FOUND_MS = 3_000
const SENT_MS = 7_000

test(`${CHIPS} chips with their sensors, on one clock and one network, each publish their own readings under their own name`, async () => {
    const program = compileProgram("boards/simulator.ts")
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock)
    /** Readings of the temperature by the client that published them. */
    const readings = new Map<string, number[]>()
    network.listen("broker", 1883, peer => {
        const inbound = parser()
        let client = ""
        inbound.on("packet", packet => {
            if (packet.cmd === "connect") {
                client = packet.clientId
                expect(readings.has(client)).toBe(false)
                readings.set(client, [])
                peer.write(
                    generate({
                        cmd: "connack",
                        returnCode: 0,
                        sessionPresent: false,
                    })
                )
            }
            if (packet.cmd === "subscribe")
                peer.write(
                    generate({
                        cmd: "suback",
                        messageId: packet.messageId!,
                        granted: [0],
                    })
                )
            // diagnostics are QoS 0
            if (packet.cmd !== "publish" || packet.qos === 0) return
            peer.write(
                generate({ cmd: "puback", messageId: packet.messageId! })
            )
            expect(packet.topic.split("/")[1]).toBe(client)
            if (packet.topic.endsWith("/TC/value"))
                readings.get(client)!.push(
                    (
                        JSON.parse(packet.payload.toString()) as {
                            value: number
                        }
                    ).value
                )
        })
        peer.on("data", (bytes: Uint8Array) =>
            inbound.parse(Buffer.from(bytes))
        )
    })

    const began = performance.now()
    const nodes = []
    for (let i = 0; i < CHIPS; i++) {
        const vm = await startVm({
            program,
            clock,
            deviceId: `5000000000000${String(i).padStart(3, "0")}`,
            sockets: network,
            flash: Flash.withSettings({
                DEVICE_ID: `node-${i}`,
                MQTT_HOST: "broker",
            }),
        })
        nodes.push({ vm, board: attachSensors(vm, clock) })
    }
    const started = performance.now() - began
    await clock.advance(FOUND_MS)
    nodes.forEach(({ board }, i) => board.sensor("temperature").set(i))
    await clock.advance(SENT_MS)
    console.info(
        `${CHIPS} chips: started in ${Math.round(started)} ms, ${((FOUND_MS + SENT_MS) / (performance.now() - began - started)).toFixed(1)} virtual seconds a second each`
    )

    expect(readings.size).toBe(CHIPS)
    nodes.forEach((_, i) => {
        const values = readings.get(`node-${i}`)!
        expect(values.length).toBeGreaterThanOrEqual(2)
        expect(values.at(-1)).toBe(i)
    })

    // one after the other: the others go on
    nodes.splice(0, CHIPS - 1).forEach(({ vm }) => vm.powerCut())
    const last = readings.get(`node-${CHIPS - 1}`)!
    const before = last.length
    await clock.advance(4_500)
    expect(last.length).toBe(before + 2)
    nodes[0]!.vm.stop()
    await clock.advance(1_000)
    expect(clock.pending).toBe(0)
}, 60_000)
