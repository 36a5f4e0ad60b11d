// `npm run bench`: measures on this machine, prints tables, and writes docs/bench.md, docs/bench.json and
// docs/bench.svg anew, and the README's figures. With names of sections it prints those and writes nothing.
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, type as osType } from "node:os"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { PROJECT_ROOT } from "../../sim/vm"
import { boardTime } from "./board-time"
import { counts, publishCosts, readingCost } from "./counts"
import { fleet } from "./fleet"
import { growths, growthSections, type Growth } from "./growth"
import { growthPlot } from "./growth-plot"
import { heaps } from "./heaps"
import { latency } from "./latency"
import { rates } from "./rates"
import { sectionLines, sectionMarkdown, type Section } from "./section"
import { sizes } from "./sizes"
import { start } from "./start"
import { wire } from "./wire"

let grown: Growth[] | undefined

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
    growth: async () => growthSections((grown = await growths())),
    fleet,
}

async function estimates(): Promise<Section> {
    const reading = await readingCost()
    const [ours, stock] = [
        await publishCosts("ours", [16]),
        await publishCosts("stock", [16]),
    ]
    return boardTime([
        { what: "a reading, from its sample to its PUBACK", ...reading },
        ...[ours, stock].flatMap((costs, i) =>
            costs
                .filter(({ qos }) => qos < 2)
                .map(({ qos, allocations }) => ({
                    what: `publish, QoS ${qos}, ${i === 0 ? "this client" : "stock"}`,
                    allocations,
                }))
        ),
    ])
}

/** Where and with what it was measured. */
function circumstances() {
    const version = (name: string) =>
        (
            createRequire(import.meta.url)(`${name}/package.json`) as {
                version: string
            }
        ).version
    return {
        date: new Date().toISOString().slice(0, 10),
        commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], {
            cwd: PROJECT_ROOT,
            encoding: "utf8",
        }).trim(),
        machine: `${osType()}, ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"}`,
        versions: {
            node: process.versions.node,
            "@devicescript/cli": version("@devicescript/cli"),
            aedes: version("aedes"),
            mqtt: version("mqtt"),
        },
    }
}

/** What is written between two marks of a page. */
async function replace(path: string, mark: string, part: string) {
    const file = join(PROJECT_ROOT, path)
    const [before, rest] = readFileSync(file, "utf8").split(`<!-- ${mark} -->`)
    const after = rest?.split(`<!-- /${mark} -->`)[1]
    if (before === undefined || after === undefined)
        throw new Error(`${path} has no marks ${mark}`)
    const text = `${before}<!-- ${mark} -->\n\n${part}\n\n<!-- /${mark} -->${after}`
    const style = await resolveConfig(file)
    writeFileSync(file, await format(text, { ...style, filepath: file }))
}

/** The rows that stand in the README: a table's id, and what its rows begin with. */
const SHORT: [string, RegExp][] = [
    ["size", /publisher, QoS 0|whole node/],
    ["counts", /publish of 16 bytes, QoS [01]|a reading/],
    ["heap", /idle session|node, 1 sensor$/],
    ["rate", /this client|stock|ratio/],
]

/** A short table of one section, without its notes. */
function short(sections: readonly Section[], [id, rows]: [string, RegExp]) {
    const section = sections.find(each => each.id === id)!
    const kept = section.rows.filter(({ what }) => rows.test(what))
    return sectionMarkdown({ ...section, rows: kept, notes: [] }).replace(
        /^## (.*)$/m,
        "$1:"
    )
}

async function write(sections: readonly Section[]) {
    const where = circumstances()
    const versions = Object.entries(where.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")
    const said = `Measured ${where.date} at ${where.commit}, ${where.machine}; ${versions}.`
    await replace(
        "docs/bench.md",
        "bench",
        [said, ...sections.map(sectionMarkdown)].join("\n\n")
    )
    await replace(
        "README.md",
        "bench",
        [said, ...SHORT.map(each => short(sections, each))].join("\n\n")
    )
    const json = JSON.stringify({ ...where, sections, growth: grown })
    const path = join(PROJECT_ROOT, "docs/bench.json")
    const style = await resolveConfig(path)
    writeFileSync(path, await format(json, { ...style, filepath: path }))
    writeFileSync(join(PROJECT_ROOT, "docs/bench.svg"), growthPlot(grown!))
}

const asked = process.argv.slice(2)
const unknown = asked.find(name => !(name in PARTS))
if (unknown !== undefined) {
    console.error(
        `bench: there is no part ${unknown}; use ${Object.keys(PARTS).join(", ")}`
    )
    process.exitCode = 1
} else {
    const sections: Section[] = []
    for (const [name, measure] of Object.entries(PARTS)) {
        if (asked.length > 0 && !asked.includes(name)) continue
        for (const section of await measure()) {
            sections.push(section)
            console.log(`${sectionLines(section).join("\n")}\n`)
        }
    }
    if (asked.length === 0) await write(sections)
}
