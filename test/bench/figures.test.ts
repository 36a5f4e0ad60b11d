// A few values out of many: the middle and the range.
import { describe, expect, test } from "vitest"
import { median, spread } from "./figures"

describe("median", () => {
    test.each([
        [[7], 7],
        [[9, 1, 5], 5],
        [[4, 1, 3, 2], 2.5],
        // as numbers, not as text
        [[10, 9, 100], 10],
    ])("of %j is %d", (values, middle) => {
        expect(median(values)).toBe(middle)
    })

    test("leaves its values in their order", () => {
        const values = [3, 1, 2]
        median(values)
        expect(values).toEqual([3, 1, 2])
    })

    test("of nothing is refused", () => {
        expect(() => median([])).toThrow("no values")
    })
})

test("a spread is the middle, the least and the most", () => {
    expect(spread([5, 40, 3])).toEqual({ median: 5, least: 3, most: 40 })
})
