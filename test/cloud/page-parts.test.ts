// The page's parts that need no browser: what a plot is made of, how things are written, what is a filter, and how large
// all of it is.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import { topicFilterFault } from "../../src/mqtt/topic"
import { filterMistake } from "../../sim/cloud/page/filter.js"
import { facts } from "../../sim/cloud/page/facts.js"
import {
    ago,
    duration,
    number,
    tick,
    valueText,
} from "../../sim/cloud/page/format.js"
import {
    columns,
    lateMarks,
    paths,
    range,
    ticks,
    timeScale,
    valueScale,
} from "../../sim/cloud/page/geometry.js"
import { health, startOf } from "../../sim/cloud/page/health.js"
import {
    gaps,
    MAX_POINTS,
    patience,
    point,
    pointAt,
    Series,
} from "../../sim/cloud/page/series.js"
import { Store } from "../../sim/cloud/page/store.js"
import { stretches } from "../../sim/cloud/page/strip.js"

/** Bytes of everything a browser loads for the page: as it is, and as a proxy that compresses would send it. */
const BUDGET = { raw: 144 * 1024, gzip: 44 * 1024 }
const FOLDER = join(import.meta.dirname, "../../sim/cloud/page")

const files = readdirSync(FOLDER).map(name => ({
    name,
    bytes: readFileSync(join(FOLDER, name)),
}))
const text = (name: string) =>
    files.find(file => file.name === name)!.bytes.toString()

describe("the page's files", () => {
    test("stay inside their budget", () => {
        const raw = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
        const gzip = files.reduce(
            (sum, { bytes }) => sum + gzipSync(bytes).length,
            0
        )
        console.log(
            `the page: ${files.length} files, ${raw} bytes, ${gzip} compressed`
        )
        expect(raw).toBeLessThan(BUDGET.raw)
        expect(gzip).toBeLessThan(BUDGET.gzip)
    })

    test("parse no text as markup or program, and name no other host", () => {
        for (const { name, bytes } of files) {
            const banned =
                /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|https?:\/\/(?!www\.w3\.org\/2000\/svg)/
            expect
                .soft(banned.exec(bytes.toString())?.[0], name)
                .toBeUndefined()
        }
        expect(text("index.html")).not.toMatch(
            /<style|\sstyle=|\son\w+=|<script(?![^>]*src=)/
        )
    })

    test("are all asked for at once: no module waits for another to be read", () => {
        const asked = [
            ...text("index.html").matchAll(/(?:src|href)="([^"#]+)"/g),
        ].map(([, name]) => name)
        expect(asked.sort()).toEqual(
            files
                .map(file => file.name)
                .filter(name => name !== "index.html")
                .sort()
        )
    })

    test("import each other only, and each is there", () => {
        for (const { name, bytes } of files.filter(file =>
            file.name.endsWith(".js")
        ))
            for (const [, from] of bytes.toString().matchAll(/from "([^"]+)"/g))
                expect
                    .soft(
                        files.map(file => `./${file.name}`),
                        name
                    )
                    .toContain(from)
    })
})

describe("a series", () => {
    const times = (series: Series) => series.points.map(p => p.t)

    test("is in the order of time, whatever order its readings come in, each once", () => {
        fc.assert(
            fc.property(
                fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 }),
                given => {
                    const series = new Series()
                    for (const t of given) series.add(point(t, t, false))
                    expect(times(series)).toEqual(
                        [...new Set(given)].sort((a, b) => a - b)
                    )
                }
            )
        )
    })

    test("keeps what came while the history was on its way, and nothing twice", () => {
        const series = new Series()
        series.add(point(5, 1, false))
        series.begin()
        // it is in the history, which was put together at 35
        series.add(point(11, 2, true), 34)
        series.add(point(2, 9, true), 35)
        // not within the time that was asked for
        series.add(point(30, 3, false), 31)
        series.load([{ t: 10, w: 10, lo: 1, hi: 2, v: 1.5, late: 1 }], {
            to: 29,
            asOf: 35,
        })
        expect(times(series)).toEqual([2, 10, 30])
    })

    test("is bounded, and keeps the extremes of what it puts together", () => {
        const series = new Series()
        for (let t = 0; t < 4 * MAX_POINTS; t++)
            series.add(point(t, t === 7 ? 99 : 1, t === 7))
        expect(series.points.length).toBeLessThanOrEqual(MAX_POINTS)
        expect(range(series.points)).toEqual({ lo: 1, hi: 99 })
        expect(series.points.reduce((n, p) => n + p.late, 0)).toBe(1)
        expect(series.points.at(-1)).toEqual(
            point(4 * MAX_POINTS - 1, 1, false)
        )
    })

    test("forgets what has left the window, but for the point the line comes from", () => {
        const series = new Series()
        for (const t of [10, 20, 30, 40]) series.add(point(t, 0, false))
        series.trim(25)
        expect(times(series)).toEqual([20, 30, 40])
    })

    test("has a gap where it was silent for longer than three intervals and 10 s, also up to now", () => {
        expect([patience(null), patience(2000), patience(60_000)]).toEqual([
            300_000, 10_000, 180_000,
        ])
        const points = [0, 2000, 4000, 20_000].map(t => point(t, 1, false))
        expect(gaps(points, patience(2000), 25_000)).toEqual([
            { from: 4000, to: 20_000 },
        ])
        expect(gaps(points, patience(2000), 40_000).at(-1)).toEqual({
            from: 20_000,
            to: 40_000,
        })
    })

    test("has no gap between neighbouring parts of a thinned history, however wide they are, and one where a part is missing", () => {
        const part = (t: number) => ({
            t,
            w: 288_000,
            lo: 1,
            hi: 1,
            v: 1,
            late: 0,
        })
        const day = [0, 1, 2, 4].map(n => part(n * 288_000))
        expect(gaps(day, patience(2000), 4 * 288_000 + 144_000)).toEqual([
            { from: 2 * 288_000, to: 4 * 288_000 },
        ])
    })

    test("answers what held at a time", () => {
        const points = [10, 20, 30].map(t => point(t, t, false))
        expect([5, 10, 29, 99].map(t => pointAt(points, t)?.v)).toEqual([
            undefined,
            10,
            20,
            30,
        ])
    })
})

