// The SQLite file under the history: opens it, makes its tables, keeps prepared statements, closes it. The only file that knows
// the library; what the tables mean is in history.ts and catalog.ts. One process has the file at a time (owner.ts).
import sqlite from "node-sqlite3-wasm"
import { own } from "./owner"

export type Cell = string | number | null
export type Row = Record<string, Cell>

/** Raised when tables change; a file of another version is not opened. */
const VERSION = 1

/** Times are ms since 1970; `json` is the value as JSON; `number` is it where it has a place on a curve. */
const TABLES = `
CREATE TABLE device (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    diagnostics TEXT, diagnostics_at INTEGER);
CREATE TABLE thing (
    key INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device, kind TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT, unit TEXT, quantity_kind TEXT, requested TEXT, requested_at INTEGER, state TEXT, state_at INTEGER,
    UNIQUE (device, kind, id));
CREATE TABLE value (
    key INTEGER PRIMARY KEY, sensor INTEGER NOT NULL, at INTEGER NOT NULL, received INTEGER NOT NULL,
    stamped INTEGER NOT NULL, late INTEGER NOT NULL, json TEXT NOT NULL, number REAL);
CREATE INDEX value_at ON value (sensor, at);
CREATE TABLE presence (key INTEGER PRIMARY KEY, device INTEGER NOT NULL, status TEXT NOT NULL, since INTEGER, received INTEGER NOT NULL);
CREATE INDEX presence_at ON presence (device, received);
CREATE TABLE state (key INTEGER PRIMARY KEY, sensor INTEGER NOT NULL, state TEXT NOT NULL, since INTEGER, received INTEGER NOT NULL);
CREATE INDEX state_at ON state (sensor, received);
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL);
PRAGMA user_version = ${VERSION};
`

export class Database {
    #db: sqlite.Database
    #statements = new Map<string, sqlite.Statement>()
    #release: () => void

    private constructor(db: sqlite.Database, release: () => void) {
        this.#db = db
        this.#release = release
    }

    /**
     * @param file in a folder that is there; undefined keeps everything in memory
     * @throws {OwnedError} when another process has the file; else an error that says what is wrong with it
     */
    static open(file: string | undefined): Database {
        if (file === undefined) return Database.#ready(":memory:", () => {})
        const release = own(file)
        try {
            return Database.#ready(file, release)
        } catch (error) {
            release()
            throw error
        }
    }

    static #ready(file: string, release: () => void): Database {
        const db = new sqlite.Database(file)
        try {
            // One process has the file: so the write-ahead log needs no shared memory, which this build has not.
            db.exec("PRAGMA locking_mode = EXCLUSIVE")
            db.exec("PRAGMA journal_mode = WAL")
            // A crash of the machine may cost the last transactions, never the file.
            db.exec("PRAGMA synchronous = NORMAL")
            const version = Number(
                db.get("PRAGMA user_version")?.["user_version"]
            )
            if (version === 0) db.exec(`BEGIN; ${TABLES} COMMIT`)
            else if (version !== VERSION)
                throw new Error(
                    `it is of version ${version}, this program reads ${VERSION}`
                )
        } catch (error) {
            db.close()
            throw error
        }
        return new Database(db, release)
    }

    all(sql: string, ...cells: Cell[]): Row[] {
        return this.#statement(sql).all(cells) as Row[]
    }

    get(sql: string, ...cells: Cell[]): Row | undefined {
        return (this.#statement(sql).get(cells) as Row | null) ?? undefined
    }

    /** @returns the rows it changed, and the key of the last one it made */
    run(sql: string, ...cells: Cell[]): { changes: number; key: number } {
        const { changes, lastInsertRowid } = this.#statement(sql).run(cells)
        return { changes, key: Number(lastInsertRowid) }
    }

    /** Does all of `work` or nothing. */
    transaction(work: () => void): void {
        this.#db.exec("BEGIN")
        try {
            work()
            this.#db.exec("COMMIT")
        } catch (error) {
            if (this.#db.inTransaction) this.#db.exec("ROLLBACK")
            throw error
        }
    }

    close(): void {
        for (const statement of this.#statements.values()) statement.finalize()
        this.#statements.clear()
        this.#db.close()
        this.#release()
    }

    /** Statements are written in this program, so there are few; nothing from outside is ever part of one. */
    #statement(sql: string): sqlite.Statement {
        let statement = this.#statements.get(sql)
        if (statement === undefined) {
            statement = this.#db.prepare(sql)
            this.#statements.set(sql, statement)
        }
        return statement
    }
}
