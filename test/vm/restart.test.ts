// What a chip does about its own resets and sleep: the VM stops there, and the host carries on, on the same flash.
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import { MemoryNetwork, type MemorySocket } from "../../sim/vm/index"
import { Lab, type Run } from "./lab"

const HOUR = 3_600_000

/** ms of the VM's clock from a reset to the program's first line (measured: 1,100 and two ticks of 10). */
const RESTART_MS = 1_200

let lab: Lab

beforeAll(() => {
    lab = new Lab(
        {
            restarts: `
                console.log("boot")
                setTimeout(async () => ds.restart(), 500)`,
            reboots: `
                console.log("boot", ds.millis() < 2000)
                setTimeout(async () => ds.reboot(), 500)`,
            naps: `
                console.log("boot")
                setTimeout(async () => { await standby(5000) }, 500)`,
            hibernates: `
                console.log("boot")
                setTimeout(async () => { await standby(4000000000) }, 500)`,
            sleepsTwice: `
                const boots = await readSetting<number>("boots", 0)
                await writeSetting("boots", boots + 1)
                console.log("boot", boots)
                await standby(boots === 0 ? 3000 : 60000)`,
            talks: `
                const native = ds as any
                native._socketOnEvent = (event: string) => {
                    console.log(event)
                    if (event === "open") native._socketWrite("hello")
                }
                console.log("boot")
                native._socketOpen("broker", 1883)
                setTimeout(async () => ds.reboot(), 500)`,
        },
        `import { standby } from "@devicescript/runtime"\nimport { readSetting, writeSetting } from "@devicescript/settings"\n`
    )
})

afterEach(() => lab.stop())

/** ms between the events of one kind, the first from the start. */
function gaps({ told }: Run, event: string, detail?: string): number[] {
    const times = told
        .filter(
            ([, kind, what]) =>
                kind === event && (detail === undefined || what === detail)
        )
        .map(([at]) => at)
    return times.map((at, i) => at - (times[i - 1] ?? 0))
}

describe("ds.restart()", () => {
    test("starts the program anew about 1 s later, in the same VM", async () => {
        const run = await lab.run("restarts", { ms: 3_500 })
        expect(run.all("restart").slice(0, 2)).toEqual(["program", "program"])
        expect(run.all("panic")).toEqual([])
        for (const gap of gaps(run, "line").slice(1)) {
            expect(gap).toBeGreaterThanOrEqual(1_000)
            expect(gap).toBeLessThan(500 + 1_500)
        }
        expect(run.all("line").length).toBeGreaterThanOrEqual(2)
    })
})

describe("ds.reboot()", () => {
    test("starts the chip anew: the program is there again within 1.2 s, its uptime begins at 0", async () => {
        const run = await lab.run("reboots", { ms: 5_000 })
        expect(run.all("line").slice(0, 3)).toEqual([
            "boot true",
            "boot true",
            "boot true",
        ])
        expect(new Set(run.all("restart"))).toEqual(new Set(["reset"]))
        expect(run.all("end")).toEqual([])
        for (const gap of gaps(run, "line").slice(1)) {
            expect(gap).toBeGreaterThan(1_000)
            expect(gap).toBeLessThan(500 + RESTART_MS)
        }
    })

    test("again and again leaves no timer of the VMs before, and every VM is as the first", async () => {
        const run = await lab.run("reboots", { ms: 100 })
        /** Timers and allocations 290 ms after the next start of the program. */
        const next = async () => {
            const boots = run.all("line").length
            await run.clock.until(() => run.all("line").length > boots, 2_000)
            await run.clock.advance(290)
            return [run.clock.pending, run.vm.heap()?.allocations]
        }
        const second = await next()
        await run.clock.advance(100_000)
        expect(run.all("restart").length).toBeGreaterThan(50)
        expect(await next()).toEqual(second)
    })

    test("does not touch the exit code of the process that simulates the chip", async () => {
        const before = process.exitCode
        process.exitCode = 3
        try {
            const { all } = await lab.run("reboots", { ms: 1_000 })
            expect(all("restart")).toEqual(["reset"])
            expect(process.exitCode).toBe(3)
        } finally {
            process.exitCode = before
        }
    })

    test("cuts the connection: the peer sees a reset, and what it sends then reaches nobody", async () => {
        const peers: MemorySocket[] = []
        const ends: boolean[] = []
        const first = await lab.run("reboots", { ms: 10 })
        const network = new MemoryNetwork(first.clock)
        network.listen("broker", 1883, peer => {
            peers.push(peer)
            peer.on("close", (hadError: boolean) => ends.push(hadError))
        })
        first.vm.stop()
        const run = await lab.run("talks", {
            clock: first.clock,
            sockets: network,
            ms: 600,
        })
        expect(run.all("restart")).toEqual(["reset"])
        expect(ends).toEqual([true])
        peers[0]!.write(Buffer.from("too late"))
        await run.clock.until(() => peers.length === 2, RESTART_MS)
        await run.clock.advance(50)
        expect(run.all("line")).toEqual(["boot", "open", "boot", "open"])
    })

    test("is not carried out any more by a chip that was cut meanwhile", async () => {
        const run = await lab.run("reboots", { ms: 0 })
        await run.clock.until(() => run.all("restart").length === 1, 1_000)
        run.vm.powerCut()
        expect(run.clock.pending).toBe(0)
        await run.clock.advance(10_000)
        expect(run.all("line")).toEqual(["boot true"])
        expect(run.all("end")).toEqual(["power cut"])
    })
})

