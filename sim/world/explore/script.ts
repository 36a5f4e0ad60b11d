// A schedule of faults as a person reads it, and back: one line each, times in seconds. Pure. Knows nothing of what faults do.
//
//   setup luck=17 port=esp32
//   12.345 silence way=up for 20
//   40 power-cut for 5
//   end 70

/** A value of a line's `key=value`. */
export type Value = string | number

/** One fault, or something else that happens. */
export interface Step {
    /** Whole ms since the world began. */
    at: number
    kind: string
    /** Whole ms; undefined: over as soon as it has happened. */
    lasts?: number
    args: Record<string, Value>
}

export interface Script {
    /** What the world is like from the beginning; what is left out has its default. */
    setup: Record<string, Value>
    /** In the order of their times. */
    steps: Step[]
    /** Whole ms: from here on nothing is wrong any more; at least the end of the last step. */
    end: number
}

/** A script that cannot be read; the message names line and word. */
export class ScriptError extends Error {
    override name = "ScriptError"
}

/** When the last of the steps is over, ms. */
export function lastEnd(steps: readonly Step[]): number {
    return Math.max(0, ...steps.map(({ at, lasts = 0 }) => at + lasts))
}

/** @param remark lines of comment before it, without `#` */
export function printScript(
    script: Script,
    remark: readonly string[] = []
): string {
    const lines = remark.map(line => `# ${line}`.trimEnd())
    lines.push(["setup", ...pairs(script.setup)].join(" "))
    for (const { at, kind, lasts, args } of script.steps) {
        const words = [seconds(at), kind, ...pairs(args)]
        if (lasts !== undefined) words.push("for", seconds(lasts))
        lines.push(words.join(" "))
    }
    lines.push(`end ${seconds(script.end)}`)
    return lines.join("\n") + "\n"
}

/** @throws {ScriptError} */
export function parseScript(text: string): Script {
    const script: Script = { setup: {}, steps: [], end: -1 }
    for (const [i, line] of text.split("\n").entries()) {
        const words = line.split(/\s+/).filter(word => word !== "")
        const [first, ...rest] = words
        if (first === undefined || first.startsWith("#")) continue
        try {
            if (script.end >= 0) throw new ScriptError("comes after the end")
            if (first === "setup") script.setup = args(rest)
            else if (first === "end") script.end = ms(rest[0])
            else script.steps.push(step(first, rest))
        } catch (error) {
            if (!(error instanceof ScriptError)) throw error
            throw new ScriptError(`line ${i + 1}: ${error.message}`)
        }
    }
    if (script.end < 0) throw new ScriptError("has no line `end <seconds>`")
    for (const [i, { at }] of script.steps.entries())
        if (at < (script.steps[i - 1]?.at ?? 0))
            throw new ScriptError(`${seconds(at)} comes after a later time`)
    if (script.end < lastEnd(script.steps))
        throw new ScriptError("ends before its last fault does")
    return script
}

function step(time: string, words: string[]): Step {
    const at = ms(time)
    const [kind, ...rest] = words
    if (kind === undefined) throw new ScriptError("says nothing after its time")
    const mark = rest.indexOf("for")
    if (mark < 0) return { at, kind, args: args(rest) }
    if (mark !== rest.length - 2)
        throw new ScriptError("`for <seconds>` is the end of a line")
    const lasts = ms(rest[mark + 1])
    return { at, kind, lasts, args: args(rest.slice(0, mark)) }
}

function args(words: readonly string[]): Record<string, Value> {
    return Object.fromEntries(
        words.map(word => {
            const equals = word.indexOf("=")
            if (equals < 1)
                throw new ScriptError(`${word} is not of the form key=value`)
            const value = word.slice(equals + 1)
            const number = /^-?\d{1,15}$/.test(value)
            return [word.slice(0, equals), number ? Number(value) : value]
        })
    )
}

function pairs(of: Record<string, Value>): string[] {
    return Object.entries(of).map(([key, value]) => `${key}=${value}`)
}

function seconds(ms: number): string {
    return String(ms / 1_000)
}

function ms(text: string | undefined): number {
    if (text === undefined || !/^\d{1,9}(\.\d{1,3})?$/.test(text))
        throw new ScriptError(
            `${text ?? "nothing"} is not a time in seconds with three decimals at most`
        )
    return Math.round(Number(text) * 1_000)
}
