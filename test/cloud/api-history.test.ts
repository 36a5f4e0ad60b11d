// The history under the cloud stand-in: what it keeps, for how long, how much, and that a restart finds it again.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { Catalog, FullError, intervalOf } from "../../sim/cloud/catalog"
import { Database } from "../../sim/cloud/database"
import { History, type HistoryOptions } from "../../sim/cloud/history"
import { OwnedError } from "../../sim/cloud/owner"
import type { Reading } from "../../sim/cloud/payload"

const HOUR = 3_600_000
const T0 = Date.parse("2026-03-01T12:00:00Z")

let folder: string
let opened: (() => void)[]
beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "history-"))
    opened = []
})
afterEach(() => {
    for (const close of opened.reverse()) close()
    rmSync(folder, { recursive: true })
})

const live = (at: number, value: unknown = 1): Reading => ({
    value,
    at,
    received: at,
    stamped: false,
    late: false,
})
const stamped = (
    at: number,
    received: number,
    value: unknown = 1
): Reading => ({
    value,
    at,
    received,
    stamped: true,
    late: received - at >= 2_000,
})

function open(file?: string, options: HistoryOptions = {}) {
    const database = Database.open(file)
    const history = new History(database, options)
    const close = () => {
        if (opened.includes(close)) {
            opened = opened.filter(other => other !== close)
            history.close()
            database.close()
        }
    }
    opened.push(close)
    return { database, history, close }
}

const all = { limit: 1_000, offset: 0, newestFirst: false }
const ever = { from: 0, to: 2 * T0 }
const times = (history: History, sensor = 1) =>
    history.values(sensor, ever, all).map(({ at }) => at)

describe("values", () => {
    test("come back as they were, whatever their kind, in the order of their time", () => {
        const { history } = open()
        const values = [
            21.6,
            -0.5,
            true,
            "on",
            null,
            { a: [1] },
            "<script>",
            "'; DROP TABLE value; --",
            1e300,
        ]
        values.forEach((value, i) => history.add(1, live(T0 + i, value)))
        history.add(1, stamped(T0 - HOUR, T0 + 100, "late"))
        const found = history.values(1, ever, all)
        expect(found.map(({ value }) => value)).toEqual(["late", ...values])
        expect(found[0]).toEqual(stamped(T0 - HOUR, T0 + 100, "late"))
        expect(history.values(2, ever, all)).toEqual([])
    })

    test("are cut by time, number and place, from either end", () => {
        const { history } = open()
        for (let i = 0; i < 10; i++) history.add(1, live(T0 + i))
        const at = (options: object, range = ever) =>
            history
                .values(1, range, { ...all, ...options })
                .map(({ at }) => at - T0)
        expect(at({ limit: 3 })).toEqual([0, 1, 2])
        expect(at({ limit: 3, offset: 8 })).toEqual([8, 9])
        expect(at({ limit: 2, newestFirst: true })).toEqual([9, 8])
        expect(at({}, { from: T0 + 4, to: T0 + 6 })).toEqual([4, 5, 6])
    })

    test("with a stamp are kept once, however often they arrive; another value of that time is another", () => {
        const { history } = open()
        history.add(1, stamped(T0, T0 + 5_000, 1))
        history.add(1, stamped(T0, T0 + 9_000, 1))
        history.flush()
        history.add(1, stamped(T0, T0 + 12_000, 1))
        history.add(1, stamped(T0, T0 + 12_000, 2))
        history.add(2, stamped(T0, T0 + 12_000, 1))
        history.add(1, live(T0, 1))
        history.add(1, live(T0, 1))
        expect(history.values(1, ever, all).map(({ value }) => value)).toEqual([
            1, 2, 1, 1,
        ])
        expect(times(history, 2)).toEqual([T0])
        expect(history.size).toBe(5)
    })

    test("are written within 250 ms without anybody asking, and 500 at once", async () => {
        const file = join(folder, "h.db")
        const { database, history } = open(file)
        const written = () =>
            Number(database.get("SELECT count(*) AS n FROM value")!["n"])
        for (let i = 0; i < 499; i++) history.add(1, live(T0 + i))
        expect(written()).toBe(0)
        history.add(1, live(T0 + 499))
        expect(written()).toBe(500)
        history.add(1, live(T0 + 500))
        const began = performance.now()
        while (written() === 500) {
            await new Promise(resolve => setImmediate(resolve))
            expect(performance.now() - began).toBeLessThan(5_000)
        }
        expect(written()).toBe(501)
    })
})

