// Curves and what was rebuilt of them, as an SVG: a row a curve, a column a policy. Knows nothing of how they were made.
import type { Point } from "./outbox-errors"

export interface Panel {
    title: string
    curve: readonly number[]
    minutes: number
    points: readonly Point[]
}

/** Pixels. */
const WIDTH = 440
const HEIGHT = 120
const GAP = 40

/** The curve as one line up and down in each pixel, since a week has more readings than a screen has pixels. */
function envelope(
    curve: readonly number[],
    minutes: number,
    y: (value: number) => string
): string {
    const perPixel = minutes / WIDTH
    const parts: string[] = []
    for (let at = 0; at <= minutes; at += perPixel) {
        const read = curve.slice(Math.floor(at), Math.floor(at + perPixel) + 1)
        const x = ((at * WIDTH) / minutes).toFixed(0)
        parts.push(`${x},${y(Math.min(...read))} ${x},${y(Math.max(...read))}`)
    }
    return parts.join(" ")
}

function panel({ title, curve, minutes, points }: Panel): string {
    const read = curve.slice(0, minutes + 1)
    const least = Math.min(...read)
    const range = Math.max(...read) - least
    const y = (value: number) =>
        (HEIGHT - ((value - least) * HEIGHT) / range).toFixed(1)
    const x = (minute: number) => ((minute * WIDTH) / minutes).toFixed(1)
    const rebuilt = points.map(([at, value]) => `${x(at)},${y(value)}`)
    return [
        `<text y="-8">${title}</text>`,
        `<rect width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ddd"/>`,
        `<polyline points="${envelope(curve, minutes, y)}" stroke="#bbb"/>`,
        `<polyline points="${rebuilt.join(" ")}" stroke="#c33"/>`,
        ...rebuilt.map(at => {
            const [cx, cy] = at.split(",")
            return `<circle cx="${cx}" cy="${cy}" r="1.6"/>`
        }),
    ].join("\n")
}

/** Rows of as many panels each as the first has. */
export function plot(rows: readonly (readonly Panel[])[]): string {
    const width = rows[0]!.length * (WIDTH + GAP) + GAP
    const height = rows.length * (HEIGHT + GAP) + GAP / 2
    const panels = rows.flatMap((row, r) =>
        row.map((each, c) => {
            const x = GAP + c * (WIDTH + GAP)
            const y = GAP + r * (HEIGHT + GAP)
            return `<g transform="translate(${x} ${y})">\n${panel(each)}\n</g>`
        })
    )
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
        `<style>polyline{fill:none;stroke-width:1.2}circle{fill:#c33}</style>`,
        `<rect width="100%" height="100%" fill="#fff"/>`,
        ...panels,
        "</svg>",
        "",
    ].join("\n")
}
