// The chip's own time when the clock it is made from does what clocks of machines do: stand still, step back, leap.
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import { startVm, VirtualClock, type Clock, type Vm } from "../../sim/vm/index"
import { MAX_LEAP, Uptime } from "../../sim/vm/uptime"
import { Lab } from "./lab"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** ms by which the time moves in one pass at most. */
const LEAP = MAX_LEAP / 1_000

/** A virtual clock whose reading can be set forward and back while its timers go on, as a system's clock can. */
class SettableClock implements Clock {
    readonly real = new VirtualClock()
    offset = 0
    now = () => this.real.now() + this.offset
    setTimeout = (callback: () => void, ms: number) =>
        this.real.setTimeout(callback, ms)
    clearTimeout = (id: unknown) => this.real.clearTimeout(id)
    setInterval = (callback: () => void, ms: number) =>
        this.real.setInterval(callback, ms)
    clearInterval = (id: unknown) => this.real.clearInterval(id)
}

/** A clock that says what it is told. */
class Dial {
    constructor(public ms = 1_700_000_000_000) {}
    now = () => this.ms
}
const uptimeOf = (dial: Dial) => new Uptime(dial as unknown as Clock)

describe("the time of a chip", () => {
    test("moves with the clock, to the microsecond", () => {
        const dial = new Dial()
        const uptime = uptimeOf(dial)
        const start = uptime.now()
        for (let i = 1; i <= 1_000; i++) {
            dial.ms += 10
            uptime.pass()
            expect(uptime.now() - start).toBeCloseTo(i * 10, 2)
        }
    })

    test("moves on by a microsecond a look when the clock stands still, and waits for it afterwards", () => {
        const dial = new Dial()
        const uptime = uptimeOf(dial)
        const start = uptime.now()
        let last = start
        for (let i = 0; i < 5_000; i++) {
            const now = uptime.now()
            expect(now).toBeGreaterThan(last)
            last = now
        }
        expect(last - start).toBeCloseTo(5, 2)
        dial.ms += 10
        uptime.pass()
        expect(uptime.now() - start).toBeCloseTo(10, 2)
    })

    test("never goes back, and a step back of the clock counts as no time", () => {
        const dial = new Dial()
        const uptime = uptimeOf(dial)
        const start = uptime.now()
        dial.ms -= HOUR
        uptime.pass()
        expect(uptime.now() - start).toBeCloseTo(0, 1)
        dial.ms += 10
        uptime.pass()
        expect(uptime.now() - start).toBeCloseTo(10, 1)
    })

    test("makes up for a leap of the clock in passes of a minute, until nothing is missing", () => {
        const dial = new Dial()
        const uptime = uptimeOf(dial)
        const start = uptime.now()
        dial.ms += 3 * HOUR + 10
        let last = start
        let passes = 0
        do {
            uptime.pass()
            for (let look = 0; look < 5; look++) uptime.now()
            const now = uptime.now()
            expect(now - last).toBeLessThan(LEAP + 1)
            last = now
            passes++
        } while (last - start < 3 * HOUR)
        expect(passes).toBeLessThanOrEqual((3 * HOUR) / LEAP + 1)
        for (let i = 0; i < 10; i++) {
            uptime.pass()
            last = uptime.now()
        }
        expect(last - start).toBeCloseTo(3 * HOUR + 10, 1)
    })
})

describe("a program with a timer of 1 s", () => {
    let lab: Lab
    let vm: Vm | undefined

    beforeAll(() => {
        lab = new Lab({
            ticks: `setInterval(async () => console.log(Math.round(ds.millis())), 1000)`,
        })
    })

    afterEach(() => vm?.stop())

    /** Lets the program run for 5 s, then does something to the clock. @returns ds.millis() of each tick, before and after */
    async function around(what: (clock: SettableClock) => void) {
        const clock = new SettableClock()
        vm = await startVm({
            program: lab.program,
            deviceId: lab.chip("ticks"),
            clock,
        })
        const ticks: number[] = []
        vm.on("line", text => ticks.push(Number(text)))
        await clock.real.advance(5_100)
        const before = ticks.splice(0)
        what(clock)
        return { clock, before, ticks }
    }

    for (const minutes of [20, 50, 70, 200])
        test(`ticks on when the clock leaps by ${minutes} minutes, and they are not lost`, async () => {
            const { clock, before, ticks } = await around(c => {
                c.offset += minutes * MINUTE
            })
            expect(before.length).toBe(5)
            // a pass of a minute every 10 ms
            await clock.real.advance(minutes * 10 + 2_000)
            const reached = ticks.at(-1)! - before.at(-1)!
            expect(reached).toBeGreaterThan(minutes * MINUTE)
            expect(reached).toBeLessThan(
                minutes * MINUTE + minutes * 10 + 3_000
            )
            const count = ticks.length
            await clock.real.advance(10 * SECOND)
            expect(ticks.length - count).toBeGreaterThanOrEqual(9)
            expect(ticks.length - count).toBeLessThanOrEqual(11)
        })

    test("ticks on when the clock is set back by an hour", async () => {
        const { clock, before, ticks } = await around(c => {
            c.offset -= HOUR
        })
        await clock.real.advance(10 * SECOND)
        expect(ticks.length).toBeGreaterThanOrEqual(9)
        expect(ticks.length).toBeLessThanOrEqual(11)
        expect(ticks[0]! - before.at(-1)!).toBeLessThan(2_500)
    })

    test("ticks once a second for as long as the clock is only advanced, however far at once", async () => {
        const { clock, ticks } = await around(() => {})
        await clock.real.advance(2 * HOUR)
        expect(ticks.length).toBe((2 * HOUR) / SECOND)
    })
})
