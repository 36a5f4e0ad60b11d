// The broker model says what real brokers say: one script, held word for word with the model, with aedes and with Mosquitto.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { World } from "../../sim/world"
import { AedesBroker } from "../support/aedes-broker"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { conversations, publish, strict, subscribe } from "./conversations"
import { inWorld, onTcp, type Open } from "./parties"

/** A device with a will is there while the broker ends in good order and starts again; what its status is then. */
async function statusAfter(
    restart: () => Promise<void>,
    open: Open
): Promise<string[]> {
    const device = await open("d")
    await device.connects({
        will: { topic: "status", payload: "down", qos: 1, retain: true },
    })
    device.says(publish("status", "up", 1, { messageId: 1, retain: true }))
    await device.hears()
    await restart()
    const other = await open("o")
    await other.connects()
    other.says(subscribe(1, ["status", 0]))
    return other.hears(2)
}
const SAID = ["o: suback 1 0", "o: publish status=down qos 0 retain"]

describe("the broker model", () => {
    test(strict.name, async () => {
        const world = new World()
        expect(await strict.hold(inWorld(world))).toEqual(strict.heard)
        // each for its own reason
        expect(world.broker.connections.map(({ fault }) => fault)).toEqual([
            "packet identifier 0 [MQTT-2.3.1-1]",
            "packet identifier 0 [MQTT-2.3.1-1]",
            "ill-formed UTF-8 [MQTT-1.5.3-1]",
            "ill-formed UTF-8 [MQTT-1.5.3-1]",
            "no filter [MQTT-3.8.3-3] [MQTT-3.10.3-2]",
            "no filter [MQTT-3.8.3-3] [MQTT-3.10.3-2]",
            "misplaced wildcard [MQTT-4.7.1-2] [MQTT-4.7.1-3]",
            "password without user name [MQTT-3.1.2-22]",
            "wildcard in a topic name [MQTT-3.3.2-2]",
            "ill-formed UTF-8 [MQTT-1.5.3-1]",
        ])
    })

    test("a broker that ends in good order says the wills of those that are there", async () => {
        const world = new World()
        const restart = async () => {
            world.broker.restart(100)
            await world.advance(200)
        }
        expect(await statusAfter(restart, inWorld(world))).toEqual(SAID)
    })

    for (const { name, hold, heard } of conversations)
        test(name, async () => {
            expect(await hold(inWorld(new World()))).toEqual(heard)
        })
})

/** @param known what a broker is known to get wrong, as it then sounds */
function against(
    start: () => Promise<{ port: number; stop: () => Promise<void> }>,
    scripts = conversations,
    known: (line: string) => string = line => line
) {
    let end: () => Promise<void>
    let open: Open
    beforeEach(async () => {
        const broker = await start()
        const parties = onTcp(broker.port)
        open = parties.open
        end = () => {
            parties.end()
            return broker.stop()
        }
    })
    afterEach(() => end())
    for (const { name, hold, heard } of scripts)
        test(name, async () => {
            expect(await hold(open)).toEqual(heard.map(known))
        })
}

describe("the same with aedes, which sets no DUP in what it repeats [MQTT-3.3.1-1]", () => {
    against(
        () => AedesBroker.start(),
        conversations,
        line => line.replace(" dup", "")
    )
})

describeWithMosquitto("the same with Mosquitto", () => {
    against(() => Mosquitto.start(), [...conversations, strict])

    test("a broker that ends in good order says the wills of those that are there", async () => {
        const broker = await Mosquitto.start({ persistence: true })
        const { open, end } = onTcp(broker.port)
        try {
            const restart = () => broker.restart()
            expect(await statusAfter(restart, open)).toEqual(SAID)
        } finally {
            end()
            await broker.stop()
        }
    })
})
