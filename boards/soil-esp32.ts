// ESP32-DevKitC in a bed of plants: soil moisture and light as voltages, and a relay for a pump or a valve.

import { pins } from "@dsboard/esp32_devkit_c"
import {
    startLightLevel,
    startRelay,
    startSoilMoisture,
} from "@devicescript/servers"
import { Actuators, startNode, WifiSettings } from "../src/index"

// ADC1: the pins of ADC2 do not measure while there is Wi-Fi
const soil = startSoilMoisture({ pin: pins.P34 })
const light = startLightLevel({ pin: pins.P35 })
const relay = startRelay({ pin: pins.P26 })

await startNode({
    board: "soil-esp32",
    parts: [
        new WifiSettings(),
        new Actuators([{ id: "RELAY", act: relay.enabled, type: "boolean" }]),
    ],
    sensors: [
        {
            id: "SOIL",
            read: soil.reading,
            interval: 60000,
            precision: 3,
            median: 3,
        },
        {
            id: "LUX",
            read: light.reading,
            interval: 10000,
            precision: 3,
            delta: 0.01,
            maxInterval: 300000,
        },
    ],
})
