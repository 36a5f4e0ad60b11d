// The outside view of a test: an MQTT.js client that writes down every message of a filter, and waits for the next one with a bound.
// Knows nothing of nodes or of what the messages mean.
import { connect, type IClientOptions, type MqttClient } from "mqtt"
import { connected } from "../../sim/broker/connected"
import { Watch, within } from "./wait"

export type QoS = 0 | 1 | 2

export interface Observed {
    topic: string
    /** The payload as UTF-8 text. */
    payload: string
    bytes: Buffer
    qos: QoS
    retain: boolean
    dup: boolean
    /** ms since the epoch at which it arrived here. */
    at: number
}

/** ms until the broker has answered CONNECT and SUBSCRIBE. */
const CONNECT_MS = 5_000
/** Messages kept. A test that sees more runs away; the observer throws then. */
const MAX_MESSAGES = 100_000
/** Messages shown when a wait has failed, the newest ones. */
const SHOWN = 50

export class Observer {
    /** All that arrived, oldest first. */
    readonly messages: Observed[] = []
    #client: MqttClient
    #cursor = 0
    #watch = new Watch()

    private constructor(
        client: MqttClient,
        readonly filter: string
    ) {
        this.#client = client
        // An error of the connection shows as a message that does not come; unheard, the event would end the process.
        client.on("error", () => {})
        client.on("message", (topic, bytes, { qos, retain, dup }) => {
            if (this.messages.length === MAX_MESSAGES)
                throw new Error(
                    `more than ${MAX_MESSAGES} messages on ${filter}`
                )
            this.messages.push({
                topic,
                payload: bytes.toString(),
                bytes,
                qos,
                retain,
                dup,
                at: Date.now(),
            })
            this.#watch.changed()
        })
    }

    /**
     * Connects, subscribes and resolves when the broker has acknowledged both: what is published from now on is seen, and
     * what the broker kept for a session (`clean: false`) is too. It never reconnects by itself unless `reconnectPeriod` says
     * so: a test that takes the broker away starts a new observer and so knows what it can have seen.
     * @param url mqtt://host:port
     * @param qos of the subscription; the broker has to grant it
     */
    static async start(
        url: string,
        filter = "#",
        options: IClientOptions = {},
        qos: QoS = 1
    ): Promise<Observer> {
        const client = connect(url, {
            reconnectPeriod: 0,
            connectTimeout: CONNECT_MS,
            resubscribe: false,
            ...options,
        })
        const observer = new Observer(client, filter)
        try {
            await within(CONNECT_MS, "CONNACK", connected(client))
            const granted = await within(
                CONNECT_MS,
                "SUBACK",
                client.subscribeAsync(filter, { qos })
            )
            if (granted[0]?.qos !== qos)
                throw new Error(
                    `the broker grants ${filter} with ${granted[0]?.qos}, not ${qos}`
                )
        } catch (error) {
            await observer.stop()
            throw error
        }
        return observer
    }

    /**
     * The next message `wanted` accepts, among those after the one the last call gave back; it may have arrived already.
     * @throws {Error} that lists what was seen, when there is none within `timeoutMs`
     */
    async next(
        wanted: (message: Observed) => boolean,
        timeoutMs: number
    ): Promise<Observed> {
        const from = this.#cursor
        const found = await this.#watch.until(
            () => {
                const index = this.messages.findIndex(
                    (message, i) => i >= from && wanted(message)
                )
                return index < 0 ? undefined : index
            },
            timeoutMs,
            `such message on ${this.filter}`,
            () => this.#seen(from)
        )
        this.#cursor = Math.max(this.#cursor, found + 1)
        return this.messages[found]!
    }

    /** All messages of one topic so far, oldest first. */
    on(topic: string): Observed[] {
        return this.messages.filter(message => message.topic === topic)
    }

    /** Publishes, and resolves when it has reached its QoS's end: written, acknowledged (1, the default) or completed. */
    async publish(
        topic: string,
        payload: string | Buffer,
        retain = false,
        qos: QoS = 1
    ): Promise<void> {
        await within(
            CONNECT_MS,
            `end of QoS ${qos} for ${topic}`,
            this.#client.publishAsync(topic, payload, { qos, retain })
        )
    }

    /** Disconnects, or lets go of a connection that is gone already. */
    async stop(): Promise<void> {
        await this.#client.endAsync(!this.#client.connected)
    }

    #seen(from: number): string {
        const lines = this.messages
            .slice(from)
            .map(({ topic, payload, qos, retain, dup }) => {
                const flags = [
                    `QoS ${qos}`,
                    ...(retain ? ["retained"] : []),
                    ...(dup ? ["dup"] : []),
                ]
                return `  ${topic} ${payload} (${flags.join(", ")})`
            })
        const hidden =
            lines.length > SHOWN
                ? [`  … ${lines.length - SHOWN} earlier ones`]
                : []
        const link = this.#client.connected
            ? ""
            : "; the observer has lost its connection"
        return [
            `seen meanwhile: ${lines.length}${link}`,
            ...hidden,
            ...lines.slice(-SHOWN),
        ].join("\n")
    }
}
