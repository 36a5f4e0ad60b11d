// Waits until an MQTT.js client is in.
import type { MqttClient } from "mqtt"

/**
 * @throws {Error} the client's own, or that the broker closed the connection. The client is the caller's, and goes on trying
 *   until it is ended
 */
export function connected(client: MqttClient): Promise<void> {
    return new Promise((resolve, reject) => {
        client.once("connect", () => resolve())
        // for good: without a listener a later one would end the program
        client.on("error", reject)
        client.once("close", () =>
            reject(new Error("the broker closed the connection"))
        )
    })
}
