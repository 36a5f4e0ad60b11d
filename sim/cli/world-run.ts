// Carries out `world`: explores seeds, or lives through one script, and prints what came of it.
import { readFileSync } from "node:fs"
import {
    explore,
    exploredBoard,
    keep,
    live,
    measureSpeed,
    parseScript,
    printScript,
    ScriptError,
    shrunk,
    summaryLines,
    type Life,
    type Script,
} from "../world/explore"
import { EXIT, UserError } from "./errors"
import type { WorldOptions } from "./world"

/** Failing seeds that are made small; each takes a minute or two. */
const MOST_SHRUNK = 5
/** Nodes, and ms between two looks of each VM: 10 is a chip's own pace, 100 what days are lived with. */
const SIZES = [1, 10, 100]
const TICKS = [10, 100]
/** ms for which each size is measured. */
const MEASURED = 3_000

const print = (text: string) => process.stdout.write(text + "\n")

export async function runWorld(options: WorldOptions): Promise<void> {
    if (options.speed) return speed()
    if (options.script !== undefined)
        return one(options.script, options.history === true)
    const [from, to] = options.seeds
    const all = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    const program = exploredBoard()
    const begin = performance.now()
    const summary = await explore(all, program, (seed, _, life) => {
        const [breach] = life.breaches
        if (breach)
            print(
                `seed ${seed}, ${breach.at} ms: ${breach.rule}: ${breach.detail}`
            )
    })
    for (const line of summaryLines(summary, performance.now() - begin))
        print(line)
    if (summary.failures.length === 0) return
    process.exitCode = EXIT.failed
    if (!options.keep) return
    for (const failure of summary.failures.slice(0, MOST_SHRUNK)) {
        const { script, tries } = await shrunk(failure, program)
        const path = keep(failure.seed, script, failure.life.breaches[0]!.rule)
        print(`\n${path}, after ${tries} tries:\n${printScript(script)}`)
    }
}

async function one(path: string, history: boolean): Promise<void> {
    let script: Script
    let life: Life
    try {
        script = parseScript(readFileSync(path, "utf8"))
    } catch (error) {
        if (error instanceof ScriptError)
            throw new UserError(`${path}: ${error.message}`)
        const { code } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        throw new UserError(
            `--script ${JSON.stringify(path)}: ${code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`}; the schedules that were kept are in test/world/kept`
        )
    }
    try {
        life = await live(script, exploredBoard(), { keeps: history })
    } catch (error) {
        throw new UserError(`${path}: ${(error as Error).message}`)
    }
    for (const line of life.history) process.stdout.write(line)
    for (const { at, rule, detail } of life.breaches)
        print(`${at} ms: ${rule}: ${detail}`)
    print(
        `${life.lived / 1_000} s of virtual time, ${life.checks} checks of rules, history ${life.digest}`
    )
    if (life.breaches.length > 0) process.exitCode = EXIT.failed
    else print(`all right ${life.right! / 1_000} s after the last fault`)
}

async function speed(): Promise<void> {
    print("nodes  tick    virtual s a real s  real s a node-day")
    for (const tick of TICKS)
        for (const nodes of SIZES) {
            const { rate, nodeDay } = await measureSpeed(nodes, tick, MEASURED)
            print(
                `${String(nodes).padStart(5)}  ${String(tick).padStart(3)} ms  ${rate.toFixed(0).padStart(17)}  ${nodeDay.toFixed(1).padStart(17)}`
            )
        }
}
