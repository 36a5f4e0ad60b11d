// The pure parts of a fleet: ranges of numbers, percentiles, and the law of its readings.
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import { Latency } from "../../sim/fleet/latency"
import { Ledger, total } from "../../sim/fleet/ledger"
import { Ranges } from "../../sim/fleet/ranges"

describe("ranges hold what a set holds", () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 30 }))

    test("whatever the order: size, members, repetitions", () => {
        fc.assert(
            fc.property(numbers, list => {
                const ranges = new Ranges()
                const set = new Set<number>()
                for (const n of list) {
                    expect(ranges.add(n)).toBe(!set.has(n))
                    set.add(n)
                }
                expect(ranges.size).toBe(set.size)
                for (let n = 0; n <= 30; n++)
                    expect(ranges.has(n)).toBe(set.has(n))
                // in order, and none touches the next
                for (const [i, [first]] of ranges.list.slice(1).entries())
                    expect(first).toBeGreaterThan(ranges.list[i]![1] + 1)
            })
        )
    })

    test("what is here and not there", () => {
        fc.assert(
            fc.property(numbers, numbers, (a, b) => {
                const make = (list: number[]) => {
                    const ranges = new Ranges()
                    for (const n of list) ranges.add(n)
                    return ranges
                }
                const missing = new Set(a.filter(n => !b.includes(n)))
                expect(make(a).missingIn(make(b))).toBe(missing.size)
            })
        )
    })
})

test("a percentile is the least time that so many did not exceed", () => {
    const latency = new Latency()
    expect(latency.percentile(0.5)).toBeUndefined()
    for (let ms = 1; ms <= 100; ms++) latency.add(ms)
    expect(latency.percentile(0.5)).toBe(50)
    expect(latency.percentile(0.99)).toBe(99)
    latency.add(10_000_000)
    expect(latency.percentile(1)).toBe(60_000)
})

describe("the law of a fleet's readings", () => {
    const accounts = (own: Record<string, number>) =>
        Object.entries({
            read: 0,
            filtered: 0,
            queued: 0,
            inflight: 0,
            acked: 0,
            sent: 0,
            full: 0,
            thinned: 0,
            parked: 0,
            toobig: 0,
            invalid: 0,
            lost: 0,
            faults: 0,
            ...own,
        })
            .map(([name, n]) => `${name}=${n}`)
            .join(" ")

    const after = (
        reads: number,
        acks: number,
        own: Record<string, number>
    ) => {
        const ledger = new Ledger()
        for (let n = 1; n <= reads; n++) ledger.read()
        for (let n = 1; n <= acks; n++) ledger.ack(n)
        ledger.stopped(accounts({ read: reads, acked: acks, ...own }))
        return ledger.sums()
    }

    test("what was read and is accounted for is not lost", () => {
        expect(after(10, 6, { queued: 1, inflight: 1, thinned: 2 })).toEqual({
            read: 10,
            acked: 6,
            waiting: 2,
            dropped: { thinned: 2 },
            cut: 0,
            lost: 0,
            disagree: 0,
        })
    })

    test("a reading that is nowhere is lost", () => {
        expect(after(10, 6, { queued: 3 })).toMatchObject({ lost: 1 })
    })

    test("a node that counts otherwise than the host is told", () => {
        expect(after(10, 10, { read: 9 })).toMatchObject({ disagree: 1 })
        expect(after(10, 10, { acked: 9 })).toMatchObject({ disagree: 1 })
    })

    test("accounts that cannot be understood are not taken for nothing lost", () => {
        const ledger = new Ledger()
        ledger.read()
        ledger.stopped("nonsense")
        expect(ledger.sums().lost).not.toBe(0)
    })

    test("what a power cut takes is told as cut, and the next start begins anew", () => {
        const ledger = new Ledger()
        for (let n = 1; n <= 5; n++) ledger.read()
        for (let n = 1; n <= 3; n++) ledger.ack(n)
        ledger.cut()
        ledger.read()
        expect(total([ledger, new Ledger()])).toEqual({
            read: 6,
            acked: 3,
            waiting: 1,
            dropped: {},
            cut: 2,
            lost: 0,
            disagree: 0,
        })
    })
})
