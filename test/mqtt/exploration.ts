// Which state spaces of the session are explored, in the tests and by hand, and the command that does it:
//   npx tsx test/mqtt/exploration.ts [--full] [--messages 4 --window 3 --reconnects 2 --duplicates 1]
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { inModel, type InScope } from "./exploration-in"
import { outModel, type OutScope } from "./exploration-out"
import { subscribeModel, type SubscribeScope } from "./exploration-subscribe"
import { explore, type Report } from "./explorer"
import { installStrictBuffer } from "./strict-buffer"

/** One state space by name. */
export interface Space {
    name: string
    explore: () => Report
}

const atLeast: OutScope = {
    messages: 3,
    qos: [0, 1, 2],
    window: 2,
    reconnects: 2,
    duplicates: 0,
    anyOrder: true,
    handOn: "publish",
}

const out = (name: string, scope: Partial<OutScope> = {}): Space => ({
    name,
    explore: () => explore(outModel({ ...atLeast, ...scope })),
})
const incoming = (name: string, scope: InScope): Space => ({
    name,
    explore: () => explore(inModel(scope)),
})
const subscriptions = (name: string, scope: SubscribeScope): Space => ({
    name,
    explore: () => explore(subscribeModel(scope)),
})

/** What the tests explore: each space a few seconds. */
export const slice = {
    out: [
        out("3 messages, acknowledged in any order"),
        out("3 messages of QoS 2, handed on at PUBREL, one answer twice", {
            qos: [2],
            anyOrder: false,
            duplicates: 1,
            handOn: "pubrel",
        }),
    ],
    in: [
        incoming("3 messages in", {
            messages: 3,
            qos: [1, 2],
            window: 2,
            reconnects: 2,
            repeats: 0,
        }),
        incoming("3 messages in, one repeated", {
            messages: 3,
            qos: [1, 2],
            window: 2,
            reconnects: 2,
            repeats: 1,
        }),
    ],
    subscriptions: [
        subscriptions("4 calls for one filter", {
            filters: 1,
            calls: 4,
            reconnects: 2,
        }),
        subscriptions("3 calls for two filters", {
            filters: 2,
            calls: 3,
            reconnects: 1,
        }),
    ],
}

/** Longer, in a test file of its own. */
export const duplicates: Space[] = [
    out("3 messages of QoS 1 and 2, one answer twice", {
        qos: [1, 2],
        duplicates: 1,
    }),
]

/** Minutes. */
export const full = {
    out: [
        out("3 messages, handed on at PUBREL", { handOn: "pubrel" }),
        out("3 messages, one answer twice", { duplicates: 1 }),
        out("3 messages, one answer twice, handed on at PUBREL", {
            duplicates: 1,
            handOn: "pubrel",
        }),
        out("3 messages, window of 3", { window: 3 }),
        out("3 messages, window of 1, two answers twice", {
            window: 1,
            duplicates: 2,
        }),
        out("4 messages of QoS 1 and 2", { messages: 4, qos: [1, 2] }),
        out("3 messages, 3 reconnects", { reconnects: 3 }),
    ],
    in: [
        incoming("4 messages in, one repeated", {
            messages: 4,
            qos: [1, 2],
            window: 2,
            reconnects: 2,
            repeats: 1,
        }),
    ],
    subscriptions: [
        subscriptions("4 calls for two filters", {
            filters: 2,
            calls: 4,
            reconnects: 2,
        }),
    ],
}

/** A report in one line. */
export const line = (name: string, r: Report) =>
    `${name}: ${r.states} states, ${r.edges} edges, ${r.depth} deep, ${r.violations.length} violations, ${r.ms} ms${r.complete ? "" : ", NOT COMPLETE"}`

const all = (spaces: typeof slice): Space[] => Object.values(spaces).flat()

/** The space of messages out that the command line describes, if it does. */
function described(): Space[] | undefined {
    const number = { type: "string" } as const
    const { values } = parseArgs({
        options: {
            full: { type: "boolean" },
            messages: number,
            window: number,
            reconnects: number,
            duplicates: number,
        },
    })
    if (values.full) return [...all(slice), ...duplicates, ...all(full)]
    const { full: _full, ...bounds } = values
    const scope: Partial<OutScope> = {}
    for (const [key, text] of Object.entries(bounds)) {
        const value = Number(text)
        if (!Number.isInteger(value) || value < 0)
            throw new Error(`--${key} must be a whole number, is ${text}`)
        Object.assign(scope, { [key]: value })
    }
    if (Object.keys(scope).length === 0) return undefined
    return [out(JSON.stringify({ ...atLeast, ...scope }), scope)]
}

function main() {
    installStrictBuffer()
    let found = 0
    for (const space of described() ?? [...all(slice), ...duplicates]) {
        const report = space.explore()
        console.log(line(space.name, report))
        for (const violation of report.violations) console.log("  " + violation)
        found += report.violations.length + (report.complete ? 0 : 1)
    }
    process.exitCode = found === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
    try {
        main()
    } catch (e) {
        console.error((e as Error).message)
        process.exitCode = 2
    }
}
