// The settings that one physical board may be given: what each key may say, and the form in which it lies in the flash. Pure.
// Knows no files; settings-file.ts reads those.
import { isIP } from "node:net"
import { idFault } from "../../src/config/ids"
import { MAX_KEY, MAX_SETTING, Setting } from "../../src/config/keys"

/** What a settings file may say; see boards/example.env. */
export interface BoardSettings {
    DEVICE_ID?: string
    /** Ids to use by ids of the board file; in the file `TC:T1,RH:H1`. */
    SENSOR_IDS?: Record<string, string>
    MQTT_HOST?: string
    MQTT_PORT?: number
    MQTT_PROTO?: "tcp" | "tls"
    MQTT_USER?: string
    MQTT_PASS?: string
    WIFI_SSID?: string
    WIFI_PWD?: string
    /** Settings of the board file's own program, which reads them with `readSetting`. */
    [own: `APP_${string}`]: unknown
}

export type SettingKey = Exclude<keyof BoardSettings, `APP_${string}`>

/** Keys under which the platform's tools would not put a setting into an image: the firmware reads others. */
const STORED: Record<string, string> = {
    WIFI_SSID: Setting.Ssid,
    WIFI_PWD: Setting.WifiPassword,
}

/** IEEE 802.11: a network's name has at most 32 bytes. */
const MAX_SSID = 32

type Check = (value: string) => { value: unknown } | { wrong: string }

const right = (value: unknown) => ({ value })
const wrong = (text: string) => ({ wrong: text })

/** What each key may say. */
const CHECKS: Record<SettingKey, Check> = {
    DEVICE_ID: value => {
        const fault = idFault(value)
        return fault === undefined ? right(value) : wrong(fault)
    },
    SENSOR_IDS: sensorIds,
    MQTT_HOST: value =>
        /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(value)
            ? wrong(
                  `is a URL: write the host alone, and say MQTT_PORT and MQTT_PROTO for the rest`
              )
            : /^[A-Za-z0-9._-]+:\d+$/.test(value)
              ? wrong(
                    `holds a port: write MQTT_HOST=${value.split(":")[0]} and MQTT_PORT=${value.split(":")[1]}`
                )
              : isIP(value) !== 0 || /^[A-Za-z0-9._-]+$/.test(value)
                ? right(value)
                : wrong(
                      "is no host: write a name or an address, for example broker.example.com or 192.168.1.10"
                  ),
    MQTT_PORT: value => {
        const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
        return port >= 1 && port <= 65_535
            ? right(port)
            : wrong("is no port: write a number from 1 to 65535, usually 1883")
    },
    MQTT_PROTO: value =>
        value === "tcp" || value === "tls"
            ? right(value)
            : wrong("must be tcp or tls"),
    MQTT_USER: text,
    MQTT_PASS: text,
    WIFI_SSID: value =>
        Buffer.byteLength(value) > MAX_SSID
            ? wrong(`is longer than the ${MAX_SSID} bytes of a network's name`)
            : text(value),
    WIFI_PWD: value =>
        /^[\x20-\x7e]{8,63}$/.test(value) || /^[0-9A-Fa-f]{64}$/.test(value)
            ? right(value)
            : wrong(
                  "is no WPA2 password: those have 8 to 63 characters of ASCII; leave the line out for an open network"
              ),
}

const KEYS = Object.keys(CHECKS) as SettingKey[]

/** Keys that the node writes itself. */
const NODES_OWN = /^(BOOTS|(INTERVAL|KEPT)_\d*)$/

function text(value: string) {
    return value.includes("\0")
        ? wrong("contains the character U+0000, which MQTT and Wi-Fi forbid")
        : right(value)
}

function sensorIds(value: string) {
    const ids: Record<string, string> = {}
    for (const pair of value.split(",")) {
        const [from, to, ...more] = pair.split(":").map(part => part.trim())
        if (!from || !to || more.length > 0)
            return wrong(
                `has ${JSON.stringify(pair.trim())}: write pairs of the id in the board file and the one to use, for example TC:T1,RH:H1`
            )
        const fault = idFault(to)
        if (fault !== undefined)
            return wrong(`gives ${from} an id that ${fault}`)
        if (Object.hasOwn(ids, from))
            return wrong(`has ${from} twice: leave one out`)
        if (Object.values(ids).includes(to))
            return wrong(`gives two sensors the id ${to}: choose another`)
        ids[from] = to
    }
    return right(ids)
}

/** The value of one setting, or what is wrong with it. */
export function checkSetting(
    key: string,
    value: string
): { value: unknown } | { wrong: string } {
    if (key === "") return wrong("has no key: write KEY=value")
    if (key.length > MAX_KEY)
        return wrong(
            `has a key of ${key.length} characters: at most ${MAX_KEY} can be read`
        )
    if (NODES_OWN.test(key))
        return wrong("is written by the node itself: leave it out")
    const own = /^APP_\w+$/.test(key)
    if (!own && !Object.hasOwn(CHECKS, key))
        return wrong(`is no setting: ${suggestion(key)}`)
    if (value === "")
        return wrong("is empty: give a value, or leave the line out")
    const checked = own ? text(value) : CHECKS[key as SettingKey](value)
    if ("wrong" in checked) return checked
    const size = Buffer.byteLength(JSON.stringify(checked.value))
    const stored = STORED[key] ?? key
    const most = MAX_SETTING - stored.length - 1
    return size > most
        ? wrong(
              `takes ${size} bytes, and a board reads at most ${most}: make it shorter`
          )
        : checked
}

/** Levenshtein distance up to which a key is taken for a mistyped one. */
const NEAR = 3

function suggestion(key: string): string {
    const near = KEYS.map(known => ({
        known,
        far: distance(key.toUpperCase(), known),
    })).sort((a, b) => a.far - b.far)[0]!
    return near.far <= NEAR
        ? `write ${near.known}`
        : `there are ${KEYS.join(", ")}, and APP_... for the board file's own`
}

function distance(a: string, b: string): number {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i)
    for (let i = 1; i <= a.length; i++) {
        const next = [i]
        for (let j = 1; j <= b.length; j++)
            next[j] = Math.min(
                next[j - 1]! + 1,
                row[j]! + 1,
                row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
            )
        row = next
    }
    return row[b.length]!
}

/** The settings as they are put into the flash, of the simulated chip and of a real one. */
export function storedSettings(
    settings: BoardSettings
): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [
            STORED[key] ?? key,
            value as unknown,
        ])
    )
}

/**
 * The same as a text that the platform's tools read as `.env.local`: they drop each line with a # in it, and take for a
 * number what looks like one.
 */
export function platformEnv(settings: BoardSettings): string {
    return Object.entries(storedSettings(settings))
        .map(
            ([key, value]) =>
                `${key}=${JSON.stringify(value).replaceAll("#", "\\u0023")}\n`
        )
        .join("")
}
