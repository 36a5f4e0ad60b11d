// Whether the settings of one physical board are right: each for itself, for its chip, and beside those of the other boards.
import { readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Subject } from "./check"
import {
    chipProblems,
    EXAMPLE,
    readSettingsFile,
    sensorProblems,
    type SettingProblem,
    type SettingsFile,
} from "./settings-file"

export function checkSettings(subject: Subject): void {
    const { board, settings, source, findings } = subject
    if (!settings && lacksNetwork(subject)) return
    if (!settings) {
        findings.skip(
            "settings",
            `no board was named; npm run check -- ${board.name}.<name> reads ${board.file.replace(/\.ts$/, ".<name>.env")}`
        )
        return
    }
    const problems = [
        ...settings.problems,
        ...chipProblems(settings, board.chip),
        ...sensorProblems(settings, source.ids("sensors")),
    ]
    for (const problem of problems)
        findings.wrong("settings", problemParts(problem))
    const before = findings.mistakes
    sameDevice(subject, settings)
    if (problems.length > 0 || findings.mistakes > before) return
    const keys = [...settings.lines.keys()]
    findings.ok(
        "settings",
        `${settings.file}: ${keys.length === 0 ? "none" : keys.join(" ")}`
    )
    if (lacksNetwork(subject)) return
    if (board.hardware !== undefined && !keys.includes("WIFI_SSID"))
        findings.note("settings", {
            file: settings.file,
            key: "WIFI_SSID",
            text: "is missing: the board joins the network it was given before, or none",
        })
}

/** Whether a board that is flashed would join no network, which is told. */
function lacksNetwork({
    board,
    settings,
    source,
    purpose,
    findings,
}: Subject): boolean {
    if (purpose.flashes !== true || !source.makes("WifiSettings")) return false
    if (settings?.settings.WIFI_SSID !== undefined) return false
    const file = board.file.replace(/\.ts$/, ".<name>.env")
    findings.wrong("settings", {
        ...{ file: settings?.file ?? board.file, key: "WIFI_SSID" },
        value: "(missing)",
        ...(settings
            ? {
                  text: "this board would join no network",
                  fix: `write its network's name there, or ${AS_IS}`,
              }
            : {
                  text: "no board of this kind was named, so it would join no network and have no settings",
                  fix: `copy boards/example.env to ${file}, write MQTT_HOST and WIFI_SSID there, and name it: npm run flash -- ${board.name}.<name>; or ${AS_IS}`,
              }),
    })
    return true
}

/** A problem says what is wrong and, after a colon or a semicolon, what to do. */
function problemParts({ file, line, key, value, text }: SettingProblem) {
    const [, what = text, fix] = /^(.*?)(?:: |; )(.*)$/.exec(text) ?? []
    return {
        file,
        line,
        ...(key === "" ? {} : { key, value }),
        text: what,
        fix: fix ?? "write what is allowed, or leave the line out",
    }
}

/** What lets a board through that has no network or broker yet. */
export const AS_IS = "give --as-is and tell it later"

/** Two boards with one device id throw each other out of the broker for ever. */
function sameDevice(
    { board, findings }: Subject,
    { file, settings, lines }: SettingsFile
): void {
    const id = settings.DEVICE_ID
    if (id === undefined) return
    const folder = dirname(board.path)
    const others = readdirSync(folder)
        .filter(name => name.endsWith(".env"))
        .filter(name => name !== basename(file) && name !== basename(EXAMPLE))
    for (const name of others.sort()) {
        const other = readSettingsFile(join(folder, name))
        if (other.settings.DEVICE_ID !== id) continue
        findings.wrong("settings", {
            file,
            line: lines.get("DEVICE_ID"),
            key: "DEVICE_ID",
            value: JSON.stringify(id),
            text: `is the id of another board, too, in ${other.file}: the two would throw each other out of the broker`,
            fix: "give one of the two another id",
        })
    }
}