describe("standby(ms)", () => {
    test("keeps the chip dark for as long, then starts the program from the flash", async () => {
        const run = await lab.run("naps", { ms: 15_000 })
        expect(run.all("sleep").slice(0, 2)).toEqual([5_000, 5_000])
        expect(run.all("restart").slice(0, 2)).toEqual(["standby", "standby"])
        expect(
            run.when("restart")! - run.when("sleep")!
        ).toBeGreaterThanOrEqual(5_000)
        expect(run.when("restart")! - run.when("sleep")!).toBeLessThan(5_050)
        for (const gap of gaps(run, "line").slice(1)) {
            expect(gap).toBeGreaterThan(500 + 5_000 + 1_000)
            expect(gap).toBeLessThan(500 + 5_000 + RESTART_MS + 600)
        }
    })

    test("has nothing to run, to say or to look at meanwhile", async () => {
        const run = await lab.run("naps", { ms: 0 })
        await run.clock.until(() => run.all("sleep").length === 1, 3_000)
        const frames: Uint8Array[] = []
        run.vm.bus.onFrame(frame => frames.push(frame))
        const told = run.told.length
        expect(run.clock.pending).toBe(1)
        run.vm.bus.send(new Uint8Array(16))
        await run.clock.advance(4_900)
        expect(run.vm.heap()).toBeUndefined()
        expect(run.vm.running).toBe(true)
        expect(run.vm.roles).toEqual([])
        expect([frames, run.told.length]).toEqual([[], told])
        await expect(run.vm.collect()).rejects.toThrow("the chip has no power")
    })

    test("takes the time of each call, and remembers what was written before", async () => {
        const run = await lab.run("sleepsTwice", { ms: 75_000 })
        expect(run.all("line").slice(0, 3)).toEqual([
            "boot 0",
            "boot 1",
            "boot 2",
        ])
        expect(run.all("sleep").slice(0, 2)).toEqual([3_000, 60_000])
    })

    test("may last 46 days, longer than a timer of Node.js can", async () => {
        const run = await lab.run("hibernates", { ms: 5_000 })
        expect(run.all("sleep")).toEqual([4_000_000_000])
        await run.clock.advance(4_000_000_000 - 2 * HOUR)
        expect(run.all("line")).toEqual(["boot"])
        await run.clock.advance(2 * HOUR)
        expect(run.all("line").length).toBe(2)
        expect(run.all("restart")).toEqual(["standby"])
    })

    test("does not wake up a chip that is stopped by whoever hears of the waking", async () => {
        const run = await lab.run("naps", { ms: 0 })
        run.vm.on("restart", () => run.vm.stop())
        await run.clock.advance(20_000)
        expect(run.all("line")).toEqual(["boot"])
        expect(run.all("end")).toEqual(["stopped"])
        expect(run.clock.pending).toBe(0)
    })

    test("ends with the power: nothing wakes up, and no timer is left", async () => {
        for (const end of ["stop", "powerCut"] as const) {
            const run = await lab.run("hibernates", { ms: 5_000 })
            run.vm[end]()
            expect(run.clock.pending).toBe(0)
        }
    })
})
