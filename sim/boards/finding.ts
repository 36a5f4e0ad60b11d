// What a check of a board finds, and the line a person reads of it: file, key, value, what is wrong and how to put it right.
// Pure. Knows no check.
import { printable, type Tone } from "../cli/format"

/** `wrong` fails a check; `note` is something to know; `skipped` could not be looked at, and its text says why. */
export type Verdict = "ok" | "wrong" | "note" | "skipped"

export interface Finding {
    /** What was looked at, one word: types, ids, size, ... */
    check: string
    verdict: Verdict
    /** Relative to the project where it lies in it. */
    file?: string
    /** From 1. */
    line?: number
    /** As it is written in the file: `sensors.id`, `MQTT_PORT`. */
    key?: string
    /** As it is written in the file. Never a secret. */
    value?: string
    text: string
    /** What to do about it; there for every `wrong`. */
    fix?: string
}

/** Characters of a value in a line; more of it says nothing more. */
const MAX_VALUE = 80

/** Characters of the words of `Verdict`, and of those of `check`. */
const VERDICT_WIDTH = 7
const CHECK_WIDTH = 10

const TONES: Record<Verdict, Tone> = {
    ok: "good",
    wrong: "bad",
    note: "warn",
    skipped: "dim",
}

/** One line without its end: `wrong    ids         boards/x.ts:12: sensors.id "A/B": has '/'. Fix: ...` */
export function formatFinding(
    finding: Finding,
    paint: (tone: Tone, text: string) => string
): string {
    const { verdict, check } = finding
    const word = paint(TONES[verdict], verdict.padEnd(VERDICT_WIDTH))
    return `${word}  ${check.padEnd(CHECK_WIDTH)}  ${findingText(finding)}`.trimEnd()
}

/** The same without the two words in front. */
export function findingText(finding: Finding): string {
    const { file, line, key, value, text, fix } = finding
    const place =
        file === undefined
            ? ""
            : `${file}${line === undefined ? "" : `:${line}`}: `
    const what = [key, value === undefined ? undefined : shortened(value)]
        .filter(part => part !== undefined)
        .join(" ")
    return printable(
        `${place}${what === "" ? "" : `${what}: `}${text}${fix === undefined ? "" : `. Fix: ${fix}`}`
    )
}

function shortened(value: string): string {
    return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}...` : value
}

/** Whether nothing is wrong; notes and what was skipped do not count. */
export function passed(findings: Finding[]): boolean {
    return findings.every(({ verdict }) => verdict !== "wrong")
}

/** `1,234 B`. */
export function bytes(count: number): string {
    return `${count.toLocaleString("en")} B`
}

/** What a check has found so far, told on as it is found. */
export class Findings {
    readonly all: Finding[] = []

    constructor(private readonly tell: (finding: Finding) => void = () => {}) {}

    push(finding: Finding): void {
        this.all.push(finding)
        this.tell(finding)
    }

    ok(check: string, text: string): void {
        this.push({ check, verdict: "ok", text })
    }

    note(check: string, finding: Omit<Finding, "check" | "verdict">): void {
        this.push({ check, verdict: "note", ...finding })
    }

    skip(check: string, text: string): void {
        this.push({ check, verdict: "skipped", text })
    }

    /** Each mistake names what to do about it. */
    wrong(
        check: string,
        finding: Omit<Finding, "check" | "verdict"> & { fix: string }
    ): void {
        this.push({ check, verdict: "wrong", ...finding })
    }

    /** How many mistakes there are. */
    get mistakes(): number {
        return this.all.filter(({ verdict }) => verdict === "wrong").length
    }

    /** Whether a mistake at that place was told of. */
    knows({ file, line, key }: Partial<Finding>): boolean {
        return this.all.some(
            one =>
                one.verdict === "wrong" &&
                one.file === file &&
                (line === undefined ? one.key === key : one.line === line)
        )
    }
}
