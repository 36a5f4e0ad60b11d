// What becomes of a session when its connection breaks: resumed, or begun anew.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
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

describe("without a connection", () => {
    it("nothing is handed out, whatever is owed", () => {
        p.publish("a", 1)
        p.publish("b", 2)
        p.writeAll()
        p.pubrec(2)
        p.subscribe("f", 1)
        p.session.receivedPublish(1, 1)
        p.session.disconnected(false)
        expect(p.session.take()).toBeUndefined()
        p.publish("c", 1)
        expect(p.session.take()).toBeUndefined()
    })

    it("what is not delivered is held for as long as it takes [MQTT-4.1.0-1]", () => {
        p.publish("a", 1)
        p.writeAll()
        p.publish("b", 2)
        for (let n = 0; n < 5; n++) {
            p.session.disconnected(false)
            p.session.connected(true)
        }
        expect(p.ended).toEqual([])
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1 dup",
            "publish 2 b qos2",
        ])
    })
})

describe("with the session present", () => {
    it("what is unacknowledged is sent again with the same identifier and DUP [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-2.3.1-3] [MQTT-3.2.2-2]", () => {
        p.publish("a", 1, { retain: true })
        p.publish("b", 2)
        p.writeAll()
        p.reconnect(true)
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1 retain dup",
            "publish 2 b qos2 dup",
        ])
        p.puback(1)
        p.pubrec(2)
        expect(p.writeAll()).toEqual(["pubrel 2"])
        p.pubcomp(2)
        expect(p.ended).toEqual(["a Delivered", "b Delivered"])
    })

    it("PUBREL is sent again with the same identifier [MQTT-4.4.0-1]", () => {
        p.publish("a", 2)
        p.writeAll()
        p.pubrec(1)
        // whether PUBREL was written before the break or not
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["pubrel 1"])
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["pubrel 1"])
    })

    it("repeats keep their order and go before what is new [MQTT-4.6.0-1]", () => {
        for (const text of ["a", "b", "c", "d"]) p.publish(text, 1)
        p.publish("new", 1)
        p.publish("newer", 0)
        p.writeAll()
        p.puback(2)
        p.writeAll()
        p.publish("newest", 1)
        p.reconnect(true)
        p.publish("at last", 0)
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1 dup",
            "publish 3 c qos1 dup",
            "publish 4 d qos1 dup",
            "publish 5 new qos1 dup",
        ])
        p.puback(1)
        p.puback(3)
        expect(p.writeAll()).toEqual([
            "publish 6 newest qos1",
            "publish at last qos0",
        ])
    })

    it("PUBRELs are repeated in the order of their PUBRECs, PUBLISHes in that of their first writing [MQTT-4.6.0-4] [MQTT-4.6.0-1]", () => {
        for (const text of ["a", "b", "c", "d"]) p.publish(text, 2)
        p.writeAll()
        p.pubrec(4)
        p.pubrec(2)
        p.writeAll()
        p.reconnect(true)
        expect(p.writeAll()).toEqual([
            "pubrel 4",
            "pubrel 2",
            "publish 1 a qos2 dup",
            "publish 3 c qos2 dup",
        ])
    })

    it("DUP stays set on every further repeat, though the connection broke in the middle [MQTT-3.3.1-1]", () => {
        for (const text of ["a", "b"]) p.publish(text, 1)
        p.writeAll()
        p.reconnect(true)
        expect(p.write()).toBe("publish 1 a qos1 dup")
        p.reconnect(true)
        expect(p.writeAll()).toEqual([
            "publish 1 a qos1 dup",
            "publish 2 b qos1 dup",
        ])
    })

    it("what is acknowledged before it was repeated is not repeated", () => {
        for (const text of ["a", "b"]) p.publish(text, 1)
        p.writeAll()
        p.reconnect(true)
        p.puback(2)
        expect(p.writeAll()).toEqual(["publish 1 a qos1 dup"])
        expect(p.ended).toEqual(["b Delivered"])
    })

    it("the window holds across the reconnect", () => {
        p = new SessionProbe({ window: 2 })
        p.session.connected(false)
        for (const text of ["a", "b", "c"]) p.publish(text, 1)
        p.writeAll()
        p.reconnect(true)
        expect(p.writeAll().length).toBe(2)
        p.puback(1)
        expect(p.writeAll()).toEqual(["publish 3 c qos1"])
    })
})

describe("with the session gone", () => {
    it("what is unacknowledged is sent as new, before what waits, in order [MQTT-3.1.2-6] [MQTT-3.2.2-3]", () => {
        p = new SessionProbe({ window: 2 })
        p.session.connected(false)
        for (const text of ["a", "b", "c"]) p.publish(text, 1)
        p.writeAll()
        p.reconnect(false)
        expect(p.writeAll()).toEqual(["publish 3 a qos1", "publish 4 b qos1"])
        p.puback(3)
        p.puback(4)
        expect(p.writeAll()).toEqual(["publish 5 c qos1"])
        p.puback(5)
        expect(p.ended).toEqual(["a Delivered", "b Delivered", "c Delivered"])
    })

    it("a QoS 2 message past its PUBREC ends as Uncertain and is not sent again", () => {
        p.publish("a", 2)
        p.publish("b", 2)
        p.writeAll()
        p.pubrec(1)
        p.writeAll()
        p.reconnect(false)
        expect(p.ended).toEqual(["a Uncertain"])
        expect(p.writeAll()).toEqual(["publish 3 b qos2"])
    })

    it("a QoS 2 message that is sent as new after it was written is counted, as it may come twice", () => {
        p = new SessionProbe({ window: 3 })
        p.session.connected(false)
        p.publish("written", 2)
        p.publish("written too", 1)
        p.write()
        p.write()
        p.publish("taken", 2)
        p.session.take()
        p.publish("waiting", 2)
        p.reconnect(false)
        expect(p.session.sentAnew).toBe(1)
    })

    it("a late acknowledgement of an old identifier settles nothing", () => {
        p.publish("a", 1)
        p.writeAll()
        p.reconnect(false)
        p.puback(1)
        expect(p.ended).toEqual([])
        expect(p.session.strayAcks).toBe(1)
        expect(p.writeAll()).toEqual(["publish 2 a qos1"])
    })

    it("the bytes of what waits again are counted and freed", () => {
        p = new SessionProbe({ queueBytes: 10 })
        p.session.connected(false)
        p.publish("12345678", 1)
        p.writeAll()
        p.reconnect(false)
        p.publish("x", 1)
        expect(p.ended).toEqual(["x Full"])
        p.writeAll()
        p.publish("12345678", 1)
        expect(p.session.waiting()).toBe(1)
    })
})
