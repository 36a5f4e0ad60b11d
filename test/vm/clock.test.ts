// The clocks: what every history on virtual time rests on.
import { describe, expect, test, vi } from "vitest"
import { realClock, VirtualClock } from "../../sim/vm/index"

describe("virtual clock", () => {
    test("fires timers in the order of their times, and those of one time in the order they were set", async () => {
        const clock = new VirtualClock(0)
        const fired: string[] = []
        clock.setTimeout(() => fired.push("late"), 30)
        clock.setTimeout(() => fired.push("first of two"), 20)
        clock.setTimeout(() => fired.push("second of two"), 20)
        clock.setTimeout(() => fired.push("early"), 10)
        await clock.advance(30)
        expect(fired).toEqual([
            "early",
            "first of two",
            "second of two",
            "late",
        ])
    })

    test("leaves alone what is due later", async () => {
        const clock = new VirtualClock(0)
        const fired = vi.fn()
        clock.setTimeout(fired, 10.5)
        await clock.advance(10)
        expect([fired.mock.calls.length, clock.pending]).toEqual([0, 1])
        await clock.advance(1)
        expect([fired.mock.calls.length, clock.pending]).toEqual([1, 0])
    })

    test("shows a timer its own time", async () => {
        const clock = new VirtualClock(1_000)
        const seen: number[] = []
        clock.setTimeout(() => seen.push(Math.floor(clock.now())), 250)
        clock.setTimeout(() => seen.push(Math.floor(clock.now())), 750)
        await clock.advance(1_000)
        expect(seen).toEqual([1_250, 1_750])
        expect(Math.floor(clock.now())).toBe(2_000)
    })

    test("an interval keeps its pace however often the clock is looked at", async () => {
        const clock = new VirtualClock(0)
        const seen: number[] = []
        const id = clock.setInterval(() => {
            for (let i = 0; i < 100; i++) clock.now()
            seen.push(Math.floor(clock.now()))
            if (seen.length === 4) clock.clearInterval(id)
        }, 25)
        await clock.advance(1_000)
        expect(seen).toEqual([25, 50, 75, 100])
        expect(clock.pending).toBe(0)
    })

    test("a timer that is cleared does not fire, nor does one that another clears at the same time", async () => {
        const clock = new VirtualClock(0)
        const fired = vi.fn()
        const one = clock.setTimeout(fired, 10)
        clock.clearTimeout(one)
        clock.setTimeout(() => clock.clearTimeout(two), 20)
        const two = clock.setTimeout(fired, 20)
        await clock.advance(100)
        expect(fired).not.toHaveBeenCalled()
    })

    test("never goes back, and moves at each look, so that loops that wait for time end", async () => {
        const clock = new VirtualClock(0)
        const seen: number[] = []
        clock.setTimeout(() => {
            const until = clock.now() + 5
            let now = clock.now()
            while (now < until) seen.push((now = clock.now()))
        }, 10)
        // due while the loop above is looking
        clock.setTimeout(() => seen.push(clock.now()), 12)
        await clock.advance(20)
        seen.push(clock.now())
        expect(seen.length).toBeGreaterThan(1_000)
        expect(seen.every((now, i) => i === 0 || now > seen[i - 1]!)).toBe(true)
    })

    test.each([0, -5, NaN, Infinity, 2 ** 31])(
        "a delay of %s ms counts as one, as in Node.js",
        async delay => {
            const clock = new VirtualClock(0)
            const fired = vi.fn()
            clock.setTimeout(fired, delay)
            await clock.advance(0.9)
            expect(fired).not.toHaveBeenCalled()
            await clock.advance(0.2)
            expect(fired).toHaveBeenCalledOnce()
        }
    )

    test("what promises have to do after a timer is done before the next one, however long their chain", async () => {
        const clock = new VirtualClock(0)
        const order: string[] = []
        clock.setTimeout(() => {
            void (async () => {
                for (let i = 0; i < 50; i++) await Promise.resolve()
                order.push(`chain at ${Math.floor(clock.now())}`)
                clock.setTimeout(() => order.push("what it set"), 1)
            })()
        }, 10)
        clock.setTimeout(() => order.push("next"), 12)
        await clock.advance(20)
        expect(order).toEqual(["chain at 10", "what it set", "next"])
    })

    test("two calls at once are refused, as they would tear the order apart", async () => {
        const clock = new VirtualClock(0)
        const first = clock.advance(10)
        await expect(clock.advance(10)).rejects.toThrow("already")
        await first
    })

    test("what a timer throws ends the call, and the clock can be advanced again", async () => {
        const clock = new VirtualClock(0)
        const fired = vi.fn()
        clock.setTimeout(() => {
            throw new Error("broken timer")
        }, 10)
        clock.setTimeout(fired, 20)
        await expect(clock.advance(100)).rejects.toThrow("broken timer")
        await clock.advance(100)
        expect(fired).toHaveBeenCalledOnce()
    })

    test("a day of a timer of one second takes seconds, and lets others of the process run meanwhile", async () => {
        const clock = new VirtualClock(0)
        let fired = 0
        let breaths = 0
        clock.setInterval(() => fired++, 1_000)
        const others = setInterval(() => breaths++, 1)
        await clock.advance(24 * 3_600_000)
        clearInterval(others)
        expect(fired).toBe(86_400)
        expect(breaths).toBeGreaterThan(0)
    })

    test("until() stops when it is so, and says after how long it is not", async () => {
        const clock = new VirtualClock(0)
        let done = false
        clock.setTimeout(() => (done = true), 95)
        await clock.until(() => done, 1_000)
        expect(Math.round(clock.elapsed)).toBe(100)
        await expect(clock.until(() => false, 50)).rejects.toThrow(
            "not within 50 ms"
        )
    })
})

describe("real clock", () => {
    test("tells the time of day, in fractions of a ms", () => {
        expect(Math.abs(realClock.now() - Date.now())).toBeLessThan(1_000)
    })

    test("does not follow a step of the system's clock, which the VM would take for 71 minutes", () => {
        const before = realClock.now()
        vi.spyOn(Date, "now").mockReturnValue(0)
        try {
            const after = realClock.now()
            expect(after).toBeGreaterThanOrEqual(before)
            expect(after).toBeLessThan(before + 1_000)
        } finally {
            vi.restoreAllMocks()
        }
    })
})
