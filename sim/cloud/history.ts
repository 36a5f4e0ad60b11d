// What was: values, presence and sensor states over time, in SQLite, within bounds of age and number. Devices and sensors are
// numbers here (keys of catalog.ts); it knows no topic, no HTTP and no broker.
import type { Database, Row } from "./database"
import {
    FLUSH_MS,
    MAX_CHANGES,
    MAX_CHANGES_SHOWN,
    MAX_PENDING,
    MAX_VALUES,
    RETENTION_MS,
    SWEEP_MS,
    SWEEP_ROWS,
} from "./limits"
import type { Reading } from "./payload"

export interface Range {
    /** ms since 1970, both included. */
    from: number
    to: number
}

export interface Point {
    at: number
    min: number
    max: number
    mean: number
    count: number
    late: number
}

export interface Change {
    what: string
    /** ms since 1970; undefined when it was so before anybody looked. */
    since: number | undefined
}

export interface HistoryOptions {
    now?: () => number
    retentionMs?: number
    maxValues?: number
    /** Told once when the file can no longer be written; the values of that moment are gone. */
    onFault?: (text: string) => void
}

export class History {
    #db: Database
    #now: () => number
    #retention: number
    #maxValues: number
    #onFault: (text: string) => void
    #pending: [sensor: number, reading: Reading][] = []
    #values: number
    #flushing: NodeJS.Timeout | undefined
    #sweeping: NodeJS.Timeout | undefined
    #faulty = false

    constructor(db: Database, options: HistoryOptions = {}) {
        this.#db = db
        this.#now = options.now ?? Date.now
        this.#retention = options.retentionMs ?? RETENTION_MS
        this.#maxValues = options.maxValues ?? MAX_VALUES
        this.#onFault = options.onFault ?? (() => {})
        this.#values = Number(db.get("SELECT count(*) AS n FROM value")?.["n"])
    }

    /** Values that are kept, those not yet written included. */
    get size(): number {
        return this.#values + this.#pending.length
    }

    /** Keeps a reading; it is written within FLUSH_MS. A stamped one that is there already is not kept again. */
    add(sensor: number, reading: Reading): void {
        this.#pending.push([sensor, reading])
        if (this.#pending.length >= MAX_PENDING) this.flush()
        else this.#flushing ??= setTimeout(() => this.flush(), FLUSH_MS)
    }

    /** Writes what waits. */
    flush(): void {
        clearTimeout(this.#flushing)
        this.#flushing = undefined
        const pending = this.#pending
        this.#pending = []
        if (pending.length === 0) return
        this.#guarded(() =>
            this.#db.transaction(() => {
                for (const [sensor, reading] of pending)
                    this.#write(sensor, reading)
            })
        )
        if (this.#values > this.#maxValues) this.#soon()
    }

    /** The newest `limit` readings by the time they were taken, newest first, that arrived live. */
    lastLive(sensor: number, limit: number): Reading[] {
        this.flush()
        return this.#db
            .all(
                "SELECT * FROM value WHERE sensor = ? AND late = 0 ORDER BY at DESC, key DESC LIMIT ?",
                sensor,
                limit
            )
            .map(readingOfRow)
    }

