// Dates, wall time, the time request and the dialects as they are flashed: the VM's own arithmetic, printing and buffers.
import { sleep } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    backlogCount,
    backlogPayload,
    Dialect,
    payload,
} from "../../src/node/dialect"
import { httpDateMs, isoText } from "../../src/node/http-date"
import {
    MAX_ANSWER,
    request,
    TimeAnswer,
    TimeResponse,
} from "../../src/node/time-request"
import { WallClock } from "../../src/node/wall-clock"

const DATE = "Sat, 21 Nov 2026 08:49:37 GMT"
const MS = 1795250977000

const dates = [
    ["Wed, 01 Jan 2020 00:00:00 GMT", "2020-01-01T00:00:00Z"],
    ["Sat, 29 Feb 2020 23:59:59 GMT", "2020-02-29T23:59:59Z"],
    ["Sun, 01 Mar 2020 00:00:00 GMT", "2020-03-01T00:00:00Z"],
    ["Thu, 31 Dec 2020 12:00:00 GMT", "2020-12-31T12:00:00Z"],
    ["Fri, 01 Jan 2021 00:00:00 GMT", "2021-01-01T00:00:00Z"],
    [DATE, "2026-11-21T08:49:37Z"],
    ["Thu, 31 Dec 2099 23:59:59 GMT", "2099-12-31T23:59:59Z"],
]

describe("dates", () => {
    test("of a header come out as ISO text, to the second", () => {
        for (const pair of dates)
            expect(isoText(httpDateMs(Buffer.from(pair[0])))).toBe(pair[1])
        expect(httpDateMs(Buffer.from(DATE)) === MS).toBe(true)
        expect(isoText(MS + 7)).toBe("2026-11-21T08:49:37.007Z")
        expect(isoText(MS + 122.6)).toBe("2026-11-21T08:49:37.123Z")
        expect(isoText(MS + 999.6)).toBe("2026-11-21T08:49:38Z")
    })
    test("that are none, or of 1970, are undefined", () => {
        for (const bad of [
            "",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Sun, 21 Nov 2026 08:49:37 GMT",
            "Mon, 30 Feb 2026 08:49:37 GMT",
            "Sat, 21 Nov 2026 08:49:60 GMT",
            "Sat, 21 Nov 2026 0x:49:37 GMT",
        ])
            expect(httpDateMs(Buffer.from(bad))).toBe(undefined)
        expect(isoText(0)).toBe(undefined)
        expect(isoText(NaN)).toBe(undefined)
    })
})

describe("a wall clock", () => {
    test("knows moments before it was told, and drifts", () => {
        const clock = new WallClock()
        expect(clock.at(0)).toBe(undefined)
        clock.learn(MS, 90000.25, 200)
        expect(isoText(clock.at(30000.25))).toBe("2026-11-21T08:48:37.600Z")
        expect(clock.uncertainty(90000.25 + 86400000) - 14337.6 < 0.02).toBe(
            true
        )
    })
    test("spreads an outage's drift, and never goes back", () => {
        const clock = new WallClock()
        clock.learn(MS, 0, 0)
        const day = 86400000
        // 13 s slow by the end of the day
        clock.learn(MS + day - 13000, day, 0)
        let last = 0
        for (let t = 0; t <= day; t += day / 8) {
            const wall = clock.at(t)
            expect(wall > last).toBe(true)
            last = wall
        }
        expect(isoText(clock.at(day / 2))).toBe("2026-11-21T20:49:31.250Z")
        clock.learn(MS + day - 13000 - 9000, day + 1000, 0)
        for (let t = day; t <= day + 40000; t += 500) {
            const wall = clock.at(t)
            expect(t === day || wall > last).toBe(true)
            last = wall
        }
        expect(isoText(last)).toBe("2026-11-22T08:49:54.500Z")
    })
})

describe("a time request", () => {
    test("has its lines", () => {
        expect(request("a.b", 8080, "/").toString()).toBe(
            "HEAD / HTTP/1.1\r\nHost: a.b:8080\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"
        )
        expect(() => request("a.b", 80, "/ x")).toThrow()
    })
    test("has its answer found wherever it is cut", async () => {
        const bytes = Buffer.from(
            "HTTP/1.1 404 \r\nX: y\r\ndATE: " + DATE + "\r\n\r\n"
        )
        for (let cut = 0; cut < bytes.length; cut++) {
            const answer = new TimeResponse()
            answer.push(bytes.slice(0, cut))
            expect(answer.push(bytes.slice(cut))).toBe(TimeAnswer.Done)
            expect(answer.dateMs === MS).toBe(true)
            await sleep(1)
        }
    })
    test("is given up after its bound, within one time slice of the VM", async () => {
        // one line without end, empty interim answers, and names that nearly are: the dearest bytes
        for (const part of [
            "HTTP/1.1 100\n\n",
            "date\n",
            "d\n",
            "date:    \t",
        ]) {
            await sleep(1)
            const head = Buffer.from("HTTP/1.1 100\n")
            const bytes = Buffer.alloc(MAX_ANSWER)
            const piece = Buffer.from(part)
            for (let i = head.length; i < MAX_ANSWER; i++)
                bytes[i] = piece[(i - head.length) & 3]
            await sleep(1)
            let at = head.length
            while (at + piece.length <= MAX_ANSWER) {
                bytes.set(piece, at)
                at += piece.length
            }
            bytes.set(head, 0)
            await sleep(1)
            const answer = new TimeResponse()
            expect(answer.push(bytes)).toBe(TimeAnswer.Failed)
            expect(answer.dateMs).toBe(0)
        }
    })
    test("fails with another protocol, and with bytes that are no text", () => {
        const ssh = new TimeResponse()
        expect(ssh.push(Buffer.from("SSH-2.0-x"))).toBe(TimeAnswer.Failed)
        expect(ssh.why).toBe("not HTTP")
        const noise = new TimeResponse()
        noise.push(Buffer.from("HTTP/1.1 200\nDate: "))
        expect(noise.push(Buffer.from("ff00c3feed0a", "hex"))).toBe(
            TimeAnswer.Failed
        )
    })
})

describe("a reading", () => {
    test("is stamped, or marked late, in its server's words", () => {
        expect(payload(Dialect.WaziGate, "1", undefined, undefined)).toBe(
            '{"value":1}'
        )
        expect(payload(Dialect.WaziGate, "1", MS + 20, 5)).toBe(
            '{"value":1,"time":"2026-11-21T08:49:37.020Z"}'
        )
        expect(payload(Dialect.WaziCloud, "1", MS, undefined)).toBe(
            '{"value":1,"timestamp":"2026-11-21T08:49:37Z"}'
        )
        expect(payload(Dialect.Plain, "1", undefined, 3888000499)).toBe(
            '{"value":1,"late":true,"age":3888000}'
        )
        expect(payload(Dialect.Plain, "1", 0, undefined)).toBe(
            '{"value":1,"late":true}'
        )
    })
    test("fits in a batch by its bytes, not its characters", () => {
        const parts = ['"\u017elu\u0165"', "2"]
        expect(backlogCount(parts, 9)).toBe(0)
        expect(backlogCount(parts, 10)).toBe(1)
        expect(backlogCount(parts, 12)).toBe(2)
        expect(backlogPayload(parts, 2)).toBe('["\u017elu\u0165",2]')
    })
})
