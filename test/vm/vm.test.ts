// One chip as seen from outside: what its program says, how it ends, and that chips know nothing of each other.
import { once } from "node:events"
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import {
    compileProgram,
    DeployError,
    startVm,
    VirtualClock,
    type CompiledProgram,
} from "../../sim/vm/index"
import { Lab, run } from "./lab"

/** The longest console line in bytes: the VM cuts it (measured). */
const LINE_BYTES = 296

let lab: Lab

beforeAll(() => {
    lab = new Lab(
        {
            speaks: `
            console.log("a log", 1, { a: 1 })
            console.error("an error")
            console.warn("a warning")
            console.debug("a detail")
            console.log("two\\nlines")
            console.log("")
            console.log("> marked ! itself")
            console.log("žluť 😀")`,
            long: `
            const parts: string[] = []
            for (let i = 100; i < 200; i++) parts.push("" + i)
            console.log(parts.join(" "))
            console.log("after")`,
            counts: `
            let n = 0
            setInterval(async () => console.log(ds.deviceIdentifier("self"), n++), 100)`,
            throws: `
            console.log("boot")
            setTimeout(async () => { throw new Error("out of coffee") }, 200)`,
            loops: `
            let n = 0
            for (let i = 0; i < 100000; i++) n += i
            console.log(n)`,
            hoards: `
            const hoard: Buffer[] = []
            for (let i = 0; i < 100; i++) hoard.push(Buffer.alloc(1000))
            console.log(hoard.length)`,
            traps: `
            const bytes = Buffer.alloc(40000)
            bytes.fillAt(0, bytes.length, 65)
            console.log("before")
            console.log(bytes.toString().length)`,
            sensors: `
            const one = new ds.Temperature("one")
            const two = new ds.Humidity("two")
            const three = new ds.Temperature("three")
            console.log(one.isBound, two.isBound, three.isBound)`,
            burst: `
            console.log("one")
            console.log("two")
            console.log("three")`,
            dices: `
            console.log(randomBuffer(16).toString("hex"))
            setTimeout(async () => console.log(randomBuffer(16).toString("hex")), 50)`,
        },
        `import { randomBuffer } from "@devicescript/crypto"\n`
    )
})

afterEach(() => lab.stop())

describe("the console", () => {
    test("gives a log line as line, an error as trouble, a warning and a detail as remark, without the VM's marks and news", async () => {
        const { told } = await lab.run("speaks")
        expect(told.map(([, event, text]) => [event, text])).toEqual([
            ["line", "a log 1 {a:1,}"],
            ["trouble", "an error"],
            ["remark", "a warning"],
            ["remark", "a detail"],
            ["line", "two"],
            ["line", "lines"],
            ["line", ""],
            ["line", "> marked ! itself"],
            ["line", "žluť 😀"],
        ])
    })

    test("cuts a long line where the VM does, and nothing of the next one", async () => {
        const lines = await lab.output("long")
        const whole = Array.from({ length: 100 }, (_, i) => i + 100).join(" ")
        expect(lines).toHaveLength(2)
        expect(whole.startsWith(lines[0]!)).toBe(true)
        expect(lines[0]!.length).toBe(LINE_BYTES)
        expect(lines[1]).toBe("after")
    })
})

