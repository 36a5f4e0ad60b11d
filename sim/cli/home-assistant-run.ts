// Carries out `homeassistant`: reads the retained configurations at a broker and takes away those that nobody needs.
import { connect, type MqttClient } from "mqtt"
import { connected } from "../broker/connected"
import { brokerName } from "./broker-url"
import { EXIT, UserError } from "./errors"
import { printable } from "./format"
import type { HomeAssistantCommand } from "./home-assistant"
import { unreachable } from "./reachable"

/** ms for the broker to answer. */
const ANSWER_MS = 10_000
/** ms without a further retained message after which all have come; a broker sends them in one go. */
const QUIET_MS = 500
/** ms after which what has come has to do, and configurations read at most: 1,000 nodes with ten entities. */
const READ_MS = 30_000
const MAX_RETAINED = 10_000

/** The name nodes give as their configurations' origin, see src/node/home-assistant.ts. */
const ORIGIN = "devicescript-mqtt-node"

/** One entity that a node has announced. */
interface Entity {
    topic: string
    device: string
    name: string
    /** Topic of the device's presence. */
    status: string
}

/** @returns the exit code */
export async function runHomeAssistant(
    options: HomeAssistantCommand
): Promise<number> {
    const { what, broker, device, all, prefix } = options
    const reason = await unreachable(broker.host, broker.port)
    if (reason !== undefined)
        throw new UserError(
            `the broker ${brokerName(broker)} cannot be reached: ${reason}; start it, or correct --broker`
        )
    const client = connect({
        protocol: broker.transport === "tls" ? "mqtts" : "mqtt",
        host: broker.host,
        port: broker.port,
        username: broker.user,
        password: broker.password,
        connectTimeout: ANSWER_MS,
        reconnectPeriod: 0,
    })
    try {
        await connected(client).catch((error: Error) => {
            throw new UserError(
                `the broker ${brokerName(broker)} does not let this program in: ${error.message}; correct --broker`
            )
        })
        const found = [
            ...(await retained(client, [`${prefix}/+/+/+/config`])),
        ].flatMap(([topic, text]) => entity(topic, text) ?? [])
        const ours = found.filter(
            entity => device === undefined || entity.device === device
        )
        const statuses = [...new Set(ours.map(({ status }) => status))]
        const presence = await retained(client, statuses)
        const stays = (e: Entity) =>
            !all &&
            device === undefined &&
            ["up", "sleeping"].includes(presence.get(e.status) ?? "")
        let removed = 0
        for (const e of ours) {
            const remove = what === "clean" && !stays(e)
            if (remove) {
                await client.publishAsync(e.topic, Buffer.alloc(0), {
                    qos: 1,
                    retain: true,
                })
                removed++
            }
            say(
                [
                    remove ? "removed" : "is there",
                    e.device,
                    presence.get(e.status) ?? "no status",
                    e.name,
                    e.topic,
                ]
                    .map(printable)
                    .join("  ")
            )
        }
        say(
            `${ours.length} configurations of nodes of this project${what === "clean" ? `, ${removed} removed` : ""}`
        )
        return EXIT.ok
    } finally {
        await client.endAsync(!client.connected)
    }
}

function say(text: string): void {
    process.stdout.write(text + "\n")
}

/** What a configuration says, if a node of this project has announced it. */
function entity(topic: string, text: string): Entity | undefined {
    let config: unknown
    try {
        config = JSON.parse(text)
    } catch {
        return undefined
    }
    if (typeof config !== "object" || config === null) return undefined
    const { o, dev, name, avty_t } = config as {
        o?: { name?: unknown }
        dev?: { ids?: unknown }
        name?: unknown
        avty_t?: unknown
    }
    if (o?.name !== ORIGIN) return undefined
    if (typeof dev?.ids !== "string" || typeof avty_t !== "string")
        return undefined
    // it is subscribed to: no wildcard of somebody else's
    if (avty_t === "" || /[+#\0]/.test(avty_t)) return undefined
    return {
        topic,
        device: dev.ids,
        name: typeof name === "string" ? name : "",
        status: avty_t,
    }
}

/** The retained messages of these topics. */
async function retained(
    client: MqttClient,
    filters: string[]
): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    if (filters.length === 0) return found
    let heardAt = performance.now()
    const heard = (
        topic: string,
        payload: Buffer,
        { retain }: { retain: boolean }
    ) => {
        heardAt = performance.now()
        if (retain && found.size < MAX_RETAINED)
            found.set(topic, payload.toString())
    }
    client.on("message", heard)
    const until = performance.now() + READ_MS
    try {
        await client.subscribeAsync(filters, { qos: 0 })
        heardAt = performance.now()
        while (
            performance.now() < until &&
            performance.now() - heardAt < QUIET_MS
        )
            await new Promise(resolve => setTimeout(resolve, QUIET_MS / 5))
        await client.unsubscribeAsync(filters)
    } finally {
        client.off("message", heard)
    }
    return found
}