describe("a plot", () => {
    test("has a part for each time in which something was measured, and none for a gap", () => {
        const { history } = open()
        for (const [at, value] of [
            [0, 1],
            [1, 3],
            [9, "text"],
            [10, true],
            [35, 7],
        ] as const)
            history.add(1, live(T0 + at, value))
        history.add(1, stamped(T0 + 39, T0 + 9_000, 9))
        const series = history.series(1, { from: T0, to: T0 + 49 }, 10)
        expect(series).toEqual([
            { at: T0 + 5, min: 1, max: 3, mean: 2, count: 2, late: 0 },
            { at: T0 + 15, min: 1, max: 1, mean: 1, count: 1, late: 0 },
            { at: T0 + 35, min: 7, max: 9, mean: 8, count: 2, late: 1 },
        ])
    })
})

describe("bounds", () => {
    test("what arrived more than the retention ago is deleted, by its arrival and not its time", async () => {
        const { history } = open(undefined, {
            now: () => T0 + 10 * HOUR,
            retentionMs: 5 * HOUR,
        })
        history.add(1, live(T0))
        history.add(1, live(T0 + 4 * HOUR))
        history.add(1, stamped(T0 + HOUR, T0 + 6 * HOUR))
        history.add(1, live(T0 + 9 * HOUR))
        history.flush()
        history.sweep()
        expect(times(history)).toEqual([T0 + HOUR, T0 + 9 * HOUR])
        expect(history.size).toBe(2)
    })

    test("of too many the oldest go, in as many rounds as it takes", async () => {
        const { history } = open(undefined, { now: () => T0, maxValues: 100 })
        for (let i = 0; i < 12_000; i++) history.add(1, live(T0 + i))
        history.flush()
        const began = performance.now()
        while (history.size > 100) {
            await new Promise(resolve => setTimeout(resolve, 1))
            expect(performance.now() - began).toBeLessThan(20_000)
        }
        expect(times(history)).toEqual(
            Array.from({ length: 100 }, (_, i) => T0 + 11_900 + i)
        )
    })

    test("a disk that cannot be written is said once, and what follows is kept again when it can be", () => {
        const said: string[] = []
        const { database, history } = open(undefined, {
            onFault: text => said.push(text),
        })
        database.run("ALTER TABLE value RENAME TO gone")
        for (let i = 0; i < 3; i++) {
            history.add(1, live(T0 + i))
            history.flush()
        }
        expect(said).toHaveLength(1)
        expect(said[0]).toMatch(/^the history cannot be written: /)
        database.run("ALTER TABLE gone RENAME TO value")
        history.add(1, live(T0 + 9))
        expect(times(history)).toEqual([T0 + 9])
    })
})

