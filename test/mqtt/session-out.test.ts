// Messages on their way out: packets, identifiers, acknowledgements, and how each message ends.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { PeerError } from "../../src/mqtt/errors"
import { PacketType } from "../../src/mqtt/packet"
import { Outcome } from "../../src/mqtt/session"
import { SessionProbe } from "./session-probe"
import { installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

let p: SessionProbe
beforeEach(() => {
    p = new SessionProbe()
    p.session.connected(false)
})

/** The clause of the PeerError that `action` throws. */
function broken(action: () => void): string | undefined {
    try {
        action()
    } catch (e) {
        if (e instanceof PeerError) return e.clause
        throw e
    }
    return undefined
}

describe("a QoS 0 message", () => {
    it("is written without an identifier or DUP and is delivered when written [MQTT-2.3.1-5] [MQTT-4.3.1-1]", () => {
        p.publish("a", 0)
        expect(p.session.take()).toBeDefined()
        expect(p.ended).toEqual([])
        p.session.wrote(0)
        expect(p.ended).toEqual(["a Delivered"])
        p.publish("b", 0, { retain: true })
        expect(p.writeAll()).toEqual(["publish b qos0 retain"])
        expect(p.session.idle()).toBe(true)
    })

    it("ends at once as Offline while there is no connection", () => {
        p.session.disconnected(false)
        p.publish("a", 0)
        expect(p.ended).toEqual(["a Offline"])
        expect(p.session.waiting()).toBe(0)
    })

    it("ends as Offline when the connection breaks before it is written", () => {
        p.publish("a", 0)
        p.publish("b", 0)
        p.session.take()
        p.session.disconnected(false)
        expect(p.ended).toEqual(["a Offline", "b Offline"])
        p.session.connected(true)
        expect(p.writeAll()).toEqual([])
        expect(p.session.idle()).toBe(true)
    })

    it("may bypass the queue only when it overtakes nothing", () => {
        expect(p.session.mayBypass()).toBe(true)
        p.publish("a", 1)
        expect(p.session.mayBypass()).toBe(false)
        p.writeAll()
        expect(p.session.mayBypass()).toBe(true)
        p.session.receivedPublish(1, 9)
        expect(p.session.mayBypass()).toBe(false)
        p.writeAll()
        p.subscribe("f", 0)
        expect(p.session.mayBypass()).toBe(false)
        p.writeAll()
        p.suback(2, 0)
        expect(p.session.mayBypass()).toBe(true)
        p.reconnect(true)
        expect(p.session.mayBypass()).toBe(false)
        expect(p.write()).toBe("publish 1 a qos1 dup")
        expect(p.write()).toBeUndefined()
        expect(p.session.mayBypass()).toBe(true)
        p.session.disconnected(false)
        expect(p.session.mayBypass()).toBe(false)
    })

    it("may not bypass a packet that is taken and not yet written", () => {
        p.publish("a", 1)
        p.session.take()
        expect(p.session.mayBypass()).toBe(false)
        p.session.wrote(0)
        expect(p.session.mayBypass()).toBe(true)
    })
})

describe("a QoS 1 message", () => {
    it("is written with an identifier and without DUP, and held until its PUBACK [MQTT-4.3.2-1] [MQTT-2.3.1-1]", () => {
        const m = p.publish("a", 1)
        expect(p.writeAll()).toEqual(["publish 1 a qos1"])
        expect(m.awaits).toBe(PacketType.Puback)
        expect(p.ended).toEqual([])
        p.puback(1)
        expect(p.ended).toEqual(["a Delivered"])
        expect(m.awaits).toBe(PacketType.None)
        expect(p.session.idle()).toBe(true)
    })

    it("is told once, however often it is acknowledged", () => {
        p.publish("a", 1)
        p.writeAll()
        p.puback(1)
        p.puback(1)
        expect(p.ended).toEqual(["a Delivered"])
        expect(p.session.strayAcks).toBe(1)
    })

    it("is not acknowledged by an identifier that is not its own", () => {
        p.publish("a", 1)
        p.writeAll()
        p.puback(2)
        p.puback(65535)
        expect(p.ended).toEqual([])
        expect(p.session.strayAcks).toBe(2)
    })

    it("is not acknowledged before it was written", () => {
        p.publish("a", 1)
        p.session.take()
        p.puback(1)
        expect(p.ended).toEqual([])
        expect(p.session.strayAcks).toBe(1)
    })

    it("answered with PUBREC or PUBCOMP ends the connection", () => {
        p.publish("a", 1)
        p.writeAll()
        expect(broken(() => p.pubrec(1))).toBe("MQTT-4.8.0-1")
        expect(broken(() => p.pubcomp(1))).toBe("MQTT-4.8.0-1")
        expect(p.ended).toEqual([])
    })

    it("may be acknowledged in any order", () => {
        for (const text of ["a", "b", "c"]) p.publish(text, 1)
        p.writeAll()
        p.puback(3)
        p.puback(1)
        p.puback(2)
        expect(p.ended).toEqual(["c Delivered", "a Delivered", "b Delivered"])
    })
})

describe("a QoS 2 message", () => {
    it("goes through PUBREC, PUBREL and PUBCOMP with one identifier [MQTT-4.3.3-1] [MQTT-2.3.1-6]", () => {
        const m = p.publish("a", 2)
        expect(p.writeAll()).toEqual(["publish 1 a qos2"])
        expect(m.awaits).toBe(PacketType.Pubrec)
        p.pubrec(1)
        expect(m.awaits).toBe(PacketType.Pubcomp)
        expect(p.writeAll()).toEqual(["pubrel 1"])
        expect(p.ended).toEqual([])
        p.pubcomp(1)
        expect(p.ended).toEqual(["a Delivered"])
        expect(p.session.idle()).toBe(true)
    })

    it("answers a repeated PUBREC with PUBREL again [MQTT-4.3.3-1]", () => {
        p.publish("a", 2)
        p.writeAll()
        p.pubrec(1)
        p.pubrec(1)
        expect(p.writeAll()).toEqual(["pubrel 1", "pubrel 1"])
        p.pubcomp(1)
        p.pubcomp(1)
        expect(p.ended).toEqual(["a Delivered"])
        expect(p.session.strayAcks).toBe(1)
    })

    it("is never published again after its PUBREC [MQTT-4.3.3-1]", () => {
        p.publish("a", 2)
        p.writeAll()
        p.pubrec(1)
        for (let n = 0; n < 3; n++) {
            p.reconnect(true)
            expect(p.writeAll()).toEqual(["pubrel 1"])
        }
    })

    it("ends the connection when PUBCOMP comes before PUBREC, or PUBACK after it", () => {
        p.publish("a", 2)
        p.writeAll()
        expect(broken(() => p.pubcomp(1))).toBe("MQTT-4.8.0-1")
        p.pubrec(1)
        expect(broken(() => p.puback(1))).toBe("MQTT-4.8.0-1")
        expect(p.ended).toEqual([])
    })

    it("answered with PUBACK by a broker without QoS 2 came at least once, and is not said to be delivered; later ones go with QoS 1", () => {
        p.publish("a", 2)
        p.writeAll()
        expect(p.session.maxQos).toBe(2)
        p.puback(1)
        expect(p.ended).toEqual(["a Downgraded"])
        expect(p.session.maxQos).toBe(1)
        p.publish("b", 2)
        expect(p.writeAll()).toEqual(["publish 2 b qos1"])
        p.puback(2)
        expect(p.ended).toEqual(["a Downgraded", "b Downgraded"])
        expect(p.session.idle()).toBe(true)
    })

    it("that the broker answers by closing, three connections in a row, goes with QoS 1 from then on", () => {
        p.publish("a", 2)
        for (const dup of ["", " dup", " dup"]) {
            expect(p.writeAll()).toEqual([`publish 1 a qos2${dup}`])
            expect(p.session.disconnected(true)).toBe(true)
            p.session.connected(true)
        }
        expect(p.session.maxQos).toBe(1)
        p.publish("b", 2)
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1 dup",
            "publish 2 b qos1",
        ])
        p.puback(1)
        p.puback(2)
        expect(p.ended).toEqual(["a Downgraded", "b Downgraded"])
    })

    it("is not lowered by connections that end otherwise, before it was written, or with a PUBREC in between", () => {
        const drop = (closed: boolean) => {
            const blamed = p.session.disconnected(closed)
            p.session.connected(true)
            return blamed
        }
        p.publish("a", 2)
        p.writeAll()
        for (let n = 0; n < 5; n++) {
            expect(drop(false)).toBe(false)
            p.writeAll()
        }
        expect(drop(false)).toBe(false)
        for (let n = 0; n < 5; n++) expect(drop(true)).toBe(false)
        p.writeAll()
        expect(drop(true)).toBe(true)
        p.writeAll()
        p.pubrec(1)
        expect(drop(true)).toBe(false)
        p.writeAll()
        p.pubcomp(1)
        expect(p.ended).toEqual(["a Delivered"])
        p.publish("b", 2)
        p.writeAll()
        expect(drop(true)).toBe(true)
        expect(p.writeAll()).toEqual(["publish 2 b qos2 dup"])
        expect(p.session.maxQos).toBe(2)
    })

    it("that is not known any more is released all the same", () => {
        p.pubrec(77)
        expect(p.writeAll()).toEqual(["pubrel 77"])
        p.pubcomp(77)
        expect(p.session.strayAcks).toBe(2)
        expect(p.session.idle()).toBe(true)
    })

    it("sends PUBRELs in the order the PUBRECs came in [MQTT-4.6.0-4]", () => {
        for (const text of ["a", "b", "c"]) p.publish(text, 2)
        p.writeAll()
        p.pubrec(3)
        p.pubrec(1)
        p.pubrec(2)
        expect(p.writeAll()).toEqual(["pubrel 3", "pubrel 1", "pubrel 2"])
    })
})

