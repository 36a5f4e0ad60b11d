// The keep-alive rule and the bound it gives, for every keep alive and any traffic.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { Alive, KeepAlive } from "../../src/mqtt/keepalive"

/** Milliseconds of the second half of the keep alive that the rule keeps back for waking late. */
const MARGIN = 100

const DEFAULT_ACK = 20000

describe("keep alive", () => {
    it("of 60 s asks for a PINGREQ after 30 s without sending", () => {
        const k = new KeepAlive(60, DEFAULT_ACK)
        k.start(1000)
        k.lastReceived = 30000
        expect(k.state(30999)).toBe(Alive.Ok)
        expect(k.wakeAt()).toBe(31000)
        expect(k.state(31000)).toBe(Alive.Ping)
    })

    it("asks for one after half the time without receiving, though it sends all along", () => {
        const k = new KeepAlive(60, DEFAULT_ACK)
        k.start(0)
        for (let t = 1000; t < 30000; t += 1000) {
            k.lastSent = t
            expect(k.state(t)).toBe(Alive.Ok)
        }
        expect(k.wakeAt()).toBe(30000)
        expect(k.state(30000)).toBe(Alive.Ping)
    })

    it("asks for none on a link that is busy both ways", () => {
        const k = new KeepAlive(1, DEFAULT_ACK)
        k.start(0)
        for (let t = 0; t < 100000; t += 499) {
            expect(k.state(t)).toBe(Alive.Ok)
            k.lastSent = t
            k.lastReceived = t
        }
    })

    it("waits for one PINGRESP at a time, and says dead when it does not come [MQTT-3.12.4-1]", () => {
        const k = new KeepAlive(10, DEFAULT_ACK)
        k.start(0)
        expect(k.state(5000)).toBe(Alive.Ping)
        k.pinged(5000)
        // other packets do not stand for it, and no second PINGREQ is asked for
        k.lastReceived = 6000
        k.lastSent = 6000
        expect(k.state(9899)).toBe(Alive.Ok)
        expect(k.wakeAt()).toBe(9900)
        expect(k.state(9900)).toBe(Alive.Dead)
    })

    it("goes on after the PINGRESP [MQTT-3.12.4-1]", () => {
        const k = new KeepAlive(10, DEFAULT_ACK)
        k.start(0)
        k.pinged(5000)
        k.lastReceived = 5200
        expect(k.answered()).toBe(true)
        expect(k.state(9900)).toBe(Alive.Ok)
        expect(k.state(10000)).toBe(Alive.Ping)
    })

    it("notices a PINGRESP that nobody asked for", () => {
        const k = new KeepAlive(10, DEFAULT_ACK)
        k.start(0)
        expect(k.answered()).toBe(false)
        k.pinged(5000)
        expect(k.answered()).toBe(true)
        expect(k.answered()).toBe(false)
    })

    it("forgets a PINGREQ of the connection before", () => {
        const k = new KeepAlive(10, DEFAULT_ACK)
        k.start(0)
        k.pinged(5000)
        k.start(9000)
        expect(k.state(13999)).toBe(Alive.Ok)
        expect(k.state(14000)).toBe(Alive.Ping)
        expect(k.answered()).toBe(false)
    })

    it("of hours waits for the PINGRESP no longer than for any other answer", () => {
        const k = new KeepAlive(65535, DEFAULT_ACK)
        k.start(0)
        const half = 65535 * 500
        expect(k.state(half - 1)).toBe(Alive.Ok)
        expect(k.state(half)).toBe(Alive.Ping)
        k.pinged(half)
        expect(k.state(half + DEFAULT_ACK - 1)).toBe(Alive.Ok)
        expect(k.state(half + DEFAULT_ACK)).toBe(Alive.Dead)
    })

    it("of 0 is off: it neither asks nor ends nor wakes", () => {
        const k = new KeepAlive(0, DEFAULT_ACK)
        k.start(0)
        expect(k.state(1e12)).toBe(Alive.Ok)
        expect(k.wakeAt()).toBe(Infinity)
    })

    it("of 0 still ends a link that does not answer a PINGREQ sent for another reason", () => {
        const k = new KeepAlive(0, DEFAULT_ACK)
        k.start(0)
        k.pinged(5)
        expect(k.waiting).toBe(true)
        expect(k.wakeAt()).toBe(5 + DEFAULT_ACK)
        expect(k.state(4 + DEFAULT_ACK)).toBe(Alive.Ok)
        expect(k.state(5 + DEFAULT_ACK)).toBe(Alive.Dead)
        expect(k.answered()).toBe(true)
        expect(k.waiting).toBe(false)
        expect(k.state(1e12)).toBe(Alive.Ok)
        expect(k.wakeAt()).toBe(Infinity)
    })
})

interface Link {
    /** Seconds. */
    keepAlive: number
    ackTimeout: number
    /**
     * Fractions of the keep alive between one packet and the next, and what it is: `probe` is a PINGREQ sent for
     * another reason than the keep alive, if none is outstanding.
     */
    traffic: { gap: number; kind: "sent" | "received" | "probe" }[]
    /** How late each wake-up is, ms, used round and round. */
    late: number[]
    /** How long the peer takes for PINGRESP, as a fraction of what it may take, used round and round. */
    answers: number[]
}

