// `npm run bench`: measures on this machine, prints tables, and writes docs/bench.md, docs/bench.json and
// docs/bench.svg anew, and the README's figures. With names of parts it does those only, and keeps what the JSON has of
// the others: each table says when and where it was measured.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, type as osType } from "node:os"
import { join } from "node:path"
import { Argument } from "commander"
import { format, resolveConfig } from "prettier"
import { aloneVerb, understood } from "../../sim/cli/alone"
import { PROJECT_ROOT } from "../../sim/vm"
import { boardTime, type Counted } from "./board-time"
import { CLIENTS } from "./build"
import { counts, publishCosts, readingCost } from "./counts"
import { fleet } from "./fleet"
import { growths, growthSections, type Growth } from "./growth"
import { growthPlot } from "./growth-plot"
import { heaps } from "./heaps"
import { latency } from "./latency"
import { markedPage } from "./marked-page"
import { rates } from "./rates"
import { sectionLines, sectionMarkdown, type Section } from "./section"
import { sizes } from "./sizes"
import { start } from "./start"
import { wire } from "./wire"

/** What may be asked for by name, in the order of the page. */
const PARTS: Record<string, () => Section[] | Promise<Section[]>> = {
    size: sizes,
    counts,
    board: async () => [await estimates()],
    heap: heaps,
    rate: rates,
    latency,
    wire,
    start,
    growth: async () => {
        const all = await growths()
        return growthSections(all).map(section => ({ ...section, growth: all }))
    },
    fleet,
}

async function estimates(): Promise<Section> {
    const reading = await readingCost()
    const publishes: Counted[] = []
    for (const client of CLIENTS)
        for (const { qos, allocations } of await publishCosts(
            client,
            [16],
            false
        ))
            if (qos < 2)
                publishes.push({
                    what: `publish, QoS ${qos}, ${client === "ours" ? "this client" : "stock"}`,
                    allocations,
                })
    return boardTime([
        { what: "a reading, from its sample to its PUBACK", ...reading },
        ...publishes,
    ])
}

/** Where and with what it is measured, in one line. */
function circumstances(): string {
    const versions = ["@devicescript/cli", "aedes", "mqtt"].map(name => {
        // not every package exports it
        const { version } = JSON.parse(
            readFileSync(
                join(PROJECT_ROOT, "node_modules", name, "package.json"),
                "utf8"
            )
        ) as { version: string }
        return `${name} ${version}`
    })
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
        cwd: PROJECT_ROOT,
        encoding: "utf8",
    }).trim()
    const [cpu] = cpus()
    return [
        `${new Date().toISOString().slice(0, 10)} at ${commit}`,
        `${osType()}, ${cpus().length} cores, ${cpu?.model.trim() ?? "unknown"}`,
        [`Node.js ${process.versions.node}`, ...versions].join(", "),
    ].join("; ")
}

/** A table as it is kept. */
interface Kept extends Section {
    part: string
    measured: string
    growth?: Growth[]
}

const JSON_FILE = join(PROJECT_ROOT, "docs/bench.json")

/** What was measured before. */
function before(): Kept[] {
    if (!existsSync(JSON_FILE)) return []
    return (JSON.parse(readFileSync(JSON_FILE, "utf8")) as { tables: Kept[] })
        .tables
}

/** Writes the tables into a page. */
async function replace(path: string, tables: string) {
    const file = join(PROJECT_ROOT, path)
    writeFileSync(file, await markedPage(file, { bench: tables }))
}

/** The rows that stand in the README: a table's id, and what its rows begin with. */
const SHORT: [string, RegExp][] = [
    ["size", /publisher, QoS 0|whole node/],
    ["counts", /publish of 16 bytes, QoS [01]|a reading/],
    ["heap", /idle session|node, 1 sensor$/],
    ["rate", /this client|stock|ratio/],
    ["latency", /Mosquitto/],
]

/** A short table of one section, without its notes; nothing while there is none. */
function short(tables: readonly Kept[], [id, rows]: [string, RegExp]) {
    const table = tables.find(each => each.id === id)
    if (!table) return ""
    const kept = table.rows.filter(({ what }) => rows.test(what))
    return sectionMarkdown({ ...table, rows: kept, notes: [] }).replace(
        /^## (.*)$/m,
        `$1 (${table.measured.split(";")[0]}):`
    )
}

async function write(tables: readonly Kept[]) {
    await replace(
        "docs/bench.md",
        tables
            .map(table => {
                const notes = [...table.notes, `Measured ${table.measured}.`]
                if (table.growth) notes.push(`![${table.title}](bench.svg)`)
                return sectionMarkdown({ ...table, notes })
            })
            .join("\n\n")
    )
    await replace(
        "README.md",
        SHORT.map(each => short(tables, each)).join("\n\n")
    )
    const style = await resolveConfig(JSON_FILE)
    const json = JSON.stringify({ tables })
    writeFileSync(
        JSON_FILE,
        await format(json, { ...style, filepath: JSON_FILE })
    )
    const growth = tables.find(table => table.growth)?.growth
    if (growth)
        writeFileSync(join(PROJECT_ROOT, "docs/bench.svg"), growthPlot(growth))
}

const program = aloneVerb("bench", "[options] [part...]")
    .description(
        "Measures on this machine what everything costs, prints tables, and writes docs/bench.md, docs/bench.json, docs/bench.svg and the README's figures anew. With names of parts it does those only, and keeps what was measured of the others."
    )
    .addArgument(
        new Argument("[part...]", "what to measure; all without one").choices(
            Object.keys(PARTS)
        )
    )

if (understood(program)) {
    const asked = program.args
    const measured = circumstances()
    const old = before()
    const tables: Kept[] = []
    for (const [part, measure] of Object.entries(PARTS)) {
        if (asked.length > 0 && !asked.includes(part)) {
            tables.push(...old.filter(table => table.part === part))
            continue
        }
        for (const section of await measure()) {
            tables.push({ part, measured, ...section })
            console.log(`${sectionLines(section).join("\n")}\n`)
        }
    }
    await write(tables)
}