describe("identifiers", () => {
    it("go over all 16 bits and never use 0 [MQTT-2.3.1-1]", () => {
        const seen = new Set<number>()
        p = new SessionProbe({}, 65000)
        p.session.connected(false)
        for (let n = 0; n < 65535; n++) {
            const m = p.publish("a", 1)
            p.session.take()
            p.session.wrote(0)
            seen.add(m.id)
            p.puback(m.id)
        }
        expect(seen.size).toBe(65535)
        expect(Math.min(...seen)).toBe(1)
        expect(Math.max(...seen)).toBe(65535)
    })

    it("begin with the one after the last, and wrap to 1", () => {
        p = new SessionProbe({}, 65534)
        p.session.connected(false)
        for (const text of ["a", "b"]) p.publish(text, 1)
        expect(p.writeAll()).toEqual([
            "publish 65535 a qos1",
            "publish 1 b qos1",
        ])
    })

    it("that are in use are passed over, by messages and requests alike [MQTT-2.3.1-2] [MQTT-2.3.1-3]", () => {
        p = new SessionProbe({}, 65532)
        p.session.connected(false)
        p.publish("one", 1)
        p.publish("two", 2)
        p.subscribe("f", 0)
        expect(p.writeAll()).toEqual([
            "subscribe 65533 f qos0",
            "publish 65534 one qos1",
            "publish 65535 two qos2",
        ])
        p.pubrec(65535)
        p.writeAll()
        // all other identifiers once around
        for (let n = 0; n < 65535; n++) {
            const m = p.publish("x", 1)
            p.session.take()
            p.session.wrote(0)
            expect(m.id === 65533 || m.id === 65534 || m.id === 65535).toBe(
                false
            )
            p.puback(m.id)
        }
        expect(p.session.inflight.map(m => m.id).sort()).toEqual([
            65533, 65534, 65535,
        ])
    })

    it("are free again only after the last acknowledgement [MQTT-2.3.1-3]", () => {
        p = new SessionProbe({ window: 1 })
        p.session.connected(false)
        const m = p.publish("a", 2)
        p.writeAll()
        expect(m.id).toBe(1)
        p.pubrec(1)
        p.writeAll()
        expect(m.id).toBe(1)
        expect(p.session.inflight).toEqual([m])
        p.pubcomp(1)
        expect(p.session.inflight).toEqual([])
    })
})