/** What a client saw that obeys the rule: sleeps until `wakeAt`, looks, and writes PINGREQ when told to. */
function run(link: Link) {
    const { keepAlive, ackTimeout, traffic, late, answers } = link
    const k = new KeepAlive(keepAlive, ackTimeout)
    const period = keepAlive * 1000
    const patience = Math.min(period / 2 - MARGIN, ackTimeout)
    const result = {
        diedAt: Infinity,
        lastReceived: 0,
        longestSilence: 0,
        pings: 0,
        open: 0,
        mostOpen: 0,
        eventsLeft: 0,
        silentFrom: 0,
    }
    let lastSent = 0
    const send = (t: number) => {
        result.longestSilence = Math.max(result.longestSilence, t - lastSent)
        lastSent = t
    }
    k.start(0)
    let at = 0
    const events = traffic.map(({ gap, kind }) => {
        at += Math.round(gap * period)
        return { at, kind }
    })
    const silentFrom = at
    result.silentFrom = silentFrom
    let answerAt = Infinity
    let wakes = 0
    const ping = (now: number) => {
        k.pinged(now)
        send(now)
        result.open++
        result.mostOpen = Math.max(result.mostOpen, result.open)
        const share = answers[result.pings % answers.length] ?? 0
        const takes = Math.floor(share * patience)
        result.pings++
        // the peer is gone with the last packet of the traffic
        if (now + takes <= silentFrom) answerAt = now + takes
    }
    for (let looks = 0; ; looks++) {
        // each look is at an event, a PINGREQ or a missed answer; more would be looking without end
        if (looks > 1000) throw new Error("wakes without end")
        const wake = k.wakeAt() + (late[wakes % late.length] ?? 0)
        const event = events[0]
        const now = Math.min(wake, event?.at ?? Infinity, answerAt)
        if (now === answerAt) {
            answerAt = Infinity
            k.lastReceived = now
            result.lastReceived = now
            if (k.answered()) result.open--
        } else if (event && now === event.at) {
            events.shift()
            if (event.kind === "probe") {
                if (!k.waiting) ping(now)
            } else if (event.kind === "sent") {
                k.lastSent = now
                send(now)
            } else {
                k.lastReceived = now
                result.lastReceived = now
            }
        } else wakes++
        const state = k.state(now)
        if (state === Alive.Dead) {
            result.diedAt = now
            result.eventsLeft = events.length
            return result
        }
        if (state === Alive.Ping) ping(now)
    }
}

const links = (lateness: number) =>
    fc.record<Link>({
        keepAlive: fc.oneof(
            fc.integer({ min: 1, max: 65535 }),
            fc.integer({ min: 1, max: 20 })
        ),
        ackTimeout: fc.integer({ min: 1000, max: 600000 }),
        traffic: fc.array(
            fc.record({
                gap: fc.double({ min: 0, max: 0.9, noNaN: true }),
                kind: fc.constantFrom("sent", "received", "probe"),
            }),
            { maxLength: 20 }
        ),
        late: fc.array(fc.integer({ min: 0, max: lateness }), {
            minLength: 1,
            maxLength: 5,
        }),
        answers: fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), {
            minLength: 1,
            maxLength: 5,
        }),
    })

describe("for any keep alive from 1 to 65,535 s and any traffic", () => {
    it("silence is found at most K - 100 ms after the last byte received", () => {
        fc.assert(
            fc.property(links(0), link => {
                const r = run(link)
                const took = r.diedAt - r.lastReceived
                expect(took).toBeLessThanOrEqual(link.keepAlive * 1000 - MARGIN)
                // nor longer than half the keep alive and the longest wait for an answer
                expect(took).toBeLessThanOrEqual(
                    link.keepAlive * 500 + link.ackTimeout
                )
            }),
            { numRuns: 3000 }
        )
    })

    it("silence is found never more than K after the last byte received, with every wake-up up to 50 ms late", () => {
        fc.assert(
            fc.property(links(50), link => {
                const r = run(link)
                expect(r.diedAt - r.lastReceived).toBeLessThanOrEqual(
                    link.keepAlive * 1000
                )
            }),
            { numRuns: 3000 }
        )
    })

    it("a link whose PINGRESPs come in time is never called dead", () => {
        let pings = 0
        fc.assert(
            fc.property(links(0), link => {
                const r = run(link)
                pings += r.pings
                // the PINGREQ that is not answered is the last one, after or at the end of the traffic
                expect(r.diedAt).toBeGreaterThan(r.silentFrom)
                expect(r.eventsLeft).toBe(0)
            }),
            { numRuns: 3000 }
        )
        expect(pings).toBeGreaterThan(3000)
    })

    it("the gap between two packets sent never exceeds the keep alive: half of it, and the lateness [MQTT-3.1.2-23]", () => {
        fc.assert(
            fc.property(links(50), link => {
                const r = run(link)
                expect(r.longestSilence).toBeLessThanOrEqual(
                    link.keepAlive * 500 + 50
                )
            }),
            { numRuns: 3000 }
        )
    })

    it("at most one PINGREQ is outstanding", () => {
        fc.assert(
            fc.property(links(50), link => {
                expect(run(link).mostOpen).toBeLessThanOrEqual(1)
            }),
            { numRuns: 1000 }
        )
    })
})
