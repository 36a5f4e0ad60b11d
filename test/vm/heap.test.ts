// The heap of a program as figures: what objects take, what a program keeps, and how often it allocates.
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import type { HeapFigures } from "../../sim/vm/index"
import { Lab, type Run } from "./lab"

/** Bytes a program can have of the 64 KiB (measured). */
const HEAP_BYTES = 65_524

/**
 * Things that a program keeps besides the first one on a chip whose number begins with 1; on others it keeps as many numbers.
 * What one takes is the difference.
 */
const KEPT = 100

/** What each program does from time to time, since only an allocation can set off a collection. */
const TICK = `setInterval(async () => { tick(kept) }, 50)`

const keeps = (expression: string) => `
    const kept: any[] = []
    const things = ds.deviceIdentifier("self").charAt(0) === "1" ? ${KEPT} : 0
    for (let i = 0; i <= ${KEPT}; i++) kept.push(i)
    for (let i = 0; i <= things; i++) kept[i] = ${expression}
    ${TICK}
`

const loops = (turns: number, body: string) => `
    const kept: any[] = []
    for (let i = 0; i < ${turns}; i++) { ${body} }
    setInterval(async () => { tick(kept) }, 50)
`

const BODIES = {
    nothing: "kept[0] = i",
    call: "tick(kept)",
    object: "kept[0] = { a: i, b: i, c: i }",
    buffer: "kept[0] = Buffer.alloc(16)",
    array: "kept[0] = [i, i, i]",
}

let lab: Lab

beforeAll(() => {
    const programs: Record<string, string> = {
        "keeps objects of 3": keeps("{ a: i, b: i, c: i }"),
        "keeps objects of 0": keeps("{}"),
        "keeps buffers of 10": keeps("Buffer.alloc(10)"),
        "keeps buffers of 100": keeps("Buffer.alloc(100)"),
        "keeps arrays of 0": keeps("[]"),
        "keeps strings of 10": keeps(`"" + (1000000000 + i)`),
        garbage: `
            const kept: any[] = []
            setInterval(async () => {
                for (let i = 0; i < 20; i++) kept[0] = { text: "" + i, bytes: Buffer.alloc(i) }
                kept[0] = undefined
            }, 50)`,
        leak: `
            const kept: any[] = []
            setInterval(async () => { kept.push(Buffer.alloc(100)) }, 50)`,
        idle: `
            console.log("done")
            await ds.sleep(1000000)`,
        stressed: `
            const kept: any[] = []
            setInterval(async () => {
                for (let i = 0; i < 20; i++) kept[0] = Buffer.alloc(1000)
                kept[0] = undefined
            }, 50)`,
        panics: `setTimeout(async () => { throw new Error("no") }, 200)`,
        fills: `
            const kept: Buffer[] = []
            for (let i = 0; i < 10; i++) kept.push(Buffer.alloc(5000))
            setInterval(async () => { tick(kept) }, 50)`,
    }
    for (const [name, body] of Object.entries(BODIES))
        for (const turns of [10, 60])
            programs[`${turns} ${name}`] = loops(turns, body)
    lab = new Lab(
        programs,
        `function tick(kept: any[]) { return kept.length }\n`
    )
})

afterEach(() => lab.stop())

/** Figures without garbage, taken some time after the start. */
async function live({ vm, clock }: Run, ms = 0): Promise<HeapFigures> {
    await clock.advance(ms)
    const figures = vm.liveHeap()
    await clock.advance(100)
    return await figures
}

/** Bytes that one of the kept things takes. */
async function size(name: string): Promise<number> {
    const on = async (rest: string) =>
        (await live(await lab.run(name, { deviceId: lab.chip(name, rest) })))
            .used
    return ((await on("10000000000000")) - (await on("00000000000000"))) / KEPT
}

describe("what a program keeps", () => {
    for (const [name, bytes] of [
        ["keeps objects of 0", 16],
        ["keeps objects of 3", 84],
        ["keeps buffers of 10", 24],
        ["keeps buffers of 100", 112],
        ["keeps arrays of 0", 16],
        ["keeps strings of 10", 20],
    ] as const)
        test(`is measured exactly: a program that ${name} needs ${bytes} bytes for each`, async () => {
            expect(await size(name)).toBe(bytes)
        })

    test("adds up: used and free are the heap, the largest free block is one of the free ones", async () => {
        const figures = await live(await lab.run("fills"))
        expect(figures.size).toBe(HEAP_BYTES)
        expect(figures.used + figures.free).toBe(figures.size)
        expect(figures.used).toBeGreaterThan(50_000)
        expect(figures.largestFree).toBeLessThanOrEqual(figures.free)
        expect(figures.kinds.buffer).toBe(10)
        const kinds = Object.values(figures.kinds).reduce((a, b) => a + b, 0)
        expect(kinds).toBe(figures.objects)
    })

    test("stays the same over loops of garbage, while the figures with garbage do not", async () => {
        const run = await lab.run("garbage", { ms: 1_000 })
        const first = await live(run)
        const seen = new Set<number>()
        for (let i = 0; i < 10; i++) {
            await run.clock.advance(5_000)
            seen.add(run.vm.heap()!.used)
            const again = await live(run)
            expect([again.used, again.objects]).toEqual([
                first.used,
                first.objects,
            ])
        }
        expect(Math.max(...seen)).toBeGreaterThan(first.used + 5_000)
    })

    test("grows by exactly what a leak keeps", async () => {
        const run = await lab.run("leak", { ms: 1_000 })
        const before = await live(run)
        await run.clock.advance(4_900)
        const after = await live(run)
        const buffers = after.kinds.buffer! - before.kinds.buffer!
        expect(buffers).toBe(100)
        // the array that holds them grows, too: 8 bytes each, doubled from time to time
        expect(after.used - before.used).toBeGreaterThanOrEqual(buffers * 112)
        expect(after.used - before.used).toBeLessThan(buffers * (112 + 16))
    })
})

