// Messages on their way in: what is handed over, and which replies are owed in which order.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { ResourceError } from "../../src/mqtt/errors"
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

describe("a received PUBLISH", () => {
    it("of QoS 0 is handed over and owed nothing [MQTT-3.3.4-1]", () => {
        expect(p.session.receivedPublish(0, 0)).toBe(true)
        expect(p.writeAll()).toEqual([])
        expect(p.session.idle()).toBe(true)
    })

    it("of QoS 1 is handed over and owed PUBACK with its identifier [MQTT-3.3.4-1] [MQTT-4.3.2-2] [MQTT-2.3.1-6]", () => {
        expect(p.session.receivedPublish(1, 513)).toBe(true)
        expect(p.session.idle()).toBe(false)
        expect(p.writeAll()).toEqual(["puback 513"])
        expect(p.session.idle()).toBe(true)
    })

    it("of QoS 1 is new each time, whatever its DUP says [MQTT-4.3.2-2]", () => {
        expect(p.session.receivedPublish(1, 5)).toBe(true)
        expect(p.session.receivedPublish(1, 5)).toBe(true)
        expect(p.writeAll()).toEqual(["puback 5", "puback 5"])
    })

    it("of QoS 2 is handed over and owed PUBREC, then PUBCOMP [MQTT-3.3.4-1] [MQTT-4.3.3-2]", () => {
        expect(p.session.receivedPublish(2, 7)).toBe(true)
        expect(p.writeAll()).toEqual(["pubrec 7"])
        p.pubrel(7)
        expect(p.writeAll()).toEqual(["pubcomp 7"])
        expect(p.session.idle()).toBe(true)
    })

    it("of QoS 2 is handed over once until PUBREL, though each repeat is answered [MQTT-4.3.3-2] [MQTT-4.5.0-2]", () => {
        expect(p.session.receivedPublish(2, 7)).toBe(true)
        expect(p.session.receivedPublish(2, 7)).toBe(false)
        expect(p.session.receivedPublish(2, 7)).toBe(false)
        expect(p.writeAll()).toEqual(["pubrec 7", "pubrec 7", "pubrec 7"])
        p.pubrel(7)
        expect(p.session.receivedPublish(2, 7)).toBe(true)
        expect(p.writeAll()).toEqual(["pubcomp 7", "pubrec 7"])
    })

    it("of QoS 2 is not handed over again after a reconnect of the same session [MQTT-4.1.0-1]", () => {
        p.session.receivedPublish(2, 7)
        for (let n = 0; n < 3; n++) {
            p.reconnect(true)
            expect(p.session.receivedPublish(2, 7)).toBe(false)
            expect(p.writeAll()).toEqual(["pubrec 7"])
        }
        p.reconnect(true)
        p.pubrel(7)
        expect(p.writeAll()).toEqual(["pubcomp 7"])
    })

    it("of QoS 2 is new when the broker lost the session [MQTT-3.1.2-6] [MQTT-3.2.2-3]", () => {
        p.session.receivedPublish(2, 7)
        p.reconnect(false)
        expect(p.session.receivedPublish(2, 7)).toBe(true)
    })

    it("does not touch our own message with the same identifier", () => {
        p.publish("a", 2)
        p.writeAll()
        expect(p.session.receivedPublish(2, 1)).toBe(true)
        p.pubrel(1)
        expect(p.writeAll()).toEqual(["pubrec 1", "pubcomp 1"])
        expect(p.session.inflight.length).toBe(1)
        expect(p.ended).toEqual([])
    })
})

describe("a received PUBREL", () => {
    it("is answered with PUBCOMP even when its message is not known [MQTT-4.3.3-2]", () => {
        p.pubrel(9)
        p.pubrel(9)
        expect(p.writeAll()).toEqual(["pubcomp 9", "pubcomp 9"])
    })
})

describe("replies", () => {
    it("go out in the order the packets came in [MQTT-4.6.0-2] [MQTT-4.6.0-3]", () => {
        p.session.receivedPublish(1, 3)
        p.session.receivedPublish(2, 9)
        p.session.receivedPublish(1, 1)
        p.session.receivedPublish(2, 2)
        p.pubrel(9)
        p.session.receivedPublish(1, 2)
        expect(p.writeAll()).toEqual([
            "puback 3",
            "pubrec 9",
            "puback 1",
            "pubrec 2",
            "pubcomp 9",
            "puback 2",
        ])
    })

    it("go before all else that waits, so that a busy queue does not hold them up", () => {
        p.publish("a", 1)
        p.subscribe("f", 0)
        p.session.receivedPublish(1, 3)
        expect(p.write()).toBe("puback 3")
    })

    it("stay owed until they are written", () => {
        p.session.receivedPublish(1, 3)
        p.session.take()
        expect(p.session.idle()).toBe(false)
        p.session.receivedPublish(1, 4)
        p.session.wrote(0)
        expect(p.writeAll()).toEqual(["puback 4"])
    })

    it("die with the connection: the broker asks again", () => {
        p.session.receivedPublish(1, 3)
        p.session.receivedPublish(2, 4)
        p.reconnect(true)
        expect(p.writeAll()).toEqual([])
    })

    it("are bounded: a peer that never reads ends its connection [MQTT-4.8.0-2]", () => {
        for (let n = 0; n < 256; n++) p.session.receivedPublish(1, 3)
        expect(() => p.session.receivedPublish(1, 3)).toThrow(ResourceError)
        expect(() => p.session.receivedPublish(1, 3)).toThrow(/^replies: /)
    })

    it("that meet their bound lose no QoS 2 message: its repeat is still new [MQTT-4.3.3-2]", () => {
        for (let n = 0; n < 256; n++) p.session.receivedPublish(1, 3)
        expect(() => p.session.receivedPublish(2, 7)).toThrow(ResourceError)
        p.reconnect(true)
        expect(p.session.receivedPublish(2, 7)).toBe(true)
    })
})

describe("open QoS 2 identifiers", () => {
    it("are bounded: the oldest is forgotten and counted, and its PUBREL is answered all the same", () => {
        p = new SessionProbe({ inboundIds: 2 })
        p.session.connected(false)
        for (const id of [1, 2]) p.session.receivedPublish(2, id)
        // a repeat needs no room
        expect(p.session.receivedPublish(2, 2)).toBe(false)
        expect(p.session.forgotten).toBe(0)
        expect(p.session.receivedPublish(2, 3)).toBe(true)
        expect(p.session.forgotten).toBe(1)
        p.writeAll()
        p.pubrel(1)
        expect(p.writeAll()).toEqual(["pubcomp 1"])
        // room is made by PUBREL
        p.pubrel(2)
        expect(p.session.receivedPublish(2, 4)).toBe(true)
        expect(p.session.forgotten).toBe(1)
    })
})
