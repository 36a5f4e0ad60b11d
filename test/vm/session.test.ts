// The whole node on a clock of its own: the firmware of the simulator board, its sensors, a network in memory and a broker of a
// few lines live through an hour in seconds, and through the same hour each time.
import { generate, parser, type Packet } from "mqtt-packet"
import { beforeAll, describe, expect, test } from "vitest"
import { attachSensors } from "../../sim/sensors/index"
import {
    compileProgram,
    Flash,
    MemoryNetwork,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type MemorySocket,
} from "../../sim/vm/index"

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** ms until the firmware has read its settings, connected and sent its first readings. */
const START_MS = 8_000

const DEVICE = "kitchen"

/** Answers every packet at once, as a broker with nothing else to do; QoS 2 and messages to us are not asked of it. */
function serve(
    peer: MemorySocket,
    record: (direction: string, bytes: Uint8Array) => void,
    received: (packet: Packet) => void
): void {
    const inbound = parser()
    const answer = (packet: Packet) => {
        const bytes = generate(packet)
        record("<", bytes)
        peer.write(bytes)
    }
    inbound.on("packet", packet => {
        received(packet)
        if (packet.cmd === "connect")
            answer({ cmd: "connack", returnCode: 0, sessionPresent: false })
        if (packet.cmd === "publish" && packet.qos === 1)
            answer({ cmd: "puback", messageId: packet.messageId! })
        if (packet.cmd === "subscribe")
            answer({
                cmd: "suback",
                messageId: packet.messageId!,
                granted: [0],
            })
        if (packet.cmd === "pingreq") answer({ cmd: "pingresp" })
        if (packet.cmd === "disconnect") peer.end()
    })
    peer.on("data", (bytes: Uint8Array) => {
        record(">", bytes)
        inbound.parse(Buffer.from(bytes))
    })
    peer.on("close", (hadError: boolean) =>
        record(hadError ? "cut" : "closed", new Uint8Array(0))
    )
}

interface Lived {
    /** What was said on the console and on the wire, with the us it was said at. */
    history: string[]
    packets: Packet[]
    lines: string[]
    /** ms of the machine that it took. */
    took: number
    /** Timers left on the clock afterwards. */
    timers: number
}

/** Lets a node live for `ms`, after its start, and stops it cleanly. */
async function live(
    program: CompiledProgram,
    ms: number,
    delay = 1
): Promise<Lived> {
    const began = performance.now()
    const clock = new VirtualClock()
    const history: string[] = []
    const packets: Packet[] = []
    const lines: string[] = []
    const record = (what: string, text: string) =>
        history.push(`${clock.elapsed} ${what} ${text}`)
    const network = new MemoryNetwork(clock, { delay })
    network.listen("broker", 1883, peer =>
        serve(
            peer,
            (direction, bytes) =>
                record(direction, Buffer.from(bytes).toString("hex")),
            packet => packets.push(packet)
        )
    )
    const vm = await startVm({
        program,
        clock,
        sockets: network,
        flash: Flash.withSettings({
            DEVICE_ID: DEVICE,
            MQTT_HOST: "broker",
            MQTT_PORT: 1883,
        }),
    })
    for (const event of ["line", "trouble", "panic", "restart"] as const)
        vm.on(event, (detail: string | number) => record(event, String(detail)))
    vm.on("line", line => lines.push(line))
    const board = attachSensors(vm, clock)
    await clock.advance(START_MS + ms)
    board.switch("stop").set(true)
    await clock.until(() => lines.includes("node: stopped"), 10_000)
    vm.stop()
    await clock.advance(1_000)
    return {
        history,
        packets,
        lines,
        took: performance.now() - began,
        timers: clock.pending,
    }
}

/** Where two histories part, or undefined. */
function parting(one: string[], other: string[]): string[] | undefined {
    const at = one.findIndex((entry, i) => entry !== other[i])
    if (at < 0 && one.length === other.length) return undefined
    const from = at < 0 ? Math.min(one.length, other.length) : at
    return [one[from] ?? "nothing more", other[from] ?? "nothing more"]
}

describe("an hour of a node's session on the virtual clock", () => {
    let program: CompiledProgram
    let lived: Lived
    /** ms of processor time, which other work on the machine does not lengthen as it does the time of day. */
    let spent: number

    beforeAll(async () => {
        program = compileProgram("boards/simulator.ts")
        const before = process.cpuUsage()
        lived = await live(program, HOUR)
        const { user, system } = process.cpuUsage(before)
        spent = (user + system) / 1000
        console.info(
            `an hour took ${(lived.took / 1000).toFixed(1)} s: ${Math.round((HOUR + START_MS) / lived.took)} virtual seconds a second`
        )
    }, 180_000)

    test("takes seconds of processor time", () => {
        expect(spent).toBeLessThan(30_000)
    })

    test("is one session: one CONNECT, up, readings, down, DISCONNECT, and nothing went wrong", () => {
        const { packets } = lived
        const of = (cmd: Packet["cmd"]) => packets.filter(p => p.cmd === cmd)
        expect(of("connect")).toHaveLength(1)
        expect(of("disconnect")).toHaveLength(1)
        expect(packets.at(-1)!.cmd).toBe("disconnect")
        const status = packets.flatMap(p =>
            p.cmd === "publish" && p.topic === `devices/${DEVICE}/status`
                ? [p.payload.toString()]
                : []
        )
        expect(status).toEqual(["up", "down"])
        expect(
            lived.history.filter(entry =>
                / (panic|trouble|restart) /.test(entry)
            )
        ).toEqual([])
        expect(
            lived.lines.filter(line => /^node: (lost|retry|dropped)/.test(line))
        ).toEqual([])
    })

    test("brings each sensor's readings at its interval, each acknowledged once", () => {
        for (const [sensor, interval] of [
            ["TC", 2_000],
            ["RH", 3_000],
            ["LUX", 3_000],
            ["BTN", 5_000],
        ] as const) {
            const topic = `devices/${DEVICE}/sensors/${sensor}/value`
            const sent = lived.packets.filter(
                p => p.cmd === "publish" && p.topic === topic
            )
            const acked = lived.lines.filter(line =>
                line.startsWith(`node: acked topic=${topic} `)
            )
            const due = (HOUR + START_MS) / interval
            expect(sent.length).toBeGreaterThan(due - 5)
            expect(sent.length).toBeLessThanOrEqual(due + 1)
            expect(acked.length).toBe(sent.length)
        }
    })

    test("has the temperature's slow wave in its readings, to a tenth of a degree", () => {
        const values = lived.packets.flatMap(p =>
            p.cmd === "publish" && p.topic.endsWith("/TC/value")
                ? [
                      (JSON.parse(p.payload.toString()) as { value: number })
                          .value,
                  ]
                : []
        )
        expect(Math.min(...values)).toBeCloseTo(18.5, 1)
        expect(Math.max(...values)).toBeCloseTo(24.5, 1)
        expect(new Set(values).size).toBe(61)
    })

    test("is the same again, byte for byte and microsecond for microsecond", async () => {
        const again = await live(program, HOUR)
        expect(again.history.length).toBeGreaterThan(10_000)
        expect(parting(lived.history, again.history)).toBeUndefined()
    }, 180_000)

    test("is another one on a network that is slower by a millisecond", async () => {
        const slower = await live(program, MINUTE, 2)
        expect(
            parting(
                lived.history.slice(0, slower.history.length),
                slower.history
            )
        ).toBeDefined()
    })

    test("leaves no timer behind", () => {
        expect(lived.timers).toBe(0)
    })
})
