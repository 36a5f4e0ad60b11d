// The simulated hardware around a VM: what the program asks for is there, measures what a test says, and fails when told to.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import {
    attachSensors,
    constant,
    defaultCurve,
    noisy,
    NoSuchRole,
    steps,
    wave,
    type SimulatedBoard,
} from "../../sim/sensors/index"
import { VirtualClock } from "../../sim/vm/index"
import { Lab, type Run, type RunOptions } from "./lab"

/** ms of virtual time until every role of a program that has just started is bound: 1.5 s at most, and its first reading. */
const BOUND_MS = 2_500

/** ms between two readings that a sensor streams: 500, and the library looks every 50. */
const STREAM_MS = 550

/** A temperature crosses the bus in 1/1024 of a degree. */
const DEGREE = 1 / 1024

const lab = new Lab(
    {
        temperatures: `
            new ds.Temperature("inside").reading.subscribe(value => console.log("inside", value))
            new ds.Temperature("outside").reading.subscribe(value => console.log("outside", value))`,
        kinds: `
            new ds.Humidity("air").reading.subscribe(value => console.log("air", value))
            new ds.LightLevel("light").reading.subscribe(value => console.log("light", value))
            new ds.SoilMoisture("soil").reading.subscribe(value => console.log("soil", value))`,
        freshness: `
            const sensor = new ds.Temperature("inside")
            let seen = -1
            sensor.reading.subscribe(() => { seen = ds.millis() })
            setInterval(async () => {
                console.log(seen < 0 ? "none" : ds.millis() - seen < 1500 ? "fresh" : "stale", sensor.isBound ? "bound" : "unbound")
            }, 1000)`,
        "two at once": `
            new ds.Temperature("inside").reading.subscribe(() => console.log("inside"))
            new ds.Humidity("air").reading.subscribe(() => console.log("air"))`,
        keys: `
            const button = new ds.Button("button")
            button.down.subscribe(() => console.log("down"))
            button.up.subscribe(() => console.log("up"))
            const stop = new ds.Switch("stop")
            stop.on.subscribe(() => console.log("on"))
            stop.off.subscribe(() => console.log("off"))`,
        settings: `
            await writeSetting("color", "red")
            console.log(await readSetting("color"))
            new ds.Temperature("inside").reading.subscribe(value => console.log(value))`,
        late: `
            await ds.sleep(5000)
            new ds.Temperature("inside").reading.subscribe(value => console.log(value))`,
        resets: `
            new ds.Temperature("inside").reading.subscribe(value => console.log(value))
            if (ds.millis() < 1000) setTimeout(async () => ds.reboot(), 3000)`,
        strange: `
            new ds.BarcodeReader("reader")
            new ds.Multitouch("pad")
            new ds.Temperature("inside").reading.subscribe(value => console.log(value))`,
        nothing: "",
    },
    `import { readSetting, writeSetting } from "@devicescript/settings"\n`
)

afterEach(() => lab.stop())

interface Bench {
    run: Run
    clock: VirtualClock
    board: SimulatedBoard
}

/** Starts a program, puts its hardware around it and lets both run for `ms`. */
async function bench(
    name: string,
    { ms = BOUND_MS, ...options }: RunOptions = {}
): Promise<Bench> {
    const run = await lab.run(name, { ms: 0, ...options })
    const board = attachSensors(run.vm, run.clock)
    await run.clock.advance(ms)
    return { run, clock: run.clock, board }
}

/** What the program printed since the last call. */
function printed({ run }: Bench): string[] {
    const lines = run.all("line") as string[]
    run.told.length = 0
    return lines
}

/** The numbers behind a name in the lines printed. */
const numbers = (lines: string[], name: string) =>
    lines
        .filter(line => line.startsWith(`${name} `))
        .map(line => Number(line.slice(name.length)))

