// What an outbox costs on a chip: bytes of heap that it keeps, allocations and opcodes of a put. All are counts of the
// VM, the same on every machine and board. Knows nothing of limits.
import { Lab } from "../vm/lab"

/** Opcodes a fiber may take without a rest, before the VM calls it an endless loop. */
export const VM_LIMIT = 128 * 1024

/** Opcodes of a turn of `for (let i = 0; i < turns; i++) x = i`, which measures what a put leaves of VM_LIMIT. */
const TURN = 11

const PUTS = (value: string) => `
    const box = new Outbox(64, 8, policy)
    for (let i = 0; i < 64 + slots; i++) {
        box.put(i & 7, ${value}, i * 1000.5)
        await ds.sleep(1)
    }
    console.log(box.length)`

const PROGRAMS = {
    nothing: `kept = []`,
    numbers: `
    const box = new Outbox(slots, 8, Policy.Thin)
    for (let i = 0; i < slots; i++) {
        box.put(i & 7, same(0.25) + i, i * 1000.25)
        if ((i & 63) === 0) await ds.sleep(1)
    }
    kept = box`,
    texts: `
    const box = new Outbox(slots, 8, Policy.Thin)
    for (let i = 0; i < slots; i++) {
        box.put(i & 7, sixty.join("") + (1000 + i), i)
        if ((i & 15) === 0) await ds.sleep(1)
    }
    kept = box`,
    puts: PUTS("0.25 * (i & 15)"),
    "puts of texts": PUTS('(i & 8) === 0 ? "open" : "shut"'),
    // what is weighed costs less with each reading, and each is one of many least or greatest: no turn is cut short
    thin: `
    const box = new Outbox(slots, 1, Policy.Thin)
    let at = 0.5
    for (let i = 0; i < slots; i++) {
        box.put(0, (i & 1) + same(0.25), at)
        at += (slots - i) * 1000
        if ((i & 15) === 0) await ds.sleep(1)
    }
    await ds.sleep(20)
    for (let i = 0; i < puts; i++) box.put(0, same(0.25), at)
    let x = 0
    for (let i = 0; i < turns; i++) x = i
    console.log(x, box.thinned)`,
}

const IMPORTS = `import { Outbox, Policy } from "../../src/node/outbox"; `
const BEFORE = `
    const id = ds.deviceIdentifier("self")
    const slots = parseInt(id.slice(0, 4))
    const puts = parseInt(id.slice(4, 5))
    const policy = puts
    const turns = parseInt(id.slice(5, 11))
    let kept: any
    const sixty: string[] = []
    for (let i = 0; i < 60; i++) sixty.push("x")
`
const AFTER = `
    setInterval(async () => { tick(kept) }, 50)`

export type Kept = "numbers" | "texts"

/** The programs, compiled. Whoever makes one stops it. */
export class OutboxCost {
    private readonly lab = new Lab(
        Object.fromEntries(
            Object.entries(PROGRAMS).map(([name, text]) => [
                name,
                BEFORE + text + (text.includes("kept = ") ? AFTER : ""),
            ])
        ),
        IMPORTS + "function tick(kept: any) { return kept.length }; "
    )

    private run(name: string, slots: number, digit = 0, turns = 0, ms = 500) {
        const pad = (n: number, width: number) => String(n).padStart(width, "0")
        const rest = pad(slots, 4) + digit + pad(turns, 6) + "000"
        return this.lab.run(name, { deviceId: this.lab.chip(name, rest), ms })
    }

    private async live(name: string, slots: number): Promise<number> {
        const { vm, clock, all, told } = await this.run(name, slots, 0, 0, 2000)
        if (all("panic").length > 0) throw new Error(told.join("\n"))
        const heap = vm.liveHeap()
        await clock.advance(100)
        return (await heap).used
    }

    /** Bytes of heap that a full outbox holds of 8 sensors: numbers, or texts of 64 bytes. */
    async bytes(what: Kept, slots: number): Promise<number> {
        return (
            (await this.live(what, slots)) - (await this.live("nothing", slots))
        )
    }

    /** Allocations of a put into a full outbox, of a number or of a text; `policy` is the number of its policy. */
    async allocations(policy: number, texts = false): Promise<number> {
        const after = async (puts: number) => {
            const run = await this.run(
                texts ? "puts of texts" : "puts",
                puts,
                policy,
                0,
                8000
            )
            if (run.all("line")[0] !== "64")
                throw new Error(run.told.join("\n"))
            return run.vm.heap()!.allocations
        }
        return ((await after(200)) - (await after(100))) / 100
    }

    /** Whether a fiber may do that many puts into a full outbox of one sensor and then so many turns, without a rest. */
    private async fits(slots: number, puts: number, turns: number) {
        const run = await this.run("thin", slots, puts, turns, 3000)
        run.vm.stop()
        // at the very limit it says its line and ends after that
        const endless = run.all("panic").length > 0
        if (!endless && run.all("line").length !== 1)
            throw new Error(run.told.join("\n"))
        return !endless
    }

    /** Opcodes of a put that thins, where that takes longest, to TURN. */
    async opcodes(slots: number): Promise<number> {
        const left = async (puts: number) => {
            let [fits, fails] = [0, Math.ceil(VM_LIMIT / TURN) + 1]
            while (fails - fits > 1) {
                const middle = (fits + fails) >> 1
                if (await this.fits(slots, puts, middle)) fits = middle
                else fails = middle
            }
            return fits
        }
        return ((await left(0)) - (await left(1))) * TURN
    }

    stop(): void {
        this.lab.stop()
    }
}
