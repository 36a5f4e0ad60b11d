// `npm run fuzz`: its options, its help, and what it prints. Nothing of how inputs are made or judged.
import { InvalidArgumentError } from "commander"
import { aloneVerb, understood } from "../../sim/cli/alone"
import { whole } from "../../sim/cli/whole"
import { compareWithVm } from "./compare"
import { Fuzzer } from "./fuzzer"
import { fuzzMessages } from "./messages"
import { Parser } from "./outcomes"
import { fuzzSettings } from "./settings"
import { fuzzStreams } from "./streams"

interface Options {
    cases: number
    seed: number
    only?: Part
}

const PARTS = ["parsers", "vm", "streams", "messages", "settings"] as const
type Part = (typeof PARTS)[number]

/** Of so many cases in Node.js there is one of each other part: each takes about as long as all it stands for, or half. */
const SHARE: Record<Part, number> = {
    parsers: 1,
    vm: 20,
    streams: 500,
    messages: 500,
    settings: 2_000,
}
/** Inputs that are tried in Node.js before those are chosen from which the VM is given. */
const WARM = 20_000

const part = (text: string) => {
    if (!(PARTS as readonly string[]).includes(text))
        throw new InvalidArgumentError(`Must be one of ${PARTS.join(", ")}.`)
    return text as Part
}

const program = aloneVerb("fuzz")
    .description(
        "Gives everything that reads input from outside what nobody should send it, and says what does not stand it."
    )
    .option(
        "--cases <n>",
        "inputs for the parsers in Node.js, 1,000 to 1,000,000,000; the other parts follow from it",
        whole(1_000, 1_000_000_000),
        100_000
    )
    .option(
        "--seed <n>",
        "another seed, other inputs",
        whole(0, 4_294_967_295),
        1
    )
    .option("--only <part>", `one of ${PARTS.join(", ")}`, part)

const print = (text: string) => process.stdout.write(`${text}\n`)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

/** What a part has found, a line each, and how its figures read. */
interface Result {
    cases: number
    findings: string[]
    figures: string
}

const parserFindings = (fuzzer: Fuzzer) =>
    fuzzer
        .report()
        .findings.map(
            ({ parser, input, what }) =>
                `${Parser[parser]} ${hex(input)}: ${what}`
        )

/** Prints findings. @returns how many there are */
function told(findings: readonly string[]): number {
    for (const finding of findings) print(`  ! ${finding}`)
    return findings.length
}

async function runPart(
    which: Part,
    { cases, seed }: Options,
    fuzzer: Fuzzer
): Promise<Result> {
    const share = Math.ceil(cases / SHARE[which])
    switch (which) {
        case "parsers": {
            fuzzer.run(cases - fuzzer.cases, done => {
                if (process.stderr.isTTY)
                    process.stderr.write(`\r${done} of ${cases}`)
            })
            if (process.stderr.isTTY) process.stderr.write("\r")
            const { covered, kept } = fuzzer.report()
            return {
                cases: fuzzer.cases,
                findings: parserFindings(fuzzer),
                figures: `${covered} of ${fuzzer.sites.length} branches, ${kept.reduce((a, b) => a + b)} inputs kept`,
            }
        }
        case "vm": {
            const { lax, findings, ...r } = await compareWithVm(fuzzer, share)
            return {
                cases: r.cases,
                findings: findings.map(
                    ({ parser, input, what }) =>
                        `${Parser[parser]} ${hex(input)}: ${what}`
                ),
                figures: `as in Node.js, but for ${lax} texts that are no JSON to one of them`,
            }
        }
        case "streams": {
            const r = await fuzzStreams(fuzzer, share)
            return {
                cases: r.cases,
                findings: r.findings.map(
                    ({ input, what }) => `${hex(input)}: ${what}`
                ),
                figures: `${r.lost} connections given up, ${r.kept} kept; heap ${r.heap[0]} bytes, at the end ${r.heap[1]}`,
            }
        }
        case "messages": {
            const r = await fuzzMessages(seed, share)
            return {
                cases: r.cases,
                findings: r.findings.map(
                    ({ topic, input, what }) =>
                        `${topic} ${hex(input)}: ${what}`
                ),
                figures: `${r.acted} done, ${r.rejected} rejected, ${r.answered} commands answered, ${r.restarts} restarts`,
            }
        }
        default: {
            const r = await fuzzSettings(seed, share)
            return {
                cases: r.cases,
                findings: r.findings.map(
                    ({ settings, what }) =>
                        `${JSON.stringify(settings)}: ${what}`
                ),
                figures: "starts",
            }
        }
    }
}

async function main(): Promise<void> {
    const options = program.opts<Options>()
    const { seed, only } = options
    print(`seed ${seed}, Node.js ${process.versions.node}`)
    const fuzzer = new Fuzzer(seed)
    let begun = performance.now()
    fuzzer.run(Math.min(WARM, options.cases))
    let failed = 0
    if (only && only !== "parsers")
        // the inputs that this part chooses from have gone through the parsers, too
        failed += told(parserFindings(fuzzer))
    for (const which of only ? [only] : PARTS) {
        const { cases, findings, figures } = await runPart(
            which,
            options,
            fuzzer
        )
        const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
        print(
            `${which.padEnd(9)} ${String(cases).padStart(10)} cases in ${seconds.padStart(6)} s  ${figures}`
        )
        failed += told(findings)
        begun = performance.now()
    }
    print(failed === 0 ? "nothing found" : `${failed} found`)
    if (failed > 0) process.exitCode = 1
}

if (understood(program)) await main()
