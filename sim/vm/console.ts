// What the lines of the VM's log mean: which are the program's, and with which mark. Knows nothing of what becomes
// of them.
import { compiler } from "./cli-bundle"

/**
 * A line of the program, or about it, without the VM's mark.
 * `line`: console.log; `trouble`: console.error, or a part of an exception's report; `remark`: console.warn and
 * console.debug.
 */
export interface ProgramLine {
    kind: "line" | "trouble" | "remark"
    text: string
}

/** The VM marks lines: `>` log, `!` error, `*` warn and its own news of the program, `?` debug. */
const MARKED = /^([*!?>]) (.*)$/s

/** Under the mark of console.warn come the reports of exceptions ... */
const REPORT = /^(Exception: |\s+message: |\s+at )/
/** ... and the VM's own news. */
const NEWS =
    /^(start: |stop program$|RESTART requested$|DeviceScript Simulator \(WASM\) v)/

/** What the VM says when the program creates a role. */
const ROLE = /^jdif: create role '(.*)' -> (\d+)$/

/** The terminal colours and the bytecode address that the compiler's library puts around a source position. */

const DECORATION = /\x1b\[\d+m| \[as F\d+_pc\d+\]/g

/** What begins the report of an exception that nobody caught, and ends it. */
const UNHANDLED = "Unhandled exception"

/** Reads the VM's log, line by line. */
export class ProgramConsole {
    private readonly debug: object
    private reporting = false

    /** @param debug what the compiler told of the program, so that stack traces name `file:line:column` */
    constructor(debug: object) {
        this.debug = debug
    }

    /** @returns undefined when the line is the VM's own */
    read(line: string): ProgramLine | undefined {
        const marked = MARKED.exec(line)
        if (!marked) return undefined
        const [, mark, text] = marked as unknown as [string, string, string]
        if (mark === ">") return { kind: "line", text }
        if (mark === "?") return { kind: "remark", text }
        if (mark === "!" && text === UNHANDLED) {
            this.reporting = !this.reporting
            if (!this.reporting) return undefined
        }
        if (mark === "*" && !REPORT.test(text)) {
            if (!NEWS.test(text)) return { kind: "remark", text }
            this.reporting = false
            return undefined
        }
        return {
            kind: "trouble",
            text: compiler()
                .parseStackFrame(this.debug, text)
                .markedLine.replace(DECORATION, ""),
        }
    }
}

/** Name and index of the role that the line tells of; index 0 is the first of a new run of the program. */
export function createdRole(
    line: string
): { name: string; index: number } | undefined {
    const role = ROLE.exec(line)
    return role ? { name: role[1]!, index: Number(role[2]) } : undefined
}

/** Whether the line tells that the program starts (true) or ended (false). */
export function programRuns(line: string): boolean | undefined {
    if (line.startsWith("* start: ")) return true
    return line === "* stop program" ? false : undefined
}
