// Writes reports to standard output, as lines for a person or as JSON for a script. The only file that decides on colours.
import { styleText } from "node:util"
import {
    formatReport,
    PLAIN,
    topicColumn,
    type Style,
    type Tone,
} from "./format"
import { toJson, type Report } from "./report"

export interface Output {
    write(report: Report): void
}

/**
 * @param onClosed called once when nobody reads standard output any more (`npm start | head`); later reports go nowhere
 */
export function openOutput(json: boolean, onClosed: () => void): Output {
    const stream = process.stdout
    let closed = false
    stream.on("error", () => {
        if (closed) return
        closed = true
        onClosed()
    })
    const paint = painter()
    let topicWidth = 0
    return {
        write(report) {
            if (closed) return
            topicWidth = topicColumn(topicWidth, report)
            stream.write(
                (json
                    ? toJson(report)
                    : formatReport(report, { paint, topicWidth })) + "\n"
            )
        },
    }
}

/** Paints for standard output as it is: a terminal or not. */
export function painter(): Style["paint"] {
    return colours(process.stdout.isTTY, process.env) ? painted : PLAIN
}

/** Colours only on a terminal that has them, and not where NO_COLOR (no-color.org: set and not empty) asks for none. */
export function colours(
    isTerminal: boolean | undefined,
    env: NodeJS.ProcessEnv
): boolean {
    return isTerminal === true && !env["NO_COLOR"] && env["TERM"] !== "dumb"
}

const TONES: Record<Tone, Parameters<typeof styleText>[0] | undefined> = {
    plain: undefined,
    dim: "dim",
    good: "green",
    warn: "yellow",
    bad: "red",
    value: "bold",
}

const painted: Style["paint"] = (tone, text) => {
    const format = TONES[tone]
    // The stream was looked at already; newer versions of Node.js would otherwise look at it again.
    return format === undefined
        ? text
        : styleText(format, text, { validateStream: false })
}
