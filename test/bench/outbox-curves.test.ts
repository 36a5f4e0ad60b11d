// docs/outbox.md says what the outbox does today: its tables and its plot are those that `npm run outbox` makes.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { DEFAULT_SLOTS, Policy } from "../../src/node/outbox"
import { OutboxCost } from "./outbox-cost"
import { costs, curves, page, PAGE, PLOT } from "./outbox-curves"
import { errors, outage, OUTAGES, pump, temperature } from "./outbox-errors"

const read = (file: string) => readFileSync(file, "utf8")

describe("docs/outbox.md", () => {
    test("has the table and the plot of the curves as they come out", async () => {
        const made = curves()
        expect(read(PAGE)).toBe(await page({ curves: made.table }))
        expect(read(PLOT)).toBe(made.plot)
    })

    test("has the cost as the VM counts it", async () => {
        expect(read(PAGE)).toBe(await page({ cost: await costs() }))
    })
})

describe("the errors of a rebuilt curve", () => {
    test("are those of straight lines, in shares of its range", () => {
        // 4 of 10 wrong in one minute of four; the reading before the outage is no part of it
        const curve = [99, 0, 4, 0, 10]
        expect(
            errors(curve, 4, [
                [0, 99],
                [1, 0],
                [3, 0],
                [4, 10],
            ])
        ).toEqual({ kept: 3, gap: 2, rms: 0.2, max: 0.4 })
    })

    test("are none when nothing is missing", () => {
        const curve = temperature()
        expect(errors(curve, 60, outage([curve], 60, Policy.Thin)[0]!)).toEqual(
            { kept: 60, gap: 1, rms: 0, max: 0 }
        )
    })

    test.each([
        ["temperature", temperature()],
        ["pump", pump()],
    ])(
        "of %s are less with thin than with drop-oldest in any outage it cannot hold",
        (_, curve) => {
            for (const [, minutes] of OUTAGES.slice(1)) {
                const [thin, oldest] = [Policy.Thin, Policy.DropOldest].map(
                    policy =>
                        errors(
                            curve,
                            minutes,
                            outage([curve], minutes, policy)[0]!
                        )
                )
                expect(thin!.kept).toBe(DEFAULT_SLOTS)
                expect(thin!.rms).toBeLessThan(oldest!.rms)
                expect(thin!.gap).toBeLessThan(oldest!.gap)
            }
        }
    )
})

test("a put takes four allocations when it thins, two when it drops the oldest, and one more for a text", async () => {
    const cost = new OutboxCost()
    expect(await cost.allocations(Policy.Thin)).toBe(4)
    expect(await cost.allocations(Policy.DropOldest)).toBe(2)
    expect(await cost.allocations(Policy.Thin, true)).toBe(5)
    expect(await cost.allocations(Policy.DropOldest, true)).toBe(3)
    cost.stop()
})
