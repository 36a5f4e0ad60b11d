// What a program costs the machine that simulates it: many VMs in one process, each publishing once a second to a peer
// in the same process that only counts bytes. Real time and memory, reported only.
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Section } from "./section"

/** Members of a fleet (fleet-process.ts). */
const FLEET = 100

/** What each member costs: MB, and percent of a core. */
interface Share {
    megabytes: number
    percent: number
}

/** ms of a fleet's process, on a busy machine. */
const LIMIT = 120_000

const KINDS = {
    ours: "this client",
    stock: "stock",
    js: "MQTT.js on Node.js",
}

/** In a process of its own: memory that a fleet has left would be the next one's for nothing. */
function share(kind: string): Share {
    const file = fileURLToPath(new URL("fleet-process.ts", import.meta.url))
    const args = ["--import", "tsx", file, kind, String(FLEET)]
    const printed = execFileSync(process.execPath, args, {
        encoding: "utf8",
        timeout: LIMIT,
    })
    return JSON.parse(printed.trimEnd().split("\n").at(-1)!) as Share
}

export function fleet(): Section[] {
    return [
        {
            id: "fleet",
            title: `A fleet of ${FLEET} in one process, one publish a second each`,
            columns: ["each of them", "MB", "% of a core"],
            rows: Object.entries(KINDS).map(([kind, what]) => {
                const { megabytes, percent } = share(kind)
                return { what, values: [megabytes, percent] }
            }),
            notes: [
                "A process for each kind; memory is what it grew by with these members, the first ten aside, which paid for what all share. The peer's own work is in it. An idle VM looks at its timers every 10 ms, which is most of its share.",
            ],
        },
    ]
}
