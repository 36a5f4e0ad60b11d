// A node's life against real brokers: readings, presence, clean stop, power cut.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { AedesBroker } from "../support/aedes-broker"
import { Mosquitto, describeWithMosquitto } from "../support/mosquitto"
import { Observer } from "../support/observer"
import { board, countingBoard, TestNode } from "./rig"

const STATUS = "devices/COUNTER/status"
const VALUE = "devices/COUNTER/sensors/CNT/value"

function lifeWith(start: () => Promise<AedesBroker | Mosquitto>) {
    let broker: AedesBroker | Mosquitto
    let observer: Observer
    let node: TestNode | undefined

    beforeEach(async () => {
        broker = await start()
        observer = await Observer.start(broker.url, "devices/#")
    })
    afterEach(async () => {
        node?.vm.stop()
        node = undefined
        await observer.stop()
        await broker.stop()
    })

    test("[MQTT-7.0.0-2] [MQTT-7.1.2-1] every reading arrives once, in order, as JSON on its own topic with QoS 1", async () => {
        node = await TestNode.start({ port: broker.port })
        await node.event("acked", 20, 15_000)
        await node.stop()
        const values = observer.on(VALUE)
        const acked = node.all("acked").length
        expect(values.map(m => m.payload)).toEqual(
            Array.from({ length: acked }, (_, i) => `{"value":${i + 1}}`)
        )
        expect(values.every(m => m.qos === 1 && !m.retain && !m.dup)).toBe(true)
    })

    test("status is a retained up while the node runs", async () => {
        node = await TestNode.start({ port: broker.port })
        await node.event("status", 1, 10_000)
        const late = await Observer.start(broker.url, STATUS)
        const status = await late.next(() => true, 5_000)
        await late.stop()
        expect(status).toMatchObject({ payload: "up", retain: true, qos: 1 })
    })

    test("a clean stop leaves a retained down, said once, and no will fires", async () => {
        node = await TestNode.start({ port: broker.port })
        await node.event("acked", 2, 10_000)
        await node.stop()
        // a will would come when the broker sees the connection end; this message is behind it
        await observer.publish("devices/end", "x")
        await observer.next(m => m.topic === "devices/end", 5_000)
        expect(observer.on(STATUS).map(m => m.payload)).toEqual(["up", "down"])
        const late = await Observer.start(broker.url, STATUS)
        expect(await late.next(() => true, 5_000)).toMatchObject({
            payload: "down",
            retain: true,
        })
        await late.stop()
    })

    test("a power cut makes the broker say down, retained", async () => {
        node = await TestNode.start({ port: broker.port })
        await node.event("status", 1, 10_000)
        node.cut()
        const down = await observer.next(
            m => m.topic === STATUS && m.payload === "down",
            5_000
        )
        expect(down.qos).toBe(1)
        const late = await Observer.start(broker.url, STATUS)
        expect(await late.next(() => true, 5_000)).toMatchObject({
            payload: "down",
            retain: true,
        })
        await late.stop()
    })

    test("the default board publishes each of its sensors, rounded to the sensor's precision", async () => {
        node = await TestNode.start({
            port: broker.port,
            program: board("boards/simulator.ts"),
        })
        await node.board.ready("temperature")
        node.board.sensor("temperature").set(21.7)
        node.board.sensor("humidity").set(47.6)
        node.board.sensor("light").set(0.25)
        const seen = (sensor: string, payload: string) =>
            observer.next(
                m =>
                    m.topic === `devices/ESPDEVICE/sensors/${sensor}/value` &&
                    m.payload === payload,
                15_000
            )
        await seen("TC", '{"value":21.7}')
        await seen("RH", '{"value":48}')
        await seen("LUX", '{"value":0.25}')
        node.board.press("button")
        await seen("BTN", '{"value":1}')
    })

    test("two nodes with ids of their own publish side by side from one program", async () => {
        const program = countingBoard()
        const [a, b] = await Promise.all(
            ["left", "right"].map(id =>
                TestNode.start({
                    port: broker.port,
                    program,
                    settings: { DEVICE_ID: id },
                })
            )
        )
        await Promise.all([
            a!.event("acked", 3, 10_000),
            b!.event("acked", 3, 10_000),
        ])
        a!.vm.stop()
        b!.vm.stop()
        for (const id of ["left", "right"])
            expect(
                observer
                    .on(`devices/${id}/sensors/CNT/value`)
                    .slice(0, 3)
                    .map(m => m.payload)
            ).toEqual(['{"value":1}', '{"value":2}', '{"value":3}'])
    })
}

describe("with aedes", () => lifeWith(() => AedesBroker.start()))
describeWithMosquitto("with Mosquitto", () => lifeWith(() => Mosquitto.start()))

describeWithMosquitto("with Mosquitto and passwords", () => {
    test("credentials from the settings open the session, and wrong ones are refused by name", async () => {
        const broker = await Mosquitto.start({ users: { ana: "p4ss word" } })
        const good = await TestNode.start({
            port: broker.port,
            settings: { MQTT_USER: "ana", MQTT_PASS: "p4ss word" },
        })
        await good.event("acked", 1, 10_000)
        await good.stop()
        const bad = await TestNode.start({
            port: broker.port,
            settings: { MQTT_USER: "ana", MQTT_PASS: "wrong" },
        })
        const lost = await bad.event("lost", 1, 10_000)
        expect(lost.text).toBe("CONNACK 5: not authorized")
        expect(bad.lines.join("\n")).not.toContain("wrong")
        bad.vm.stop()
        await broker.stop()
    })
})
