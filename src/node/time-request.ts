// Asks an HTTP server what time it is: the bytes of one HEAD request, and the `Date` in the bytes that come back. Pure: it
// owns no socket and no timer; whoever does sends, pushes, and gives up in time. Knows nothing of what the time is for.
//
// The peer is not trusted. Nothing it says is a length, nothing is stored but 29 bytes, nothing throws, and after 2,048
// bytes it has had its chance. A byte costs no call and no allocation.

import { ConfigError } from "../mqtt/errors"
import { HTTP_DATE_LENGTH, httpDateMs } from "./http-date"

/** Bytes of an answer that are looked at, interim answers included; the `Date` of common servers is in the first 500. */
export const MAX_ANSWER = 2048

/** The port that a Host header leaves out. */
const HTTP_PORT = 80

const LF = 10
const CR = 13
const TAB = 9
const SPACE = 32

/** How an answer begins; `#` stands for a digit. */
const STATUS = "HTTP/1.# ###"
const HASH = 35
/** Where the first digit of the status code stands. */
const STATUS_CLASS = 9
/** An interim answer's status code begins with it. */
const ONE = 49

const NAME = "date:"
const COLON_AT = 4

/** Refuses what would break the request's lines: the text is a setting's. */
function visible(key: string, text: string) {
    if (!text) throw new ConfigError(key, "is missing")
    for (let i = 0; i < text.length; i++) {
        const c = text.charCodeAt(i)
        if (c <= SPACE || c > 126)
            throw new ConfigError(key, "has a space or a character above 126")
    }
}

/**
 * The request. `no-cache` asks caches on the way for the server's own time instead of that of the answer they kept.
 * Throws ConfigError for a host or path that is empty or not of visible ASCII characters; one that was made once can be
 * sent any number of times.
 * @param path from its `/`
 */
export function request(host: string, port: number, path: string): Buffer {
    visible("time.host", host)
    visible("time.path", path)
    return Buffer.from(
        [
            "HEAD " + path + " HTTP/1.1",
            "Host: " + host + (port === HTTP_PORT ? "" : ":" + port),
            "Cache-Control: no-cache",
            "Connection: close",
            "\r\n",
        ].join("\r\n")
    )
}

export const enum TimeAnswer {
    /** More bytes are needed. */
    None,
    /** `dateMs` is there. */
    Done,
    /** It will not come: `why` says what is wrong with the peer. */
    Failed,
}

/** The next byte is ... */
const enum Phase {
    /** ... of the status line. */
    Status,
    /** ... of a header's name, which is still that of `Date`, or the first of an empty line. */
    Name,
    /** ... of the Date's value. */
    Value,
    /** ... of a line that no longer matters. */
    Skip,
    /** ... the end of an empty line. */
    Empty,
}

/**
 * One answer; a new one for each connection.
 * @devsWhenUsed
 */
export class TimeResponse {
    /** Done: what the server's `Date` says, in ms since 1970. */
    dateMs = 0
    /** Failed: what was wrong. */
    why = ""
    private state = TimeAnswer.None
    private phase = Phase.Status
    /** Bytes of the status line, the name or the value that have been. */
    private at = 0
    private taken = 0
    private interim = false
    private value = Buffer.alloc(HTTP_DATE_LENGTH)

    /**
     * Takes the next bytes of the stream, which may be cut anywhere. Once it has said Done or Failed it says no other.
     * Looks at no more than `MAX_ANSWER` bytes in all, which fits in one time slice of the VM.
     */
    push(chunk: Buffer): TimeAnswer {
        if (this.state !== TimeAnswer.None) return this.state
        let phase = this.phase
        let at = this.at
        let end = MAX_ANSWER - this.taken
        if (end > chunk.length) end = chunk.length
        for (let i = 0; i < end; i++) {
            const byte = chunk[i] as number
            if (phase === Phase.Skip) {
                if (byte === LF) {
                    phase = Phase.Name
                    at = 0
                }
            } else if (phase === Phase.Value) {
                if (byte === LF) return this.found(at)
                if (at < HTTP_DATE_LENGTH) {
                    let blank = byte === SPACE
                    if (byte === TAB) blank = true
                    // blanks before the value
                    if (blank) if (at === 0) continue
                    this.value[at] = byte
                    at++
                } else if (byte !== CR)
                    if (byte !== SPACE) if (byte !== TAB) return this.found(0)
            } else if (phase === Phase.Name) {
                let expected = NAME.charCodeAt(at)
                // the letters' other case differs in this bit
                if (at < COLON_AT) expected -= expected & 32 & ~byte
                if (byte === expected) {
                    at++
                    if (at === NAME.length) {
                        phase = Phase.Value
                        at = 0
                    }
                } else if (byte === LF) {
                    if (at === 0) {
                        phase = this.endOfHeaders()
                        if (phase === Phase.Empty) return this.state
                    }
                    at = 0
                } else {
                    phase = Phase.Skip
                    if (byte === CR) if (at === 0) phase = Phase.Empty
                }
            } else if (phase === Phase.Empty) {
                if (byte !== LF) return this.fail("a CR inside a header")
                phase = this.endOfHeaders()
                if (phase === Phase.Empty) return this.state
                at = 0
            } else {
                if (at === STATUS.length) {
                    // a reason may follow, or not
                    if (byte === LF) {
                        phase = Phase.Name
                        at = 0
                        continue
                    }
                    if (byte !== SPACE)
                        if (byte !== CR) return this.fail("not HTTP")
                    phase = Phase.Skip
                    continue
                }
                const expected = STATUS.charCodeAt(at)
                if (expected === HASH) {
                    if (byte < 48) return this.fail("not HTTP")
                    if (byte > 57) return this.fail("not HTTP")
                    if (at === STATUS_CLASS) this.interim = byte === ONE
                } else if (byte !== expected) return this.fail("not HTTP")
                at++
            }
        }
        this.phase = phase
        this.at = at
        this.taken += end
        if (this.taken === MAX_ANSWER)
            return this.fail("no Date in the first " + MAX_ANSWER + " bytes")
        return TimeAnswer.None
    }

    /** The value's line has ended after so many bytes, of which blanks behind the 29th are not counted. */
    private found(length: number): TimeAnswer {
        let ms: number | undefined
        if (length === HTTP_DATE_LENGTH) ms = httpDateMs(this.value)
        if (ms === undefined)
            return this.fail("a Date that is no date of 2020 to 2099")
        this.dateMs = ms
        this.state = TimeAnswer.Done
        return TimeAnswer.Done
    }

    /** The real answer follows an interim one (RFC 9110, 15.2). Phase.Empty when nothing follows. */
    private endOfHeaders(): Phase {
        if (this.interim) return Phase.Status
        this.fail("no Date")
        return Phase.Empty
    }

    private fail(why: string): TimeAnswer {
        this.why = why
        this.state = TimeAnswer.Failed
        return TimeAnswer.Failed
    }
}
