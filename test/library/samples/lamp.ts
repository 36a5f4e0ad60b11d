// A program in the style of DeviceScript's own documentation: a lamp that follows a topic, with the client's events.
import { MQTTClient, MQTTMessage } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

const client = new MQTTClient({
    host: await readSetting<string>("HOST"),
    port: await readSetting<number>("PORT"),
    proto: "tcp",
    clientId: "lamp",
    watchdogInterval: 5000,
    pingInterval: 4000,
})
client.onconnect.subscribe(() => {
    console.log("connected " + client.readyState)
})
client.onerror.subscribe(err => {
    console.log("error " + err.message)
})
client.onclose.subscribe(() => {
    console.log("closed")
})
client.onunhandledmessage.subscribe((msg: MQTTMessage) => {
    console.log("unhandled " + msg.topic)
})

let on = false
await client.start()
await client.subscribe("house/lamp/set", async msg => {
    on = msg.content.toString() === "on"
    console.log("lamp " + on)
    await client.publish("house/lamp", on ? "on" : "off", 1, true)
    if (!on) {
        await client.stop()
        console.log("stopped " + client.running())
    }
})
console.log("listening")
