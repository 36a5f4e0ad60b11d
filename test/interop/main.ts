// `npm run interop`: its options, its help, and what it prints.
import { aloneVerb, understood } from "../../sim/cli/alone"
import { whole } from "../../sim/cli/whole"
import "../support/board-arrays"
import { interop } from "./interop"
import { RUNS } from "./runs"

interface Options {
    nodes: number
    only: string
    long?: boolean
}

const program = aloneVerb("interop")
    .description(
        "Runs nodes against real brokers, lets something befall each broker under load, and compares what nodes were told is " +
            "safe with what another client was given. Servers are started and stopped here; what is not installed is skipped by name."
    )
    .option(
        "--nodes <n>",
        "nodes, ten readings a second each, 1 to 50",
        whole(1, 50),
        5
    )
    .option("--only <text>", "only brokers whose name contains this", "")
    .option("--long", "those that take half a minute to start, too")

const print = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
    const options = program.opts<Options>()
    const chosen = RUNS.filter(
        ({ name, long }) =>
            name.toLowerCase().includes(options.only.toLowerCase()) &&
            (options.long || !long)
    )
    if (chosen.length === 0) {
        process.stderr.write(
            `error: --only ${options.only}: no broker has that in its name: ${RUNS.map(({ name }) => name).join(", ")}\n`
        )
        return 2
    }
    let failed = 0
    for (const run of chosen) {
        if (run.lacks !== undefined) {
            print(`${run.name}: skipped, ${run.lacks}`)
            continue
        }
        try {
            const r = await interop(run, options.nodes)
            print(
                `${r.name}: ${r.fault}; ${r.acked} readings of ${r.nodes} nodes acknowledged, ${r.missing.length} of them not delivered; ` +
                    `${r.reconnected} nodes connected anew, all in touch after ${(r.back / 1_000).toFixed(1)} s`
            )
            const wrong = [
                ...r.missing.slice(0, 5).map(name => `not delivered: ${name}`),
                ...r.troubles.slice(0, 5),
            ]
            for (const line of wrong) print(`  ! ${line}`)
            if (wrong.length > 0) failed++
        } catch (error) {
            failed++
            print(`${run.name}: failed\n  ! ${String(error)}`)
        }
    }
    print(failed === 0 ? "all as it should be" : `${failed} failed`)
    return failed === 0 ? 0 : 1
}

if (understood(program)) process.exitCode = await main()
