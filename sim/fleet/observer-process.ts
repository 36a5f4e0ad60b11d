// An MQTT client beside the fleet, independent of its firmware, in a process of its own: it writes down which readings arrive,
// says the word that ends the nodes, and takes away what the broker would keep of them.
import { connect, type IClientOptions, type MqttClient } from "mqtt"
import { connected } from "../broker/connected"
import type { BrokerAddress } from "../cli/broker-url"
import { STOP } from "./board"
import { serve } from "./child"
import { Ranges, type Range } from "./ranges"

/** ms for the broker to answer; one across the world answers in one. */
const ANSWER_MS = 10_000
/** Messages or connections under way at once: a broker's own bounds lie above. */
const AT_ONCE = 50
/** Devices that are written down: a fleet has at most as many. */
const MAX_DEVICES = 20_000
/** A topic of a reading; its device is in the middle. */
const READING = /^devices\/([^/]+)\/sensors\/([^/]+)\/value$/

export interface Arrived {
    /** Different readings, and such as came more than once. */
    arrived: number
    twice: number
    /** Times its own connection was lost: then readings may have gone by unseen. */
    losses: number
}

let client: MqttClient | undefined
let options: IClientOptions = {}
const seen = new Map<string, Ranges>()
const figures: Arrived = { arrived: 0, twice: 0, losses: 0 }

function clientOptions(
    broker: BrokerAddress,
    clientId: string
): IClientOptions {
    return {
        protocol: broker.transport === "tls" ? "mqtts" : "mqtt",
        host: broker.host,
        port: broker.port,
        username: broker.user,
        password: broker.password,
        clientId,
        clean: true,
        connectTimeout: ANSWER_MS,
        reconnectPeriod: 1_000,
    }
}

function heard(topic: string, payload: Buffer, prefix: string): void {
    const device = READING.exec(topic)?.[1]
    if (device === undefined || !device.startsWith(prefix)) return
    let ranges = seen.get(device)
    if (!ranges) {
        if (seen.size >= MAX_DEVICES) return
        ranges = new Ranges()
        seen.set(device, ranges)
    }
    const n = number(payload)
    if (n === undefined) return
    if (ranges.add(n)) figures.arrived++
    else figures.twice++
}

function number(payload: Buffer): number | undefined {
    try {
        const { value } = JSON.parse(payload.toString()) as { value?: unknown }
        return typeof value === "number" ? value : undefined
    } catch {
        return undefined
    }
}

/** Does it for each, so many at once. */
async function each<T>(
    list: readonly T[],
    work: (item: T) => Promise<unknown>
): Promise<void> {
    const left = [...list]
    await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
            for (
                let item = left.shift();
                item !== undefined;
                item = left.shift()
            )
                await work(item)
        })
    )
}

serve(
    {
        /** @param filter what to listen to; none: only say and take away */
        connect: async (to: {
            broker: BrokerAddress
            prefix: string
            filter?: string
        }) => {
            options = clientOptions(to.broker, `${to.prefix}observer`)
            const opened = (client = connect(options))
            await connected(opened).catch((error: unknown) => {
                opened.end(true)
                throw error
            })
            opened.on("error", () => {})
            opened.on("close", () => figures.losses++)
            opened.on("message", (topic, payload) =>
                heard(topic, payload, to.prefix)
            )
            if (to.filter === undefined) return
            const granted = await opened.subscribeAsync(to.filter, { qos: 1 })
            if (granted.some(({ qos }) => qos > 2))
                throw new Error(
                    `the broker refuses to let it hear ${to.filter}`
                )
        },
        figures: () => figures,
        /** What arrived of each device. */
        ranges: (): [string, Range[]][] =>
            [...seen].map(([device, { list }]) => [device, list]),
        stop: (devices: string[]) =>
            each(devices, device =>
                client!.publishAsync(`devices/${device}/command`, STOP, {
                    qos: 1,
                })
            ),
        /** Takes away what nodes have left at the broker: retained topics and sessions. */
        clean: async (devices: string[]) => {
            await each(devices, async device => {
                for (const name of ["status", "diagnostics"])
                    await client!.publishAsync(
                        `devices/${device}/${name}`,
                        Buffer.alloc(0),
                        { qos: 1, retain: true }
                    )
                // a clean session takes the place of the one that is kept [MQTT-3.1.2-6]
                const last = connect({
                    ...options,
                    clientId: device,
                    reconnectPeriod: 0,
                })
                last.on("error", () => {})
                await connected(last).catch(() => {})
                await last.endAsync(!last.connected)
            })
        },
    },
    async () => client?.endAsync(!client.connected)
)
