// What a test of the page stands on: a broker, the cloud stand-in before it, a client that publishes, and ways to point at
// what the page shows.
import { EmbeddedBroker } from "../../sim/broker/embedded"
import { startCloud, type Cloud, type CloudOptions } from "../../sim/cloud"
import { Observer } from "../support/observer"

export class Stand {
    private constructor(
        public broker: EmbeddedBroker,
        public cloud: Cloud,
        public client: Observer,
        private readonly options: Partial<CloudOptions>
    ) {}

    static async start(options: Partial<CloudOptions> = {}): Promise<Stand> {
        const broker = await EmbeddedBroker.start({ port: 0 })
        const cloud = await startCloud(cloudOptions(broker.port, options))
        const client = await Observer.start(`mqtt://127.0.0.1:${broker.port}`)
        return new Stand(broker, cloud, client, options)
    }

    /** A reading as a node publishes it; `more` is what says when it was taken. */
    async reading(
        device: string,
        sensor: string,
        value: unknown,
        more: object = {}
    ): Promise<void> {
        await this.client.publish(
            `devices/${device}/sensors/${sensor}/value`,
            JSON.stringify({ value, ...more })
        )
    }

    async stopBroker(): Promise<void> {
        await this.client.stop()
        await this.broker.stop()
    }

    /** On the same port, with nothing kept. */
    async startBroker(): Promise<void> {
        this.broker = await EmbeddedBroker.start({ port: this.broker.port })
        this.client = await Observer.start(
            `mqtt://127.0.0.1:${this.broker.port}`
        )
    }

    /** The server goes and comes back where it was. */
    async restartCloud(): Promise<void> {
        const { port } = this.cloud
        await this.cloud.stop()
        this.cloud = await startCloud({
            ...cloudOptions(this.broker.port, this.options),
            port,
        })
    }

    async stop(): Promise<void> {
        await this.cloud.stop()
        await this.client.stop()
        await this.broker.stop()
    }
}

function cloudOptions(
    port: number,
    options: Partial<CloudOptions>
): CloudOptions {
    return {
        broker: {
            transport: "tcp",
            host: "127.0.0.1",
            port,
            name: `mqtt://127.0.0.1:${port}`,
            embedded: true,
        },
        port: 0,
        ...options,
    }
}

/** CSS of a device, and of a part of one. */
export const at = (device: string) => `[data-device="${device}"]`
export const sensor = (device: string, id: string) =>
    `${at(device)} [data-sensor="${id}"]`
export const actuator = (device: string, id: string) =>
    `${at(device)} [data-actuator="${id}"]`
export const value = (device: string, id: string) =>
    `${sensor(device, id)} .value`
export const strip = (device: string, id: string) =>
    `${sensor(device, id)} .strip`
