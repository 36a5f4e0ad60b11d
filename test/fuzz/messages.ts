// Sends bodies made at random to the actuators and the command topic of a node that runs in the VM. Each is answered in the one
// way that is right for it, the program goes on, and the node stays in touch. What is right is in expected.ts.
import { doer, DOER, type Doer } from "../world/doers"
import { ACTUATORS, answersTo, deedOf, shows } from "./expected"
import { grammatical, WORDS } from "./grammar"
import { mutated, pick, randomOf, type Random } from "./mutate"
import { Parser } from "./outcomes"

/** ms of virtual time until a message is dealt with: the VM looks at its socket every 10, a setting is written in 60. */
const DONE = 150
/** ms until a node that was asked to restart is up again. */
const RESTART = 10_000
/** Commands as they are meant, and a little beside. */
const COMMANDS: ((random: Random) => unknown)[] = [
    () => ({ command: "report", id: "a" }),
    random => ({
        command: "interval",
        sensor: pick(random, ["N", "M"]),
        ms: pick(random, [999, 1_000, 5_000.5, 86_400_000, 86_400_001]),
    }),
    random => ({ command: "interval", sensor: pick(random, ["n", 1, ""]) }),
    () => ({ command: "restart", id: 7 }),
    () => ({ command: "restart" }),
    random => ({ command: pick(random, ["reports", "Report", "", 1, null]) }),
]

/** The same for each actuator. */
const VALUES: Record<string, (random: Random) => unknown> = {
    PUMP: random => pick(random, [0, 100, 100.5, -1, random(400) / 4]),
    FREE: random => pick(random, [-1e9, 0.000001, 9_007_199_255]),
    TEXT: random => pick(random, ["", "on", "an umlaut: ü", true]),
    FLAG: random => pick(random, [true, false, 1]),
}

/** @param topic an actuator, or the command topic */
function sensible(topic: string, random: Random): unknown {
    if (topic === "command") return pick(random, COMMANDS)(random)
    const value = VALUES[topic]!(random)
    return random(2) === 0 ? value : { value }
}

function bodyOf(topic: string, random: Random): Uint8Array {
    const kind = random(6)
    if (kind < 2) return Buffer.from(JSON.stringify(sensible(topic, random)))
    const body = grammatical(Parser.Body, random)
    if (kind < 4) return body
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

const broken = (lines: string[]) => lines.find(text => text.startsWith("! "))

/** Sends a body to an actuator; what is wrong with what comes of it, or undefined. */
async function actuate(
    it: Doer,
    actuator: string,
    input: Uint8Array,
    report: MessagesReport
): Promise<string | undefined> {
    const lines = await said(it, () => it.ask(actuator, input))
    const acts = lines.filter(text => text.startsWith("act "))
    const refusals = lines.filter(text => text.startsWith("node: rejected "))
    report.acted += acts.length
    report.rejected += refusals.length
    const end = broken(lines)
    if (end !== undefined) return end
    if (acts.length + refusals.length !== 1)
        return `${acts.length} acts, ${refusals.length} refusals`
    const deed = deedOf(actuator, input)
    if (!deed.known) return undefined
    const { value } = deed
    const does = value !== undefined
    if (does !== (acts.length === 1))
        return `${does ? "not done" : "done"}: ${lines.join(" / ")}`
    const done = acts[0]?.slice(`act ${actuator} `.length)
    return done === undefined || shows(done, value)
        ? undefined
        : `${done} is done`
}

/** Sends a body to the command topic; what is wrong with what comes of it, or undefined. */
async function command(
    it: Doer,
    input: Uint8Array,
    report: MessagesReport
): Promise<string | undefined> {
    it.forget()
    const lines = await said(it, () => it.command(input))
    const answers = it.answers()
    report.answered += answers.length
    if (answers.length !== 1)
        return `${answers.length} answers: ${lines.join(" / ")}`
    const answer = JSON.parse(answers[0]!) as Record<string, unknown>
    const restarts = answer.command === "restart" && answer.ok === true
    if (restarts) {
        report.restarts++
        const ups = it.node.all("status").length
        await it.world.until(
            () => it.node.all("status").length > ups + 1,
            RESTART
        )
    }
    const end = broken(lines)
    if (end !== undefined && !(restarts && end === "! restart reset"))
        return end
    const error = answer.ok === true ? "" : answer.error
    const expected = answersTo(input)
    return !expected.known || expected.errors.includes(error as string)
        ? undefined
        : `answered ${answers[0]}`
}

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
            const topic = random(3) === 0 ? "command" : pick(random, ACTUATORS)
            const input = bodyOf(topic, random)
            const what = await (topic === "command"
                ? command(it, input, report)
                : actuate(it, topic, input, report))
            if (what === undefined) continue
            report.findings.push({ topic, input, what })
            // nothing can be asked of a node that is gone
            if (!it.world.broker.connection(DOER)) break
        }
    } finally {
        it.world.stop()
    }
    return report
}
