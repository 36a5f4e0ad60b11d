// The broker model says what real brokers say: one script, held word for word with the model, with aedes and with Mosquitto.
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { World } from "../../sim/world"
import { AedesBroker } from "../support/aedes-broker"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { conversations } from "./conversations"
import { inWorld, onTcp, type Open } from "./parties"

describe("the broker model", () => {
    for (const { name, hold, heard } of conversations)
        test(name, async () => {
            expect(await hold(inWorld(new World()))).toEqual(heard)
        })
})

/** @param known what a broker is known to get wrong, as it then sounds */
function against(
    start: () => Promise<{ port: number; stop: () => Promise<void> }>,
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
    for (const { name, hold, heard } of conversations)
        test(name, async () => {
            expect(await hold(open)).toEqual(heard.map(known))
        })
}

describe("the same with aedes, which sets no DUP in what it repeats [MQTT-3.3.1-1]", () => {
    against(
        () => AedesBroker.start(),
        line => line.replace(" dup", "")
    )
})

describeWithMosquitto("the same with Mosquitto", () => {
    against(() => Mosquitto.start())
})
