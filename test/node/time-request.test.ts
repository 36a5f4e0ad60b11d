// One HEAD request and what servers, good and hostile, answer: bytes out, a time or a reason in.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "../support/property"
import {
    MAX_ANSWER,
    request,
    TimeAnswer,
    TimeResponse,
} from "../../src/node/time-request"
import { ConfigError } from "../../src/mqtt/errors"
import {
    allocations,
    fromReceived,
    installStrictBuffer,
    plain,
} from "../mqtt/strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const bytesOf = (text: string) => new TextEncoder().encode(text)
const DATE = "Sat, 21 Nov 2026 08:49:37 GMT"
const MS = Date.UTC(2026, 10, 21, 8, 49, 37)

/** What an answer comes to, handed over in these pieces; pieces behind the end of it included. */
function answer(pieces: Uint8Array[]) {
    const response = new TimeResponse()
    let state = TimeAnswer.None as TimeAnswer
    let ended = -1
    pieces.forEach((piece, i) => {
        const next = response.push(fromReceived(piece))
        if (state !== TimeAnswer.None) expect(next).toBe(state)
        else if (next !== TimeAnswer.None) ended = i
        state = next
    })
    return { state, ended, ms: response.dateMs, why: response.why }
}

const said = (text: string) => answer([bytesOf(text)])
const done = (text: string, ms = MS) =>
    expect(said(text), text).toMatchObject({ state: TimeAnswer.Done, ms })
const failed = (text: string, why: string) =>
    expect(said(text), text).toMatchObject({
        state: TimeAnswer.Failed,
        ms: 0,
        why,
    })

const NOT_HTTP = "not HTTP"
const NO_DATE = "no Date"
const BAD_DATE = "a Date that is no date of 2020 to 2099"
const TOO_LONG = "no Date in the first 2048 bytes"

const nginx =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n" +
    `Date: ${DATE}\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n`

describe("the request", () => {
    const text = (...args: Parameters<typeof request>) =>
        new TextDecoder().decode(plain(request(...args)))

    it("is a HEAD that wants a fresh answer and no second one [RFC 9112, 3.2]", () => {
        expect(text("time.example", 80, "/")).toBe(
            "HEAD / HTTP/1.1\r\nHost: time.example\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"
        )
    })

    it("names a port that is not HTTP's own", () => {
        expect(text("10.0.0.1", 8080, "/a/b?c=d")).toBe(
            "HEAD /a/b?c=d HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"
        )
    })

    it("cannot be given another line by a setting", () => {
        for (const bad of [
            "",
            "a b",
            "a\r\nX: y",
            "a\n",
            "caf\u00e9",
            "a\u007f",
        ]) {
            expect(() => request(bad, 80, "/"), bad).toThrow(ConfigError)
            expect(() => request("a", 80, bad), bad).toThrow(/^time\.path: /)
        }
    })
})

