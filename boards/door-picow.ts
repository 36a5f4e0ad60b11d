// Raspberry Pi Pico W at a door: a switch that is closed with it, and a motion sensor.

import { pins } from "@dsboard/pico_w"
import { startMotion, startSwitch } from "@devicescript/servers"
import { RestartAfterLoss, startNode, WifiSettings } from "../src/index"

const door = startSwitch({ pin: pins.GP15 })
const motion = startMotion({ pin: pins.GP16 })

await startNode({
    board: "door-picow",
    parts: [new WifiSettings(), new RestartAfterLoss()],
    sensors: [
        // a reading at each change, and one every 5 min that says it is still there
        {
            id: "DOOR",
            read: door.reading,
            interval: 1000,
            delta: 1,
            maxInterval: 300000,
        },
        {
            id: "MOTION",
            read: motion.reading,
            interval: 1000,
            delta: 1,
            maxInterval: 300000,
        },
    ],
})
