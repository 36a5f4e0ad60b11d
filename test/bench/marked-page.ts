// Pages whose tables are measured: what stands between two marks of one, `<!-- name -->` and `<!-- /name -->`, is made anew,
// and all else is left as it is.
import { readFileSync } from "node:fs"
import { format, resolveConfig } from "prettier"

/**
 * @param parts what is to stand between the marks, by their name
 * @returns the whole page, formatted
 * @throws {Error} when the page has no such marks
 */
export async function markedPage(
    file: string,
    parts: Record<string, string>
): Promise<string> {
    let text = readFileSync(file, "utf8")
    for (const [name, part] of Object.entries(parts)) {
        const [before, rest] = text.split(`<!-- ${name} -->`)
        const after = rest?.split(`<!-- /${name} -->`)[1]
        if (before === undefined || after === undefined)
            throw new Error(`${file} has no marks ${name}`)
        text = `${before}<!-- ${name} -->\n\n${part}\n\n<!-- /${name} -->${after}`
    }
    return format(text, { ...(await resolveConfig(file)), filepath: file })
}
