// The session as it is flashed: compiled, on the VM's own arrays and buffers, with garbage collected at every allocation.
import { describe, expect, test } from "@devicescript/test"
import { PacketType } from "../../src/mqtt/packet"
import { Message, Outcome, Session } from "../../src/mqtt/session"
import { Subscriptions } from "../../src/mqtt/subscriptions"

const limits = { window: 2, queueMessages: 4, queueBytes: 64, inboundIds: 2 }

/** All that the session writes now, in hex. */
function written(s: Session): string {
    const all: string[] = []
    for (let i = 0; i < 20; i++) {
        const packet = s.take()
        if (!packet) break
        s.wrote(i)
        all.push(packet.toString("hex"))
    }
    return all.join(" ")
}

function message(payload: string, qos: number, ends: string[]): Message {
    return new Message(
        Buffer.from("t"),
        Buffer.from(payload),
        qos,
        false,
        (_, outcome: Outcome) => {
            ends.push(payload + outcome)
        }
    )
}

describe("session", () => {
    test("[MQTT-4.4.0-1] repeats with DUP and the same identifiers, in order, when the broker kept it", () => {
        const ends: string[] = []
        const s = new Session(limits, 65534)
        s.publish(message("a", 1, ends), false)
        s.publish(message("b", 2, ends), false)
        s.publish(message("c", 1, ends), false)
        s.connected(false)
        expect(written(s)).toBe("3206000174ffff61 3406000174000162")
        s.disconnected(false)
        s.connected(true)
        expect(written(s)).toBe("3a06000174ffff61 3c06000174000162")
        s.receivedAck(PacketType.Pubrec, 1, 0)
        expect(written(s)).toBe("62020001")
        s.receivedAck(PacketType.Puback, 65535, 0)
        expect(written(s)).toBe("3206000174000263")
        s.disconnected(false)
        s.connected(true)
        expect(written(s)).toBe("62020001 3a06000174000263")
        s.receivedAck(PacketType.Pubcomp, 1, 0)
        s.receivedAck(PacketType.Puback, 2, 0)
        expect(ends.join(",")).toBe("a0,b0,c0")
        expect(s.idle()).toBe(true)
    })

    test("[MQTT-3.1.2-6] sends as new what the broker forgot, before what waits", () => {
        const ends: string[] = []
        const s = new Session(limits, 0)
        s.connected(false)
        for (const payload of ["a", "b", "c"])
            s.publish(message(payload, 1, ends), false)
        expect(written(s)).toBe("3206000174000161 3206000174000262")
        s.disconnected(false)
        s.publish(message("z", 0, ends), false)
        s.connected(false)
        expect(written(s)).toBe("3206000174000361 3206000174000462")
        s.receivedAck(PacketType.Puback, 4, 0)
        expect(written(s)).toBe("3206000174000563")
        s.end(Outcome.Stopped)
        expect(ends.join(",")).toBe("z2,b0,a5,c5")
    })

    test("[MQTT-4.3.3-2] hands a QoS 2 message over once", () => {
        const s = new Session(limits, 0)
        s.connected(false)
        expect(s.receivedPublish(2, 7)).toBe(true)
        expect(s.receivedPublish(2, 7)).toBe(false)
        s.disconnected(false)
        s.connected(true)
        expect(s.receivedPublish(2, 7)).toBe(false)
        s.receivedAck(PacketType.Pubrel, 7, 0)
        expect(written(s)).toBe("50020007 70020007")
        expect(s.receivedPublish(2, 7)).toBe(true)
    })

    test("subscribes, is granted, and restores", () => {
        const s = new Session(limits, 0)
        const subscriptions = new Subscriptions(s, 2)
        let granted = -1
        subscriptions.add(Buffer.from("a/#"), 1, code => {
            granted = code
        })
        s.connected(false)
        expect(written(s)).toBe("820800010003612f2301")
        s.receivedAck(PacketType.Suback, 1, 1)
        expect(granted).toBe(1)
        s.disconnected(false)
        s.connected(false)
        expect(written(s)).toBe("820800020003612f2301")
        expect(subscriptions.remove(Buffer.from("a/#"))).toBe(true)
        expect(subscriptions.list.length).toBe(0)
        expect(written(s)).toBe("a20700030003612f23")
    })
})
