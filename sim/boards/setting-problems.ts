// What is wrong with settings, and how it is said: file, line, key, value, fix; never a secret. Pure.
import { isIP } from "node:net"
import type { Chip } from "./chips"
import type { BoardSettings } from "./settings"

/** Something wrong in a settings file. */
export interface SettingProblem {
    /** The file as it is shown, and the line, from 1. */
    file: string
    line: number
    /** Empty when the line has none. */
    key: string
    /** As it may be shown: of a secret only how long it is. */
    value: string
    /** What is wrong and how to put it right. */
    text: string
}

export interface SettingsFile {
    /** As it is shown. */
    file: string
    /** Those that are right. */
    settings: BoardSettings
    /** Where each of them stands. */
    lines: Map<string, number>
    problems: SettingProblem[]
}

/** Keys whose values are never shown. */
const SECRET = new Set(["MQTT_PASS", "WIFI_PWD"])

/** A value as it can stand in an error line. */
export function shown(key: string, value: string): string {
    // a mistyped key may be that of a secret
    const secret = SECRET.has(key) || /PASS|PWD|SECRET|TOKEN|PSK/i.test(key)
    if (secret) return `(${[...value].length} characters)`
    // a password may stand before the @ of a URL
    const known = value.replace(/^.*@/, "...@")
    return JSON.stringify(
        known.length > 60 ? `${known.slice(0, 60)}...` : known
    )
}

/** A problem as one line: file, line, key, value, and what to do. */
export function problemLine(problem: SettingProblem): string {
    const { file, line, key, value, text: said } = problem
    return key === ""
        ? `${file}:${line}: ${said}`
        : `${file}:${line}: ${key}=${value} ${said}`
}

/** What of the settings this chip cannot do. */
export function chipProblems(
    { file, settings, lines }: SettingsFile,
    chip: Chip
): SettingProblem[] {
    const found: SettingProblem[] = []
    const add = (key: "MQTT_HOST" | "MQTT_PROTO", said: string) =>
        found.push({
            file,
            line: lines.get(key)!,
            key,
            value: shown(key, settings[key] ?? ""),
            text: said,
        })
    const { MQTT_HOST: host, MQTT_PROTO: proto } = settings
    if (proto === "tls" && chip.tls === "none")
        add(
            "MQTT_PROTO",
            `is not possible on ${chip.name}, which has no TLS: write tcp, with a broker in your own network`
        )
    if (host !== undefined && !chip.addresses && isIP(host) !== 0)
        add(
            "MQTT_HOST",
            `is an address, and ${chip.name} connects to names only: give the broker a name in your router, and write that`
        )
    if (
        host !== undefined &&
        proto === "tls" &&
        chip.addresses &&
        isIP(host) !== 0
    )
        add(
            "MQTT_HOST",
            "is an address, and a certificate is made out to a name: write that"
        )
    return found
}

/** Ids in SENSOR_IDS that no sensor of the board file has. @param sensors ids that the board file gives its sensors */
export function sensorProblems(
    { file, settings, lines }: SettingsFile,
    sensors: string[]
): SettingProblem[] {
    return Object.keys(settings.SENSOR_IDS ?? {})
        .filter(id => !sensors.includes(id))
        .map(id => ({
            file,
            line: lines.get("SENSOR_IDS")!,
            key: "SENSOR_IDS",
            value: JSON.stringify(id),
            text: `is the id of no sensor of the board; it has ${sensors.join(", ")}`,
        }))
}
