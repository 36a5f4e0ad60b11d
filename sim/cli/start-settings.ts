// What a simulated chip is given: the settings of its file, under what the command line says. Looks at that file only.
import { isAbsolute, resolve } from "node:path"
import type { Board } from "../boards/board-file"
import { BoardSource } from "../boards/board-source"
import {
    readSettings,
    settingsPath,
    storedSettings,
    type BoardSettings,
} from "../boards/settings-file"
import { brokerName, DEFAULT_PORT, type BrokerAddress } from "./broker-url"
import type { StartOptions } from "./start-options"

export interface GivenSettings {
    /** What the chip's own number is made of: the same for the same board, another for each. */
    chip: string
    /** The broker that --broker or the settings name. Without one the embedded broker is to be started. */
    broker?: BrokerAddress
    /** Whether all of its address is known here: what the settings leave out, the board file may say. */
    sure: boolean
    /** What lies in the chip's flash once it is known where the broker is. */
    stored(broker: BrokerAddress): Record<string, unknown>
    /** What is wrong with SENSOR_IDS, as a line. @param sensors ids that the node says it has */
    unused(sensors: string[]): string | undefined
}

/**
 * @param from the folder relative paths start from
 * @throws {UserError} when the settings cannot be read or are wrong
 */
export function givenSettings(
    options: Pick<
        StartOptions,
        "name" | "settings" | "broker" | "ownBroker" | "device"
    >,
    board: Board,
    from: string
): GivenSettings {
    const { name, device } = options
    const path =
        name !== undefined
            ? settingsPath(board.path, name)
            : options.settings === undefined || isAbsolute(options.settings)
              ? options.settings
              : resolve(from, options.settings)
    const file = path === undefined ? undefined : readSettings(path)
    const settings = file?.settings ?? {}
    const itsBroker = options.ownBroker ? undefined : brokerOf(settings)
    const replaced = options.broker !== undefined || !itsBroker
    return {
        chip: device ?? settings.DEVICE_ID ?? name ?? board.name,
        broker: options.broker ?? itsBroker,
        sure: options.broker !== undefined || settings.MQTT_PORT !== undefined,
        stored(broker) {
            const all: BoardSettings = { ...settings }
            if (device !== undefined) all.DEVICE_ID = device
            if (replaced) {
                // credentials go to the broker they are for, and to no other
                all.MQTT_HOST = broker.host
                all.MQTT_PORT = broker.port
                all.MQTT_PROTO = broker.transport
                all.MQTT_USER = broker.user
                all.MQTT_PASS = broker.password
            }
            return storedSettings(all)
        },
        unused(sensors) {
            const lost = Object.entries(settings.SENSOR_IDS ?? {})
                .filter(([, to]) => !sensors.includes(to))
                .map(([from, to]) => `${from}:${to}`)
            if (!file || lost.length === 0) return undefined
            return `${file.file}:${file.lines.get("SENSOR_IDS")}: SENSOR_IDS=${lost.join(",")} names no sensor of the board file`
        },
    }
}

/**
 * What a person may take for the broker that is used: the board file's, while nothing else names one.
 * @returns a line that says which is used and how to use that one
 */
export function passedOver(
    { broker }: Pick<GivenSettings, "broker">,
    board: Board
): string | undefined {
    if (broker) return undefined
    const named = new BoardSource(board.path).broker
    if (!named) return undefined
    const transport = named.tls ? "tls" : "tcp"
    const { host, port = DEFAULT_PORT[transport] } = named
    return `the embedded broker is used, not the one of ${board.file}: --broker ${brokerName({ transport, host, port })} takes that`
}

/** The broker that settings name, if they do. */
function brokerOf(settings: BoardSettings): BrokerAddress | undefined {
    const { MQTT_HOST: host, MQTT_PROTO: transport = "tcp" } = settings
    if (host === undefined) return undefined
    return {
        transport,
        host,
        port: settings.MQTT_PORT ?? DEFAULT_PORT[transport],
        ...(settings.MQTT_USER === undefined
            ? {}
            : { user: settings.MQTT_USER }),
        ...(settings.MQTT_PASS === undefined
            ? {}
            : { password: settings.MQTT_PASS }),
    }
}
