// The node's side of the conversation, byte for byte: what it says when it connects, keeps alive, repeats and leaves.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { IConnectPacket, IPublishPacket } from "mqtt-packet"
import { AedesBroker } from "../support/aedes-broker"
import { Mosquitto, describeWithMosquitto } from "../support/mosquitto"
import { Proxy } from "../support/proxy"
import { CLOSED_MS, RECOVERED_MS } from "./bounds"
import { countingBoard, TestNode } from "./rig"
import { names, packets } from "./wire"

describe("on the wire", () => {
    let broker: AedesBroker
    let proxy: Proxy
    let node: TestNode | undefined

    beforeEach(async () => {
        broker = await AedesBroker.start()
        proxy = await Proxy.start({ port: broker.port })
    })
    afterEach(async () => {
        node?.vm.stop()
        node = undefined
        await proxy.stop()
        await broker.stop()
    })

    const sent = (n: number) =>
        packets(proxy.connections[n - 1]!.recorded("up"))

    test("[MQTT-3.1.0-1] [MQTT-3.1.0-2] [MQTT-3.1.2-9] the first packet, and no other, is CONNECT with client id, kept session, keep alive and a retained will", async () => {
        node = await TestNode.start({
            port: proxy.port,
            settings: { MQTT_USER: "ana", MQTT_PASS: "s3cret" },
        })
        await node.event("status", 1, 10_000)
        await node.event("acked", 2, 10_000)
        const connect = sent(1)[0] as IConnectPacket
        expect(names(sent(1)).match(/connect/g)).toHaveLength(1)
        expect(connect).toMatchObject({
            cmd: "connect",
            protocolId: "MQTT",
            protocolVersion: 4,
            clientId: "COUNTER",
            clean: false,
            keepalive: 60,
            username: "ana",
            will: { topic: "devices/COUNTER/status", qos: 1, retain: true },
        })
        expect(String(connect.password)).toBe("s3cret")
        expect(String(connect.will?.payload)).toBe("down")
        expect(node.lines.join("\n")).not.toContain("s3cret")
    })

    test("up is the first thing said, retained with QoS 1", async () => {
        node = await TestNode.start({ port: proxy.port })
        await node.event("acked", 1, 10_000)
        // before it the node asks to hear its own status, so that no late will escapes it
        expect(sent(1)[1]).toMatchObject({
            cmd: "subscribe",
            subscriptions: [{ topic: "devices/COUNTER/status", qos: 0 }],
        })
        const first = sent(1)[2] as IPublishPacket
        expect(first).toMatchObject({
            cmd: "publish",
            topic: "devices/COUNTER/status",
            qos: 1,
            retain: true,
        })
        expect(String(first.payload)).toBe("up")
    })

    test("[MQTT-3.14.4-1] [MQTT-3.14.4-2] DISCONNECT is the last packet and comes after down was acknowledged", async () => {
        node = await TestNode.start({ port: proxy.port })
        await node.event("acked", 2, 10_000)
        await node.stop()
        await proxy.connections[0]!.closed
        const all = sent(1)
        expect(all.at(-1)!.cmd).toBe("disconnect")
        expect(names(all).match(/disconnect/g)).toHaveLength(1)
        const down = all.at(-2) as IPublishPacket
        expect(String(down.payload)).toBe("down")
        const acks = packets(proxy.connections[0]!.recorded("down"))
        // what else comes last is our own `down`, which we hear like everybody
        expect(acks.filter(p => p.cmd !== "publish").at(-1)).toMatchObject({
            cmd: "puback",
            messageId: down.messageId,
        })
    })

    test("[MQTT-3.1.2-23] an idle node sends PINGREQ at half its keep alive", async () => {
        // one reading a minute: nothing but pings in between
        node = await TestNode.start({
            port: proxy.port,
            program: countingBoard({
                options: "keepAlive: 2,",
                interval: 60_000,
            }),
        })
        await node.event("acked", 1, 10_000)
        const at = Date.now()
        const connection = proxy.connections[0]!
        const pings = () =>
            packets(connection.recorded("up")).filter(p => p.cmd === "pingreq")
                .length
        await expect.poll(pings, { timeout: 6_000 }).toBeGreaterThanOrEqual(3)
        // three pings a second apart, not a flood
        expect(Date.now() - at).toBeGreaterThan(1_900)
        expect(node.all("lost")).toEqual([])
    })

    test.each([0, 65_535])(
        "[MQTT-3.1.2-23] keep alive %i is sent in 16 bits as it is",
        async seconds => {
            node = await TestNode.start({
                port: proxy.port,
                program: countingBoard({ options: `keepAlive: ${seconds},` }),
            })
            await node.event("connected", 1, 10_000)
            expect((sent(1)[0] as IConnectPacket).keepalive).toBe(seconds)
        }
    )

    test("each packet is one write, and no write is above a board's buffer", async () => {
        const writes: Uint8Array[] = []
        node = await TestNode.start({
            port: proxy.port,
            network: {
                onWrite: bytes => {
                    writes.push(bytes)
                    return 0
                },
            },
        })
        await node.event("acked", 5, 10_000)
        await node.stop()
        for (const bytes of writes) {
            expect(packets(Buffer.from(bytes))).toHaveLength(1)
            expect(bytes.length).toBeLessThan(1_460)
        }
        expect(writes).toHaveLength(sent(1).length)
    })

    test("a write that the board's full queue refuses is written again, whole and in order", async () => {
        let n = 0
        node = await TestNode.start({
            port: proxy.port,
            // two of three are refused
            network: { onWrite: () => (++n % 3 === 0 ? 0 : -1) },
        })
        await node.event("acked", 8, 15_000)
        await node.stop()
        const values = sent(1)
            .filter((p): p is IPublishPacket => p.cmd === "publish")
            .filter(p => p.topic.endsWith("/value"))
            .map(p => String(p.payload))
        expect(values).toEqual(values.map((_, i) => `{"value":${i + 1}}`))
        expect(node.all("lost")).toEqual([])
    })

    test("a write on a connection that is gone leads to a new one", async () => {
        let fail = false
        node = await TestNode.start({
            port: proxy.port,
            network: {
                onWrite: () => {
                    if (!fail) return 0
                    fail = false
                    return -10
                },
            },
        })
        await node.event("acked", 2, 10_000)
        fail = true
        const lost = await node.event("lost", 1, CLOSED_MS)
        expect(lost.text).toContain("write refused: code -10")
        await node.event("connected", 2, RECOVERED_MS)
        await node.event("acked", node.all("acked").length + 2, 10_000)
    })
})