describe("the window", () => {
    it("holds back QoS 1 and 2 messages, and in order what waits behind them", () => {
        p = new SessionProbe({ window: 2 })
        p.session.connected(false)
        p.publish("a", 1)
        p.publish("b", 2)
        p.publish("c", 1)
        p.publish("d", 0)
        expect(p.writeAll()).toEqual(["publish 1 a qos1", "publish 2 b qos2"])
        p.puback(1)
        expect(p.writeAll()).toEqual(["publish 3 c qos1", "publish d qos0"])
    })

    it("counts a QoS 2 message until PUBCOMP", () => {
        p = new SessionProbe({ window: 1 })
        p.session.connected(false)
        p.publish("a", 2)
        p.publish("b", 1)
        p.writeAll()
        p.pubrec(1)
        expect(p.writeAll()).toEqual(["pubrel 1"])
        p.pubcomp(1)
        expect(p.writeAll()).toEqual(["publish 2 b qos1"])
    })
})

describe("the queue", () => {
    it("is bounded in messages; what does not fit ends at once as Full", () => {
        p = new SessionProbe({ queueMessages: 2 })
        for (const text of ["a", "b", "c"]) p.publish(text, 1)
        expect(p.ended).toEqual(["c Full"])
        expect(p.session.waiting()).toBe(2)
    })

    it("is bounded in bytes of topic and payload, which are free again when taken or given up", () => {
        p = new SessionProbe({ queueBytes: 10 })
        const a = p.publish("1234", 1)
        p.publish("1234", 1)
        p.publish("", 1)
        expect(p.ended).toEqual([" Full"])
        p.session.giveUp(a, Outcome.TimedOut)
        p.publish("56789", 1)
        expect(p.ended).toEqual([" Full", "1234 TimedOut", "56789 Full"])
        p.publish("5678", 1)
        expect(p.session.waiting()).toBe(2)
        p.session.connected(false)
        p.writeAll()
        p.publish("123456789", 1)
        expect(p.session.waiting()).toBe(1)
        p.publish("", 1)
        expect(p.ended.length).toBe(4)
    })

    it("keeps the order of messages", () => {
        p.session.disconnected(false)
        for (const text of ["a", "b", "c"]) p.publish(text, 1)
        p.session.connected(true)
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1",
            "publish 2 b qos1",
            "publish 3 c qos1",
        ])
    })

    it("lets an urgent message go before all that waits, whatever the bounds", () => {
        p = new SessionProbe({ queueMessages: 2 })
        p.publish("a", 1)
        p.publish("b", 1)
        p.publish("now", 1, { urgent: true })
        expect(p.ended).toEqual([])
        p.session.connected(false)
        expect(p.writeAll()).toEqual([
            "publish 1 now qos1",
            "publish 2 a qos1",
            "publish 3 b qos1",
        ])
    })
})

