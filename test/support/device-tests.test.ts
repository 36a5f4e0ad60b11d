import { describe, expect, test } from "vitest"
import { compileProgram } from "../../sim/vm/index"
import { runDeviceTests } from "./device-tests"

/** The outcome of a program of device tests given as text. */
async function outcome(body: string) {
    const file = "test/device/program.ts"
    const text = `
        import * as ds from "@devicescript/core"
        import { describe, expect, test } from "@devicescript/test"
        ${body}
    `
    const { log, ...rest } = await runDeviceTests(
        compileProgram(file, { files: { [file]: text } })
    )
    return { ...rest, log: log.join("\n") }
}

describe("a run of device tests", () => {
    test("counts tests that pass", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("one", () => { expect(1).toBe(1) })
                test("two", async () => { await ds.sleep(500) })
            })
        `)
        expect(found).toMatchObject({
            passed: 2,
            failed: 0,
            skipped: 0,
            fault: undefined,
        })
    })

    test("counts a test that fails, goes on after it, and says where it failed", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("bad", () => { expect(1).toBe(2) })
                test("good", () => { expect(1).toBe(1) })
            })
        `)
        expect(found).toMatchObject({
            passed: 1,
            failed: 1,
            skipped: 0,
            fault: undefined,
        })
        expect(found.log).toMatch(
            /bad\n.*AssertionError\n.*Expected 2, got 1\n/
        )
        expect(found.log).toContain("test/device/program.ts")
    })

    test("counts a test that is skipped", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("off", () => { expect(1).toBe(2) }, { skip: true })
            })
        `)
        expect(found).toMatchObject({
            passed: 0,
            failed: 0,
            skipped: 1,
            fault: undefined,
        })
    })

    test("is at fault when an exception escapes a timer", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("waits", async () => {
                    setTimeout(async () => { throw new Error("stray") }, 20)
                    await ds.sleep(100)
                })
            })
        `)
        expect(found).toMatchObject({
            passed: 0,
            failed: 0,
            fault: "panic 60005",
        })
    })

    test("is at fault when the program ends by itself before its tests do", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("restarts", async () => { ds.restart() })
            })
        `)
        expect(found.fault).toBe("the program ended before its tests did")
    })

    test("is at fault when a test never ends", async () => {
        const found = await outcome(`
            describe("suite", () => {
                test("hangs", async () => { await ds.sleep(1000000) })
            })
        `)
        expect(found.fault).toBe("no end within 60000 ms")
    })

    test("is at fault when there are no tests", async () => {
        expect((await outcome(`describe("suite", () => {})`)).fault).toBe(
            "no tests"
        )
    })
})
