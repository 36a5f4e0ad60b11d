// Bars on a logarithmic scale, as an SVG: a panel a figure, a row a way. Knows nothing of what is compared.

export interface Bars {
    title: string
    /** What a figure is told as. */
    text: (value: number) => string
    bars: readonly { name: string; value: number; highlight: boolean }[]
}

/** Pixels. */
const LABEL = 230
const WIDTH = 260
const ROW = 20
const HEAD = 34
const GAP = 30
const VALUE = 80

/** Characters that mean something to XML. */
const escaped = (text: string) =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;")

function panel({ title, text, bars }: Bars): string {
    const values = bars.map(({ value }) => value)
    const least = Math.log10(Math.min(...values)) - 0.3
    const range = Math.log10(Math.max(...values)) - least
    return [
        `<text y="16" font-weight="bold">${escaped(title)}</text>`,
        ...bars.map(({ name, value, highlight }, i) => {
            const y = HEAD + i * ROW
            const width = ((Math.log10(value) - least) / range) * WIDTH
            return [
                `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
                `<rect x="${LABEL}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW - 6}" fill="${highlight ? "#c33" : "#999"}"/>`,
                `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 13}">${escaped(text(value))}</text>`,
            ].join("\n")
        }),
    ].join("\n")
}

export function plot(panels: readonly Bars[]): string {
    const width = LABEL + WIDTH + VALUE + 2 * GAP
    let y = GAP
    const groups = panels.map(each => {
        const group = `<g transform="translate(${GAP} ${y})">\n${panel(each)}\n</g>`
        y += HEAD + each.bars.length * ROW + GAP
        return group
    })
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="12">`,
        `<rect width="100%" height="100%" fill="#fff"/>`,
        ...groups,
        "</svg>",
        "",
    ].join("\n")
}
