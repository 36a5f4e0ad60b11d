// Settings of one physical board, from a file `boards/<board>.<name>.env`. Used for the simulator and for an image alike. Reads
// files and writes none; what a key may say is in settings.ts.
//
// The form: KEY=value, one a line. A line that begins with # is a comment; anywhere else # is part of the value, but after a
// space only between quotes. "..." is text as JSON writes it, '...' is taken as it stands. Blanks around key and value go.
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, isAbsolute, join, relative } from "node:path"
import { UserError } from "../cli/errors"
import { PROJECT_ROOT } from "../vm/compile"
import {
    problemLine,
    shown,
    type SettingProblem,
    type SettingsFile,
} from "./setting-problems"
import { checkSetting } from "./settings"

export {
    chipProblems,
    problemLine,
    sensorProblems,
    type SettingProblem,
    type SettingsFile,
} from "./setting-problems"
export {
    checkSetting,
    platformEnv,
    storedSettings,
    type BoardSettings,
    type SettingKey,
} from "./settings"

/**
 * Reads the text of a settings file.
 * @param file as it is to be shown
 */
export function parseSettings(source: string, file: string): SettingsFile {
    const settings: Record<string, unknown> = {}
    const lines = new Map<string, number>()
    const keys = new Set<string>()
    const problems: SettingProblem[] = []
    source.split(/\r?\n/).forEach((raw, at) => {
        // a byte order mark is no part of the first key
        const content = raw.replace(/^\ufeff/, "").trim()
        if (content === "" || content.startsWith("#")) return
        const line = at + 1
        const problem = (key: string, value: string, said: string) =>
            problems.push({
                file,
                line,
                key,
                value: shown(key, value),
                text: said,
            })
        const equals = content.indexOf("=")
        if (equals < 0)
            // it may be a secret that was put on a line of its own
            return problem(
                "",
                "",
                "is no setting: write KEY=value, or # before a comment"
            )
        const key = content.slice(0, equals).trim()
        keys.add(key)
        const rest = content.slice(equals + 1).trim()
        const read = unquote(rest)
        if ("wrong" in read) return problem(key, rest, read.wrong)
        const checked = checkSetting(key, read.value)
        if ("wrong" in checked) return problem(key, read.value, checked.wrong)
        const before = lines.get(key)
        if (before !== undefined)
            return problem(
                key,
                read.value,
                `is there twice, first in line ${before}: leave one out`
            )
        lines.set(key, line)
        settings[key] = checked.value
    })
    // what stands in the file with a mistake is no news
    const alone = (key: string, wants: string, said: string) => {
        if (settings[key] === undefined || keys.has(wants)) return
        problems.push({
            file,
            line: lines.get(key)!,
            key,
            value: shown(key, settings[key] as string),
            text: said,
        })
    }
    alone(
        "MQTT_PASS",
        "MQTT_USER",
        // [MQTT-3.1.2-22]
        "stands without MQTT_USER, which MQTT does not allow: add the user's name"
    )
    alone(
        "WIFI_PWD",
        "WIFI_SSID",
        "stands without WIFI_SSID: add the network's name"
    )
    problems.sort((a, b) => a.line - b.line)
    return { file, settings: settings, lines, problems }
}

const wrong = (text: string) => ({ wrong: text })

/** A value as it was meant, or why that cannot be known. */
function unquote(rest: string): { value: string } | { wrong: string } {
    const quote = rest[0]
    if (quote === '"' || quote === "'") {
        if (rest.length < 2 || !rest.endsWith(quote))
            return wrong(
                `begins with ${quote} and does not end with it: close the quotes, nothing may follow them`
            )
        if (quote === "'") return { value: rest.slice(1, -1) }
        try {
            const value: unknown = JSON.parse(rest)
            if (typeof value === "string") return { value }
        } catch {
            // said below
        }
        return wrong(
            'is no text of JSON: in double quotes write " as \\" and \\ as \\\\, or use single quotes'
        )
    }
    return /\s#/.test(rest)
        ? wrong(
              "has # after a space: put the value in quotes if that belongs to it, or the comment on a line of its own"
          )
        : { value: rest }
}

/**
 * Reads a settings file that has to be right.
 * @throws {UserError} when it cannot be read, or with the first thing that is wrong
 */
export function readSettings(path: string): SettingsFile {
    const parsed = readSettingsFile(path)
    const [first, ...more] = parsed.problems
    if (first)
        throw new UserError(
            problemLine(first) +
                (more.length > 0 ? `; and ${more.length} more` : "")
        )
    return parsed
}

/**
 * Reads a settings file with all that is wrong in it.
 * @throws {UserError} when it cannot be read
 */
export function readSettingsFile(path: string): SettingsFile {
    const file = shownPath(path)
    let source: string
    try {
        source = readFileSync(path, "utf8")
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        const others = settingsNames(path)
        throw new UserError(
            code === "ENOENT"
                ? `there is no file ${file}: copy boards/example.env to it${others.length > 0 ? `, or choose one of ${others.join(", ")}` : ""}`
                : `${file} cannot be read: ${code ?? String(error)}`
        )
    }
    return parseSettings(source, file)
}

/** Where the settings of one board of a kind lie. @param board path of the board's file */
export function settingsPath(board: string, name: string): string {
    return board.replace(/\.ts$/, `.${name}.env`)
}

/** Names of the settings files of a board, sorted. @param board path of the board's file, or of a settings file of it */
export function settingsNames(board: string): string[] {
    const kind = basename(board).split(".")[0]!
    try {
        return readdirSync(dirname(board))
            .filter(
                name => name.startsWith(`${kind}.`) && name.endsWith(".env")
            )
            .map(name => name.slice(kind.length + 1, -".env".length))
            .sort()
    } catch {
        return []
    }
}

function shownPath(path: string): string {
    const inside = relative(PROJECT_ROOT, path)
    return inside.startsWith("..") || isAbsolute(inside) ? path : inside
}

/** Where the committed example lies. */
export const EXAMPLE = join(PROJECT_ROOT, "boards", "example.env")
