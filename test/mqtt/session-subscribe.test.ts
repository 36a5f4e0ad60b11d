// Subscriptions: asked for, granted, restored, dropped.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { PeerError } from "../../src/mqtt/errors"
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

describe("subscribing", () => {
    it("sends one filter in one packet with an identifier of its own, and tells what SUBACK with that identifier grants [MQTT-2.3.1-1] [MQTT-3.8.3-3] [MQTT-3.8.4-2] [MQTT-3.9.3-1]", () => {
        const a = p.subscribe("a/#", 1)
        const b = p.subscribe("b", 2)
        expect(p.writeAll()).toEqual([
            "subscribe 1 a/# qos1",
            "subscribe 2 b qos2",
        ])
        expect(p.suback(2, 2)).toBe(true)
        expect(p.suback(1, 1)).toBe(true)
        expect(p.answers).toEqual(["b 2", "a/# 1"])
        expect([a.granted, b.granted]).toEqual([1, 2])
        expect(p.session.idle()).toBe(true)
    })

    it("tells a lower QoS than was asked for [MQTT-3.8.4-6]", () => {
        const s = p.subscribe("a", 2)
        p.writeAll()
        p.suback(1, 0)
        expect(p.answers).toEqual(["a 0"])
        expect(s.granted).toBe(0)
    })

    it("tells a refusal [MQTT-3.8.4-5]", () => {
        const s = p.subscribe("a", 2)
        p.writeAll()
        p.suback(1, 0x80)
        expect(p.answers).toEqual(["a 128"])
        expect(s.granted).toBe(0x80)
    })

    it("ends the connection when more is granted than was asked for, and asks again on the next", () => {
        const s = p.subscribe("a", 0)
        p.writeAll()
        expect(() => p.suback(1, 1)).toThrow(PeerError)
        expect(p.answers).toEqual([])
        expect(s.granted).toBeUndefined()
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["subscribe 1 a qos0"])
        p.suback(1, 0)
        expect(p.answers).toEqual(["a 0"])
    })

    it("takes no answer with another identifier, of the other kind, twice, or before it was written", () => {
        p.subscribe("a", 0)
        expect(p.suback(1, 0)).toBe(false)
        p.writeAll()
        expect(p.suback(2, 0)).toBe(false)
        expect(() => p.unsuback(1)).toThrow("MQTT-4.8.0-1")
        expect(p.suback(1, 0)).toBe(true)
        expect(p.suback(1, 0)).toBe(false)
        expect(p.answers).toEqual(["a 0"])
        expect(p.session.strayAcks).toBe(3)
    })

    it("to the same filter again replaces the subscription", () => {
        p.subscribe("a", 0)
        p.writeAll()
        p.suback(1, 0)
        const s = p.subscribe("a", 2)
        expect(p.writeAll()).toEqual(["subscribe 2 a qos2"])
        p.suback(2, 2)
        expect(p.subscriptions.list).toEqual([s])
        expect(p.answers).toEqual(["a 0", "a 2"])
    })

    it("while offline is sent after the connection is up", () => {
        p.session.disconnected(false)
        p.subscribe("a", 1)
        expect(p.write()).toBeUndefined()
        p.session.connected(false)
        expect(p.writeAll()).toEqual(["subscribe 1 a qos1"])
    })
})

describe("after a reconnect", () => {
    beforeEach(() => {
        p.subscribe("granted", 1)
        p.subscribe("refused", 1)
        p.subscribe("open", 1)
        p.writeAll()
        p.suback(1, 1)
        p.suback(2, 0x80)
    })

    it("with the session present the unanswered request is repeated with its identifier, and what was refused is asked for again [MQTT-2.3.1-3] [MQTT-3.1.2-4]", () => {
        p.reconnect(true)
        expect(p.writeAll()).toEqual([
            "subscribe 3 open qos1",
            "subscribe 4 refused qos1",
        ])
    })

    it("with a session that may be another one every wanted filter is asked for too, and what is in flight is repeated", () => {
        p.reconnect(true, true)
        expect(p.writeAll()).toEqual([
            "subscribe 3 open qos1",
            "subscribe 4 granted qos1",
            "subscribe 5 refused qos1",
        ])
    })

    it("without it every wanted filter is asked for, once each", () => {
        p.reconnect(false)
        expect(p.writeAll()).toEqual([
            "subscribe 4 open qos1",
            "subscribe 5 granted qos1",
            "subscribe 6 refused qos1",
        ])
        // a request that is under way is not doubled by the next break
        p.reconnect(false)
        expect(p.writeAll().length).toBe(3)
        expect(p.writeAll()).toEqual([])
    })

    it("the restored subscription is granted anew, without telling the caller twice", () => {
        p.reconnect(false)
        p.writeAll()
        p.suback(5, 0)
        expect(p.subscriptions.list[0]?.granted).toBe(0)
        expect(p.answers).toEqual(["granted 1", "refused 128"])
    })
})

describe("unsubscribing", () => {
    it("sends the filter, and is done with the UNSUBACK of the same identifier [MQTT-3.10.3-2] [MQTT-3.10.4-4] [MQTT-2.3.1-1]", () => {
        p.subscribe("a", 1)
        p.writeAll()
        p.suback(1, 1)
        expect(p.unsubscribe("a")).toBe(true)
        expect(p.writeAll()).toEqual(["unsubscribe 2 a"])
        expect(p.unsuback(2)).toBe(true)
        expect(p.answers).toEqual(["a 1", "a 0"])
        expect(p.session.idle()).toBe(true)
    })

    it("from what was never subscribed to is nothing to send", () => {
        p.subscribe("a", 1)
        expect(p.unsubscribe("b")).toBe(false)
        expect(p.unsubscribe("aa")).toBe(false)
        expect(p.writeAll()).toEqual(["subscribe 1 a qos1"])
    })

    it("is not undone by a reconnect, and is asked for until it is answered", () => {
        p.subscribe("a", 1)
        p.writeAll()
        p.suback(1, 1)
        p.unsubscribe("a")
        p.writeAll()
        p.reconnect(true)
        expect(p.writeAll()).toEqual(["unsubscribe 2 a"])
        p.unsuback(2)
        p.reconnect(false)
        expect(p.writeAll()).toEqual([])
    })

    it("behind an unanswered SUBSCRIBE stays behind it", () => {
        p.subscribe("a", 1)
        p.unsubscribe("a")
        expect(p.writeAll()).toEqual(["subscribe 1 a qos1", "unsubscribe 2 a"])
        p.reconnect(false)
        expect(p.writeAll()).toEqual(["subscribe 3 a qos1", "unsubscribe 4 a"])
        p.suback(3, 1)
        p.unsuback(4)
        expect(p.subscriptions.list).toEqual([])
    })

    it("leaves a QoS 2 delivery that began before to end as usual [MQTT-3.10.4-3]", () => {
        p.subscribe("a", 2)
        p.writeAll()
        p.suback(1, 2)
        expect(p.session.receivedPublish(2, 9)).toBe(true)
        p.unsubscribe("a")
        expect(p.writeAll()).toEqual(["pubrec 9", "unsubscribe 2 a"])
        p.unsuback(2)
        p.pubrel(9)
        expect(p.writeAll()).toEqual(["pubcomp 9"])
    })
})