describe("an answer", () => {
    it("has its time found as soon as the Date's line is over", () => {
        const line = nginx.indexOf(DATE) + DATE.length + 2
        expect(said(nginx.slice(0, line - 1)).state).toBe(TimeAnswer.None)
        done(nginx.slice(0, line))
        done(nginx)
    })

    it("may be cut in two at any byte, and come byte by byte", () => {
        const bytes = bytesOf(nginx)
        for (let cut = 0; cut <= bytes.length; cut++)
            expect(
                answer([bytes.slice(0, cut), bytes.slice(cut)]),
                `cut at ${cut}`
            ).toMatchObject({ state: TimeAnswer.Done, ms: MS })
        const end = nginx.indexOf(DATE) + DATE.length + 1
        expect(answer([...bytes].map(b => Uint8Array.of(b)))).toMatchObject({
            state: TimeAnswer.Done,
            ms: MS,
            ended: end,
        })
    })

    it("may have any status, for any of them has a Date", () => {
        for (const status of [
            "204",
            "301 Moved",
            "404 Not Found",
            "503 ",
            "999",
        ])
            done(`HTTP/1.1 ${status}\r\nDate: ${DATE}\r\n\r\n`)
        done(`HTTP/1.0 200 OK\r\nDate: ${DATE}\r\n\r\n`)
    })

    it("may write the name in any case, blanks around the value, and bare line feeds [RFC 9112, 2.2]", () => {
        for (const line of [
            `date: ${DATE}`,
            `DATE:${DATE}`,
            `dAtE:\t  ${DATE} \t `,
        ]) {
            done(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`)
            done(`HTTP/1.1 200 OK\n${line}\n\n`)
        }
        const cased = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })
        fc.assert(
            fc.property(cased, upper => {
                const name = [..."date"].map((c, i) =>
                    upper[i] ? c.toUpperCase() : c
                )
                done(`HTTP/1.1 200 OK\r\n${name.join("")}: ${DATE}\r\n\r\n`)
            })
        )
    })

    it("may be preceded by interim ones, with a Date or without [RFC 9110, 15.2]", () => {
        done(
            `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nDate: ${DATE}\r\n\r\n`
        )
        done(
            `HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 200 OK\r\nDate: ${DATE}\r\n\r\n`
        )
        failed("HTTP/1.1 100 Continue\r\n\r\nSSH-2.0-x\r\n", NOT_HTTP)
    })

    it("has its time in a header of that name and nowhere else", () => {
        for (const line of [
            `X-Date: ${DATE}`,
            `Datel: ${DATE}`,
            `Date : ${DATE}`,
            `Dat`,
            `Da: ${DATE}`,
            // a folded line belongs to the header above
            `X: y\r\n Date: ${DATE}`,
            `X: y\r\n\tDate: ${DATE}`,
            `X: Date: ${DATE}`,
            // bytes that differ from a letter, or the colon, in the bit of the case
            `D\u0001te: ${DATE}`,
            `Date\u001a ${DATE}`,
            `\u0024ate: ${DATE}`,
        ])
            failed(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`, NO_DATE)
        failed(`HTTP/1.1 200 Date: ${DATE}\r\n\r\n`, NO_DATE)
        // in the body of an answer that should have none
        failed(`HTTP/1.1 200 OK\r\n\r\nDate: ${DATE}\r\n\r\n`, NO_DATE)
        failed(`HTTP/1.1 200 OK\n\nDate: ${DATE}\n\n`, NO_DATE)
    })

    it("has its first Date only", () => {
        done(`HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nDate: nonsense\r\n\r\n`)
        failed(`HTTP/1.1 200 OK\r\nDate: no\r\nDate: ${DATE}\r\n\r\n`, BAD_DATE)
    })

    it("fails with a Date that is none, or of 1970", () => {
        for (const value of [
            "",
            "   ",
            "0",
            DATE.slice(0, 28),
            `${DATE}x`,
            `${DATE} x`,
            `x${DATE}`,
            `${DATE.slice(0, 16)}\r${DATE.slice(16)}`,
            `${DATE.slice(0, 16)}\r\n ${DATE.slice(16)}`,
            "Thu, 01 Jan 1970 00:00:10 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Saturday, 21-Nov-26 08:49:37 GMT",
            "x".repeat(500),
        ])
            failed(`HTTP/1.1 200 OK\r\nDate: ${value}\r\n\r\n`, BAD_DATE)
    })

    it("fails at the first byte that is not HTTP's", () => {
        for (const peer of [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "220 mail.example ESMTP\r\n",
            " HTTP/1.1 200 OK\r\n",
            "\r\nHTTP/1.1 200 OK\r\n",
            "HTTP/2 200\r\n",
            "HTTP/1.x 200 OK\r\n",
            "HTTP/1.1 20 OK\r\n",
            "HTTP/1.1 2000 OK\r\n",
            "HTTP/1.1  200 OK\r\n",
            "http/1.1 200 OK\r\n",
            "\u0015\u0003\u0001\u0000\u0002\u0002",
            "<html>",
        ])
            failed(`${peer}Date: ${DATE}\r\n\r\n`, NOT_HTTP)
        failed(
            `HTTP/1.1 200 OK\r\n\rDate: ${DATE}\r\n\r\n`,
            "a CR inside a header"
        )
    })

    it("is given up after 2,048 bytes, wherever they are cut", () => {
        const head = "HTTP/1.1 200 OK\r\nX: "
        const tail = `\r\nDate: ${DATE}\r\n`
        const filled = (size: number) =>
            head + "y".repeat(size - head.length - tail.length) + tail
        expect(MAX_ANSWER).toBe(2048)
        done(filled(MAX_ANSWER))
        failed(filled(MAX_ANSWER + 1), TOO_LONG)
        const bytes = bytesOf(filled(3000))
        for (const piece of [1, 7, 1024]) {
            const pieces: Uint8Array[] = []
            for (let at = 0; at < bytes.length; at += piece)
                pieces.push(bytes.slice(at, at + piece))
            expect(answer(pieces)).toMatchObject({
                state: TimeAnswer.Failed,
                why: TOO_LONG,
                ended: Math.ceil(MAX_ANSWER / piece) - 1,
            })
        }
        // interim answers without end count too
        failed("HTTP/1.1 100 Continue\r\n\r\n".repeat(100), TOO_LONG)
    })

    it("costs 29 bytes, whatever the peer sends", () => {
        allocations.forget()
        failed("HTTP/1.1 200 OK\r\nDate: " + "x".repeat(5000), BAD_DATE)
        expect(allocations.sizes).toEqual([29])
    })
})

/** Any bytes that look somewhat like HTTP, and any that do not. */
const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
        .array(
            fc.oneof(
                fc.constantFrom(
                    "HTTP/1.1 200 OK",
                    "HTTP/1.1 100",
                    "\r\n",
                    "\n"
                ),
                fc.constantFrom("Date:", "date: ", DATE, " ", "\r", "X: y\r\n"),
                fc.string({ unit: "binary", maxLength: 8 })
            ),
            { maxLength: 20 }
        )
        .map(parts => bytesOf(parts.join("")))
)
const cuts = fc.array(fc.nat(300), { maxLength: 6 })

