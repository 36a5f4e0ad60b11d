// Whether a board file is right for TypeScript, held to the firmware's own configuration: the mistakes an editor underlines.
import { join, relative } from "node:path"
import ts from "typescript"
import { PROJECT_ROOT } from "../vm/compile"

export interface TypeError {
    /** Relative to the project. */
    file: string
    /** From 1. */
    line: number
    text: string
    /** What stands there, from the mistake to the end of its line. */
    source: string
}

/** What the firmware is checked with: src/tsconfig.json. */
const CONFIG = join(PROJECT_ROOT, "src", "tsconfig.json")

/** The last one: what it has read need not be read again. */
let before: ts.Program | undefined

/** The same check as `npm run types`, for one board file and what it imports; takes 1 to 2 s. */
export function typeErrors(path: string): TypeError[] {
    const config = ts.readConfigFile(CONFIG, path => ts.sys.readFile(path))
        .config as unknown
    const { options, fileNames } = ts.parseJsonConfigFileContent(
        config,
        ts.sys,
        join(PROJECT_ROOT, "src")
    )
    // the platform's declarations come without an import
    const platform = fileNames.filter(name => name.includes("/node_modules/"))
    const program = ts.createProgram(
        [path, ...platform],
        options,
        undefined,
        before
    )
    before = program
    return ts.getPreEmitDiagnostics(program).flatMap(diagnostic => {
        const { file, start } = diagnostic
        const text = ts
            .flattenDiagnosticMessageText(diagnostic.messageText, "\n")
            // further lines say where in the types; the last says it most plainly
            .replace(/\n\s*/g, " ")
        if (!file || start === undefined)
            return [
                {
                    file: relative(PROJECT_ROOT, path),
                    line: 1,
                    text,
                    source: "",
                },
            ]
        const { line } = file.getLineAndCharacterOfPosition(start)
        return [
            {
                file: relative(PROJECT_ROOT, file.fileName),
                line: line + 1,
                text,
                source: file.text.slice(start).split("\n", 1)[0]!,
            },
        ]
    })
}
