// ESLint rules for traps of the DeviceScript VM that no published rule knows. They need type information.
// Know nothing of the project's rooms and files.
import ts from "typescript"

/** A period at or above this many ms fires at once: the VM holds it as a number its `!` takes for zero. */
const MAX_PERIOD_MS = 2 ** 31 - 1
/** How many constants may stand behind each other before the rule gives up; ends a cycle between two files. */
const MAX_DEPTH = 8

const rounding = new Set(["round", "floor", "ceil"])
const choosing = new Set(["min", "max", "abs", "constrain", "idiv", "imul"])
const arithmetic = new Set([
    ts.SyntaxKind.PlusToken,
    ts.SyntaxKind.MinusToken,
    ts.SyntaxKind.AsteriskToken,
])
const bitwise = new Set([
    ts.SyntaxKind.AmpersandToken,
    ts.SyntaxKind.BarToken,
    ts.SyntaxKind.CaretToken,
    ts.SyntaxKind.LessThanLessThanToken,
    ts.SyntaxKind.GreaterThanGreaterThanToken,
])

/** The initialiser of the constant an identifier stands for, in this file or another, if it is one. */
function constantBehind(node, checker) {
    let symbol = checker.getSymbolAtLocation(node)
    if (symbol && symbol.flags & ts.SymbolFlags.Alias)
        symbol = checker.getAliasedSymbol(symbol)
    const declaration = symbol?.valueDeclaration
    if (!declaration || !ts.isVariableDeclaration(declaration)) return undefined
    const constant = ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const
    return constant ? declaration.initializer : undefined
}

/** Whether the value of an expression is a whole number whatever happens, as far as the text shows. */
function isWhole(node, checker, depth = 0) {
    const whole = inner => isWhole(inner, checker, depth)
    if (ts.isParenthesizedExpression(node)) return whole(node.expression)
    if (ts.isNumericLiteral(node)) return Number.isInteger(Number(node.text))
    if (ts.isPrefixUnaryExpression(node)) return whole(node.operand)
    if (ts.isConditionalExpression(node))
        return whole(node.whenTrue) && whole(node.whenFalse)
    if (ts.isBinaryExpression(node)) {
        const operator = node.operatorToken.kind
        return (
            bitwise.has(operator) ||
            (arithmetic.has(operator) && whole(node.left) && whole(node.right))
        )
    }
    if (
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression)
    ) {
        const { expression: object, name } = node.expression
        if (object.getText() !== "Math") return false
        return (
            rounding.has(name.text) ||
            (choosing.has(name.text) && node.arguments.every(whole))
        )
    }
    if (ts.isIdentifier(node) && depth < MAX_DEPTH) {
        const value = constantBehind(node, checker)
        return value !== undefined && isWhole(value, checker, depth + 1)
    }
    return false
}

const wholeMilliseconds = {
    meta: {
        type: "problem",
        docs: {
            description: "A timer's period must be a whole number below 2^31.",
        },
        schema: [],
        messages: {
            fraction:
                "In the VM a timer with a fraction of a ms fires at once. Write a whole number, a constant of whole numbers, or Math.round(...).",
            tooLong:
                "In the VM a timer of 2^31 ms or more fires at once. Count shorter periods instead.",
        },
    },
    create(context) {
        const { esTreeNodeToTSNodeMap, program } =
            context.sourceCode.parserServices
        const checker = program.getTypeChecker()
        const check = node => {
            const period = node.arguments[1]
            if (!period) return
            const expression = esTreeNodeToTSNodeMap.get(period)
            const type = checker.getTypeAtLocation(expression)
            if (type.isNumberLiteral() && type.value > MAX_PERIOD_MS) {
                context.report({ node: period, messageId: "tooLong" })
            } else if (!isWhole(expression, checker)) {
                context.report({ node: period, messageId: "fraction" })
            }
        }
        return {
            "CallExpression[callee.name=/^set(Timeout|Interval)$/]": check,
            "CallExpression[callee.property.name=/^set(Timeout|Interval)$/]":
                check,
        }
    },
}

const noRemainder = {
    meta: {
        type: "problem",
        docs: { description: "The VM's % works on 32-bit integers only." },
        schema: [],
        messages: {
            remainder:
                "In the VM % cuts both operands to 32-bit integers (1 % 1.5 is 0). Write x - Math.floor(x / m) * m, or, where both are small whole numbers on a hot path, switch this rule off for the line and say after -- why they are.",
        },
    },
    create(context) {
        const report = node => context.report({ node, messageId: "remainder" })
        return {
            "BinaryExpression[operator='%']": report,
            "AssignmentExpression[operator='%=']": report,
        }
    },
}

const reasonedException = {
    meta: {
        type: "suggestion",
        docs: {
            description:
                "A rule is switched off for one line at a time, and with a reason.",
        },
        schema: [],
        messages: {
            reason: "Say why the rule does not hold here: // eslint-disable-next-line rule -- reason",
            scope: "Switch a rule off for one line (eslint-disable-next-line), not for a file.",
        },
    },
    create(context) {
        return {
            Program() {
                for (const comment of context.sourceCode.getAllComments()) {
                    const text = comment.value.trim()
                    if (!text.startsWith("eslint-disable")) continue
                    const oneLine = /^eslint-disable-(next-)?line\b/.test(text)
                    if (!oneLine)
                        context.report({ loc: comment.loc, messageId: "scope" })
                    else if (!/\s-{2,}\s+\S/.test(text))
                        context.report({
                            loc: comment.loc,
                            messageId: "reason",
                        })
                }
            },
        }
    },
}

export default {
    meta: { name: "firmware" },
    rules: {
        "whole-milliseconds": wholeMilliseconds,
        "no-remainder": noRemainder,
        "reasoned-exception": reasonedException,
    },
}
