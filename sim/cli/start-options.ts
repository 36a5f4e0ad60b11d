// Turns the raw texts of `start`'s options into values, or says in one line which is wrong. Pure: looks at no file, port or host.
import { parseBrokerUrl, type BrokerAddress } from "./broker-url"
import { UserError } from "./errors"
import {
    parsePageOptions,
    type PageOptions,
    type RawPageOptions,
} from "./start-page"

/** What commander hands over: every value still the text that was typed. */
export interface RawStartOptions extends RawPageOptions {
    board?: string
    name?: string
    settings?: string
    broker?: string
    mqttPort?: string
    httpPort?: string
    device?: string
    for?: string
    json?: boolean
}

export interface StartOptions {
    /** A name in boards/ or a path. */
    board: string
    /** What of its kind the board is: its settings are in `boards/<board>.<name>.env`. */
    name?: string
    /** Path of its settings, where it is another. */
    settings?: string
    /** A broker that is there already; without one the embedded broker is started on `mqttPort`. */
    broker?: BrokerAddress
    /** 0 is any free port. */
    mqttPort: number
    /** The embedded broker was asked for: it is used though the settings name another. */
    ownBroker: boolean
    /** Of the node's state as JSON; 0 is any free port, undefined is none. */
    httpPort?: number
    /** The live page; undefined is none. */
    page?: PageOptions
    device?: string
    /** ms until the clean stop. */
    forMs?: number
    json: boolean
}

export const DEFAULT_BOARD = "simulator"
export const DEFAULT_MQTT_PORT = 1883
/** The longest time a timer of Node.js can wait, 24.8 days, in whole seconds. */
const MAX_SECONDS = 2_147_483
/** Characters of a device id. It becomes one level of a topic, so no slash and no wildcard. */
const MAX_DEVICE = 64

/** @throws {UserError} that names the option, its value and what would be right */
export function parseStartOptions(raw: RawStartOptions): StartOptions {
    if (raw.broker !== undefined && raw.mqttPort !== undefined) {
        throw new UserError(
            "--broker and --mqtt-port exclude each other: with --broker no embedded broker is started; put the port into the URL, mqtt://host:port"
        )
    }
    if (raw.name !== undefined && raw.settings !== undefined)
        throw new UserError(
            "--name and --settings exclude each other: --name kitchen means the file boards/<board>.kitchen.env"
        )
    if (raw.name !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(raw.name))
        throw new UserError(
            `--name ${shown(raw.name)} is not a name: give 1 to 64 of the characters A-Z a-z 0-9 _ -`
        )
    if (raw.settings === "")
        throw new UserError(
            "--settings needs a file, for example --settings boards/simulator.kitchen.env"
        )
    if (raw.board === "")
        throw new UserError(
            "--board needs a name or a file, for example --board simulator"
        )
    const mqttPort =
        raw.mqttPort === undefined
            ? DEFAULT_MQTT_PORT
            : port("--mqtt-port", raw.mqttPort)
    const httpPort =
        raw.httpPort === undefined
            ? undefined
            : port("--http-port", raw.httpPort)
    if (raw.broker === undefined && httpPort === mqttPort && mqttPort !== 0) {
        throw new UserError(
            `--http-port ${httpPort} is the port of the embedded broker; choose another`
        )
    }
    const page = parsePageOptions(raw, port)
    const taken = [
        ["the embedded broker", raw.broker === undefined ? mqttPort : 0],
        ["--http-port", httpPort ?? 0],
    ] as const
    for (const [owner, number] of taken) {
        if (page && !page.otherPort && page.port === number && number !== 0)
            throw new UserError(
                `--page-port ${number} is the port of ${owner}; choose another`
            )
    }
    return {
        board: raw.board ?? DEFAULT_BOARD,
        name: raw.name,
        settings: raw.settings,
        broker:
            raw.broker === undefined ? undefined : parseBrokerUrl(raw.broker),
        mqttPort,
        ownBroker: raw.mqttPort !== undefined,
        httpPort,
        page,
        device: raw.device === undefined ? undefined : device(raw.device),
        forMs: raw.for === undefined ? undefined : duration(raw.for),
        json: raw.json === true,
    }
}

function port(option: string, text: string): number {
    const value = /^\d{1,5}$/.test(text) ? Number(text) : -1
    if (value < 0 || value > 65_535) {
        throw new UserError(
            `${option} ${shown(text)} is not a port: give a number from 1 to 65535, or 0 for any free one`
        )
    }
    return value
}

function device(text: string): string {
    if (text.length > MAX_DEVICE || !/^[A-Za-z0-9_.-]+$/.test(text)) {
        throw new UserError(
            `--device ${shown(text)} is not a device id: give 1 to ${MAX_DEVICE} of the characters A-Z a-z 0-9 _ . -`
        )
    }
    return text
}

function duration(text: string): number {
    const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0
    const ms = Math.round(seconds * 1000)
    if (ms < 1 || seconds > MAX_SECONDS) {
        throw new UserError(
            `--for ${shown(text)} is not a time: give seconds, more than 0 and at most ${MAX_SECONDS}`
        )
    }
    return ms
}

/** A value as it can stand in an error line: quoted, and not longer than a line. */
function shown(text: string): string {
    return JSON.stringify(text.length > 80 ? text.slice(0, 80) + "..." : text)
}
