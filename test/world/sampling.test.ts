// What a board's sensors send: what their filters let through, nothing that is no value, and nobody held up by a sensor
// that throws, hangs or is gone. All in virtual time.
import { afterEach, describe, expect, test } from "vitest"
import { World, worldProgram } from "../../sim/world"

const MINUTE = 60_000
const topic = (sensor: string) => `devices/SAMPLES/sensors/${sensor}/value`

/** A board with these sensors; `s` counts the seconds since its start. */
function board(sensors: string) {
    return worldProgram(
        "boards/samples.ts",
        `
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
const gone = new ds.WaterLevel("nobody")
const begun = ds.millis()
function s() { return Math.round((ds.millis() - begun) / 1000) }
await startNode({ board: "samples", device: "SAMPLES", diagnostics: 1, sensors: [${sensors}] })
`
    )
}

let world: World | undefined
afterEach(() => world?.stop())

async function live(sensors: string, ms: number) {
    world = new World()
    const node = await world.node({ program: board(sensors) })
    // the one role of the program is never bound
    node.sensors.silence()
    await world.advance(ms)
    const { broker } = world
    const values = (sensor: string) =>
        broker
            .published(topic(sensor))
            .map(p => (JSON.parse(p.payload) as { value: unknown }).value)
    return { node, broker, values }
}

/** The newest diagnostics. */
function diagnostics() {
    const said = world!.broker.published("devices/SAMPLES/diagnostics").at(-1)!
    return JSON.parse(said.payload) as {
        readings: Record<string, number>
        sensors: Record<string, { state: string; s: number }>
    }
}

describe("a sensor's state", () => {
    test("is news: it is in the diagnostics within 10 s, however seldom they are due, and no more often than that", async () => {
        const { broker } = await live(
            // well, gone from the 31st second on, and well again from the 43rd; then it flickers for a minute
            `{ id: "S", interval: 1000, min: 0, read: () => {
                if (s() > 60) if (s() < 120) return (s() & 1) - 1
                return s() > 30 ? s() - 43 : 1
            } }`,
            59_000
        )
        const said = () =>
            broker
                .published("devices/SAMPLES/diagnostics")
                .map(({ at, payload }) => ({
                    at,
                    state: (
                        JSON.parse(payload) as ReturnType<typeof diagnostics>
                    ).sensors["S"]!.state,
                }))
        // not read yet as it connects
        expect(said().map(({ state }) => state)).toEqual([
            "unbound",
            "ok",
            "fault:range",
            "ok",
        ])
        await world!.advance(2 * MINUTE)
        const times = said().map(({ at }) => at)
        // the first is said on connect, whenever that is
        const gaps = times.slice(2).map((at, i) => at - times[i + 1]!)
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9_990)
    })
})

describe("filters", () => {
    test("delta: a slow rise is told in steps of delta, a wobble below it is not", async () => {
        const { values } = await live(
            `{ id: "RISE", read: () => s() * 0.25, interval: 1000, precision: 2, delta: 2 },
             { id: "WOBBLE", read: () => 5 + (s() & 1), interval: 1000, delta: 2 }`,
            2 * MINUTE
        )
        const rise = values("RISE") as number[]
        expect(rise.length).toBeGreaterThanOrEqual(7)
        for (const [i, v] of rise.slice(1).entries())
            expect(v - rise[i]!).toBeGreaterThanOrEqual(2)
        expect(values("WOBBLE")).toHaveLength(1)
        expect(diagnostics().readings["filtered"]).toBeGreaterThan(80)
    })

    test("maxInterval: an unchanged value comes again, minInterval: a nervous one no more often", async () => {
        const { broker } = await live(
            `{ id: "CALM", read: () => 1, interval: 1000, delta: 1, maxInterval: 10000 },
             { id: "NERVOUS", read: () => s(), interval: 1000, minInterval: 5000 }`,
            MINUTE
        )
        for (const [sensor, gap] of [
            ["CALM", 10_000],
            ["NERVOUS", 5_000],
        ] as const) {
            const at = broker.published(topic(sensor)).map(p => p.at)
            expect(at.length).toBeGreaterThan(50_000 / gap - 1)
            // the first one comes before the sensor is on its grid
            for (const [i, t] of at.slice(2).entries())
                expect(Math.abs(t - at[i + 1]! - gap)).toBeLessThan(100)
        }
    })

    test("median: a single spike is not told", async () => {
        const { values } = await live(
            `{ id: "M", read: () => s() === 20 ? 900 : 20, interval: 1000, median: 3 }`,
            MINUTE
        )
        expect(new Set(values("M"))).toEqual(new Set([20]))
    })
})

describe("a fault is not a value", () => {
    const SICK = `
        { id: "NAN", read: () => s() - s() > -1 ? 0 / (s() - s()) : 1, interval: 1000 },
        { id: "RANGE", read: () => 200, interval: 1000, min: -40, max: 125 },
        { id: "THROWS", read: () => { throw new Error("no answer on I2C") }, interval: 1000 },
        { id: "HANGS", read: async () => { await ds.sleep(2000000000); return 1 }, interval: 1000 },
        { id: "GONE", read: gone.reading, interval: 1000 },
        { id: "NOTHING", read: () => undefined, interval: 1000 },
        { id: "WELL", read: () => s(), interval: 1000, precision: 0 }`

    test("nothing is published for it, its state says why, and no other sensor is held up", async () => {
        const { node, values, broker } = await live(SICK, 2 * MINUTE + 35_000)
        for (const sick of [
            "NAN",
            "RANGE",
            "THROWS",
            "HANGS",
            "GONE",
            "NOTHING",
        ])
            expect([sick, ...values(sick)]).toEqual([sick])
        expect(values("WELL").length).toBeGreaterThan(125)
        const { sensors, readings } = diagnostics()
        expect(sensors).toMatchObject({
            NAN: { state: "fault:nan" },
            RANGE: { state: "fault:range" },
            THROWS: { state: "fault:threw" },
            HANGS: { state: "fault:stale" },
            GONE: { state: "unbound" },
            NOTHING: { state: "fault:nan" },
            WELL: { state: "ok" },
        })
        for (const { s } of Object.values(sensors))
            expect(s).toBeGreaterThan(90)
        expect(readings["faults"]).toBeGreaterThan(500)
        expect(broker.connections).toHaveLength(1)
        // each is news once
        expect(node.all("fault")).toHaveLength(6)
        expect(node.lines.filter(l => /panic|restart/.test(l.text))).toEqual([])
    })
})

test("a fleet does not sample in step: ten devices switched on at once spread over their interval", async () => {
    world = new World()
    const program = board(`{ id: "T", read: () => 1, interval: 10000 }`)
    for (let i = 0; i < 10; i++)
        await world.node({ program, settings: { DEVICE_ID: `d${i}` } })
    await world.advance(MINUTE)
    const phases = Array.from({ length: 10 }, (_, i) => {
        const all = world!.broker.published(`devices/d${i}/sensors/T/value`)
        return Math.floor((all.at(-1)!.at % 10_000) / 1_000)
    })
    expect(new Set(phases).size).toBeGreaterThanOrEqual(5)
})
