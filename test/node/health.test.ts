// The state of a sensor: what it is, since when, what is news about it, and how its faults add up.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { Health, Reason, reasonName, State } from "../../src/node/health"

const REASONS = [
    Reason.Unbound,
    Reason.Stale,
    Reason.Nan,
    Reason.Range,
    Reason.Threw,
]

describe("the health of a sensor", () => {
    it("is unbound from the start until its first sample, which is no news when it is a value", () => {
        const h = new Health(40)
        expect([h.state, h.since, h.text()]).toEqual([
            State.Unbound,
            40,
            "unbound",
        ])
        expect(h.ok(1600)).toBe(false)
        expect([h.state, h.since, h.text()]).toEqual([State.Ok, 1600, "ok"])
    })

    it("says once that a sensor has never been bound, and once that it is", () => {
        const h = new Health(40)
        expect(h.fault(Reason.Unbound, 1600)).toBe(true)
        expect(h.fault(Reason.Unbound, 6600)).toBe(false)
        expect([h.since, h.text()]).toEqual([40, "unbound"])
        expect(h.ok(11_600)).toBe(true)
        expect(h.ok(16_600)).toBe(false)
        expect([h.since, h.text()]).toEqual([11_600, "ok"])
    })

    it("names each reason of a fault", () => {
        const texts = REASONS.map(reason => {
            const h = new Health(0)
            h.ok(1)
            h.fault(reason, 2)
            return h.text()
        })
        expect(texts).toEqual([
            "unbound",
            "fault:stale",
            "fault:nan",
            "fault:range",
            "fault:threw",
        ])
        expect(REASONS.map(reasonName)).toEqual([
            "unbound",
            "stale",
            "nan",
            "range",
            "threw",
        ])
    })

    it("tells of the latest reason, and is not news again when only the reason changes", () => {
        const h = new Health(0)
        h.ok(1000)
        expect(h.fault(Reason.Range, 2000)).toBe(true)
        expect(h.fault(Reason.Nan, 3000)).toBe(false)
        expect([h.since, h.text()]).toEqual([2000, "fault:nan"])
        expect(h.fault(Reason.Range, 4000)).toBe(false)
        expect([h.since, h.text()]).toEqual([2000, "fault:range"])
    })

    it("tells a role that went away from one that is there and silent", () => {
        const h = new Health(0)
        h.ok(1000)
        expect(h.fault(Reason.Stale, 2000)).toBe(true)
        expect(h.fault(Reason.Unbound, 3000)).toBe(true)
        expect([h.since, h.text()]).toEqual([3000, "unbound"])
        expect(h.fault(Reason.Stale, 4000)).toBe(true)
        expect([h.since, h.text()]).toEqual([4000, "fault:stale"])
    })

    it("counts every fault under its reason, is what its last sample was, and reports each change once", () => {
        const sample = fc.option(fc.constantFrom(...REASONS))
        fc.assert(
            fc.property(fc.array(sample), samples => {
                const h = new Health(0)
                /** What somebody who hears only the news holds the sensor to be; nothing said is good news. */
                let heard = State.Ok
                let since = 0
                let before: State = State.Unbound
                samples.forEach((reason, i) => {
                    const now = i + 1
                    const state =
                        reason === null
                            ? State.Ok
                            : reason === Reason.Unbound
                              ? State.Unbound
                              : State.Fault
                    const news =
                        reason === null ? h.ok(now) : h.fault(reason, now)
                    expect(news).toBe(state !== heard)
                    heard = state
                    if (state !== before) since = now
                    before = state
                    expect([h.state, h.since]).toEqual([state, since])
                })
            })
        )
    })
})
