// What a node has to do in time, whatever happens: pings, the end of a dead connection, waits between tries, answers.
// Times are ms of the world.
import { KEEP_ALIVE } from "./board"
import type { Ledger } from "./breach"

/** ms of the VM between two looks at its sockets and timers, and what one of them takes. */
const TICK = 20
/** ms between two packets of a client: half the keep alive (src/mqtt/keepalive.ts), and a write that was refused for a while. */
const QUIET = KEEP_ALIVE * 500 + 100
/** ms after the last byte received when a connection must be over. */
const DEAD = KEEP_ALIVE * 1_000 + 2 * TICK
/** ms in which a message received is acknowledged: a round of 32 packets, handlers let run (PAUSE in receiver.ts). */
const OWED = 300
/** Connections begun in any minute: seven of tries that fail, more of those that hold for 10 s. */
const TRIES = 25
const MINUTE = 60_000
/** ms, the longest wait between two tries (retryCap in src/mqtt/options.ts). */
const LONGEST_WAIT = 60_000

export class TimeRules {
    private open = false
    private up = false
    private wroteAt = 0
    private heardAt = 0
    /** Writes are refused, or the chip's clock was moved: what was due then cannot be told. */
    private excusedUntil = 0
    private steppedUntil = 0
    private readonly tries: number[] = []
    private waits: number[] = []
    private owedSince: number | undefined

    constructor(private readonly ledger: Ledger) {}

    opened(now: number): void {
        this.ledger.hold(
            !this.open,
            "one connection at a time",
            () => "the one before was not ended"
        )
        this.open = true
        this.up = false
        this.owedSince = undefined
        // a chip whose clock is moved lives through that time at once
        if (now >= this.steppedUntil) this.tries.push(now)
        while (this.tries[0]! < now - MINUTE) this.tries.shift()
        this.ledger.hold(
            this.tries.length <= TRIES,
            `at most ${TRIES} connections a minute`,
            () => `${this.tries.length}`
        )
    }

    ended(): void {
        this.open = this.up = false
        this.owedSince = undefined
    }

    connected(now: number): void {
        this.up = true
        this.wroteAt = this.heardAt = now
    }

    wrote(now: number): void {
        this.wroteAt = now
    }

    heard(now: number): void {
        this.heardAt = now
    }

    /** The time before cannot be held against it. */
    excuse(now: number, ms = 0): void {
        this.excusedUntil = Math.max(this.excusedUntil, now + ms)
    }

    /** The chip's clock was moved, for which it has so many ms. */
    stepped(now: number, ms: number): void {
        this.steppedUntil = now + ms
        this.excuse(now, ms)
    }

    /** A wait before the next try, as the node says it. */
    waiting(ms: number): void {
        this.ledger.hold(
            ms >= 0 && ms <= LONGEST_WAIT && Number.isInteger(ms),
            "a wait of at most 60 s between two tries",
            () => `${ms}`
        )
        this.waits = [...this.waits, ms].slice(-3)
        const [a, b, c] = this.waits
        const regular =
            a !== undefined &&
            b !== undefined &&
            c !== undefined &&
            a > 0 &&
            (b === a || b === 2 * a) &&
            (c === b || c === 2 * b)
        this.ledger.hold(
            !regular,
            "waits are drawn: a fleet must not come back together",
            () => this.waits.join(", ")
        )
    }

    /** @param debts acknowledgements that are owed */
    check(now: number, debts: readonly string[]): void {
        if (debts.length === 0) this.owedSince = undefined
        else this.owedSince ??= now
        if (!this.up || now < this.excusedUntil) return
        const since = Math.max(this.wroteAt, this.excusedUntil)
        this.ledger.hold(
            now - since <= QUIET,
            "something is sent every half keep alive [MQTT-3.1.2-23]",
            () => `nothing for ${now - since} ms`
        )
        const silent = now - Math.max(this.heardAt, this.excusedUntil)
        this.ledger.hold(
            silent <= DEAD,
            "a connection that is silent for a keep alive is given up",
            () => `nothing heard for ${silent} ms`
        )
        const owed = this.owedSince
        this.ledger.hold(
            owed === undefined ||
                now - Math.max(owed, this.excusedUntil) <= OWED,
            "what is received is acknowledged [MQTT-4.3.2-2]",
            () => `${debts.join(", ")} since ${now - owed!} ms`
        )
    }
}
