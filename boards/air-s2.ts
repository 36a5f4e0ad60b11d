// Unexpected Maker FeatherS2 (ESP32-S2, whose heap is the smallest: 40 KiB) with a Bosch BME680 on its Qwiic connector:
// temperature, humidity, pressure and quality of the air of a room.

import { startBME680 } from "@devicescript/drivers"
// its pins and its I2C connector
import "@dsboard/feather_s2"
import { Driver, startNode, WifiSettings } from "../src/index"

const bme = new Driver("BME680", async () => await startBME680())
await bme.start()

await startNode({
    board: "air-s2",
    parts: [new WifiSettings()],
    // with a full outbox the heap has no room for a packet of 2 KB
    maxPacket: 512,
    sensors: [
        {
            id: "TC",
            read: bme.reads(roles => roles.temperature.reading),
            interval: 10000,
            precision: 1,
        },
        {
            id: "RH",
            read: bme.reads(roles => roles.humidity.reading),
            interval: 10000,
            precision: 0,
        },
        {
            id: "HPA",
            read: bme.reads(roles => roles.pressure.reading),
            interval: 60000,
            precision: 1,
        },
        {
            id: "AQI",
            read: bme.reads(roles => roles.airQualityIndex.reading),
            interval: 60000,
            precision: 0,
        },
    ],
})
