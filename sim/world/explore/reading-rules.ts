// What must be true of a node's readings at any moment: each is somewhere, they go out in their order, late ones say so, none
// counts as acknowledged that the broker has not got. It reads the console and the readings on the wire.
import { lawFault } from "../faults/law"
import { COUNTS_A_BOOT, INTERVAL, LAW_MS, SLOTS } from "./board"
import type { Ledger } from "./breach"

/** ms in which a reading is fresh (FRESH in src/node/delivery.ts), and what the wire and the VM take. */
const FRESH = 2_000 + 200
/** s that a stated age may differ from the true one: it is told in whole seconds, and a write may have to wait for its turn. */
const AGE_ERROR = 2
/** ms after a write that was not taken in which that one and those behind it are written (BUSY_WAIT in src/mqtt/client.ts). */
const HELD = 300
/** ms between two statements of the law, and ticks that they may be late. */
const LAW_GAP = LAW_MS + 50
/** ms between two values of CNT, and ticks. */
const COUNT_GAP = INTERVAL + 100

/** Numbers of a statement of the law, by name. */
export type Law = Record<string, number>

export class ReadingRules {
    /** When each value of CNT was taken. */
    readonly taken = new Map<number, number>()
    /** Values of which it told that they were given up. */
    readonly dropped = new Set<number>()
    /** What the law said last in each run of the program. */
    readonly laws: { law: Law; boot: number }[] = []
    /** Readings that may have been lost with the power, at the most. */
    excused = 0
    private lawAt: number | undefined
    private countAt: number | undefined
    private newest = 0
    /** The last that was written on the present connection. */
    private last = 0
    private boot = 0
    /** Readings that the run before has left. */
    private carried = 0
    private over = false
    /** Of what was taken before, the chip's clock was moved since. */
    private steppedAt = -Infinity
    private heldAt = -Infinity
    private readonly known = new Set<number>()

    constructor(
        private readonly ledger: Ledger,
        /** Whether the broker has a value of CNT. */
        private readonly arrived: (value: number) => boolean
    ) {}

    /** A new connection. */
    opened(): void {
        this.last = 0
    }

    /** No more samples: the node stops. */
    quiet(): void {
        this.countAt = undefined
        this.over = true
    }

    /**
     * The program will start anew, or has no power.
     * @param planned it has kept what waits
     */
    stopped(planned: boolean): void {
        const last = this.laws.at(-1)
        if (last?.boot === this.boot)
            this.carried = last.law["queued"]! + last.law["inflight"]!
        // two that were read since
        if (!planned) {
            this.excused += this.carried + 2
            this.carried = 0
        }
        this.lawAt = this.countAt = undefined
        this.over = false
        this.boot++
    }

    /** The board's socket takes nothing: what was to be written may be written as it is until the connection is given up. */
    held(now: number): void {
        this.heldAt = now
    }

    /** The chip's clock was moved. */
    stepped(now: number): void {
        this.steppedAt = now + LAW_GAP
        this.lawAt = this.countAt = undefined
    }

    count(now: number, value: number): void {
        const { countAt } = this
        this.ledger.hold(
            countAt === undefined || now - countAt <= COUNT_GAP,
            "nothing holds up sampling",
            () => `${now - countAt!} ms between two samples`
        )
        if (!this.over) this.countAt = now
        this.taken.set(value, now)
    }

    law(now: number, line: string): void {
        const fault = lawFault(line)
        this.ledger.hold(
            fault === undefined,
            "each reading is in one place",
            () => `${fault}: ${line}`
        )
        const law: Law = Object.fromEntries(
            [...line.matchAll(/(\w+)=(\d+)/g)].map(([, key, n]) => [
                key!,
                Number(n),
            ])
        )
        this.ledger.hold(
            law["queued"]! <= SLOTS,
            `at most ${SLOTS} readings wait`,
            () => line
        )
        const last = this.laws.at(-1)
        if (last?.boot === this.boot) {
            for (const key of [
                "read",
                "filtered",
                "acked",
                "parked",
                "thinned",
            ])
                this.ledger.hold(
                    law[key]! >= last.law[key]!,
                    "what has happened to a reading stays so",
                    () => `${key} from ${last.law[key]} to ${law[key]}`
                )
            last.law = law
        } else this.laws.push({ law, boot: this.boot })
        this.lawAt = now
    }

    /** The node says that a reading was acknowledged. */
    ack(value: number): void {
        this.ledger.hold(
            this.arrived(value),
            "acknowledged is only what the broker has",
            () => `${value}`
        )
    }

    /** A reading of CNT is written. @param repeated with DUP */
    wrote(now: number, payload: string, repeated: boolean): void {
        const { value, late, age } = JSON.parse(payload) as {
            value: number
            late?: boolean
            age?: number
        }
        const first = value > this.newest
        this.newest = Math.max(this.newest, value)
        const at = this.taken.get(value)
        this.ledger.hold(
            at !== undefined,
            "a value that is sent was read",
            () => payload
        )
        if (at === undefined) return
        this.ledger.hold(
            first || repeated || this.known.has(value),
            "readings go out in the order they were taken",
            () => `${value} after ${this.newest}`
        )
        this.ledger.hold(
            value > this.last,
            "readings of one connection go out in the order they were taken",
            () => `${value} after ${this.last}`
        )
        this.last = value
        this.known.add(value)
        if (at <= this.steppedAt || now - this.heldAt <= HELD) return
        // of a run before this one the chip does not know how long it was dark
        if (Math.floor(value / COUNTS_A_BOOT) !== this.current) return
        const old = now - at
        this.ledger.hold(
            late === true || old <= FRESH,
            "a late reading says so",
            () => `${payload} is ${old} ms old`
        )
        this.ledger.hold(
            age === undefined ||
                Math.abs(age * 1_000 - old) <= AGE_ERROR * 1_000,
            "a late reading says how late it is",
            () => `${payload} is ${old} ms old`
        )
    }

    private get current(): number {
        return Math.floor(([...this.taken.keys()].at(-1) ?? 0) / COUNTS_A_BOOT)
    }

    check(now: number): void {
        const { lawAt } = this
        this.ledger.hold(
            lawAt === undefined || now - lawAt <= LAW_GAP + 10,
            "nothing holds up the program",
            () => `no statement for ${now - lawAt!} ms`
        )
    }
}
