// The comparison of HTTP and MQTT, a small slice: what is counted is what must be so on any machine. The table itself is
// `npm run http-mqtt`.
import { expect, test } from "vitest"
import { measure, updates } from "./http-ways"

/** ms. */
const LASTS = 3_000
const list = updates(12, 250)
const there = list.filter(({ at }) => at < LASTS).length

test("the same seed gives the same values, no two alike", () => {
    expect(updates(12, 250)).toEqual(list)
    expect(new Set(list.map(({ value }) => value)).size).toBe(12)
    expect(there).toBeGreaterThan(8)
})

test("polling sees the last value only, a connection for each question unless it is kept open", async () => {
    const [fresh, kept] = await Promise.all(
        [false, true].map(keep =>
            measure({ kind: "poll", everyMs: 1_000, keep }, list, LASTS, false)
        )
    )
    // asked twice or three times, before and with the end
    for (const { arrived, delays } of [fresh!, kept!]) {
        expect(arrived).toBeGreaterThanOrEqual(1)
        expect(arrived).toBeLessThanOrEqual(3)
        expect(delays).toHaveLength(arrived)
    }
    expect(fresh!.connections).toBeGreaterThanOrEqual(2)
    expect(kept!.connections).toBe(1)
})

test("MQTT brings every value, over one connection, in fewer bytes than HTTP takes to send one", async () => {
    const post = await measure({ kind: "post", keep: true }, list, LASTS, false)
    expect(post.arrived).toBe(there)
    for (const kind of ["subscribe", "publish"] as const) {
        const [zero, one] = await Promise.all(
            ([0, 1] as const).map(qos =>
                measure({ kind, qos }, list, LASTS, false)
            )
        )
        for (const figures of [zero!, one!]) {
            expect(figures.arrived).toBe(there)
            expect(figures.connections).toBe(1)
            expect(figures.bytes / there).toBeLessThan(
                post.bytes / post.arrived / 2
            )
        }
        // identifier and PUBACK: 2 and 4 bytes a value
        expect(one!.bytes - zero!.bytes).toBe(6 * there)
    }
})
