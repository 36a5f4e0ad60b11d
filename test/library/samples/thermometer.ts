// A program in the style of DeviceScript's own documentation: publishes a reading, and listens for its own.
import { startMQTTClient } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

const mqtt = await startMQTTClient({
    host: await readSetting<string>("HOST"),
    port: await readSetting<number>("PORT"),
    proto: "tcp",
    clientId: "thermometer",
    keepAlive: 30,
    will: {
        topic: "house/thermometer/status",
        message: "down",
        qos: 1,
        retain: true,
    },
})

const payload = Buffer.from("hello")
const topic = "devs/log"

const obs = await mqtt.subscribe(topic, async msg => {
    console.log("got " + msg.topic + " " + msg.content.toString("utf-8"))
})
obs.subscribe(async msg => {
    console.log("observed " + msg.content.length)
})

await mqtt.publish(topic, payload)
await mqtt.publish("house/thermometer", { value: 21.5 }, 1, true)
console.log("running " + mqtt.running())

setInterval(async () => {
    const ok = await mqtt.publish("house/beat", "x", 0)
    console.log("beat " + ok)
}, 500)
