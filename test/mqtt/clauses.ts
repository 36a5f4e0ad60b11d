// Which test proves which normative statement of MQTT 3.1.1, and which statement nothing proves. A test says so by the
// statement's name in its title, in brackets. The command prints the table and exits 1 if a statement that applies to a
// client has no test:
//   npx tsx test/mqtt/clauses.ts
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import ts from "typescript"

const here = fileURLToPath(new URL(".", import.meta.url))
const root = join(here, "../..")

/** A statement, as mqtt-311-client-clauses.tsv lists it. */
export interface Clause {
    /** Without brackets, for example MQTT-2.3.1-1. */
    id: string
    /** Who it binds: client, server or both. */
    binds: string
    statement: string
}

/** A test that names statements. */
export interface Proof {
    /** Path from the project's root. */
    file: string
    title: string
    ids: string[]
}

const WEBSOCKET =
    "there is no WebSocket transport on the boards, only TCP and TLS"

/** The statements that no test of a client can show, and why. The only place for such a reason. */
export const notApplicable: Record<string, string> = {
    "MQTT-3.1.3-5":
        "says which identifiers a server must take; a client shows only what it sends, and what it does when it is refused",
    "MQTT-3.3.1-3":
        "binds how a server sets DUP towards its subscribers; a client can not see what the publisher sent",
    "MQTT-3.3.2-3":
        "binds which messages a server sends; one that matches no filter is legal to receive, and is handed to onunhandledmessage",
    "MQTT-6.0.0-1": WEBSOCKET,
    "MQTT-6.0.0-2": WEBSOCKET,
    "MQTT-6.0.0-3": WEBSOCKET,
    "MQTT-6.0.0-4": WEBSOCKET,
}

/** The statements of the list beside this file. */
export function clauses(): Clause[] {
    const text = readFileSync(join(here, "mqtt-311-client-clauses.tsv"), "utf8")
    const [, ...lines] = text.trim().split("\n")
    return lines.map(line => {
        const [id = "", binds = "", , statement = ""] = line.split("\t")
        return { id: id.slice(1, -1), binds, statement }
    })
}

const named = /\[(MQTT-[\d.]+-\d+)\]/g

/** The text of a string or a template, as far as it is written out. */
function textOf(node: ts.Node | undefined): string {
    if (!node) return ""
    if (ts.isStringLiteralLike(node)) return node.text
    if (ts.isTemplateExpression(node))
        return (
            node.head.text +
            node.templateSpans.map(span => "…" + span.literal.text).join("")
        )
    if (ts.isBinaryExpression(node))
        return textOf(node.left) + textOf(node.right)
    return ""
}

/** `it`, `it.each`, ... as written, of the function that a call calls. */
const nameOf = (call: ts.CallExpression): string =>
    ts.isCallExpression(call.expression)
        ? nameOf(call.expression)
        : call.expression.getText()

/** The tests in a file that name a statement. A test that is skipped or still to be written proves nothing. */
export function proofsIn(file: string, source: string): Proof[] {
    const proofs: Proof[] = []
    const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true)
    const visit = (node: ts.Node) => {
        if (
            ts.isCallExpression(node) &&
            /^(it|test)\b(?!.*\.(skip|todo)\b)/.test(nameOf(node))
        ) {
            const title = textOf(node.arguments[0])
            const ids = [...title.matchAll(named)].map(match => match[1] ?? "")
            if (ids.length > 0)
                proofs.push({
                    file,
                    title: title.replaceAll(named, "").trim(),
                    ids,
                })
        }
        ts.forEachChild(node, visit)
    }
    visit(tree)
    return proofs
}

/** All tests of the project that name a statement: on the host, and in the VM. */
export function proofs(): Proof[] {
    const files = readdirSync(join(root, "test"), { recursive: true })
        .map(name => join(root, "test", String(name)))
        .map(path => relative(root, path).replaceAll("\\", "/"))
        .filter(
            path =>
                path.endsWith(".test.ts") || /^test\/device\/.*\.ts$/.test(path)
        )
        .sort()
    return files.flatMap(file =>
        proofsIn(file, readFileSync(join(root, file), "utf8"))
    )
}

export interface Coverage {
    clause: Clause
    proofs: Proof[]
    /** Why no test can show it. */
    reason?: string
}

/** Every statement with the tests that name it. */
export function coverage(all = proofs()): Coverage[] {
    return clauses().map(clause => {
        const reason = notApplicable[clause.id]
        return {
            clause,
            proofs: all.filter(proof => proof.ids.includes(clause.id)),
            ...(reason !== undefined && { reason }),
        }
    })
}

/** The statements that apply and that nothing proves. */
export const missing = (all: Coverage[]): Clause[] =>
    all
        .filter(c => c.proofs.length === 0 && c.reason === undefined)
        .map(c => c.clause)

function main() {
    const all = coverage()
    for (const { clause, proofs, reason } of all) {
        console.log(`[${clause.id}] ${clause.statement} (${clause.binds})`)
        for (const { file, title } of proofs)
            console.log(`    ${file}: ${title}`)
        if (proofs.length === 0)
            console.log(
                reason ? `    not applicable: ${reason}` : "    NO TEST"
            )
    }
    const open = missing(all)
    const proven = all.filter(c => c.proofs.length > 0).length
    console.log(
        `${all.length} statements: ${proven} proven, ${all.length - proven - open.length} not applicable, ${open.length} without a test`
    )
    for (const { id, statement } of open)
        console.log(`no test names [${id}] ${statement}`)
    process.exitCode = open.length === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main()
