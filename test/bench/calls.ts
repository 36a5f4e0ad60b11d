// Counts the calls of each function of a program, exactly: the same sources with a counter at the beginning of each
// function. The VM itself counts allocations only. What is counted is the firmware and the platform's libraries written
// in DeviceScript, without natives, and without constructors that a derived class leaves out.
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import ts from "typescript"
import { PROJECT_ROOT } from "../../sim/vm"

/** The counters, an array once `resetCalls` was called: in the one object that every file of a program has by a name. */
const HOLDER = "(Math as any).calls"

const FOLDERS = [
    "src",
    "src/config",
    "src/mqtt",
    "src/node",
    ...["core", "net", "observables", "settings"].map(
        name => `node_modules/@devicescript/${name}/src`
    ),
]

export interface Instrumented {
    /** Texts to compile in place of those on disk, by path. */
    files: Record<string, string>
    /** Where each counted function begins, `path:line:column`; counter i is that of functions[i]. */
    functions: string[]
    /** DeviceScript: `resetCalls()`, `allCalls()` so far, and `tellCalls()`, which ends the count and prints `calls <counter> <count>` for each that is not 0. */
    text: string
}

/** All sources a program may use, with counters. */
export function instrumented(): Instrumented {
    const files: Record<string, string> = {}
    const functions: string[] = []
    for (const folder of FOLDERS)
        for (const name of readdirSync(join(PROJECT_ROOT, folder)))
            if (name.endsWith(".ts") && !name.endsWith(".d.ts")) {
                const path = join(folder, name)
                const text = readFileSync(join(PROJECT_ROOT, path), "utf8")
                files[path] = withCounters(path, text, functions)
            }
    const n = functions.length
    return {
        files,
        functions,
        text: `
async function resetCalls() {
    const counts = new Array<number>(${n})
    for (let i = 0; i < ${n}; i++) counts[i] = 0;
    ${HOLDER} = counts
}
function allCalls() {
    let sum = 0
    for (const n of ${HOLDER}) sum += n
    return sum
}
async function tellCalls() {
    const counts: number[] = ${HOLDER};
    ${HOLDER} = undefined
    for (let i = 0; i < ${n}; i++) {
        if (counts[i] > 0) console.log("calls " + i + " " + counts[i])
        if ((i & 15) === 0) await ds.sleep(1)
    }
    console.log("calls told")
}
`,
    }
}

/** @param functions gets the places of the functions found, in the order of their counters */
function withCounters(path: string, text: string, functions: string[]): string {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
    const inserts: [at: number, what: string][] = []
    const counter = (of: ts.Node) => {
        const { line, character } = source.getLineAndCharacterOfPosition(
            of.getStart(source)
        )
        functions.push(
            `${relative(PROJECT_ROOT, join(PROJECT_ROOT, path))}:${line + 1}:${character + 1}`
        )
        return ` if (${HOLDER}) ${HOLDER}[${functions.length - 1}]++; `
    }
    const visit = (node: ts.Node): void => {
        if (ts.isConstructorDeclaration(node) && node.body) {
            const base = superCall(node.body)
            inserts.push([
                base ? base.end : node.body.getStart(source) + 1,
                ";" + counter(node.parent),
            ])
        } else if (
            ts.isFunctionDeclaration(node) ||
            ts.isMethodDeclaration(node) ||
            ts.isFunctionExpression(node)
        ) {
            if (node.body)
                inserts.push([node.body.getStart(source) + 1, counter(node)])
        } else if (ts.isArrowFunction(node)) {
            const { body } = node
            if (ts.isBlock(body))
                inserts.push([body.getStart(source) + 1, counter(node)])
            else {
                inserts.push([
                    body.getStart(source),
                    `{${counter(node)}return (`,
                ])
                inserts.push([body.end, ") }"])
            }
        }
        ts.forEachChild(node, visit)
    }
    visit(source)
    let out = text
    // from the end, so that places before stay what they are; of two at one place the later found goes behind
    for (const [at, what] of inserts
        .map((insert, i) => [...insert, i] as const)
        .sort((a, b) => b[0] - a[0] || b[2] - a[2]))
        out = out.slice(0, at) + what + out.slice(at)
    return out
}

function superCall(body: ts.Block): ts.Statement | undefined {
    return body.statements.find(
        s =>
            ts.isExpressionStatement(s) &&
            ts.isCallExpression(s.expression) &&
            s.expression.expression.kind === ts.SyntaxKind.SuperKeyword
    )
}

/** What `tellCalls` has printed: calls by counter. */
export function callsTold(lines: readonly string[]): Map<number, number> {
    const calls = new Map<number, number>()
    for (const line of lines) {
        const m = /^calls (\d+) (\d+)$/.exec(line)
        if (m) calls.set(Number(m[1]), Number(m[2]))
    }
    return calls
}
