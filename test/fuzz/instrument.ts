// Loads pure firmware files with a counter at each branch and with the strict Buffer in the place of Node.js' own, so that a
// fuzzer sees which ways an input went. Knows nothing of inputs.
import { existsSync, readFileSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { compileFunction } from "node:vm"
import ts from "typescript"
import { PROJECT_ROOT } from "../../sim/vm"
import { installStrictBuffer } from "../mqtt/strict-buffer"

/** Branches of all files that are loaded at most; the pure half of the firmware has about 1,000. */
const MAX_SITES = 8_192
/** The name of the counters in instrumented code. */
const HITS = "__hits"

/** A text of a file that is used instead of the one on disk, by path from the project's root: a planted fault. */
export type Overrides = Record<string, string>

export class Instrumented {
    /** How often each branch was taken; wraps at 256. */
    readonly hits = new Uint8Array(MAX_SITES)
    /** File and line of each branch. */
    readonly sites: string[] = []
    private readonly modules = new Map<string, Record<string, unknown>>()
    private readonly buffer: BufferConstructor

    constructor(private readonly overrides: Overrides = {}) {
        const restore = installStrictBuffer()
        this.buffer = globalThis.Buffer
        restore()
    }

    /** What a file exports. @param path from the project's root, without its ending */
    load<T>(path: string): T {
        return this.module(resolve(PROJECT_ROOT, `${path}.ts`)) as T
    }

    private module(file: string): Record<string, unknown> {
        const known = this.modules.get(file)
        if (known) return known
        const exports: Record<string, unknown> = {}
        this.modules.set(file, exports)
        const name = relative(PROJECT_ROOT, file)
        const text = this.overrides[name] ?? readFileSync(file, "utf8")
        const { outputText } = ts.transpileModule(text, {
            fileName: file,
            compilerOptions: {
                target: ts.ScriptTarget.ES2022,
                module: ts.ModuleKind.CommonJS,
                isolatedModules: true,
                // as the board's compiler: a field without a value is not one that is undefined
                useDefineForClassFields: false,
            },
            transformers: { before: [context => this.counting(context, name)] },
        })
        const require = (path: string) => {
            const full = resolve(dirname(file), `${path}.ts`)
            if (!existsSync(full))
                throw new Error(`${name} imports ${path}, which is not pure`)
            return this.module(full)
        }
        const run = compileFunction(outputText, [
            "exports",
            "require",
            "Buffer",
            HITS,
        ]) as (...all: unknown[]) => void
        run(exports, require, this.buffer, this.hits)
        return exports
    }

    private counting(
        context: ts.TransformationContext,
        name: string
    ): ts.Transformer<ts.SourceFile> {
        const { factory: f } = context
        return file => {
            const hit = (node: ts.Node): ts.Expression => {
                const { line } = file.getLineAndCharacterOfPosition(
                    Math.max(0, node.getStart(file))
                )
                const site = this.sites.push(`${name}:${line + 1}`) - 1
                if (site >= MAX_SITES)
                    throw new Error(`more than ${MAX_SITES} branches`)
                return f.createPostfixIncrement(
                    f.createElementAccessExpression(
                        f.createIdentifier(HITS),
                        site
                    )
                )
            }
            const noted = (node: ts.Statement, of: ts.Node) => {
                const note = f.createExpressionStatement(hit(of))
                return ts.isBlock(node)
                    ? f.updateBlock(node, [note, ...node.statements])
                    : f.createBlock([note, node])
            }
            const valued = (node: ts.Expression, of: ts.Node) =>
                f.createParenthesizedExpression(f.createComma(hit(of), node))
            const visit = (node: ts.Node): ts.Node => {
                const seen = ts.visitEachChild(node, visit, context)
                if (ts.isIfStatement(seen)) {
                    const original = node as ts.IfStatement
                    const other = seen.elseStatement
                    return f.updateIfStatement(
                        seen,
                        seen.expression,
                        noted(seen.thenStatement, original.thenStatement),
                        other
                            ? noted(other, original.elseStatement!)
                            : f.createBlock([
                                  f.createExpressionStatement(hit(original)),
                              ])
                    )
                }
                if (ts.isWhileStatement(seen))
                    return f.updateWhileStatement(
                        seen,
                        seen.expression,
                        noted(seen.statement, node)
                    )
                if (ts.isForStatement(seen))
                    return f.updateForStatement(
                        seen,
                        seen.initializer,
                        seen.condition,
                        seen.incrementor,
                        noted(seen.statement, node)
                    )
                if (ts.isForOfStatement(seen))
                    return f.updateForOfStatement(
                        seen,
                        seen.awaitModifier,
                        seen.initializer,
                        seen.expression,
                        noted(seen.statement, node)
                    )
                if (ts.isCaseClause(seen))
                    return f.updateCaseClause(seen, seen.expression, [
                        f.createExpressionStatement(hit(node)),
                        ...seen.statements,
                    ])
                if (ts.isConditionalExpression(seen)) {
                    const original = node as ts.ConditionalExpression
                    return f.updateConditionalExpression(
                        seen,
                        seen.condition,
                        seen.questionToken,
                        valued(seen.whenTrue, original.whenTrue),
                        seen.colonToken,
                        valued(seen.whenFalse, original.whenFalse)
                    )
                }
                if (
                    ts.isBinaryExpression(seen) &&
                    [
                        ts.SyntaxKind.AmpersandAmpersandToken,
                        ts.SyntaxKind.BarBarToken,
                    ].includes(seen.operatorToken.kind)
                )
                    return f.updateBinaryExpression(
                        seen,
                        seen.left,
                        seen.operatorToken,
                        valued(seen.right, (node as ts.BinaryExpression).right)
                    )
                return seen
            }
            return ts.visitEachChild(file, visit, context)
        }
    }
}