describe("a plot", () => {
    const window = { from: 0, to: 1000 }

    test("breaks its line at a gap, and draws a lone reading as a dot", () => {
        const points = [0, 100, 500].map(t => point(t, t, false))
        const x = timeScale(window, 100)
        const y = valueScale({ lo: 0, hi: 500 }, 50, 0)
        expect(paths(points, [{ from: 100, to: 500 }], x, y)).toEqual({
            line: "M0 50L10 40M50 0h0",
            band: "",
        })
    })

    test("has one point a column, with the extremes of those it stands for", () => {
        const points = [1, 9, 2, 8].map((v, i) => point(i, v, i === 2))
        expect(columns(points, timeScale(window, 100))).toEqual([
            { t: 3, w: 0, lo: 1, hi: 9, v: 8, late: 1 },
        ])
    })

    test("draws a flat line in its middle, never divides by nothing", () => {
        const y = valueScale(range([point(0, 7, false)]), 60, 5)
        expect(y(7)).toBe(30)
        expect(range([])).toEqual({ lo: 0, hi: 1 })
    })

    test("marks late readings so far apart that each mark is seen", () => {
        const points = Array.from({ length: 100 }, (_, i) =>
            point(i * 10, 0, i > 50)
        )
        const marks = lateMarks(points, timeScale(window, 200))
        expect(marks.length).toBeGreaterThan(5)
        expect(
            marks.every((p, i) => i === 0 || p.t - marks[i - 1]!.t >= 50)
        ).toBe(true)
    })

    test("has whole minutes or hours on its axis, with room for each", () => {
        const hour = ticks({ from: 1_000_000, to: 4_600_000 }, 700)
        expect(
            hour.every(t => t % 300_000 === 0) ||
                hour.every(t => t % 600_000 === 0)
        ).toBe(true)
        for (const width of [80, 320, 1000])
            for (const span of [600_000, 3_600_000, 86_400_000])
                expect(
                    ticks({ from: 0, to: span }, width).length
                ).toBeLessThanOrEqual(width / 64 + 1)
    })

    test("shows a state for as long as it lasted, cut to the window", () => {
        const changes = [
            { is: "ok", since: -50 },
            { is: "fault:range", since: 200 },
            { is: "ok", since: 400 },
            { is: "unbound", since: 900 },
        ]
        expect(stretches(changes, window, is => is !== "ok")).toEqual([
            { from: 200, to: 400 },
            { from: 900, to: 1000 },
        ])
    })
})

