// How herds came back, as a table and as a plot. Knows nothing of how they were measured.
import type { HerdFigures, HerdOptions, Moment } from "./herd"

const HEADING = [
    "waits",
    "99 % back after",
    "connects a second, away",
    "and after the return",
    "connects a node",
    "refused at the door",
]

const cells = (f: HerdFigures): string[] => [
    f.policy,
    f.back === undefined ? "never" : `${f.back} s`,
    String(f.peakAway),
    String(f.peakReturn),
    (f.connects / f.nodes).toFixed(1),
    String(f.refused),
]

/** A Markdown table. */
export function herdTable(figures: readonly HerdFigures[]): string[] {
    const line = HEADING.map((_, i) => (i === 0 ? "---" : "---:"))
    return [HEADING, line, ...figures.map(cells)].map(
        row => `| ${row.join(" | ")} |`
    )
}

/** Pixels. */
const WIDTH = 760
const HEIGHT = 130
const GAP = 46
const COLOURS = ["#c33", "#888", "#36c", "#393", "#a60"]

const points = (
    story: readonly Moment[],
    seconds: number,
    y: (m: Moment) => number
) =>
    story
        .map(
            m =>
                `${((m.second * WIDTH) / seconds).toFixed(1)},${(HEIGHT - y(m)).toFixed(1)}`
        )
        .join(" ")

/** A row a policy: connects a second on a logarithmic scale, and over them the part of the herd that is connected. */
export function herdPlot(
    figures: readonly HerdFigures[],
    { away }: HerdOptions
): string {
    const seconds = Math.max(...figures.map(({ story }) => story.length))
    const most = Math.log10(
        Math.max(10, ...figures.map(f => Math.max(f.peakAway, f.peakReturn)))
    )
    const rows = figures.map((f, row) => {
        const colour = COLOURS[row % COLOURS.length]
        const back = points(f.story, seconds, m => (m.back * HEIGHT) / f.nodes)
        const connects = points(f.story, seconds, m =>
            m.connects === 0
                ? 0
                : ((Math.log10(m.connects) + 0.1) * HEIGHT) / (most + 0.1)
        )
        const x = ((away / 1_000) * WIDTH) / seconds
        return [
            `<g transform="translate(${GAP} ${GAP + row * (HEIGHT + GAP)})">`,
            `<text y="-8">${f.policy}: 99 % back after ${f.back === undefined ? "-" : f.back} s, at most ${Math.max(f.peakAway, f.peakReturn)} connects a second</text>`,
            `<rect width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ddd"/>`,
            `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y2="${HEIGHT}" stroke="#999" stroke-dasharray="4 3"/>`,
            `<polyline points="${connects}" stroke="#bbb"/>`,
            `<polyline points="${back}" stroke="${colour}"/>`,
            "</g>",
        ].join("\n")
    })
    const height = figures.length * (HEIGHT + GAP) + GAP
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 2 * GAP} ${height}" font-family="sans-serif" font-size="13">`,
        `<style>polyline{fill:none;stroke-width:1.4}</style>`,
        `<rect width="100%" height="100%" fill="#fff"/>`,
        ...rows,
        `<text x="${GAP}" y="${height - 10}">0 to ${seconds} s after the loss; dashed: the broker's return; grey: connects a second, logarithmic; colour: nodes connected</text>`,
        "</svg>",
        "",
    ].join("\n")
}
