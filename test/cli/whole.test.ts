import { InvalidArgumentError } from "commander"
import { describe, expect, test } from "vitest"
import { whole } from "../../sim/cli/whole"

describe("a whole number from 0 to 150", () => {
    test.each([
        ["0", 0],
        ["7", 7],
        ["150", 150],
    ])("%s is one", (text, n) => {
        expect(whole(0, 150)(text)).toBe(n)
    })

    test.each(["", "-1", "+1", "151", "1.5", "1e2", "007", " 7", "7 ", "x"])(
        "%j is none",
        text => {
            const read = () => whole(0, 150)(text)
            expect(read).toThrow(InvalidArgumentError)
            expect(read).toThrow("Must be a whole number from 0 to 150.")
        }
    )
})