describe("how a sensor is", () => {
    const start = 1_000_000
    const kind = (is: string, since: number, now: number) =>
        health({ is, since }, start, now).kind

    test("without a sample since the start is waiting, for 10 s; then it is not connected", () => {
        expect(kind("unbound", start + 42, start + 9_000)).toBe("waiting")
        expect(kind("unbound", start + 42, start + 11_000)).toBe("absent")
        expect(kind("unbound", start + 60_000, start + 60_500)).toBe("absent")
        expect(health({ is: "unbound", since: null }, start, start)).toEqual({
            kind: "absent",
            text: "not connected",
        })
    })

    test("is a fault from the first moment where the device says so", () => {
        expect(kind("fault:nan", start + 42, start + 100)).toBe("fault")
        expect(health(null, start, start).text).toBe("")
    })

    test("is known since the start that the device's diagnostics tell", () => {
        expect(startOf({ at: 50_000, body: { uptime: 20 } })).toBe(30_000)
        for (const diagnostics of [null, { at: 1, body: null }])
            expect(startOf(diagnostics)).toBe(NaN)
        expect(health({ is: "unbound", since: 1 }, NaN, 2).kind).toBe("absent")
    })
})

describe("what a device says of itself", () => {
    test("is in words, without what is empty", () => {
        const said = facts({
            boot: 1,
            why: "power",
            fault: "",
            uptime: 3_720,
            lost: { why: "", ms: 0 },
            readings: { read: 4, faults: 0 },
            sensors: { TC: { state: "ok", s: 1 } },
            actuators: {
                RELAY: { type: "boolean" },
                VALVE: { type: "number", min: 0, max: 100, value: 35 },
                TEXT: { type: "string" },
                FAN: { type: "boolean", value: false },
                LED: { type: "number", max: 9 },
            },
            parts: {},
        })
        expect(said).toEqual([
            ["boot", "1"],
            ["why", "power"],
            ["uptime", "1 h 2 min"],
            ["readings", "read 4, faults 0"],
            [
                "actuators",
                "RELAY on or off; VALVE a number, 0 to 100, now 35; TEXT a text; FAN on or off, now off; LED a number, 9 or less",
            ],
        ])
    })

    test("has the last disconnect and how long it lasted", () => {
        const lost = (why: string, ms: number) => facts({ lost: { why, ms } })
        expect(lost("closed by the broker", 812)).toEqual([
            ["lost", "closed by the broker, for 812 ms"],
        ])
        expect(lost("no route", 65_000)).toEqual([
            ["lost", "no route, for 1 min"],
        ])
    })

    test("is text and bounded, whatever it is", () => {
        expect(facts("hm")).toEqual([["said", "hm"]])
        expect(facts({ lost: 7, actuators: "x", uptime: "y" })).toEqual([
            ["lost", "7"],
            ["actuators", "x"],
            ["uptime", "y"],
        ])
        const many = Object.fromEntries(
            Array.from({ length: 99 }, (_, n) => [`k${n}`, "x".repeat(900)])
        )
        expect(facts(many)).toHaveLength(40)
        expect(facts({ many })[0]![1].length).toBeLessThanOrEqual(400)
    })
})

describe("words and figures", () => {
    test("ages are in the largest unit that says enough", () => {
        const ages = [
            400, 4_000, 59_999, 61_000, 3_600_000, 5_400_000, 90_000_000,
        ].map(ago)
        expect(ages).toEqual([
            "now",
            "4 s ago",
            "59 s ago",
            "1 min ago",
            "1 h ago",
            "1 h 30 min ago",
            "1 d ago",
        ])
        expect(duration(-5)).toBe("0 s")
    })

    test("a value is written as what it is, cut where it is long", () => {
        const values = [21.6, -3, 1 / 3, true, null, "text", { a: 1 }, NaN].map(
            valueText
        )
        expect(values).toEqual([
            "21.6",
            "−3",
            "0.333333333333333",
            "on",
            "–",
            "text",
            '{"a":1}',
            "–",
        ])
        expect(valueText("x".repeat(500))).toHaveLength(80)
    })

    test("a number keeps all its digits, without the noise of a float32 or of arithmetic", () => {
        const shown = (value: number) => number(value).replace("−", "-")
        for (const exact of [
            123456789.12, 123456.789012, 1234567.875, 0.000123456789, -21.6,
            9007199254740991, 1e-7, 99999999.999999, 2.5e21,
        ])
            expect(Number(shown(exact))).toBe(exact)
        expect(shown(123456789.12)).toBe("123456789.12")
        expect(
            [21.6, 0.1, 12345.6, 100.1, -3.14159274, 1e-12].map(value =>
                shown(Math.fround(value))
            )
        ).toEqual(["21.6", "0.1", "12345.6", "100.1", "-3.1415927", "1e-12"])
        expect([0.1 + 0.2, 1.1 * 3].map(shown)).toEqual(["0.3", "3.3"])
        fc.assert(
            fc.property(
                fc.integer(),
                fc.integer({ min: 0, max: 6 }),
                (n, e) => {
                    const value = Number(`${n}e-${e}`)
                    expect(Number(shown(value))).toBe(value)
                }
            )
        )
    })

    test("figures at a plot's edge are as exact as its height", () => {
        expect([tick(21.487, 6), tick(21.487, 0.05), tick(21487, 900)]).toEqual(
            ["21.5", "21.487", "21487"]
        )
        expect(number(123456789)).toBe("123456789")
    })
})

