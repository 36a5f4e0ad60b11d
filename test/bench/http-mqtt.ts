// `npm run http-mqtt`: the same values by HTTP and by MQTT, measured side by side; writes the tables and plot of docs/http-mqtt.md
// anew. Each way has a network namespace of its own where the system allows that, so that IP packets can be counted.
import { execFile, execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { aloneVerb, understood } from "../../sim/cli/alone"
import { updates, type Figures, type Way } from "./http-ways"
import { markedPage } from "./marked-page"
import { plot } from "./http-plot"

const root = resolve(import.meta.dirname, "../..")
const PAGE = resolve(root, "docs/http-mqtt.md")
const PLOT = resolve(root, "docs/http-mqtt.svg")

/** How long it takes: all ways run at once. */
const LASTS_MS = 300_000
/** ms between two values, on the average. */
const MEAN_MS = 5_000

interface Row {
    name: string
    way: Way
}

const MQTT = (kind: "subscribe" | "publish", verb: string): Row[] =>
    ([0, 1] as const).map(qos => ({
        name: `MQTT ${verb}, QoS ${qos}`,
        way: { kind, qos },
    }))

const CONSUMERS: Row[] = [
    ...[1, 10].flatMap(seconds =>
        [false, true].map((keep): Row => ({
            name: `HTTP GET every ${seconds} s, ${keep ? "kept open" : "new connection"}`,
            way: { kind: "poll", everyMs: seconds * 1_000, keep },
        }))
    ),
    ...MQTT("subscribe", "subscription"),
]

const SENDERS: Row[] = [
    ...[false, true].map((keep): Row => ({
        name: `HTTP POST, ${keep ? "kept open" : "new connection"}`,
        way: { kind: "post", keep },
    })),
    ...MQTT("publish", "publish"),
]

/** Whether a process may have a network namespace of its own here. */
function namespaces(): boolean {
    try {
        execFileSync("unshare", ["-n", "ip", "link", "set", "lo", "up"], {
            stdio: "ignore",
        })
        return true
    } catch {
        return false
    }
}

async function run(way: Way, count: number, alone: boolean): Promise<Figures> {
    const node = [
        process.execPath,
        "--import",
        "tsx",
        resolve(import.meta.dirname, "http-way.ts"),
        JSON.stringify(way),
        ...[count, MEAN_MS, LASTS_MS, alone].map(String),
    ]
    const [file = "", ...args] = alone
        ? [
              "unshare",
              "-n",
              "sh",
              "-c",
              'ip link set lo up && exec "$@"',
              "sh",
              ...node,
          ]
        : node
    const { stdout } = await promisify(execFile)(file, args, { cwd: root })
    return JSON.parse(stdout) as Figures
}

const median = (list: readonly number[]) =>
    [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN
const time = (ms: number) =>
    ms < 1_000
        ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
        : `${(ms / 1_000).toFixed(1)} s`

function table(
    results: readonly (Row & { figures: Figures })[],
    there: number
): string {
    const heading = [
        "way",
        "arrived",
        "connections",
        "bytes",
        "bytes an update",
        "IP packets an update",
        "IP bytes an update",
        "delay, median",
        "delay, longest",
    ]
    const rows = results.map(({ name, figures: f }) => {
        const each = (n: number | undefined) =>
            n === undefined
                ? "-"
                : (n / f.arrived).toFixed(n / f.arrived < 10 ? 1 : 0)
        return [
            name,
            `${f.arrived} of ${there}`,
            f.connections,
            f.bytes,
            each(f.bytes),
            each(f.packets),
            each(f.ipBytes),
            time(median(f.delays)),
            time(Math.max(...f.delays)),
        ]
    })
    const line = heading.map((_, i) => (i === 0 ? "---" : "---:"))
    return [heading, line, ...rows]
        .map(cells => `| ${cells.join(" | ")} |`)
        .join("\n")
}

const program = aloneVerb("http-mqtt").description(
    `Sends the same values by HTTP and by MQTT, each in several ways and all at once, and writes what they cost into docs/http-mqtt.md and its plot. Takes ${LASTS_MS / 60_000} minutes.`
)

if (
    import.meta.url === pathToFileURL(process.argv[1] ?? "").href &&
    understood(program)
) {
    const count = Math.round((2 * LASTS_MS) / MEAN_MS)
    const there = updates(count, MEAN_MS).filter(
        ({ at }) => at < LASTS_MS
    ).length
    const alone = namespaces()
    console.log(
        `${there} values in ${LASTS_MS / 1_000} s, each way in ${alone ? "a network namespace" : "a process"} of its own`
    )
    const results = await Promise.all(
        [...CONSUMERS, ...SENDERS].map(async row => ({
            ...row,
            figures: await run(row.way, count, alone),
        }))
    )
    const consumers = results.slice(0, CONSUMERS.length)
    const senders = results.slice(CONSUMERS.length)
    const bars = (of: (f: Figures) => number, list = results) =>
        list.map(({ name, figures }) => ({
            name,
            value: of(figures),
            highlight: name.startsWith("MQTT"),
        }))
    const tables = {
        consumers: table(consumers, there),
        senders: table(senders, there),
    }
    writeFileSync(PAGE, await markedPage(PAGE, tables))
    writeFileSync(
        PLOT,
        plot([
            {
                title: `${alone ? "IP bytes" : "bytes"} on the wire for each update that arrived`,
                text: value => `${Math.round(value)} B`,
                bars: bars(f => (f.ipBytes ?? f.bytes) / f.arrived),
            },
            {
                title: "median delay from a value's being there to its arrival",
                text: time,
                bars: bars(f => median(f.delays), consumers),
            },
        ])
    )
    console.log(`${tables.consumers}\n\n${tables.senders}`)
}