describe("a packet that was taken and not written", () => {
    it("is the last one until it is written or the connection ends", () => {
        p.publish("a", 0)
        p.publish("b", 0)
        p.session.take()
        expect(p.session.take()).toBeUndefined()
        p.session.receivedPublish(1, 9)
        expect(p.session.take()).toBeUndefined()
        p.session.wrote(0)
        expect(p.ended).toEqual(["a Delivered"])
        expect(p.writeAll()).toEqual(["puback 9", "publish b qos0"])
    })

    it("is the last one when it is a request, too", () => {
        p.subscribe("f", 0)
        p.publish("a", 1)
        p.session.take()
        expect(p.session.take()).toBeUndefined()
        p.session.wrote(0)
        expect(p.writeAll()).toEqual(["publish 2 a qos1"])
    })

    it("leaves nobody waiting for an answer", () => {
        p.publish("a", 1)
        p.session.take()
        expect(p.session.oldestUnanswered()).toBe(Infinity)
        p.session.wrote(5000)
        expect(p.session.oldestUnanswered()).toBe(5000)
    })

    it("is sent after a reconnect without DUP, as the broker never saw it [MQTT-3.3.1-1]", () => {
        p.publish("a", 1)
        p.session.take()
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["publish 1 a qos1"])
    })
})