describe("a reading", () => {
    test("is what the test sets, to the resolution of the bus, at the next time the sensor streams", async () => {
        const it = await bench("temperatures")
        printed(it)
        it.board.sensor("inside").set(21.57)
        await it.clock.advance(STREAM_MS)
        const [value] = numbers(printed(it), "inside")
        expect(Math.abs(value! - 21.57)).toBeLessThan(DEGREE)
    })

    test("may be below zero", async () => {
        const it = await bench("temperatures")
        printed(it)
        it.board.sensor("inside").set(-12.25)
        await it.clock.advance(STREAM_MS)
        expect(numbers(printed(it), "inside")).toEqual([-12.25])
    })

    test("follows a curve of the time since the board was attached", async () => {
        const it = await bench("temperatures")
        it.board.sensor("inside").follow(
            steps([
                [0, 10],
                [4_000, 20],
                [6_000, 30],
            ])
        )
        printed(it)
        await it.clock.advance(6_000)
        const values = numbers(printed(it), "inside")
        expect([...new Set(values)]).toEqual([10, 20, 30])
        // from 4 s to 6 s
        expect(values.filter(value => value === 20)).toHaveLength(4)
    })

    test("of each kind of sensor has its own default, in its own unit", async () => {
        const it = await bench("kinds")
        const lines = printed(it)
        expect(numbers(lines, "air")[0]).toBeCloseTo(48, 0)
        expect(numbers(lines, "light")[0]).toBeCloseTo(0.5, 1)
        expect(numbers(lines, "soil")[0]).toBe(0)
    })

    test("comes first within 2.5 s of the program's start", async () => {
        const it = await bench("temperatures")
        expect(it.run.when("line")).toBeLessThan(BOUND_MS)
    })
})

describe("roles", () => {
    test("of one class are played by servers in the order the program asked for them", async () => {
        const it = await bench("temperatures")
        expect(it.board.roles).toEqual(["inside", "outside"])
        printed(it)
        it.board.sensor("inside").set(1)
        it.board.sensor("outside").set(2)
        await it.clock.advance(STREAM_MS)
        const lines = printed(it)
        expect([numbers(lines, "inside"), numbers(lines, "outside")]).toEqual([
            [1],
            [2],
        ])
    })

    test("that the chip serves itself are left to it: its settings work beside the sensors", async () => {
        const it = await bench("settings", { ms: 4_000 })
        const [setting, ...values] = printed(it)
        expect(setting).toBe("red")
        expect(it.board.roles).toEqual(["inside"])
        expect(values.length).toBeGreaterThan(0)
    })

    test("that a program asks for later are played from then on", async () => {
        const it = await bench("late", { ms: 4_000 })
        expect(it.board.roles).toEqual([])
        await it.clock.advance(4_000)
        expect(it.board.roles).toEqual(["inside"])
        expect(printed(it).length).toBeGreaterThan(0)
    })

    test("are played again after the chip was reset, by the same sensors", async () => {
        const it = await bench("resets")
        it.board.sensor("inside").set(7)
        await it.clock.advance(1_000)
        expect(it.run.all("restart")).toEqual(["reset"])
        printed(it)
        await it.clock.advance(4_000)
        expect(new Set(printed(it))).toEqual(new Set(["7"]))
    })

    test("that nobody can play are named, and the others are played", async () => {
        const it = await bench("strange")
        expect(it.board.unknown).toEqual(["reader", "pad"])
        expect(it.board.roles).toEqual(["inside"])
        expect(printed(it).length).toBeGreaterThan(0)
    })

    test("that are not there are an error that names those that are", async () => {
        const { board } = await bench("temperatures")
        expect(() => board.sensor("insde")).toThrow(
            new NoSuchRole(
                "the board has no sensor insde: it has inside, outside"
            )
        )
        expect(() => board.press("inside")).toThrow(NoSuchRole)
        expect(() => board.switch("inside")).toThrow(NoSuchRole)
    })

    test("can be waited for", async () => {
        const { clock, board } = await bench("late", { ms: 0 })
        let ready = false
        void board.ready("inside").then(() => (ready = true))
        await clock.advance(4_900)
        expect(ready).toBe(false)
        await clock.until(() => ready, 2_000)
    })

    test("that never come end the wait after 10 s", async () => {
        const { clock, board } = await bench("nothing", { ms: 0 })
        const waited = expect(board.ready("inside")).rejects.toThrow(
            "the board has no role inside: it has nothing yet"
        )
        await clock.advance(10_000)
        await waited
    })
})

describe("a fault", () => {
    test("silent hardware loses its freshness, then its role; plugged in again it is back", async () => {
        const it = await bench("freshness", { ms: 3_500 })
        expect(printed(it).at(-1)).toBe("fresh bound")
        it.board.silence()
        await it.clock.advance(2_000)
        expect(printed(it).at(-1)).toBe("stale bound")
        await it.clock.advance(2_000)
        expect(printed(it).at(-1)).toBe("stale unbound")
        it.board.resume()
        await it.clock.advance(4_000)
        expect(printed(it).at(-1)).toBe("fresh bound")
    })

    test("one silent sensor stays bound and goes stale, while the others stream on", async () => {
        const it = await bench("two at once", { ms: 3_500 })
        it.board.sensor("inside").silence()
        await it.clock.advance(STREAM_MS)
        printed(it)
        await it.clock.advance(4 * STREAM_MS)
        expect(printed(it)).toEqual(["air", "air", "air", "air"])
        it.board.sensor("inside").resume()
        await it.clock.advance(2 * STREAM_MS)
        expect(printed(it)).toContain("inside")

        const alone = await bench("freshness", { ms: 3_500 })
        alone.board.sensor("inside").silence()
        await alone.clock.advance(10_000)
        expect(printed(alone).at(-1)).toBe("stale bound")
    })
})