// aedes says "no session" at a takeover, so the repeat on a kept session is shown with Mosquitto
describeWithMosquitto("on the wire to a broker that kept the session", () => {
    test("[MQTT-3.3.1-1] [MQTT-2.3.1-3] [MQTT-4.4.0-1] what was not acknowledged is repeated with DUP and the same identifier, in order", async () => {
        const broker = await Mosquitto.start()
        const proxy = await Proxy.start({ port: broker.port })
        const sent = (n: number) =>
            packets(proxy.connections[n - 1]!.recorded("up"))
        const node = await TestNode.start({
            port: proxy.port,
            program: countingBoard({ options: "keepAlive: 3," }),
        })
        await node.event("acked", 2, 10_000)
        // readings still go out, their PUBACKs do not come back
        proxy.swallow("down")
        await node.event("lost", 1, 4_000 + CLOSED_MS)
        proxy.pass()
        const back = await node.event("connected", 2, RECOVERED_MS + 5_000)
        expect(back.present).toBe(true)
        const before = node.all("acked").length
        await node.event("acked", before + 5, 10_000)
        const acked = packets(proxy.connections[0]!.recorded("down"))
        const open = sent(1)
            .filter((p): p is IPublishPacket => p.cmd === "publish")
            .slice(-4)
        expect(open).toHaveLength(4)
        expect(acked.length).toBeGreaterThan(0)
        const again = packets(proxy.connections.at(-1)!.recorded("up"))
            .filter((p): p is IPublishPacket => p.cmd === "publish")
            .slice(0, 4)
        const values = (list: IPublishPacket[]) =>
            list.map(
                p => (JSON.parse(String(p.payload)) as { value: number }).value
            )
        expect(again.map(p => [p.messageId, p.dup])).toEqual(
            open.map(p => [p.messageId, true])
        )
        expect(values(again)).toEqual(values(open))
        // fresh when it was sent first, and no longer
        expect(open.map(p => String(p.payload))).toEqual(
            values(open).map(value => `{"value":${value}}`)
        )
        for (const p of again)
            expect(JSON.parse(String(p.payload))).toMatchObject({ late: true })
        node.cut()
        await proxy.stop()
        await broker.stop()
    })
})
