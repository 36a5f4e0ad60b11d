// Shows that the linter catches each trap of the platform and each broken rule of the house, and lets honest code pass.
// The snippets exist in memory only, as files of the room they speak for; one type-checker serves them all.
import { resolve } from "node:path"
import { ESLint } from "eslint"
import ts from "typescript"
import { beforeAll, describe, expect, test } from "vitest"
import { bad, good, type Snippet } from "./snippets"

const root = resolve(import.meta.dirname, "../..")

/** One program over all snippets of a tsconfig, so that the linter has types for files that are not there. */
function programOf(tsconfig: string, snippets: Snippet[]): ts.Program {
    const config = ts.getParsedCommandLineOfConfigFile(tsconfig, undefined, {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: diagnostic => {
            throw new Error(
                ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")
            )
        },
    })!
    const texts = new Map(
        snippets.map(({ file, code }) => [resolve(root, file), code])
    )
    const host = ts.createCompilerHost(config.options, true)
    const fromDisk = host.getSourceFile.bind(host)
    host.getSourceFile = (name, options) => {
        const code = texts.get(resolve(name))
        return code === undefined
            ? fromDisk(name, options)
            : ts.createSourceFile(name, code, options, true)
    }
    const platform = config.fileNames.filter(name =>
        name.includes("@devicescript/core")
    )
    return ts.createProgram({
        rootNames: [...platform, ...texts.keys()],
        options: config.options,
        host,
    })
}

const isFirmware = ({ file }: Snippet) =>
    /^(src|boards|test\/device)\//.test(file)

/** Snippets that one program can hold: of one tsconfig, and no two of one path. */
const groups: Snippet[][] = []
for (const snippet of [...Object.values(bad).flat(), ...good]) {
    const free = groups.find(
        group =>
            isFirmware(group[0]!) === isFirmware(snippet) &&
            !group.some(other => other.file === snippet.file)
    )
    if (free) free.push(snippet)
    else groups.push([snippet])
}

const linters = new Map<Snippet, ESLint>()

beforeAll(() => {
    for (const group of groups) {
        const tsconfig = isFirmware(group[0]!)
            ? "test/lint/tsconfig.firmware.json"
            : "tsconfig.json"
        const program = programOf(resolve(root, tsconfig), group)
        const eslint = new ESLint({
            cwd: root,
            overrideConfig: {
                files: ["**/*.ts"],
                languageOptions: {
                    parserOptions: { project: null, programs: [program] },
                },
            },
        })
        for (const snippet of group) linters.set(snippet, eslint)
    }
}, 60_000)

/** The rules that fire on a snippet; a syntax error counts as one. */
async function firing(snippet: Snippet): Promise<string[]> {
    const results = await linters
        .get(snippet)!
        .lintText(snippet.code, { filePath: resolve(root, snippet.file) })
    return results.flatMap(result =>
        result.messages.map(message => message.ruleId ?? message.message)
    )
}

for (const [rule, snippets] of Object.entries(bad)) {
    describe(`${rule} forbids`, () => {
        for (const snippet of snippets) {
            test(`${snippet.says} (${snippet.file})`, async () => {
                expect([...new Set(await firing(snippet))]).toEqual([rule])
            })
        }
    })
}

describe("the linter lets pass", () => {
    for (const snippet of good) {
        test(`${snippet.says} (${snippet.file})`, async () => {
            expect(await firing(snippet)).toEqual([])
        })
    }
})
