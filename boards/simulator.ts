// The default board: runs in the DeviceScript simulator, where every role is answered by a simulated server.

import * as ds from "@devicescript/core"
import { Actuators, startNode } from "../src/index"

const temperature = new ds.Temperature("temperature")
const humidity = new ds.Humidity("humidity")
const light = new ds.LightLevel("light")
const relay = new ds.Relay("relay")
const button = new ds.Button("button")
// only the simulated board has it: moved on, it asks the node to stop cleanly
const stop = new ds.Switch("stop")

let presses = 0
button.down.subscribe(() => {
    presses++
})

const node = await startNode({
    board: "simulator",
    device: "ESPDEVICE",
    parts: [
        new Actuators([{ id: "RELAY", act: relay.enabled, type: "boolean" }]),
    ],
    sensors: [
        { id: "TC", read: temperature.reading, interval: 2000, precision: 1 },
        { id: "RH", read: humidity.reading, interval: 3000, precision: 0 },
        { id: "LUX", read: light.reading, interval: 3000, precision: 2 },
        { id: "BTN", read: () => presses, interval: 5000, precision: 0 },
    ],
})

// its position, not the event of its being moved: an event can be lost before the switch is bound
stop.reading.subscribe(async on => {
    if (on) await node.stop()
})
