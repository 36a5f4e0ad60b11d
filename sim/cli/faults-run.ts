// Measures the faults and prints them, for a person or for a script.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { PROJECT_ROOT } from "../vm"
import {
    FAULTS,
    faultTable,
    INTERVAL,
    KEEP_ALIVE,
    measure,
    NODE,
    SLOTS,
    STOCK,
    worst,
    type FaultRow,
    type Measured,
} from "../world/faults"
import { UserError } from "./errors"
import type { FaultsOptions } from "./faults"

/** ms of virtual time after the end of a fault for which a firmware is waited for. */
const LIMIT = 300_000

export async function runFaults(options: FaultsOptions): Promise<void> {
    const { only = "", chips, json = false } = options
    const rows = FAULTS.filter(({ name }) => name.includes(only))
    if (rows.length === 0)
        throw new UserError(`--only ${only}: no fault has that in its name`)
    const print = (text: string) => process.stdout.write(text + "\n")
    const versions = {
        node: `v${version("package.json")}`,
        stock: version("node_modules/@devicescript/cli/package.json"),
        nodejs: process.versions.node,
    }
    const date = new Date().toISOString()
    if (!json) for (const line of heading(date, versions, chips)) print(line)
    const begin = performance.now()
    const measured: Measured[] = []
    for (const row of rows) measured.push(await both(row, chips))
    const realSeconds = Math.round((performance.now() - begin) / 100) / 10
    const lived = measured.flatMap(({ figures }) => figures.map(f => f.lived))
    const virtualSeconds = Math.round(lived.reduce((a, b) => a + b) / 1_000)
    if (json) {
        const faults = measured.map(({ name, lasts, figures }) => ({
            name,
            lasts,
            node: figures[0],
            stock: figures[1],
        }))
        const conditions = { keepAlive: KEEP_ALIVE, interval: INTERVAL, chips }
        const limits = { limit: LIMIT, virtualSeconds, realSeconds }
        print(
            JSON.stringify({ date, versions, ...conditions, ...limits, faults })
        )
        return
    }
    const groups = ["this node", "stock @devicescript/net"]
    for (const line of faultTable(measured, groups)) print(line)
    print(`\n${virtualSeconds} virtual seconds in ${realSeconds} s`)
}

async function both(row: FaultRow, chips: number): Promise<Measured> {
    const lives = []
    for (let chip = 1; chip <= chips; chip++)
        lives.push(await measure(row, NODE, LIMIT, chip.toString(16)))
    return {
        name: row.name,
        lasts: row.lasts ?? 0,
        figures: [worst(lives), await measure(row, STOCK, LIMIT)],
    }
}

function heading(
    date: string,
    versions: Record<"node" | "stock" | "nodejs", string>,
    chips: number
): string[] {
    const { node, stock, nodejs } = versions
    return [
        `${date}  node ${node}, @devicescript/net ${stock}, Node.js ${nodejs}`,
        "",
        `One value every ${INTERVAL / 1_000} s with QoS 1, keep alive ${KEEP_ALIVE} s.`,
        `This node: the worst of ${chips} chips, which differ in their luck with waits before a new connection; ${SLOTS} readings may wait in it.`,
        "Stock: no luck comes in; its watchdog has its default of 50 s, and is due 31 s after the fault begins.",
        "",
        "lasts    how long the fault itself takes      noticed  from its begin to the first word of trouble; - is none",
        "again    from its end to the next value       lost     values that never came to the broker, or were not taken",
        "twice    arrivals beyond the first            status   how long the retained status was wrong after the fault",
        `panics   ends and restarts of the program     never    not within ${LIMIT / 1_000} s of virtual time after the fault`,
        "dropped  readings given up, by reason         law      conservation of readings, looked at every 100 ms",
        "",
    ]
}

function version(path: string): string {
    const text = readFileSync(join(PROJECT_ROOT, path), "utf8")
    return (JSON.parse(text) as { version: string }).version
}
