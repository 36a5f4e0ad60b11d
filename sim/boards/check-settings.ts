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
    if (board.hardware !== undefined && !keys.includes("WIFI_SSID"))
        findings.note("settings", {
            file: settings.file,
            key: "WIFI_SSID",
            text: "is missing: the board joins the network it was given before, or none",
        })
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