describe("a program that ends", () => {
    test("by an exception tells message and stack with file, line and column, panics with 60005, and starts again after 5 s", async () => {
        const file = "test/vm/given.ts"
        const text = [
            `import * as ds from "@devicescript/core"`,
            `function inner() {`,
            `    throw new Error("out of coffee")`,
            `}`,
            `function outer() {`,
            `    inner()`,
            `}`,
            `console.log("boot")`,
            `setTimeout(async () => outer(), 200)`,
        ].join("\n")
        const program = compileProgram(file, { files: { [file]: text } })
        const { vm, all, told, when } = await run(program, { ms: 5_500 })
        vm.stop()
        expect(all("trouble")).toEqual([
            "Unhandled exception",
            "Exception: Error",
            " message: out of coffee",
            ` at inner (${file}:3:5)`,
            ` at outer (${file}:6:5)`,
            ` at inline (${file}:9:12)`,
        ])
        expect(all("panic")).toEqual([60005])
        const boots = told.filter(([, , text]) => text === "boot")
        expect(boots).toHaveLength(2)
        const pause = boots[1]![0] - when("panic")!
        expect(pause).toBeGreaterThanOrEqual(5_000)
        // the VM looks whether it is time at random moments about every 8 s / 16
        expect(pause).toBeLessThan(6_000)
    })

    test("by a loop without end panics with 60001, and says where", async () => {
        const { all } = await lab.run("loops")
        expect(all("panic")).toEqual([60001])
        expect(all("line")).toEqual([])
        expect(all("trouble")[0]).toBe("Exception: InfiniteLoop")
        expect(all("trouble")[1]).toMatch(
            / at program\d+ \(test\/vm\/lab-program\.ts:\d+:\d+\)/
        )
    })

    test("by an empty heap panics with 60004", async () => {
        const { all } = await lab.run("hoards")
        expect(all("panic")).toEqual([60004])
        expect(all("trouble")[0]).toBe("Exception: OutOfMemory")
    })

    test("again and again is started again and again", async () => {
        const { all } = await lab.run("throws", { ms: 30_000 })
        expect(all("panic").length).toBeGreaterThanOrEqual(5)
        expect(all("line")).toHaveLength(all("panic").length + 0)
        expect(all("end")).toEqual([])
    })

    test("by breaking the VM itself is gone for good", async () => {
        const { all, vm, clock } = await lab.run("traps", { ms: 20_000 })
        expect(all("end")).toEqual(["trapped"])
        expect(all("line")).toEqual(["before"])
        expect(all("trouble").at(-1)).toMatch(/^the VM broke: RuntimeError/)
        expect(vm.running).toBe(false)
        expect(vm.heap()).toBeUndefined()
        expect(clock.pending).toBe(0)
    })
})

describe("two chips in one process", () => {
    test("have their own identifiers, counters and lines on one clock", async () => {
        const clock = new VirtualClock()
        const [a, b] = [
            lab.chip("counts", "aaaaaaaaaaaaaa"),
            lab.chip("counts", "bbbbbbbbbbbbbb"),
        ]
        const one = await lab.run("counts", { clock, deviceId: a, ms: 250 })
        const other = await lab.run("counts", { clock, deviceId: b, ms: 1_050 })
        const expected = (id: string, n: number) =>
            Array.from({ length: n }, (_, i) => `${id} ${i}`)
        expect(one.all("line")).toEqual(expected(a, one.all("line").length))
        expect(other.all("line")).toEqual(expected(b, other.all("line").length))
        expect(one.all("line").length).toBeGreaterThan(other.all("line").length)
        expect(other.all("line").length).toBeGreaterThanOrEqual(8)
    })

    test("fall alone", async () => {
        const clock = new VirtualClock()
        const doomed = await lab.run("traps", { clock, ms: 100 })
        const well = await lab.run("counts", { clock, ms: 1_000 })
        expect(doomed.all("end")).toEqual(["trapped"])
        expect(well.all("line").length).toBeGreaterThanOrEqual(8)
    })
})

describe("random bytes of a program", () => {
    test("are the chip's own on a virtual clock, and the same in every run", async () => {
        const on = (rest: string) =>
            lab.output("dices", { deviceId: lab.chip("dices", rest) })
        const one = await on("00000000000000")
        expect(one[0]).toMatch(/^[0-9a-f]{32}$/)
        expect(one[1]).not.toBe(one[0])
        expect(await on("00000000000000")).toEqual(one)
        expect(await on("00000000000001")).not.toEqual(one)
    })

    test("are the machine's on the real clock", async () => {
        const first = async () => {
            const vm = await startVm({
                program: lab.program,
                deviceId: lab.chip("dices"),
            })
            const [line] = (await once(vm, "line")) as [string]
            vm.stop()
            return line
        }
        expect(await first()).not.toBe(await first())
    })
})