describe("a collection", () => {
    test("lasts one moment of the VM: afterwards garbage is left again", async () => {
        const run = await lab.run("garbage", { ms: 1_000 })
        const done = run.vm.collect()
        await run.clock.advance(100)
        await done
        const { used } = run.vm.heap()!
        await run.clock.advance(500)
        expect(run.vm.heap()!.used).toBeGreaterThan(used + 2_000)
    })

    test("leaves a VM that collects at every allocation as it is", async () => {
        const run = await lab.run("stressed", { ms: 1_000, gcStress: true })
        const done = run.vm.collect()
        await run.clock.advance(100)
        await done
        for (let i = 0; i < 20; i++) {
            await run.clock.advance(50)
            expect(run.vm.heap()!.used).toBeLessThan(3_000)
        }
    })

    test("asked for twice at once is one, and a stress that is switched on by hand stays on", async () => {
        const run = await lab.run("stressed", { ms: 1_000 })
        run.vm.gcStress(true)
        const both = [run.vm.liveHeap(), run.vm.liveHeap()]
        await run.clock.advance(100)
        const [one, other] = await Promise.all(both)
        expect(other).toEqual(one)
        await run.clock.advance(1_000)
        expect(run.vm.heap()!.used).toBeLessThan(3_000)
        run.vm.gcStress(false)
        await run.clock.advance(1_000)
        const done = run.vm.collect()
        await run.clock.advance(100)
        await done
        await run.clock.advance(200)
        expect(run.vm.heap()!.used).toBeGreaterThan(4_000)
    })

    test("of a program that does nothing for a minute is an error that says so, and leaves no timer", async () => {
        const run = await lab.run("idle")
        const timers = run.clock.pending
        const failed = expect(run.vm.collect()).rejects.toThrow(
            "nothing was collected: the program allocated nothing in 60000 ms"
        )
        await run.clock.advance(61_000)
        await failed
        expect(run.clock.pending).toBe(timers)
    })

    test("of a chip that is cut meanwhile is an error", async () => {
        const run = await lab.run("idle")
        const failed = expect(run.vm.collect()).rejects.toThrow(
            "nothing was collected: the chip lost its power"
        )
        run.vm.powerCut()
        await failed
        expect(run.clock.pending).toBe(0)
        await expect(run.vm.collect()).rejects.toThrow("the chip has no power")
    })
})

describe("allocations", () => {
    /** How many one turn of the loop makes. */
    async function each(name: string): Promise<number> {
        const count = async (turns: number) =>
            (await lab.run(`${turns} ${name}`)).vm.heap()!.allocations
        return ((await count(60)) - (await count(10))) / 50
    }

    // the figures of a board (shared with the table of costs on an emulated RP2040)
    for (const [name, allocations] of [
        ["nothing", 0],
        ["call", 1],
        ["object", 2],
        ["buffer", 1],
        ["array", 2],
    ] as const)
        test(`are counted exactly: ${BODIES[name]} makes ${allocations}`, async () => {
            expect(await each(name)).toBe(allocations)
        })

    test("are the same in every run and on every chip", async () => {
        const counts: number[][] = []
        for (const rest of ["00000000000000", "ffffffffffffff"]) {
            const run = await lab.run("garbage", {
                deviceId: lab.chip("garbage", rest),
                ms: 0,
            })
            const at: number[] = []
            for (let i = 0; i < 10; i++) {
                await run.clock.advance(1_000)
                at.push(run.vm.heap()!.allocations)
            }
            counts.push(at)
        }
        expect(counts[1]).toEqual(counts[0])
        expect(new Set(counts[0]).size).toBe(10)
    })
})

describe("while no program runs", () => {
    test("there is no heap: before the start, after a panic, and when the chip is gone", async () => {
        const run = await lab.run("panics", { ms: 0 })
        expect(run.vm.heap()).toBeUndefined()
        await run.clock.advance(100)
        expect(run.vm.heap()!.size).toBe(HEAP_BYTES)
        await run.clock.advance(1_000)
        expect(run.all("panic")).toEqual([60005])
        expect(run.vm.heap()).toBeUndefined()
        await run.clock.until(() => run.vm.heap() !== undefined, 6_000)
        expect(run.vm.heap()!.allocations).toBeLessThan(100)
        run.vm.stop()
        expect(run.vm.heap()).toBeUndefined()
    })
})