test("a filter is one here exactly when it is one for the server", () => {
    const level = fc.oneof(
        fc.constantFrom("+", "#", "a", "", "a+", "#b", "devices"),
        fc.string({ maxLength: 3 })
    )
    fc.assert(
        fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), levels => {
            const filter = levels.join("/")
            fc.pre(!/[\0\ud800-\udfff]/.test(filter))
            const server = topicFilterFault(Buffer.from(filter))
            expect([filter, filterMistake(filter) === undefined]).toEqual([
                filter,
                server === undefined,
            ])
        }),
        { numRuns: 2000 }
    )
})

describe("what the page knows", () => {
    const news: string[] = []
    const fresh = () => {
        news.length = 0
        return new Store(({ what, device }) =>
            news.push(`${what} ${device?.id ?? ""}`.trim())
        )
    }
    const reading = (value: unknown, taken: string, late = false) => ({
        device: "D",
        sensor: "S",
        value,
        timestamp: taken,
        receivedAt: taken,
        late,
        interval: null,
    })

    test("a late value is history, and no longer the present one", () => {
        const store = fresh()
        store.take("value", reading(3, "2026-03-01T11:59:00.000Z"))
        // Somebody looks at it from now on.
        store.devices.get("D")!.sensors.get("S")!.series.begin()
        store.take("value", reading(2, "2026-03-01T12:00:10.000Z"))
        store.take("value", reading(1, "2026-03-01T12:00:00.000Z", true))
        const sensor = store.devices.get("D")!.sensors.get("S")!
        expect(sensor.value?.value).toBe(2)
        expect(sensor.series.points.map(p => p.v)).toEqual([1, 2])
    })

    test("an overview takes away what is not in it, and keeps what is drawn of the others", () => {
        const store = fresh()
        store.take("value", reading(2, "2026-03-01T12:00:10.000Z"))
        store.take("presence", { device: "GONE", status: "up", since: null })
        const kept = store.devices.get("D")
        const broker = {
            url: "mqtt://h",
            embedded: false,
            connected: true,
            since: "2026-03-01T12:00:00.000Z",
        }
        const device = {
            id: "D",
            name: null,
            presence: { status: "up", since: null },
            sensors: [],
            actuators: [],
            diagnostics: null,
        }
        store.take("overview", {
            now: "2026-03-01T12:00:20.000Z",
            broker,
            topics: "#",
            retentionHours: 1,
            devices: [device],
        })
        expect([...store.devices.keys()]).toEqual(["D"])
        expect(store.devices.get("D")).toBe(kept)
        expect(
            Math.abs(store.now() - Date.parse("2026-03-01T12:00:20.000Z"))
        ).toBeLessThan(5_000)
        expect(news).toEqual(["value D", "presence GONE", "overview"])
    })

    test("a device called __proto__ is one, and no more", () => {
        const store = fresh()
        store.take("presence", {
            device: "__proto__",
            status: "up",
            since: null,
        })
        expect(store.devices.get("__proto__")?.presence.is).toBe("up")
        expect(({} as Record<string, unknown>)["presence"]).toBeUndefined()
    })

    test("an event of a newer server is no mistake", () => {
        const store = fresh()
        store.take("weather", { sun: true })
        expect(news).toEqual([])
    })
})
