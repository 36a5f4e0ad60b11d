// One node of a fleet: its chip, its power, and what it says of itself, counted. Knows nothing of the others and of what is
// printed.
import { createHash } from "node:crypto"
import { parseNodeLine } from "../cli/node-events"
import {
    Flash,
    nodeSockets,
    startVm,
    type CompiledProgram,
    type Vm,
} from "../vm"
import { ACCOUNTS, READ } from "./board"
import { HurriedClock, VM_TICK } from "./clock"
import { Ledger } from "./ledger"

/** What a node is made of. */
export interface Making {
    program: CompiledProgram
    /** ms between two looks of a VM once its node is up, see clock.ts. */
    tick: number
    /** What goes into its flash besides its id: where the broker is. */
    settings: Record<string, unknown>
    /** Takes the time of each acknowledgement, ms. */
    latency: (ms: number) => void
    /** Something went wrong in one of the nodes. */
    trouble: (device: string, text: string) => void
}

export class Member {
    readonly ledger = new Ledger()
    /** It has stopped cleanly. */
    stopped = false
    /** Connections after the first of each start; connections lost; crashes of the program; cuts of its power. */
    reconnects = 0
    losses = 0
    panics = 0
    cuts = 0
    readonly #making: Making
    readonly #flash: Flash
    #vm: Vm | undefined
    #clock = new HurriedClock()
    #connected = false
    /** Since when it is up, ms, and how long it was before that. */
    #upSince: number | undefined
    #upBefore = 0

    constructor(
        readonly device: string,
        making: Making
    ) {
        this.#making = making
        this.#flash = Flash.withSettings({
            ...making.settings,
            DEVICE_ID: device,
        })
    }

    /** The broker has acknowledged its `up`, and the connection has not been lost since. */
    get up(): boolean {
        return this.#upSince !== undefined
    }

    /** ms for which it was up so far. */
    get upFor(): number {
        const since = this.#upSince
        return (
            this.#upBefore +
            (since === undefined ? 0 : performance.now() - since)
        )
    }

    get powered(): boolean {
        return this.#vm !== undefined
    }

    /** Turns its power on: a chip with the program in its flash already goes on where it was. */
    async power(): Promise<void> {
        const { program } = this.#making
        const clock = (this.#clock = new HurriedClock())
        const vm = await startVm({
            program,
            deploy: this.cuts === 0,
            flash: this.#flash,
            deviceId: chipId(this.device),
            clock,
            sockets: nodeSockets({ onData: () => clock.hurry() }),
        })
        this.#vm = vm
        vm.on("line", line => this.#said(line))
        vm.on("trouble", text => this.#making.trouble(this.device, text))
        vm.on("panic", code => {
            this.panics++
            this.#gone()
            this.#making.trouble(this.device, `panic ${code}`)
        })
        vm.on("end", () => {
            this.#vm = undefined
        })
    }

    /** The power is gone: its connection is reset, its broker says `down`. */
    cut(): void {
        if (!this.#vm) return
        this.cuts++
        this.#vm.powerCut()
        this.#gone()
    }

    /** Takes the chip away after its node has stopped. */
    remove(): void {
        this.#vm?.stop()
    }

    #isUp(up: boolean): void {
        if (up === this.up) return
        this.#upBefore = this.upFor
        this.#upSince = up ? performance.now() : undefined
        // a start takes many looks: at its settings, its broker's answers
        this.#clock.tick = up ? this.#making.tick : VM_TICK
    }

    #gone(): void {
        this.#isUp(false)
        this.#connected = false
        if (!this.stopped) this.ledger.cut()
    }

    #said(line: string): void {
        if (line.startsWith(READ)) {
            this.ledger.read()
            return
        }
        if (line.startsWith(ACCOUNTS)) {
            this.ledger.stopped(line.slice(ACCOUNTS.length))
            this.stopped = true
            return
        }
        const event = parseNodeLine(line)
        switch (event?.event) {
            case "acked":
                this.ledger.ack(Number(event.value))
                if (event.ms !== undefined) this.#making.latency(event.ms)
                break
            case "connected":
                if (this.#connected) this.reconnects++
                this.#connected = true
                break
            case "status":
                this.#isUp(event.value === "up")
                break
            case "lost":
                this.losses++
                this.#isUp(false)
                break
            case "fault":
            case "refused":
                this.#making.trouble(this.device, event.text)
                break
        }
    }
}

/** The chip's own number, the same for the same device, so that what it derives from it (jitter, phase) repeats. */
function chipId(device: string): string {
    return createHash("sha256").update(device).digest("hex").slice(0, 16)
}
