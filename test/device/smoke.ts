// The smallest test in the VM: shows that tests run there at all, and what they look like.
import { sleep } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"

describe("a program in the VM", () => {
    test("keeps what it writes into a buffer", () => {
        const bytes = Buffer.alloc(3)
        bytes[1] = 0x81
        expect(bytes.toString("hex")).toBe("008100")
    })

    test("catches what it throws", () => {
        expect(() => {
            throw new Error("no")
        }).toThrow()
    })

    test("goes on after a pause", async () => {
        let beats = 0
        const timer = setInterval(async () => {
            beats = beats + 1
        }, 20)
        await sleep(110)
        clearInterval(timer)
        expect(beats > 2).toBe(true)
    })
})
