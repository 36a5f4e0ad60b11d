// Filters, phases and health as they are flashed: on the VM's own numbers and arrays, with garbage collected at every allocation.
import { describe, expect, test } from "@devicescript/test"
import {
    checkFilter,
    Filter,
    FilterOptions,
    Verdict,
} from "../../src/node/filter"
import { Health, Reason } from "../../src/node/health"
import { firstSample, nextSample, phaseOf } from "../../src/node/phase"

/** What is published of samples that come every second, with `.` for one that is filtered and `!` for a fault. */
function published(
    o: FilterOptions,
    samples: (number | boolean | string)[]
): string {
    const f = new Filter(o)
    const all: string[] = []
    for (let i = 0; i < samples.length; i++) {
        const verdict = f.sample(samples[i], i * 1000)
        if (verdict === Verdict.Fault) all.push("!")
        else if (verdict === Verdict.Filtered) all.push(".")
        else all.push("" + f.value)
    }
    return all.join(" ")
}

describe("a filter", () => {
    test("without options publishes every value and no fault", () => {
        expect(
            published({}, [
                21.5,
                21.5,
                0,
                true,
                true,
                "a",
                "a",
                NaN,
                Infinity,
                -Infinity,
                undefined,
                null,
                -3,
            ])
        ).toBe("21.5 21.5 0 true true a a ! ! ! ! ! -3")
    })

    test("tells a value out of range from one that is none", () => {
        const f = new Filter({ min: -40.5, max: 85 })
        expect(f.sample(-41, 0)).toBe(Verdict.Fault)
        expect(f.why).toBe(Reason.Range)
        expect(f.sample(NaN, 0)).toBe(Verdict.Fault)
        expect(f.why).toBe(Reason.Nan)
        expect(f.sample(4294967296.5, 0)).toBe(Verdict.Fault)
        expect(f.why).toBe(Reason.Range)
        expect(f.sample(-40.5, 0)).toBe(Verdict.Publish)
        expect(published({ max: 0.1 }, [0.10000000149011612])).toBe("0.1")
    })

    test("sees a step of delta through the noise of a float32 and the steps of i22.10", () => {
        const o = { delta: 0.1 }
        expect(published(o, [21.700000762939453, 21.7, 21.8])).toBe(
            "21.7 . 21.8"
        )
        expect(published(o, [22221 / 1024, 22323 / 1024])).toBe(
            "21.7002 21.7998"
        )
        expect(published({ delta: 0.2 }, [21.7, 21.8, 21.9])).toBe(
            "21.7 . 21.9"
        )
    })

    test("takes delta for booleans, texts and values of another kind as: another one", () => {
        expect(
            published({ delta: 0.5 }, [true, true, false, 0, "0", "0", true, 1])
        ).toBe("true . false 0 0 . true 1")
    })

    test("keeps minInterval and maxInterval", () => {
        expect(
            published(
                { delta: 0.5, minInterval: 2000, maxInterval: 4000 },
                [20, 21, 21, 20, 21, 21, 21, 21]
            )
        ).toBe("20 . 21 . . . 21 .")
    })

    test("takes the median of the last valid samples, those with fractions and those there twice", () => {
        expect(published({ median: 3 }, [1, NaN, 3, 2, 8, 2, 2, 9])).toBe(
            "1 ! 2 2 3 2 2 2"
        )
        expect(
            published(
                { median: 5 },
                [4.5, 2.25, 3.5, 9.75, 1.5, 8, 4294967296, 0.5]
            )
        ).toBe("4.5 3.375 3.5 4 3.5 3.5 8 8")
    })

    test("refuses options that make no sense", () => {
        const bad: FilterOptions[] = [
            { delta: 0 },
            { delta: -0.5 },
            { min: NaN },
            { max: Infinity },
            { min: 1.5, max: 0.5 },
            { minInterval: 5, maxInterval: 4 },
            { median: 4 },
        ]
        let refused = 0
        for (const o of bad) {
            try {
                checkFilter("t", o)
            } catch (e) {
                refused++
            }
        }
        expect(refused).toBe(bad.length)
        checkFilter("t", {})
        checkFilter("t", { delta: 0.1, min: -40, max: 85.5, median: 15 })
    })
})

describe("a phase", () => {
    test("is that of the host", () => {
        expect(phaseOf("24a160ff10000000", "temp", 3600000)).toBe(1967838)
        expect(phaseOf("ESP32-1", "humidity", 5000)).toBe(860)
        expect(phaseOf("", "", 86400000)).toBe(55598559)
    })

    test("makes a grid, and an early first sample", () => {
        expect(nextSample(70, 1000, 0)).toBe(70)
        expect(nextSample(70, 1000, 5070)).toBe(6070)
        expect(nextSample(70, 1000, 6069.9)).toBe(6070)
        expect(nextSample(70, 1000, 4294967296)).toBe(4294968070)
        expect(firstSample(0, 3600000, 99.5, 1500)).toBe(1600)
        expect(firstSample(1800000, 3600000, 100, 1500)).toBe(1850)
        expect(firstSample(1800, 3600000, 0, 1500)).toBe(1800)
    })
})

describe("health", () => {
    test("has a state and a since, and each change is news once", () => {
        const h = new Health(40.5)
        expect(h.text()).toBe("unbound")
        expect(h.ok(1600)).toBe(false)
        expect(h.fault(Reason.Range, 2000)).toBe(true)
        expect(h.fault(Reason.Nan, 3000)).toBe(false)
        expect(h.text()).toBe("fault:nan")
        expect(h.since).toBe(2000)
        expect(h.ok(4000.5)).toBe(true)
        expect(h.text()).toBe("ok")
        expect(h.since).toBe(4000.5)
        expect(h.fault(Reason.Unbound, 5000)).toBe(true)
        expect(h.text()).toBe("unbound")
    })
})
