// Carries out `uptime`: one node in a world, for days. What it read is what its program says; what arrived is what the broker
// model wrote down.
import { World, worldProgram } from "../world"
import type { UptimeOptions } from "./uptime"

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** ms between two readings of each of the two sensors. */
const INTERVAL = 60_000
/** ms between two looks of the VM: ten times what it is, for a tenth of the time that a day takes. */
const TICK = 100
/** ms between two readings that count as a gap: more than one is missing, or a restart took longer than it should. */
const GAP = INTERVAL + 15_000

/** Values of N are the reading's number, of S the same and a million for each start: no two are alike. */
function board(restartAfter: number | undefined): string {
    return `
import { readSetting } from "@devicescript/settings"
import * as ds from "@devicescript/core"
import { startNode } from "../src/index"
await ds.sleep(600)
let n = ((await readSetting<any>("BOOTS", { n: 0 })).n + 1) * 1000000
let m = n
await startNode({
    board: "uptime",
    device: "UPTIME",
    ${restartAfter === undefined ? "" : `restartAfter: ${restartAfter},`}
    sensors: [
        { id: "A", read: () => { n++; console.log("read A " + n); return n }, interval: ${INTERVAL}, precision: 0 },
        { id: "B", read: () => { m++; console.log("read B " + m); return m }, interval: ${INTERVAL}, precision: 0 },
    ],
})
`
}

export interface UptimeFigures {
    days: number
    /** ms of the world at which the chip restarted. */
    restarts: number[]
    panics: number
    connections: number
    read: number
    lost: number
    twice: number
    /** The longest time between two readings of one sensor, ms, and how many were longer than 75 s. */
    longest: number
    gaps: number
    /** Times the status was `down`. */
    downs: number
}

/** @param progress called once a virtual day */
export async function measureUptime(
    { days, restartAfter }: UptimeOptions,
    progress: (day: number) => void = () => {}
): Promise<UptimeFigures> {
    const world = new World()
    const node = await world.node({
        program: worldProgram("boards/uptime.ts", board(restartAfter)),
        tick: TICK,
        bus: false,
    })
    const read = new Set<string>()
    const restarts: number[] = []
    let panics = 0
    for (let day = 1; day <= days; day++) {
        for (let hour = 0; hour < 24; hour++) {
            await world.advance(HOUR)
            // lines are looked at and let go: a node says some 15,000 a day
            for (const { at, text } of node.lines.splice(0)) {
                if (text.startsWith("read ")) read.add(text.slice(5))
                if (text === "! restart reset") restarts.push(at)
                if (text.startsWith("! panic")) panics++
            }
        }
        progress(day)
    }
    // what was read last has time to arrive
    await world.advance(5_000)
    const arrived = new Set<string>()
    let [twice, longest, gaps] = [0, 0, 0]
    for (const id of ["A", "B"]) {
        let last = 0
        for (const { at, payload } of world.broker.published(
            `devices/UPTIME/sensors/${id}/value`
        )) {
            const { value } = JSON.parse(payload) as { value: number }
            const name = `${id} ${value}`
            if (arrived.has(name)) twice++
            arrived.add(name)
            longest = Math.max(longest, at - last)
            if (at - last > GAP) gaps++
            last = at
        }
        longest = Math.max(longest, world.now - last)
    }
    const status = world.broker.statusHistory("devices/UPTIME/status")
    const connections = world.broker.connections.length
    world.stop()
    return {
        days,
        restarts,
        panics,
        connections,
        read: read.size,
        lost: [...read].filter(name => !arrived.has(name)).length,
        twice,
        longest,
        gaps,
        downs: status.filter(({ payload }) => payload === "down").length,
    }
}

export async function runUptime(options: UptimeOptions): Promise<void> {
    const begun = Date.now()
    const f = await measureUptime(options, day => {
        if (process.stderr.isTTY) process.stderr.write(`\rday ${day}`)
    })
    if (process.stderr.isTTY) process.stderr.write("\r")
    const lines = [
        `${f.days} virtual days in ${Math.round((Date.now() - begun) / 1_000)} s`,
        `restarts     ${f.restarts.length}${f.restarts.map(at => `, on day ${(at / DAY).toFixed(2)}`).join("")}`,
        `panics       ${f.panics}`,
        `connections  ${f.connections}; status down ${f.downs} times`,
        `readings     ${f.read} read, ${f.lost} lost, ${f.twice} twice`,
        `gaps         ${f.gaps} longer than ${GAP / 1_000} s; the longest time between two readings of a sensor ${(f.longest / 1_000).toFixed(1)} s`,
    ]
    process.stdout.write(`${lines.join("\n")}\n`)
}
