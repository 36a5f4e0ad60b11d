// Starts nodes whose settings were made at random: whatever stands in its flash, a node runs or says in one line which setting it
// refuses. What it writes itself, and a dying flash may have damaged, never keeps it from running.
import { Flash } from "../../sim/vm"
import { World, worldProgram } from "../../sim/world"
import { grammatical } from "./grammar"
import { pick, randomOf, type Random } from "./mutate"
import { Parser } from "./outcomes"

/** Settings that a person gives a board. */
export const GIVEN = [
    "DEVICE_ID",
    "MQTT_HOST",
    "MQTT_PORT",
    "MQTT_PROTO",
    "MQTT_USER",
    "MQTT_PASS",
    "SENSOR_IDS",
]
/** Settings that the node writes. */
export const KEPT = ["BOOTS", "KEPT_0", "KEPT_1", "INTERVAL_0"]
/** ms of virtual time: settings, each of which may take 0.5 s, and a start. */
const START_MS = 12_000

const program = () =>
    worldProgram(
        "boards/settings.ts",
        `
import { Commands, startNode } from "../src/index"
let n = 0
await startNode({
    board: "settings",
    device: "SETTINGS",
    parts: [new Commands()],
    sensors: [{ id: "N", read: () => { n++; return n }, interval: 1000, precision: 0 }],
})
`
    )

export type Settings = Record<string, unknown>

/** What is in the flash in good order, for damage to part from it. @param configuration of the board, see Node */
const likely = (configuration: number): Settings => ({
    BOOTS: {
        n: 3,
        c: 1,
        why: "command",
        at: 5,
        k: 2,
        g: configuration,
        t: 3,
        w: 1_790_000_000_000,
        f: "x",
    },
    KEPT_0: [0, 21.7, 3_456_789, 0, 2, 3_457_000],
    INTERVAL_0: ["N", 1_000],
    MQTT_PORT: 1883,
    MQTT_PROTO: "tcp",
})

/** The number that the board has for its sensors and broker. Readings of another one are not restored. */
export async function configurationOf(): Promise<number> {
    const world = new World()
    try {
        await world.node({ program: program(), bus: false })
        const said = () =>
            world.broker.published("devices/SETTINGS/diagnostics")[0]
        await world.until(() => said() !== undefined, START_MS)
        const { configuration } = JSON.parse(said()!.payload) as {
            configuration: number
        }
        return configuration
    } finally {
        world.stop()
    }
}

function valueOf(random: Random): unknown {
    for (;;) {
        const text = Buffer.from(grammatical(Parser.Body, random)).toString()
        try {
            return JSON.parse(text) as unknown
        } catch {
            // not every text of the grammar is JSON
        }
    }
}

/** A part of what is right, replaced. */
function damaged(value: unknown, random: Random): unknown {
    if (typeof value !== "object" || value === null) return valueOf(random)
    const copy = structuredClone(value) as Settings
    copy[pick(random, Object.keys(copy))] = valueOf(random)
    return copy
}

/** Some settings. `own`: such as the node writes. */
export function settingsOf(
    random: Random,
    own: boolean,
    right: Settings
): Settings {
    const settings: Settings = {}
    const keys = own ? KEPT : GIVEN
    for (let i = 1 + random(3); i > 0; i--) {
        const key = pick(random, keys)
        settings[key] =
            random(2) === 0 ? valueOf(random) : damaged(right[key], random)
    }
    // readings that were kept are looked at only when a record says that there are some
    if (own && settings.BOOTS === undefined) settings.BOOTS = right.BOOTS
    return settings
}

/**
 * What is wrong with a node that starts with such settings; undefined when nothing is.
 * @param own whether it has to run in any case
 * @param wanted what it has to say that it refuses
 */
export async function settingsFault(
    settings: Settings,
    own: boolean,
    wanted?: RegExp
): Promise<string | undefined> {
    const world = new World()
    try {
        const node = await world.node({
            program: program(),
            settings,
            bus: false,
        })
        await world.advance(START_MS)
        const refused = node.all("refused")[0]
        const panic = node.lines.find(({ text }) => text.startsWith("! "))
        if (refused) {
            if (own) return `it is refused: ${refused.text}`
            if (wanted && !wanted.test(refused.text))
                return `it refuses another thing: ${refused.text}`
            // the name of an option first
            return /^[a-z]\w*(\.\w+)?: /i.test(refused.text)
                ? undefined
                : `it does not say what it refuses: ${refused.text}`
        }
        if (wanted) return "nothing is refused"
        if (panic) return panic.text
        if (node.all("boot").length !== 1) return "it does not start"
        if (own && node.all("status").length === 0) return "it is not up"
        return undefined
    } finally {
        world.stop()
    }
}

export interface SettingsReport {
    cases: number
    findings: { settings: Settings; what: string }[]
}

/** Tries so many sets of settings, half of them a person's and half the node's own. */
export async function fuzzSettings(
    seed: number,
    cases: number
): Promise<SettingsReport> {
    const random = randomOf(seed)
    const right = likely(await configurationOf())
    const report: SettingsReport = { cases: 0, findings: [] }
    for (; report.cases < cases; report.cases++) {
        const own = report.cases % 2 === 0
        const settings = settingsOf(random, own, right)
        try {
            Flash.withSettings(settings)
        } catch {
            // longer than a board can store
            continue
        }
        const what = await settingsFault(settings, own)
        if (what !== undefined) report.findings.push({ settings, what })
    }
    return report
}