describe("a chip that is stopped or cut", () => {
    for (const [method, reason] of [
        ["stop", "stopped"],
        ["powerCut", "power cut"],
    ] as const)
        test(`by ${method}() says so once, runs no more, and leaves no timer`, async () => {
            const { vm, clock, told, all } = await lab.run("counts", {
                ms: 1_000,
            })
            expect(clock.pending).toBeGreaterThan(0)
            vm[method]()
            expect(vm.running).toBe(false)
            expect(clock.pending).toBe(0)
            const count = told.length
            await clock.advance(10_000)
            vm.stop()
            vm.powerCut()
            expect(told.length).toBe(count)
            expect(all("end")).toEqual([reason])
        })

    test("by a listener, in the middle of what the program does, runs no further", async () => {
        const clock = new VirtualClock()
        const vm = await startVm({
            program: lab.program,
            clock,
            deviceId: lab.chip("burst"),
        })
        const lines: string[] = []
        vm.on("line", text => {
            lines.push(text)
            if (text === "two") vm.powerCut()
        })
        await clock.advance(1_000)
        expect(lines).toEqual(["one", "two"])
        expect(clock.pending).toBe(0)
    })

    test("between a panic and the new start leaves no timer either", async () => {
        const { vm, clock, all } = await lab.run("throws", { ms: 1_000 })
        expect(all("panic")).toEqual([60005])
        vm.stop()
        expect(clock.pending).toBe(0)
    })
})

describe("a listener that throws", () => {
    test("is heard of by whoever moves the clock, and ends the chip", async () => {
        const clock = new VirtualClock()
        const vm = await startVm({
            program: lab.program,
            clock,
            deviceId: lab.chip("counts"),
        })
        vm.on("line", () => {
            throw new Error("the test's own")
        })
        await expect(clock.advance(1_000)).rejects.toThrow("the test's own")
        expect(vm.running).toBe(false)
        expect(clock.pending).toBe(0)
    })

    test("does not end the other chips on the clock", async () => {
        const well = await lab.run("counts", { ms: 100 })
        const bad = await startVm({
            program: lab.program,
            clock: well.clock,
            deviceId: lab.chip("counts"),
        })
        bad.on("line", () => {
            throw new Error("the test's own")
        })
        await expect(well.clock.advance(1_000)).rejects.toThrow(
            "the test's own"
        )
        const before = well.all("line").length
        await well.clock.advance(1_000)
        expect(well.all("line").length).toBeGreaterThanOrEqual(before + 9)
    })
})

test("roles are named in the order in which the program asks for them", async () => {
    const { vm, all } = await lab.run("sensors")
    expect(all("line")).toEqual(["false false false"])
    expect(vm.roles).toEqual(["one", "two", "three"])
})

describe("a chip that cannot be started", () => {
    const refusal = async (options: object) => {
        try {
            await startVm({
                program: lab.program,
                clock: new VirtualClock(),
                ...options,
            })
        } catch (error) {
            expect(error).toBeInstanceOf(DeployError)
            return (error as Error).message
        }
        return undefined
    }

    test("because its number is none is told so", async () => {
        expect(await refusal({ deviceId: "kitchen" })).toBe(
            "device identifier kitchen: must be 16 hexadecimal digits"
        )
    })

    test("because the image is damaged is told so, with the VM's code and the length", async () => {
        const image = lab.program.image.slice()
        image[40] = 0xff
        const program: CompiledProgram = { ...lab.program, image }
        expect(await refusal({ program })).toMatch(
            new RegExp(
                `^the VM refuses the program: code -?\\d+; its image has ${image.length} bytes$`
            )
        )
    })

    test("because the image is larger than the flash has room for is told so, with both lengths", async () => {
        const file = "test/vm/large.ts"
        const program = compileProgram(file, {
            files: {
                [file]: `import * as ds from "@devicescript/core"\nconst all = [0, 1, 2].map(i => [hex\`${"55".repeat(37_000)}\`, hex\`${"66".repeat(37_000)}\`, hex\`${"77".repeat(37_000)}\`][i].length)\nconsole.log(all.join(" "))\n`,
            },
        })
        expect(await refusal({ program })).toMatch(
            new RegExp(
                `^the VM refuses the program: its image has ${program.image.length} bytes, the flash has room for 110464$`
            )
        )
    })
})
