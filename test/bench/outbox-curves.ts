// `npm run outbox`: writes the tables of docs/outbox.md and its plot anew, and prints the tables.
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { aloneVerb, understood } from "../../sim/cli/alone"
import { OutboxCost, VM_LIMIT } from "./outbox-cost"
import {
    errors,
    outage,
    OUTAGES,
    POLICIES,
    pump,
    temperature,
    type Errors,
} from "./outbox-errors"
import { markedPage } from "./marked-page"
import { plot } from "./outbox-plot"

const docs = resolve(import.meta.dirname, "../../docs")
export const PAGE = resolve(docs, "outbox.md")
export const PLOT = resolve(docs, "outbox.svg")

const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`

function table(heading: readonly string[], rows: (string | number)[][]) {
    const line = heading.map((_, i) => (i === 0 ? "---" : "---:"))
    return [heading, line, ...rows].map(row).join("\n")
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Minutes as minutes below two hours, and as hours from there on. */
const time = (minutes: number) =>
    minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`

const cells = ({ kept, gap, rms, max }: Errors) => [
    kept,
    time(gap),
    percent(rms),
    percent(max),
]

/** What each policy keeps of each curve after each outage: the table and the plot. */
export function curves(): { table: string; plot: string } {
    const alone = { temperature: temperature(), pump: pump() }
    const queues: Record<string, number[]>[] = [
        { temperature: alone.temperature },
        { pump: alone.pump },
        alone,
    ]
    const rows = queues.flatMap(queue => {
        const names = Object.keys(queue)
        const values = Object.values(queue)
        return OUTAGES.flatMap(([outageName, minutes]) => {
            const kept = POLICIES.map(([, policy]) =>
                outage(values, minutes, policy)
            )
            return values.map((curve, s) => [
                names[s]! + (names.length > 1 ? ", both in one queue" : ""),
                outageName,
                minutes,
                ...kept.flatMap(points =>
                    cells(errors(curve, minutes, points[s]!))
                ),
            ])
        })
    })
    const heading = ["curve", "outage", "read"].concat(
        ...POLICIES.map(([name]) => [`${name}: kept`, "gap", "RMS", "max"])
    )
    // after an hour nothing is missing yet
    const long = OUTAGES.slice(1)
    const panels = Object.entries(alone).flatMap(([name, curve]) =>
        long.map(([outageName, minutes]) =>
            POLICIES.map(([policyName, policy]) => ({
                title: `${name}, ${outageName}, ${policyName}`,
                curve,
                minutes,
                points: outage([curve], minutes, policy)[0]!,
            }))
        )
    )
    return { table: table(heading, rows), plot: plot(panels) }
}

/** Slots whose cost is shown. */
const SLOTS = [64, 128, 256, 512]

/** What an outbox takes of a chip's heap and of the VM's patience. */
export async function costs(): Promise<string> {
    const cost = new OutboxCost()
    const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
    const rows: (string | number)[][] = []
    for (const slots of SLOTS) {
        const opcodes = await cost.opcodes(slots)
        rows.push([
            slots,
            kB(await cost.bytes("numbers", slots)),
            // more of them do not fit in the 64 KiB of the simulator
            slots <= 256 ? kB(await cost.bytes("texts", slots)) : "-",
            opcodes,
            percent(opcodes / VM_LIMIT),
        ])
    }
    cost.stop()
    return table(
        [
            "slots",
            "numbers",
            "texts of 64 bytes",
            "opcodes of a put, at most",
            "of the VM's limit",
        ],
        rows
    )
}

/** The page with what stands between its markers `<!-- name -->` and `<!-- /name -->` replaced. */
export const page = (parts: Record<string, string>) => markedPage(PAGE, parts)

const program = aloneVerb("outbox").description(
    "Says what the outbox keeps of a curve through an outage, and what it takes of the chip; writes the tables and the plot of docs/outbox.md anew, and prints the tables."
)

if (
    import.meta.url === pathToFileURL(process.argv[1] ?? "").href &&
    understood(program)
) {
    const made = curves()
    const cost = await costs()
    writeFileSync(PAGE, await page({ curves: made.table, cost }))
    writeFileSync(PLOT, made.plot)
    console.log(`${made.table}\n\n${cost}`)
}
