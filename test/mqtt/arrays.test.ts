// The array operations that board and host spell differently, against those of Node.js.
import { describe, expect, it } from "vitest"
import { moveToFront, removeAt } from "../../src/mqtt/arrays"

const letters = (n: number) => Array.from("abcdefgh").slice(0, n)

describe("removeAt", () => {
    it("removes one element anywhere and keeps the order of the others", () => {
        for (let n = 1; n <= 6; n++)
            for (let at = 0; at < n; at++) {
                const array = letters(n)
                removeAt(array, at)
                expect(array).toEqual(letters(n).toSpliced(at, 1))
            }
    })
})

describe("moveToFront", () => {
    it("makes the last element the first and keeps the order of the others", () => {
        for (let n = 0; n <= 6; n++) {
            const array = letters(n)
            moveToFront(array)
            const expected = letters(n)
            const last = expected.pop()
            expect(array).toEqual(last === undefined ? [] : [last, ...expected])
        }
    })
})