    last(sensor: number): Reading | undefined {
        this.flush()
        const row = this.#db.get(
            "SELECT * FROM value WHERE sensor = ? ORDER BY at DESC, key DESC LIMIT 1",
            sensor
        )
        return row === undefined ? undefined : readingOfRow(row)
    }

    values(
        sensor: number,
        { from, to }: Range,
        {
            limit,
            offset,
            newestFirst,
        }: {
            limit: number
            offset: number
            newestFirst: boolean
        }
    ): Reading[] {
        this.flush()
        const order = newestFirst ? "at DESC, key DESC" : "at, key"
        return this.#db
            .all(
                `SELECT * FROM value WHERE sensor = ? AND at BETWEEN ? AND ? ORDER BY ${order} LIMIT ? OFFSET ?`,
                sensor,
                from,
                to,
                limit,
                offset
            )
            .map(readingOfRow)
    }

    /** The range in equal parts of `stepMs`; those without a number are left out. `at` is the middle of a part. */
    series(sensor: number, { from, to }: Range, stepMs: number): Point[] {
        this.flush()
        return this.#db
            .all(
                "SELECT (at - ?) / ? AS part, min(number) AS min, max(number) AS max, avg(number) AS mean," +
                    " count(*) AS count, sum(late) AS late FROM value" +
                    " WHERE sensor = ? AND at BETWEEN ? AND ? AND number IS NOT NULL GROUP BY part ORDER BY part",
                from,
                stepMs,
                sensor,
                from,
                to
            )
            .map(row => ({
                at: from + Math.round((Number(row["part"]) + 0.5) * stepMs),
                min: Number(row["min"]),
                max: Number(row["max"]),
                mean: Number(row["mean"]),
                count: Number(row["count"]),
                late: Number(row["late"]),
            }))
    }

    addPresence(device: number, { what, since }: Change): void {
        this.#guarded(() =>
            this.#db.run(
                "INSERT INTO presence (device, status, since, received) VALUES (?, ?, ?, ?)",
                device,
                what,
                since ?? null,
                this.#now()
            )
        )
    }

    addState(sensor: number, { what, since }: Change): void {
        this.#guarded(() =>
            this.#db.run(
                "INSERT INTO state (sensor, state, since, received) VALUES (?, ?, ?, ?)",
                sensor,
                what,
                since ?? null,
                this.#now()
            )
        )
    }

    /** Changes in the range and the last one before it, oldest first. */
    presence(device: number, range: Range): Change[] {
        return this.#changes("presence", "device", "status", device, range)
    }

    states(sensor: number, range: Range): Change[] {
        return this.#changes("state", "sensor", "state", sensor, range)
    }

    lastPresence(device: number): Change | undefined {
        const now = this.#now()
        return this.presence(device, { from: now, to: now }).at(-1)
    }

    lastState(sensor: number): Change | undefined {
        const now = this.#now()
        return this.states(sensor, { from: now, to: now }).at(-1)
    }

    /** Begins to delete what is too old or too much, now and every SWEEP_MS. */
    sweep(): void {
        clearTimeout(this.#sweeping)
        let more = false
        this.#guarded(() => (more = this.#deleteSome()))
        this.#sweeping = setTimeout(() => this.sweep(), more ? 0 : SWEEP_MS)
        // History is no reason to go on.
        this.#sweeping.unref()
    }

    /** Writes what waits and ends the timers; the database is closed by whoever opened it. */
    close(): void {
        this.flush()
        clearTimeout(this.#sweeping)
        this.#sweeping = undefined
    }

    #soon(): void {
        clearTimeout(this.#sweeping)
        this.#sweeping = setTimeout(() => this.sweep(), 0)
        this.#sweeping.unref()
    }

    #write(sensor: number, reading: Reading): void {
        const { value, at, received, stamped, late } = reading
        const json = JSON.stringify(value)
        const { changes } = this.#db.run(
            "INSERT INTO value (sensor, at, received, stamped, late, json, number) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7" +
                " WHERE ?4 = 0 OR NOT EXISTS (SELECT 1 FROM value WHERE sensor = ?1 AND at = ?2 AND stamped = 1 AND json = ?6)",
            sensor,
            at,
            received,
            Number(stamped),
            Number(late),
            json,
            numberOf(value)
        )
        this.#values += changes
    }

    /** @returns whether there may be more */
    #deleteSome(): boolean {
        const old = this.#now() - this.#retention
        const excess = Math.max(0, this.#values - this.#maxValues)
        // Keys grow with arrival, so the lowest are the oldest.
        const { changes } = this.#db.run(
            "DELETE FROM value WHERE key IN (SELECT key FROM value ORDER BY key LIMIT ?) AND" +
                " (received < ? OR key IN (SELECT key FROM value ORDER BY key LIMIT ?))",
            SWEEP_ROWS,
            old,
            Math.min(excess, SWEEP_ROWS)
        )
        this.#values -= changes
        for (const table of ["presence", "state"])
            this.#db.run(
                `DELETE FROM ${table} WHERE key <= (SELECT max(key) FROM ${table}) - ?`,
                MAX_CHANGES
            )
        return changes === SWEEP_ROWS
    }

    #changes(
        table: "presence" | "state",
        owner: "device" | "sensor",
        column: "status" | "state",
        key: number,
        { from, to }: Range
    ): Change[] {
        const before = this.#db.all(
            `SELECT ${column} AS what, since FROM ${table} WHERE ${owner} = ? AND received < ? ORDER BY received DESC, key DESC LIMIT 1`,
            key,
            from
        )
        // Of too many the newest are wanted.
        const within = this.#db.all(
            `SELECT ${column} AS what, since FROM ${table} WHERE ${owner} = ? AND received BETWEEN ? AND ? ORDER BY received DESC, key DESC LIMIT ?`,
            key,
            from,
            to,
            MAX_CHANGES_SHOWN - 1
        )
        return [...before, ...within.reverse()].map(row => ({
            what: String(row["what"]),
            since: row["since"] === null ? undefined : Number(row["since"]),
        }))
    }

    /** A full or broken disk ends neither the page nor the node: it is said once, and what is live goes on. */
    #guarded(work: () => void): void {
        try {
            work()
            this.#faulty = false
        } catch (error) {
            if (!this.#faulty)
                this.#onFault(
                    `the history cannot be written: ${error instanceof Error ? error.message : String(error)}`
                )
            this.#faulty = true
        }
    }
}

/** Where a value stands on a curve; text, objects and null nowhere. */
function numberOf(value: unknown): number | null {
    if (typeof value === "number") return value
    return typeof value === "boolean" ? Number(value) : null
}

function readingOfRow(row: Row): Reading {
    return {
        value: JSON.parse(String(row["json"])) as unknown,
        at: Number(row["at"]),
        received: Number(row["received"]),
        stamped: row["stamped"] === 1,
        late: row["late"] === 1,
    }
}
