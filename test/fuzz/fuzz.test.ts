// A slice of `npm run fuzz`, the inputs that once broke something, and faults planted to see that it finds them.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { PROJECT_ROOT } from "../../sim/vm"
import { compareWithVm } from "./compare"
import { Fuzzer } from "./fuzzer"
import { CRASHES } from "./crashes"
import { fuzzMessages } from "./messages"
import { Parser } from "./outcomes"
import { configurationOf, fuzzSettings, settingsFault } from "./settings"
import { fuzzStreams } from "./streams"

const SEED = 1
/** Inputs: 2 s, and in the VM 2 s, on one core. */
const CASES = 30_000
const VM_CASES = 3_000
/** Streams, messages and starts: 1 to 4 s each. */
const STREAMS = 60
const MESSAGES = 120
const STARTS = 16
/** Inputs within which a planted fault has to be found. */
const SOON = 60_000
/** Branches of the pure parsers that inputs reach, at least: what is left are names for messages and bounds of dates. */
const REACHED = 0.88

describe("bytes from hell", () => {
    test("every parser makes of every input what it should, and most of its branches are reached", () => {
        const fuzzer = new Fuzzer(SEED)
        fuzzer.run(CASES)
        const { cases, covered, findings } = fuzzer.report()
        expect(findings).toEqual([])
        expect(cases).toBe(CASES)
        expect(covered / fuzzer.sites.length).toBeGreaterThan(REACHED)
    })

    test("the same seed makes the same inputs, another one others", () => {
        const inputs = (seed: number) => {
            const fuzzer = new Fuzzer(seed)
            fuzzer.run(2_000)
            return fuzzer.corpus.map(kept =>
                kept.map(input => Buffer.from(input).toString("hex"))
            )
        }
        expect(inputs(SEED)).toEqual(inputs(SEED))
        expect(inputs(SEED)).not.toEqual(inputs(SEED + 1))
    })

    test("the VM makes of them what Node.js does", async () => {
        const fuzzer = new Fuzzer(SEED)
        fuzzer.run(VM_CASES)
        const { cases, findings } = await compareWithVm(fuzzer, VM_CASES)
        expect(findings).toEqual([])
        expect(cases).toBeGreaterThanOrEqual(VM_CASES)
    })

    test("a node survives a broker that sends them, and is back at once", async () => {
        const fuzzer = new Fuzzer(SEED)
        fuzzer.run(VM_CASES)
        const { findings, lost, kept } = await fuzzStreams(fuzzer, STREAMS)
        expect(findings).toEqual([])
        // both happen
        expect(lost).toBeGreaterThan(10)
        expect(kept).toBeGreaterThan(10)
    })

    test("a node does of messages what they ask for and nothing else", async () => {
        const { findings, acted, rejected, answered, restarts } =
            await fuzzMessages(SEED, MESSAGES)
        expect(findings).toEqual([])
        expect(acted).toBeGreaterThan(10)
        expect(restarts).toBeGreaterThan(1)
        expect(rejected).toBeGreaterThan(20)
        expect(answered).toBeGreaterThan(20)
    })

    test("a node starts with any settings, or says which it refuses", async () => {
        const { findings } = await fuzzSettings(SEED, STARTS)
        expect(findings).toEqual([])
    })
})

describe("what once broke a node does not any more", () => {
    test.each(CRASHES)("$what", async ({ settings, own, refused }) => {
        const made = settings(await configurationOf())
        expect(await settingsFault(made, own, refused)).toBe(undefined)
    })
})

/** Faults as they are made, and the parser that shows each. */
const PLANTED: [string, string, string, string, Parser][] = [
    [
        "a topic longer than its packet",
        "src/mqtt/reader.ts",
        "if (2 + length + (this.qos > 0 ? 2 : 0) > this.remaining)",
        "if (2 + length > this.remaining)",
        Parser.Packets,
    ],
    [
        "an identifier that is not checked",
        "src/mqtt/reader.ts",
        "if (this.id === 0) this.checkId()",
        "",
        Parser.Packets,
    ],
    [
        "a body that forgets a bracket",
        "src/node/body.ts",
        "const MAX_BRACKETS = 4",
        "const MAX_BRACKETS = 5",
        Parser.Body,
    ],
    [
        "a text whose escapes end it",
        "src/node/body.ts",
        "if (c === BACKSLASH) i++",
        "",
        Parser.Body,
    ],
    [
        "a month that is one day too long",
        "src/node/http-date.ts",
        "if (month === 2) return (year & 3) === 0 ? 29 : 28",
        "if (month === 2) return 29",
        Parser.Date,
    ],
    [
        "a header that ends with CR alone",
        "src/node/time-request.ts",
        'if (byte !== LF) return this.fail("a CR inside a header")',
        "",
        Parser.Answer,
    ],
    [
        "a filter that matches names with a $",
        "src/mqtt/topic.ts",
        "if (topic[0] === DOLLAR && (filter[0] === PLUS || filter[0] === HASH))",
        "if (topic[0] === DOLLAR && filter[0] === HASH)",
        Parser.Topic,
    ],
    [
        "a surrogate in UTF-8",
        "src/mqtt/utf8.ts",
        "if (lead === 0xed) high = 0x9f",
        "",
        Parser.Topic,
    ],
]

describe("a planted fault is found, and its input made small", () => {
    test.each(PLANTED)("%s", (_, path, from, to, parser) => {
        const text = readFileSync(join(PROJECT_ROOT, path), "utf8")
        expect(text).toContain(from)
        const fuzzer = new Fuzzer(SEED, { [path]: text.replace(from, to) })
        for (let i = 0; i < SOON && fuzzer.findings.length === 0; i += 1_000)
            fuzzer.run(1_000)
        const [finding] = fuzzer.findings
        expect(finding).toBeDefined()
        // a broken check of texts may show in other parsers first
        if (path !== "src/mqtt/utf8.ts") expect(finding!.parser).toBe(parser)
        expect(finding!.input.length).toBeLessThan(64)
    })
})
