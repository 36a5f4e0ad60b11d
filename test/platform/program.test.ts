// Canaries: how time, fibers, memory and settings of the VM fail without a word. A test that fails here tells of a platform
// that has changed, for the better perhaps: then the workaround it names can go.
import { afterEach, describe, expect, test } from "vitest"
import { compile, output, start, type Run, type RunOptions } from "./run"

const runs: Run[] = []

async function run(text: string, options?: RunOptions): Promise<Run> {
    const started = await start(compile(text), options)
    runs.push(started)
    return started
}

afterEach(() => {
    for (const { vm } of runs.splice(0)) vm.stop()
})

/** ms of virtual time from now until the program has printed `line`; 10 ms is the VM's own tick. */
async function elapsed(
    { clock, lines }: Run,
    line: string,
    limit: number
): Promise<number> {
    const before = clock.now()
    await clock.until(() => lines.includes(line), limit)
    return clock.now() - before
}

describe("timers take a number their ! calls zero for no delay, so the linter wants whole numbers", () => {
    test("setTimeout(f, 500.5) fires at once", async () => {
        const lines = await output(`
            const from = ds.millis()
            setTimeout(async () => console.log(ds.millis() - from < 50), 500.5)
        `)
        expect(lines).toEqual(["true"])
    })

    test("setTimeout(f, 500) does wait", async () => {
        const started = await run(
            `setTimeout(async () => console.log("fired"), 500)`
        )
        expect(await elapsed(started, "fired", 1_000)).toBeGreaterThan(350)
    })

    test("setTimeout(f, 2 ** 31) fires at once", async () => {
        expect(
            await output(
                `setTimeout(async () => console.log("fired"), same(2 ** 31))`
            )
        ).toEqual(["fired"])
    })

    test("setInterval(f, 250.25) fires many times in 250 ms", async () => {
        const lines = await output(
            `setInterval(async () => console.log("fired"), 250.25)`,
            { ms: 250 }
        )
        expect(lines.length).toBeGreaterThan(10)
    })
})

test("Math.random starts alike in every simulated VM, so jitter mixes in the device id", async () => {
    const program = compile(
        `console.log(Math.random(), Math.random(), Math.random())`
    )
    const one = await start(program, {
        deviceId: "0123456789abcdef",
        start: 1_700_000_000_000,
    })
    const other = await start(program, {
        deviceId: "fedcba9876543210",
        start: 1_800_000_000_123,
    })
    runs.push(one, other)
    expect(one.lines).toHaveLength(1)
    expect(other.lines).toEqual(one.lines)
})

test("an emitter whose handler is busy forgets all but the last value, so events are hints and queues hold the data", async () => {
    const lines = await output(`
        const numbers = ds.emitter<number>()
        numbers.subscribe(async n => {
            console.log(n)
            await ds.sleep(20)
        })
        for (let i = 0; i < 5; i++) {
            numbers.emit(i)
            await ds.sleep(1)
        }
    `)
    expect(lines).toEqual(["0", "4"])
})

describe("what nobody catches ends the whole program, so every root is guarded", () => {
    const program = (body: string) => `
        console.log("boot")
        setInterval(async () => console.log("beat"), 100)
        ${body}
    `

    test("an exception in a timer is panic 60005, and the program starts again after 5 s", async () => {
        const started = await run(
            program(`setTimeout(async () => { throw new Error("no") }, 250)`),
            { ms: 1_000 }
        )
        expect(started.panics).toEqual([60005])
        expect(started.lines).toEqual(["boot", "beat", "beat"])
        started.lines.length = 0
        const ms = await elapsed(started, "boot", 10_000)
        expect(ms).toBeGreaterThan(3_500)
        expect(ms).toBeLessThan(6_000)
    })

    test("Buffer.alloc(57344) is panic 60004 in spite of try and catch", async () => {
        const started = await run(`
            try {
                console.log(Buffer.alloc(same(57344)).length)
            } catch (e) {
                console.log("caught")
            }
        `)
        expect([started.panics, started.lines]).toEqual([[60004], []])
    })

    test("a loop of 30,000 turns without await is panic 60001", async () => {
        const started = await run(`
            let n = 0
            for (let i = 0; i < 30000; i++) n += i
            console.log(n)
        `)
        expect([started.panics, started.lines]).toEqual([[60001], []])
    })

    test("running out of memory in toString ends the VM beyond restart, so lengths from the wire are checked first", async () => {
        const started = await run(`
            const bytes = Buffer.alloc(40000)
            bytes.fillAt(0, bytes.length, 65)
            console.log(bytes.toString().length)
        `)
        expect([started.end, started.lines]).toEqual(["trapped", []])
    })
})

describe("calls that never come back, so the firmware waits with a limit of its own", () => {
    /** ms of virtual time after which a call counts as lost. */
    const LONG = 120_000

    test("a register of a role that nothing is bound to", async () => {
        const lines = await output(
            `
            const sensor = new ds.Temperature()
            console.log("asks")
            console.log("has", await sensor.reading.read())
        `,
            { ms: LONG }
        )
        expect(lines).toEqual(["asks"])
    })

    test("readSetting of a value of more than 232 bytes", async () => {
        const lines = await output(
            `
            import { readSetting, writeSetting } from "@devicescript/settings"
            const text = (length: number) => {
                const parts: string[] = []
                for (let i = 0; i < length; i++) parts.push("x")
                return parts.join("")
            }
            await writeSetting("small", text(220))
            await writeSetting("big", text(240))
            console.log("small", (await readSetting<string>("small")).length)
            console.log("big", (await readSetting<string>("big")).length)
        `,
            { ms: LONG }
        )
        expect(lines).toEqual(["small 220"])
    })
})
