// Follows devices at a broker: subscribes to all below devices/<device>/, hands on what comes as events, and goes on after
// each loss. Says when a device that was heard falls silent. Knows no board and no output.
import mqtt, { type MqttClient } from "mqtt"
import { hostPort, type BrokerAddress } from "../cli/broker-url"
import { UserError } from "../cli/errors"
import { eventsOf, type MonitorEvent } from "./monitor-events"

/** ms between two tries to connect. */
const RETRY_MS = 2_000
/** ms for an answer to CONNECT. */
const CONNECT_MS = 10_000
/** ms without a message of a device until it is said; diagnostics come every 10 min, most readings every minute. */
export const SILENT_MS = 120_000
/** ms between two looks for that. */
const LOOK_MS = 1_000
/** Devices whose silence is noticed; further ones are shown all the same. */
const MAX_DEVICES = 1_000

export interface MonitorOptions {
    broker: BrokerAddress
    /** `+` is all. */
    device: string
    onEvent: (event: MonitorEvent) => void
    /** SILENT_MS unless told. */
    silentMs?: number
}

export class Monitor {
    /** Rejects with a UserError when the broker refuses to let us in, which a further try does not change. */
    readonly refused: Promise<never>
    /** Whether it was ever connected. */
    connected = false
    readonly #options: MonitorOptions
    readonly #client: MqttClient
    readonly #heard = new Map<string, number>()
    readonly #timer: NodeJS.Timeout
    #lost: string | undefined

    constructor(options: MonitorOptions) {
        this.#options = options
        const { broker, device, onEvent, silentMs = SILENT_MS } = options
        this.#client = mqtt.connect({
            host: broker.host,
            port: broker.port,
            protocol: broker.transport === "tls" ? "mqtts" : "mqtt",
            ...(broker.user === undefined ? {} : { username: broker.user }),
            ...(broker.password === undefined
                ? {}
                : { password: broker.password }),
            protocolVersion: 4,
            reconnectPeriod: RETRY_MS,
            connectTimeout: CONNECT_MS,
            // subscribed below, at each connection
            resubscribe: false,
        })
        const client = this.#client
        let refuse: (error: Error) => void = () => {}
        this.refused = new Promise((_, reject) => (refuse = reject))
        // nobody need be waiting
        this.refused.catch(() => {})
        const topic = `devices/${device}/#`
        client.on("connect", () => {
            client.subscribe(topic, { qos: 0 }, (error, granted) => {
                const denied = granted?.some(({ qos }) => (qos as number) > 2)
                if (error || denied === true) {
                    if (client.disconnecting || !client.connected) return
                    refuse(
                        new UserError(
                            `the broker at ${hostPort(broker)} refuses a subscription to ${topic}: allow it for this user there`
                        )
                    )
                    return
                }
                this.connected = true
                this.#lost = undefined
                onEvent({ event: "connected" })
            })
        })
        client.on("message", (name, payload, packet) => {
            const id = name.split("/")[1]
            if (
                id !== undefined &&
                (this.#heard.has(id) || this.#heard.size < MAX_DEVICES)
            )
                this.#heard.set(id, performance.now())
            for (const event of eventsOf(
                name,
                payload.toString(),
                packet.retain
            ))
                onEvent(event)
        })
        client.on("error", error => {
            const code = "code" in error ? error.code : undefined
            // CONNACK 1, 2, 4 and 5: what was sent is not wanted; 3 may pass
            if (typeof code === "number" && code !== 3)
                refuse(
                    new UserError(
                        `the broker at ${hostPort(broker)} refuses: ${error.message}; correct MQTT_USER and MQTT_PASS, or --broker`
                    )
                )
            this.#gone(reason(error))
        })
        client.on("close", () => this.#gone("the connection was closed"))
        this.#timer = setInterval(() => this.#look(silentMs), LOOK_MS)
    }

    async stop(): Promise<void> {
        clearInterval(this.#timer)
        await this.#client.endAsync(true)
    }

    /** Said once for each loss, not for each try. */
    #gone(text: string): void {
        if (this.#lost !== undefined || this.#client.disconnecting) return
        this.#lost = text
        this.#options.onEvent({ event: "lost", text })
    }

    #look(silentMs: number): void {
        const now = performance.now()
        for (const [device, at] of this.#heard) {
            if (now - at < silentMs) continue
            this.#heard.delete(device)
            // of a broker that is away nothing is known
            if (this.#client.connected)
                this.#options.onEvent({
                    event: "silent",
                    device,
                    ms: Math.round(now - at),
                })
        }
    }
}

function reason(error: Error): string {
    const { code, message } = error as NodeJS.ErrnoException
    return message !== "" ? message : (code ?? "unknown")
}