describe("keys", () => {
    let it: Bench
    beforeEach(async () => {
        it = await bench("keys")
        printed(it)
    })

    test("a press of a button is down and up, 150 ms apart", async () => {
        it.board.press("button")
        await it.clock.advance(1_000)
        const [down, up] = [
            it.run.when("line", "down"),
            it.run.when("line", "up"),
        ]
        expect(it.run.all("line")).toEqual(["down", "up"])
        expect(up! - down!).toBeGreaterThanOrEqual(100)
        expect(up! - down!).toBeLessThanOrEqual(200)
    })

    test("a press too short for the hardware is held long enough to be seen", async () => {
        it.board.press("button", 1)
        await it.clock.advance(1_000)
        expect(printed(it)).toEqual(["down", "up"])
    })

    test("what happens while the VM runs is heard in the order in which it happened", async () => {
        const stop = it.board.switch("stop")
        printed(it)
        // a frame of the VM's is sent while it runs
        const forget = it.run.vm.bus.onFrame(() => {
            forget()
            for (const on of [true, false, true]) stop.set(on)
        })
        await it.clock.advance(1_000)
        expect(printed(it)).toEqual(["on", "off", "on"])
    })

    test("a switch is on, once, however often it is set, and then off", async () => {
        it.board.switch("stop").set(true)
        it.board.switch("stop").set(true)
        await it.clock.advance(500)
        it.board.switch("stop").set(false)
        await it.clock.advance(500)
        expect(printed(it)).toEqual(["on", "off"])
    })
})

describe("on a virtual clock", () => {
    test("the same program with the same hardware has the same history, to the microsecond", async () => {
        const history = async () => {
            const it = await bench("temperatures", { ms: 20_000 })
            it.board.sensor("inside").follow(noisy(constant(20), 0.5))
            await it.clock.advance(20_000)
            const { told } = it.run
            lab.stop()
            return [it.clock.elapsed, told] as const
        }
        const [first, second] = [await history(), await history()]
        expect(first[1].length).toBeGreaterThan(100)
        expect(second).toEqual(first)
    })

    test("hardware of a VM that has ended sets no timers any more", async () => {
        const it = await bench("temperatures")
        it.run.vm.powerCut()
        await it.clock.advance(1_000)
        expect(it.clock.pending).toBe(0)
    })
})

describe("curves", () => {
    test("the defaults are functions of time alone, and stay in a room's range", () => {
        const temperature = defaultCurve(0x1421bac7)
        const values = Array.from({ length: 600 }, (_, s) =>
            temperature(s * 1_000)
        )
        expect(Math.min(...values)).toBeGreaterThan(15)
        expect(Math.max(...values)).toBeLessThan(30)
        expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(5)
        expect(temperature(123)).toBe(temperature(123))
    })

    test("steps hold each value until the next", () => {
        const curve = steps([
            [100, 1],
            [200, 2],
        ])
        expect([0, 100, 199, 200, 1e9].map(curve)).toEqual([1, 1, 1, 2, 2])
    })

    test("a wave is at its middle, its top and its bottom a quarter of a period apart", () => {
        const curve = wave(20, 5, 4_000)
        expect([0, 1_000, 3_000].map(curve)).toEqual([20, 25, 15])
    })

    test("noise stays within its height, differs from ms to ms, and is the same each time", () => {
        const curve = noisy(constant(20), 0.5)
        const values = Array.from({ length: 1_000 }, (_, t) => curve(t))
        expect(values.every(value => Math.abs(value - 20) <= 0.5)).toBe(true)
        expect(new Set(values).size).toBeGreaterThan(990)
        const mean = values.reduce((sum, value) => sum + value) / values.length
        expect(mean).toBeCloseTo(20, 1)
        expect(Array.from({ length: 1_000 }, (_, t) => curve(t))).toEqual(
            values
        )
        expect(noisy(constant(20), 0.5, 2)(0)).not.toBe(values[0])
    })
})
