// Where every reading of a fleet is, and the law that says that none is missing. Pure: what happens is told, nothing is asked.
//
//     read = acked + waiting + dropped (by reason) + cut + lost
//
// `read` and `acked` are counted by the host from what each node says as it happens; `waiting` and `dropped` are a node's own
// accounts after its clean stop (src/node/accounts.ts); `cut` is what a node had read and not yet had acknowledged when its
// power was cut or its program crashed. `lost` is what then remains: 0 as long as the law holds.
import { Ranges } from "./ranges"

/** A node's own accounts that count for the law, besides `read`, `queued`, `inflight` and `acked`. */
const DROPS = [
    "filtered",
    "full",
    "thinned",
    "parked",
    "toobig",
    "invalid",
    "lost",
] as const

export interface Sums {
    read: number
    acked: number
    /** Queued or in flight when the node had stopped. */
    waiting: number
    dropped: Record<string, number>
    cut: number
    lost: number
    /** Starts of nodes whose own accounts differ from what the host has counted. */
    disagree: number
}

const nothing = (): Sums => ({
    read: 0,
    acked: 0,
    waiting: 0,
    dropped: {},
    cut: 0,
    lost: 0,
    disagree: 0,
})

/** The readings of one node, over all of its starts. */
export class Ledger {
    /** The numbers of the readings that were acknowledged. */
    readonly acked = new Ranges()
    /** Since the node's last start. */
    #read = 0
    #ackedNow = 0
    /** Of starts that are over. */
    readonly #sums = nothing()

    read(): void {
        this.#read++
    }

    ack(n: number): void {
        // a reading is acknowledged to its node once; twice would be a defect that `disagree` shows
        this.acked.add(n)
        this.#ackedNow++
    }

    /** The node has stopped cleanly, with these accounts: `read=12 filtered=0 ...`. */
    stopped(accounts: string): void {
        const own = new Map(
            accounts.split(" ").map(pair => {
                const [name = "", value] = pair.split("=")
                return [name, Number(value)] as const
            })
        )
        const of = (name: string) => own.get(name) ?? NaN
        const sums = this.#sums
        const waiting = of("queued") + of("inflight")
        let accounted = this.#ackedNow + waiting
        for (const name of DROPS) {
            const n = of(name)
            accounted += n
            if (n !== 0) sums.dropped[name] = (sums.dropped[name] ?? 0) + n
        }
        if (of("read") !== this.#read || of("acked") !== this.#ackedNow)
            sums.disagree++
        sums.waiting += waiting
        sums.lost += this.#read - accounted
        this.#close()
    }

    /** The node has ended without a word. */
    cut(): void {
        this.#sums.cut += this.#read - this.#ackedNow
        this.#close()
    }

    /** All that is known by now; what runs at the moment counts as waiting. */
    sums(): Sums {
        const { read, acked, waiting, dropped, ...rest } = this.#sums
        return {
            read: read + this.#read,
            acked: acked + this.#ackedNow,
            waiting: waiting + this.#read - this.#ackedNow,
            dropped: { ...dropped },
            ...rest,
        }
    }

    #close(): void {
        this.#sums.read += this.#read
        this.#sums.acked += this.#ackedNow
        this.#read = this.#ackedNow = 0
    }
}

export function total(ledgers: Iterable<Ledger>): Sums {
    const sum = nothing()
    for (const ledger of ledgers) {
        const { dropped, ...numbers } = ledger.sums()
        for (const [name, n] of Object.entries(numbers))
            sum[name as keyof typeof numbers] += n
        for (const [name, n] of Object.entries(dropped))
            sum.dropped[name] = (sum.dropped[name] ?? 0) + n
    }
    return sum
}