describe("the wait for an answer", () => {
    it("is counted from the oldest write of this connection that is not answered", () => {
        expect(p.session.oldestUnanswered()).toBe(Infinity)
        p.publish("a", 1)
        p.write(100)
        p.publish("b", 1)
        p.write(200)
        p.subscribe("f", 0)
        p.write(300)
        expect(p.session.oldestUnanswered()).toBe(100)
        p.puback(1)
        expect(p.session.oldestUnanswered()).toBe(200)
        p.puback(2)
        expect(p.session.oldestUnanswered()).toBe(300)
        p.suback(3, 0)
        expect(p.session.oldestUnanswered()).toBe(Infinity)
    })

    it("begins anew with a reconnect, when the repeat is written", () => {
        p.publish("a", 1)
        p.write(100)
        p.subscribe("f", 0)
        p.write(150)
        p.reconnect(true)
        expect(p.session.oldestUnanswered()).toBe(Infinity)
        p.write(9000)
        expect(p.session.oldestUnanswered()).toBe(9000)
    })

    it("for PUBCOMP begins with PUBREL", () => {
        p.publish("a", 2)
        p.write(100)
        p.pubrec(1)
        p.write(19000)
        expect(p.session.oldestUnanswered()).toBe(19000)
    })
})

describe("a message that is given up", () => {
    it("leaves the queue", () => {
        const a = p.publish("a", 1)
        p.publish("b", 1)
        p.session.giveUp(a, Outcome.TimedOut)
        expect(p.ended).toEqual(["a TimedOut"])
        expect(p.writeAll()).toEqual(["publish 1 b qos1"])
    })

    it("in flight keeps its identifier until it is answered, and is told once", () => {
        const a = p.publish("a", 1)
        p.writeAll()
        p.session.giveUp(a, Outcome.TimedOut)
        p.session.giveUp(a, Outcome.TimedOut)
        expect(p.ended).toEqual(["a TimedOut"])
        expect(p.session.inflight.map(m => m.id)).toEqual([1])
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["publish 1 a qos1 dup"])
        p.puback(1)
        expect(p.session.idle()).toBe(true)
        expect(p.ended).toEqual(["a TimedOut"])
    })

    it("after it ended is not told again", () => {
        const a = p.publish("a", 1)
        const b = p.publish("b", 0)
        p.writeAll()
        p.puback(1)
        p.session.giveUp(a, Outcome.TimedOut)
        p.session.giveUp(b, Outcome.TimedOut)
        expect(p.ended).toEqual(["b Delivered", "a Delivered"])
    })

    it("of QoS 0 while it is taken is told once", () => {
        const a = p.publish("a", 0)
        p.session.take()
        p.session.giveUp(a, Outcome.TimedOut)
        p.session.wrote(0)
        expect(p.ended).toEqual(["a TimedOut"])
    })

    it("in flight is not sent as new when the broker lost the session", () => {
        const a = p.publish("a", 1)
        p.publish("b", 1)
        p.writeAll()
        p.session.giveUp(a, Outcome.TimedOut)
        p.reconnect(false)
        expect(p.writeAll()).toEqual(["publish 3 b qos1"])
        expect(p.ended).toEqual(["a TimedOut"])
    })
})

describe("the end", () => {
    it("settles all that waits and all that is in flight", () => {
        p = new SessionProbe({ window: 2 })
        p.session.connected(false)
        p.publish("a", 1)
        p.publish("b", 2)
        p.publish("c", 1)
        p.writeAll()
        p.session.disconnected(false)
        p.session.end(Outcome.Stopped)
        expect(p.ended).toEqual(["a Stopped", "b Stopped", "c Stopped"])
        expect(p.session.idle()).toBe(true)
        p.session.connected(false)
        expect(p.writeAll()).toEqual([])
    })
})
