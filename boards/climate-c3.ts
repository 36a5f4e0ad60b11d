// Adafruit QT Py ESP32-C3 with a Sensirion SHT30 on its Qwiic connector: temperature and humidity of a room.

import { startSHT30 } from "@devicescript/drivers"
// its pins and its I2C connector
import "@dsboard/adafruit_qt_py_c3"
import { Driver, startNode, WifiSettings } from "../src/index"

const sht = new Driver("SHT30", async () => await startSHT30())
await sht.start()

await startNode({
    board: "climate-c3",
    parts: [new WifiSettings()],
    sensors: [
        {
            id: "TC",
            read: sht.reads(roles => roles.temperature.reading),
            interval: 10000,
            precision: 1,
            min: -40,
            max: 125,
        },
        {
            id: "RH",
            read: sht.reads(roles => roles.humidity.reading),
            interval: 10000,
            precision: 0,
            min: 0,
            max: 100,
        },
    ],
})