describe("a restart", () => {
    test("finds values, names, presence, states, actuators and intervals again", () => {
        const file = join(folder, "h.db")
        const first = open(file)
        const catalog = new Catalog(first.database, first.history)
        const device = catalog.device("D", T0)
        const sensor = catalog.sensor(device, "TC")
        for (const at of [0, 1_000, 2_000, 3_000])
            first.history.add(sensor.key, live(T0 + at, at))
        catalog.nameSensor(sensor, "unit", "DegreeCelsius")
        catalog.nameDevice(device, "Garden")
        first.history.addPresence(device.key, { what: "up", since: T0 })
        first.history.addState(sensor.key, {
            what: "fault:nan",
            since: undefined,
        })
        const relay = catalog.actuator(device, "R")
        relay.state = { value: false, at: T0 }
        catalog.keepActuator(relay, "state")
        first.close()
        expect(existsSync(`${file}.pid`)).toBe(false)

        const second = open(file)
        const again = new Catalog(second.database, second.history).devices.get(
            "D"
        )!
        const tc = again.sensors.get("TC")!
        expect([again.name, tc.unit, tc.name]).toEqual([
            "Garden",
            "DegreeCelsius",
            null,
        ])
        expect(tc.last).toEqual(live(T0 + 3_000, 3_000))
        expect(intervalOf(tc)).toBe(1_000)
        expect(tc.state).toEqual({ what: "fault:nan", since: undefined })
        // Only the broker knows whether it still is.
        expect([again.presence, again.before]).toEqual([
            undefined,
            { what: "up", since: T0 },
        ])
        expect(again.actuators.get("R")!.state).toEqual({
            value: false,
            at: T0,
        })
        expect(times(second.history, tc.key)).toHaveLength(4)
    })

    test("after a kill finds what was written, and the lock of the dead process holds nobody up", async () => {
        const file = join(folder, "h.db")
        const script = join(folder, "writer.ts")
        writeFileSync(
            script,
            `
            import { Database } from ${JSON.stringify(join(import.meta.dirname, "../../sim/cloud/database"))}
            import { History } from ${JSON.stringify(join(import.meta.dirname, "../../sim/cloud/history"))}
            const history = new History(Database.open(${JSON.stringify(file)}))
            history.add(1, { value: 1, at: ${T0}, received: ${T0}, stamped: false, late: false })
            history.flush()
            console.log("written")
            setInterval(() => {}, 1000)
        `
        )
        const child = spawn(process.execPath, ["--import", "tsx", script], {
            cwd: join(import.meta.dirname, "../.."),
            stdio: ["ignore", "pipe", "inherit"],
        })
        try {
            await once(child.stdout, "data")
            expect(existsSync(`${file}.lock`)).toBe(true)
            expect(() => open(file)).toThrow(OwnedError)
            expect(() => open(file)).toThrow(
                `is in use by process ${child.pid}`
            )
        } finally {
            child.kill("SIGKILL")
            await once(child, "close")
        }
        expect(times(open(file).history)).toEqual([T0])
    })

    test("a file this process has already is not opened twice, one of another version or that is none not at all", () => {
        const file = join(folder, "h.db")
        const { database, close } = open(file)
        expect(() => Database.open(file)).toThrow(OwnedError)
        database.run("PRAGMA user_version = 99")
        close()
        expect(() => Database.open(file)).toThrow("it is of version 99")
        const text = join(folder, "text.db")
        writeFileSync(text, "this is no database ".repeat(100))
        expect(() => Database.open(text)).toThrow()
        expect(existsSync(`${text}.pid`)).toBe(false)
    })
})

test("there is room for so many devices and sensors and no more", () => {
    const { database, history } = open()
    const catalog = new Catalog(database, history, {
        maxDevices: 2,
        maxThings: 3,
    })
    const device = catalog.device("A", T0)
    catalog.device("B", T0)
    expect(() => catalog.device("C", T0)).toThrow(FullError)
    expect(catalog.device("A", T0)).toBe(device)
    catalog.sensor(device, "1")
    catalog.sensor(device, "2")
    catalog.actuator(device, "1")
    expect(() => catalog.sensor(device, "3")).toThrow(
        "there are 3 sensors and actuators already"
    )
    expect(() => catalog.checkRoom("A", "sensors", "3")).toThrow(FullError)
    expect(() => catalog.checkRoom("C", "sensors", "1")).toThrow(FullError)
    catalog.checkRoom("A", "sensors", "2")
})

test("changes are those of the range and the one that held when it began", () => {
    let now = T0
    const { history } = open(undefined, { now: () => now })
    for (const what of ["up", "down", "up"]) {
        history.addPresence(7, { what, since: now })
        history.addPresence(8, { what: "other", since: now })
        now += HOUR
    }
    const changes = (from: number, to: number) =>
        history
            .presence(7, { from, to })
            .map(({ what, since }) => [what, (since! - T0) / HOUR])
    expect(changes(T0, T0 + 9 * HOUR)).toEqual([
        ["up", 0],
        ["down", 1],
        ["up", 2],
    ])
    expect(changes(T0 + 1.5 * HOUR, T0 + 9 * HOUR)).toEqual([
        ["down", 1],
        ["up", 2],
    ])
    expect(changes(T0 + 5 * HOUR, T0 + 9 * HOUR)).toEqual([["up", 2]])
    expect(changes(T0 - HOUR, T0 - 1)).toEqual([])
})
