// A message that is never acknowledged: counted, given up, its identifier kept from use.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Parking } from "../../src/mqtt/parking"
import { SessionProbe } from "./session-probe"
import { installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

let p: SessionProbe
let parking: Parking
beforeEach(() => {
    p = new SessionProbe({ window: 2 })
    parking = new Parking(p.session, 3)
    p.session.connected(false)
})

/** One more connection on which what was written before `at` had no answer in time. */
function overdue(at = 0, present = true) {
    parking.overdue(at)
    p.session.disconnected(false)
    p.session.connected(present)
    return p.writeAll()
}

describe("a message without an acknowledgement", () => {
    it("is repeated on three connections and then given up for those behind it", () => {
        p.publish("stuck", 1)
        p.publish("waits", 1, { topic: "u" })
        expect(p.write()).toBe("publish 1 stuck qos1")
        expect(overdue()).toEqual([
            "publish 1 stuck qos1 dup",
            "publish 2 waits qos1",
        ])
        p.puback(2)
        expect(overdue()).toEqual(["publish 1 stuck qos1 dup"])
        expect(p.ended).toEqual(["waits Delivered"])
        expect(overdue()).toEqual([])
        expect(p.ended).toEqual(["waits Delivered", "stuck Parked"])
        expect(p.session.idle()).toBe(true)
        expect(parking.retired).toEqual([1])
    })

    it("is not counted against while it was written later than what is overdue, or is still to be written", () => {
        p.publish("a", 1)
        p.write(100)
        for (let n = 0; n < 5; n++) parking.overdue(99)
        p.session.disconnected(false)
        for (let n = 0; n < 5; n++) parking.overdue(1000)
        expect(p.ended).toEqual([])
    })

    it("of QoS 2 is given up too, before and after its PUBREC", () => {
        p.publish("a", 2)
        p.publish("b", 2)
        p.writeAll()
        p.pubrec(2)
        p.writeAll()
        overdue()
        overdue()
        overdue()
        expect(p.ended).toEqual(["a Parked", "b Parked"])
        // the broker comes back to both: it is helped to its end
        p.pubrec(1)
        expect(p.writeAll()).toEqual(["pubrel 1"])
        expect(parking.retired).toEqual([1, 2])
        p.pubcomp(1)
        p.pubcomp(2)
        expect(parking.retired).toEqual([])
    })

    it("keeps its identifier from use until a late acknowledgement", () => {
        p.publish("a", 1)
        p.writeAll()
        for (let n = 0; n < 3; n++) overdue()
        expect(parking.retired).toEqual([1])
        // once around all identifiers
        const used = new Set<number>()
        const next = () => {
            const m = p.publish("x", 1)
            p.write()
            const { id } = m
            p.puback(id)
            return id
        }
        for (let n = 0; n < 65534; n++) used.add(next())
        expect(used.size).toBe(65534)
        expect(used.has(1)).toBe(false)
        p.puback(1)
        expect(parking.retired).toEqual([])
        expect(next()).toBe(1)
    })

    it("frees it when the broker loses the session", () => {
        p.publish("a", 1)
        p.writeAll()
        for (let n = 0; n < 3; n++) overdue()
        p.session.disconnected(false)
        p.session.connected(false)
        expect(parking.retired).toEqual([])
    })

    it("is counted anew when the broker answered something it was not counted with", () => {
        p.publish("a", 1)
        p.writeAll()
        overdue()
        overdue()
        p.puback(1)
        p.publish("b", 1)
        p.writeAll()
        overdue()
        overdue()
        expect(p.ended).toEqual(["a Delivered"])
        overdue()
        expect(p.ended).toEqual(["a Delivered", "b Parked"])
    })

    it("that the broker closes on is given up after nine connections, unless it is not the oldest", () => {
        p.publish("poison", 1)
        p.publish("behind", 1)
        for (let n = 0; n < 9; n++) {
            p.writeAll()
            expect(p.ended).toEqual([])
            p.session.disconnected(true)
            p.session.connected(true)
        }
        expect(p.ended).toEqual(["poison Parked"])
        expect(p.writeAll()).toEqual(["publish 2 behind qos1 dup"])
    })

    it("is not given up for connections that end before it was written again, or otherwise", () => {
        p.publish("a", 1)
        p.writeAll()
        p.session.disconnected(true)
        for (let n = 0; n < 20; n++) {
            p.session.connected(true)
            p.session.disconnected(true)
        }
        for (let n = 0; n < 20; n++) {
            p.session.connected(true)
            p.writeAll()
            p.session.disconnected(false)
        }
        expect(p.ended).toEqual([])
    })

    it("that has ended is not kept in memory, however many connections the broker closes", () => {
        for (let n = 0; n < 50; n++) {
            p.publish("a", 1)
            p.writeAll()
            p.session.disconnected(true)
            p.session.connected(true)
            p.writeAll()
            p.puback(n + 1)
        }
        expect(p.ended).toHaveLength(50)
        // the last one ended after the last close
        expect(parking["waiting"]).toHaveLength(1)
    })

    it("leaves at most 64 identifiers out of use", () => {
        parking = new Parking(p.session, 1)
        for (let n = 0; n < 70; n++) {
            p.publish("a", 1)
            p.write()
            overdue()
        }
        expect(parking.retired.length).toBe(64)
        expect(parking.retired[0]).toBe(7)
    })
})
