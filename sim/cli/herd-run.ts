// Carries out `herd`: measures one policy after the other, prints the table and writes the plot.
import { writeFileSync } from "node:fs"
import { measureHerd, type HerdFigures } from "../herd/herd"
import { POLICIES } from "../herd/policies"
import { herdPlot, herdTable } from "../herd/table"
import { UserError } from "./errors"
import type { HerdVerbOptions } from "./herd"

export async function runHerd(options: HerdVerbOptions): Promise<void> {
    const { nodes, rate, only, plot, json = false } = options
    const chosen = POLICIES.filter(({ name }) => name.includes(only))
    if (chosen.length === 0)
        throw new UserError(
            `--only ${only}: no policy has that in its name: ${POLICIES.map(({ name }) => name).join(", ")}`
        )
    const scene = { nodes, rate, away: options.away * 1_000 }
    const figures: HerdFigures[] = []
    for (const policy of chosen)
        figures.push(
            await measureHerd(policy, scene, (second, connected) => {
                if (process.stderr.isTTY)
                    process.stderr.write(
                        `\r${policy.name}: ${second} s, ${connected} of ${nodes}   `
                    )
            })
        )
    if (process.stderr.isTTY) process.stderr.write("\r")
    const print = (text: string) => void process.stdout.write(`${text}\n`)
    if (plot !== undefined) write(plot, herdPlot(figures, scene))
    if (json) return print(JSON.stringify({ ...scene, figures }))
    print(
        `${nodes} nodes lose their broker for ${options.away} s; it then lets ${rate} connections a second in, so ${Math.ceil((nodes * 0.99) / rate)} s is the least.\n`
    )
    for (const line of herdTable(figures)) print(line)
    const sum = (of: (f: HerdFigures) => number) =>
        Math.round(figures.reduce((all, f) => all + of(f), 0))
    print(
        `\n${sum(f => f.virtual)} virtual seconds of ${nodes} nodes in ${sum(f => f.real)} s`
    )
}

function write(file: string, text: string): void {
    try {
        writeFileSync(file, text)
    } catch (error) {
        throw new UserError(
            `--plot ${file}: cannot be written: ${(error as Error).message}`
        )
    }
}
