// Curves of cost as an SVG: a panel an axis, both scales logarithmic, so that a straight line is a power and one at 45
// degrees is linear. Knows nothing of how they were made.
import type { Curve, Growth } from "./growth"

/** Pixels. */
const WIDTH = 330
const HEIGHT = 260
const LEFT = 70
const TOP = 50
const GAP = 90

const COLOURS = ["#c33", "#36c"]

/** The power of ten at or below, and at or above. */
const below = (value: number) => Math.floor(Math.log10(value))
const above = (value: number) => Math.ceil(Math.log10(value))

function panel({ title, axis, unit, curves }: Growth): string {
    const xs = curves.flatMap(({ points }) => points.map(([x]) => x))
    const ys = curves.flatMap(({ points }) => points.map(([, y]) => y))
    const [left, right] = [Math.min(...xs), Math.max(...xs)]
    const low = below(Math.min(...ys))
    // at least a decade, or what is constant would be all noise
    const high = Math.max(above(Math.max(...ys)), low + 1)
    const x = (value: number) =>
        ((Math.log(value / left) * WIDTH) / Math.log(right / left)).toFixed(1)
    const y = (value: number) =>
        (HEIGHT - ((Math.log10(value) - low) * HEIGHT) / (high - low)).toFixed(
            1
        )
    const decades: string[] = []
    for (let e = low; e <= high; e++)
        decades.push(
            `<path d="M0 ${y(10 ** e)}H${WIDTH}" stroke="#ddd"/>`,
            `<text x="-6" y="${y(10 ** e)}" dy="4" text-anchor="end">${10 ** e}</text>`
        )
    return [
        `<text y="-24" font-weight="bold">${title}</text>`,
        `<text y="-8" fill="#666">${unit}</text>`,
        ...decades,
        ...[...new Set(xs)].map(
            value =>
                `<text x="${x(value)}" y="${HEIGHT + 18}" text-anchor="middle">${value}</text>`
        ),
        `<text x="${WIDTH / 2}" y="${HEIGHT + 38}" text-anchor="middle" fill="#666">${axis}</text>`,
        ...curves.map((curve, i) => line(curve, i, x, y)),
    ].join("\n")
}

type Scale = (value: number) => string

function line({ name, points }: Curve, i: number, x: Scale, y: Scale): string {
    const colour = COLOURS[i]!
    return [
        `<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
        ...points.map(
            ([a, b]) =>
                `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${colour}"/>`
        ),
        `<text x="8" y="${16 + 16 * i}" fill="${colour}">${name}</text>`,
    ].join("\n")
}

/** One panel beside the other. */
export function growthPlot(growths: readonly Growth[]): string {
    const width = LEFT + growths.length * (WIDTH + GAP)
    const height = TOP + HEIGHT + 60
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
        `<rect width="100%" height="100%" fill="#fff"/>`,
        ...growths.map(
            (growth, i) =>
                `<g transform="translate(${LEFT + i * (WIDTH + GAP)} ${TOP})">\n${panel(growth)}\n</g>`
        ),
        "</svg>",
        "",
    ].join("\n")
}
