// What the firmware refused, told as a mistake in the file where it was made: the firmware knows keys, this finds file, line
// and value, and says what to write. Knows nothing of how the firmware was run.
import { idFault } from "../../src/config/ids"
import type { Subject } from "./check"
import type { Finding } from "./finding"

/** Settings that win over what the board file says, by the firmware's name of it. */
const SETTINGS: Record<string, string> = {
    device: "DEVICE_ID",
    clientId: "DEVICE_ID",
    host: "MQTT_HOST",
    port: "MQTT_PORT",
    proto: "MQTT_PROTO",
    username: "MQTT_USER",
    password: "MQTT_PASS",
}

/** Keys whose values are never shown. */
const SECRET = new Set(["password", "broker.password", "MQTT_PASS"])

/** @param refused what stands behind `node: refused text=`, or an exception's message: `key: reason` */
export function refusal(refused: string, subject: Subject): Finding {
    const colon = refused.indexOf(": ")
    const key = colon < 0 ? undefined : refused.slice(0, colon)
    const said = colon < 0 ? refused : refused.slice(colon + 2)
    const [, reason = said, is] = /^(.*?)(?:, is (.*))?$/.exec(said) ?? []
    const finding = {
        check: "options",
        verdict: "wrong" as const,
        text: reason,
        fix: fixFor(reason),
    }
    const { board, source, settings } = subject
    if (key === undefined) return { ...finding, file: board.file }
    const setting = SETTINGS[key]
    const line =
        setting === undefined ? undefined : settings?.lines.get(setting)
    if (settings && setting !== undefined && line !== undefined)
        return {
            ...finding,
            ...{ file: settings.file, line, key: setting },
            ...shownValue(
                setting,
                JSON.stringify(
                    (settings.settings as Record<string, unknown>)[setting]
                )
            ),
        }
    const place = source.find(
        key,
        id => idFault(id) !== undefined || !key.endsWith(".id")
    )
    const found = place ?? { key, ...(is === undefined ? {} : { value: is }) }
    return {
        ...finding,
        file: board.file,
        ...found,
        ...shownValue(found.key, found.value),
    }
}

function shownValue(key: string, value: string | undefined) {
    if (value === undefined) return {}
    return { value: SECRET.has(key) ? "(not shown)" : value }
}

const FIXES: [RegExp, (match: RegExpExecArray) => string][] = [
    [
        /must be a whole number from (-?\d+) to (-?\d+)/,
        ([, low, high]) => `write a whole number from ${low} to ${high}`,
    ],
    [/must be (.+ or .+)/, ([, names]) => `write ${names}`],
    [/must be (\d+ to \d+)/, ([, range]) => `write ${range}`],
    [/must be above 0/, () => "write a number above 0, or leave it out"],
    [/must be odd/, () => "write 1, 3, 5, 7, 9, 11, 13 or 15"],
    [/finite/, () => "write a number, or leave it out"],
    [
        /must (not )?be (below|above) (\w+)/,
        ([, , , other]) => `correct this or ${other}`,
    ],
    [/is there twice/, () => "give one of the two another id"],
    [/are more than (\d+)/, ([, most]) => `give at most ${most}`],
    [/are missing/, () => "give it at least one"],
    [/are allowed/, () => "write 1 to 64 letters, digits, _ - or ."],
    [/is (empty|missing)/, () => "write one, or leave the key out"],
    [/longer than (.*)/, ([, most]) => `write at most ${most}`],
    [/not possible/, () => "leave it out, or take another chip"],
    [/wildcard|'[#+]'|[#+]/, () => "write a topic without # and +"],
]

export function fixFor(reason: string): string {
    for (const [pattern, fix] of FIXES) {
        const match = pattern.exec(reason)
        if (match) return fix(match)
    }
    return "correct it"
}
