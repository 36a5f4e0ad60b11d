// Coverage-guided fuzzing of the firmware's parsers in Node.js: inputs that take a branch more often than any before are kept and
// changed further. One seed, one history. Knows nothing of what is right; that is judge.ts.
import { allocations, fromReceived } from "../mqtt/strict-buffer"
import { fault } from "./judge"
import { grammatical, WORDS } from "./grammar"
import { Instrumented, type Overrides } from "./instrument"
import { MAX_INPUT, mutated, randomOf, shrunk, type Random } from "./mutate"
import type * as Outcomes from "./outcomes"
import { Parser } from "./outcomes"

/** Inputs kept for each parser; a new one takes the place of any. */
const MAX_CORPUS = 2_000
/** Findings after which a run ends: more are of the same fault as a rule. */
const MAX_FINDINGS = 10
/** Bytes a parser may ask for at once beyond what it says it takes in whole, 2,048: a slice of a topic. */
const MAX_ALLOCATION = 2_048
/** Of so many inputs one comes from the grammar, the others are kept ones changed. */
const FRESH = 3

export const PARSERS = [
    Parser.Packets,
    Parser.Body,
    Parser.Date,
    Parser.Answer,
    Parser.Topic,
    Parser.Id,
]

/** An input that shows a fault, as small as it could be made. */
export interface Finding {
    parser: Parser
    input: Uint8Array
    what: string
}

export interface FuzzReport {
    cases: number
    /** By parser. */
    kept: number[]
    covered: number
    findings: Finding[]
}

/** How often a branch was taken, in the steps that AFL takes them for different: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. */
const BUCKET = Uint8Array.from({ length: 256 }, (_, n) => {
    const steps = [0, 1, 2, 3, 4, 8, 16, 32, 128]
    return n === 0 ? 0 : 1 << (steps.findLastIndex(step => n >= step) - 1)
})

export class Fuzzer {
    readonly corpus: Uint8Array[][] = PARSERS.map(() => [])
    readonly findings: Finding[] = []
    cases = 0
    private readonly firmware: Instrumented
    private readonly outcomes: typeof Outcomes
    private readonly seen: Uint8Array[]
    private readonly random: Random

    constructor(seed: number, overrides: Overrides = {}) {
        this.random = randomOf(seed)
        this.firmware = new Instrumented(overrides)
        this.outcomes = this.firmware.load("test/fuzz/outcomes")
        this.seen = PARSERS.map(
            () => new Uint8Array(this.firmware.sites.length)
        )
    }

    /** What a parser makes of an input here, or how it breaks. */
    outcome(parser: Parser, input: Uint8Array): string {
        allocations.forget()
        try {
            const said = this.outcomes.outcome(parser, fromReceived(input))
            const most = Math.max(
                0,
                ...allocations.sizes.filter(size => size !== input.length)
            )
            return most > MAX_ALLOCATION ? `! asks for ${most} bytes` : said
        } catch (error) {
            return `! throws ${String(error)}`
        }
    }

    /** Why the outcome of an input is wrong; undefined when it is right. */
    wrong(parser: Parser, input: Uint8Array): string | undefined {
        return fault(parser, input, this.outcome(parser, input))
    }

    /** The next input for a parser, without looking at what comes of it. */
    input(parser: Parser): Uint8Array {
        const { random } = this
        const kept = this.corpus[parser]!
        if (kept.length === 0 || random(FRESH) === 0)
            return grammatical(parser, random).slice(0, MAX_INPUT)
        const one = kept[random(kept.length)]!
        const other = kept[random(kept.length)]!
        return mutated(one, random, WORDS, other)
    }

    /** Tries `cases` more inputs. @param progress called after each 10,000 */
    run(cases: number, progress: (done: number) => void = () => {}): void {
        for (let i = 0; i < cases; i++) {
            if (this.findings.length >= MAX_FINDINGS) return
            this.try(PARSERS[this.cases % PARSERS.length]!)
            this.cases++
            if (this.cases % 10_000 === 0) progress(this.cases)
        }
    }

    report(): FuzzReport {
        const covered = this.firmware.sites.filter((_, i) =>
            this.seen.some(seen => seen[i] !== 0)
        )
        return {
            cases: this.cases,
            kept: this.corpus.map(inputs => inputs.length),
            covered: covered.length,
            findings: this.findings,
        }
    }

    /** Branches of all parsers and what they import. */
    get sites(): readonly string[] {
        return this.firmware.sites
    }

    private try(parser: Parser): void {
        const input = this.input(parser)
        this.firmware.hits.fill(0, 0, this.firmware.sites.length)
        const wrong = this.wrong(parser, input)
        if (this.isNew(parser)) this.keep(parser, input)
        if (wrong === undefined) return
        const small = shrunk(
            input,
            bytes => this.wrong(parser, bytes) !== undefined
        )
        const what = this.wrong(parser, small) ?? wrong
        // one that shrinks to what is known is the same
        const known = this.findings.some(f => f.what === what)
        if (!known) this.findings.push({ parser, input: small, what })
    }

    private isNew(parser: Parser): boolean {
        const { hits } = this.firmware
        const seen = this.seen[parser]!
        let fresh = false
        for (let i = 0; i < seen.length; i++) {
            const bucket = BUCKET[hits[i]!]!
            if ((seen[i]! & bucket) === bucket) continue
            seen[i]! |= bucket
            fresh = true
        }
        return fresh
    }

    private keep(parser: Parser, input: Uint8Array): void {
        const kept = this.corpus[parser]!
        if (kept.length < MAX_CORPUS) kept.push(input)
        else kept[this.random(MAX_CORPUS)] = input
    }
}