function cutAt(bytes: Uint8Array, at: number[]): Uint8Array[] {
    const edges = [0, ...at.sort((a, b) => a - b), bytes.length]
    return edges.slice(1).map((end, i) => bytes.slice(edges[i], end))
}

describe("whatever the bytes", () => {
    it("nothing throws, and it makes no difference where they are cut", () => {
        fc.assert(
            fc.property(hostile, cuts, (bytes, at) => {
                const { state, ms, why } = answer([bytes])
                expect(answer(cutAt(bytes, at))).toMatchObject({
                    state,
                    ms,
                    why,
                })
                expect(ms > 0).toBe(state === TimeAnswer.Done)
                expect(why !== "").toBe(state === TimeAnswer.Failed)
            }),
            { numRuns: 3000 }
        )
    })

    it("a time that is found stands in a Date line, character by character", () => {
        let found = 0
        const mutation = fc.record({
            at: fc.nat(nginx.length - 1),
            byte: fc.nat(255),
        })
        fc.assert(
            fc.property(
                fc.array(mutation, { minLength: 1, maxLength: 2 }),
                cuts,
                (changes, at) => {
                    const bytes = bytesOf(nginx)
                    for (const { at, byte } of changes) bytes[at] = byte
                    const { state, ms } = answer(cutAt(bytes, at))
                    if (state !== TimeAnswer.Done) return
                    found++
                    const text = new TextDecoder("latin1").decode(bytes)
                    const line = /\ndate:[ \t]*(.{29})[ \t\r]*\n/is.exec(
                        text
                    )?.[1]
                    const leap = line?.slice(23, 25) === "60"
                    if (!leap) expect(new Date(ms).toUTCString()).toBe(line)
                }
            ),
            { numRuns: 3000 }
        )
        expect(found).toBeGreaterThan(100)
    })
})
