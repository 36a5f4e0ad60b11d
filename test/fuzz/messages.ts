// Sends bodies made at random to the actuators and the command topic of a node that runs in the VM. Each is answered in the one
// way that is right for it, the program goes on, and the node stays in touch. Knows nothing of how a body is parsed.
import { doer, type Doer } from "../world/doers"
import { grammatical, WORDS } from "./grammar"
import { mayDiffer } from "./json-of-vm"
import { mutated, pick, randomOf, type Random } from "./mutate"
import { Parser } from "./outcomes"

/** ms of virtual time until a message is dealt with: the VM looks at its socket every 10, a setting is written in 60. */
const DONE = 150
/** ms until a node that was asked to restart is up again. */
const RESTART = 10_000
/** Largest body, bytes; brackets outside strings. */
const MAX_BODY = 256
const MAX_BRACKETS = 4

/** Actuators that are functions of the board: what they take. */
const TAKES: Record<string, (value: unknown) => boolean> = {
    PUMP: v => typeof v === "number" && v >= 0 && v <= 100,
    FREE: v => typeof v === "number" && Math.abs(v) <= 9_007_199_254,
    TEXT: v => typeof v === "string",
    FLAG: v => typeof v === "boolean",
}

/** Whether an actuator has to do what a body asks for; undefined: it may see something else in it. */
function shouldAct(id: string, input: Uint8Array): boolean | undefined {
    const text = Buffer.from(input).toString()
    const outside = text.replaceAll(/"(?:\\[^]|[^"\\])*"?/g, "")
    const brackets = outside.match(/[[{]/g)?.length ?? 0
    const harmful =
        input.length > MAX_BODY ||
        brackets > MAX_BRACKETS ||
        /x/i.test(outside) ||
        input.includes(0) ||
        !Buffer.from(text).equals(Buffer.from(input))
    if (harmful) return false
    if (mayDiffer(input)) return undefined
    const body = JSON.parse(text) as { value?: unknown } | null
    const value = typeof body === "object" && body ? body.value : body
    return TAKES[id]!(value)
}

function bodyOf(random: Random): Uint8Array {
    const body = grammatical(Parser.Body, random)
    if (random(2) === 0) return body
    return mutated(body, random, WORDS, grammatical(Parser.Body, random))
}

export interface MessagesReport {
    cases: number
    acted: number
    rejected: number
    answered: number
    restarts: number
    findings: { topic: string; input: Uint8Array; what: string }[]
}

/** What the console said of one message. */
async function said(it: Doer, send: () => Promise<void>): Promise<string[]> {
    const { node, world } = it
    const from = node.lines.length
    await send()
    await world.advance(DONE)
    return node.lines.slice(from).map(({ text }) => text)
}

const broken = (lines: string[]) =>
    lines.find(text => text.startsWith("! ") && text !== "! restart reset")

/** Sends so many bodies, two of three to actuators. */
export async function fuzzMessages(
    seed: number,
    cases: number
): Promise<MessagesReport> {
    const random = randomOf(seed)
    const report: MessagesReport = {
        cases: 0,
        acted: 0,
        rejected: 0,
        answered: 0,
        restarts: 0,
        findings: [],
    }
    const it = await doer()
    try {
        for (; report.cases < cases; report.cases++) {
            const input = bodyOf(random)
            const body = Buffer.from(input)
            const actuator =
                random(3) === 0 ? undefined : pick(random, Object.keys(TAKES))
            let what: string | undefined
            if (actuator === undefined) {
                const lines = await said(it, () => it.command(body))
                const answers = lines.filter(text =>
                    text.startsWith("node: command ")
                )
                what = broken(lines)
                if (answers.length !== 1)
                    what ??= `${answers.length} answers: ${lines.join(" / ")}`
                report.answered += answers.length
                if (
                    /"command":"restart","ok":true|"restart".*"ok":true/.test(
                        answers[0] ?? ""
                    )
                ) {
                    report.restarts++
                    const ups = it.node.all("status").length
                    await it.world.until(
                        () => it.node.all("status").length > ups + 1,
                        RESTART
                    )
                }
            } else {
                const lines = await said(it, () => it.ask(actuator, body))
                const acts = lines.filter(text => text.startsWith("act "))
                const refusals = lines.filter(text =>
                    text.startsWith("node: rejected ")
                )
                what = broken(lines)
                const should = shouldAct(actuator, input)
                if (acts.length + refusals.length !== 1)
                    what ??= `${acts.length} acts, ${refusals.length} refusals`
                if (should !== undefined && should !== (acts.length === 1))
                    what ??= `${should ? "not done" : "done"}: ${lines.join(" / ")}`
                report.acted += acts.length
                report.rejected += refusals.length
            }
            const topic = actuator ?? "command"
            if (what !== undefined) report.findings.push({ topic, input, what })
        }
    } finally {
        it.world.stop()
    }
    return report
}
