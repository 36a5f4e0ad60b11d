// A controller of our own for a greenhouse, described in garden_s3.board.json: an AHT20 for temperature and humidity, soil
// moisture in two beds, and a relay for a valve.

import { pins } from "@dsboard/garden_s3"
import { startAHT20 } from "@devicescript/drivers"
import { startRelay, startSoilMoisture } from "@devicescript/servers"
import {
    Actuators,
    Commands,
    Driver,
    startNode,
    WifiSettings,
} from "../src/index"

const aht = new Driver("AHT20", async () => await startAHT20())
await aht.start()
const bed1 = startSoilMoisture({ pin: pins.SOIL1 })
const bed2 = startSoilMoisture({ pin: pins.SOIL2 })
const valve = startRelay({ pin: pins.RELAY })

await startNode({
    board: "garden-s3",
    parts: [
        new WifiSettings(),
        new Actuators([{ id: "VALVE", act: valve.enabled, type: "boolean" }]),
        new Commands(),
    ],
    sensors: [
        {
            id: "TC",
            read: aht.reads(roles => roles.temperature.reading),
            interval: 30000,
            precision: 1,
        },
        {
            id: "RH",
            read: aht.reads(roles => roles.humidity.reading),
            interval: 30000,
            precision: 0,
        },
        {
            id: "BED1",
            read: bed1.reading,
            interval: 60000,
            precision: 3,
            median: 3,
        },
        {
            id: "BED2",
            read: bed2.reading,
            interval: 60000,
            precision: 3,
            median: 3,
        },
    ],
})
