// Reads in the text of a board file where a key stands and what its value is, so that a mistake can be shown where it was
// made; and the ids that are written there as they are. Runs nothing: what is computed it cannot know.
import { readFileSync } from "node:fs"
import ts from "typescript"

/** Where a key is set. */
export interface Place {
    /** From 1. */
    line: number
    /** The key as a person would name it: `sensors.TC.interval`. */
    key: string
    /** As it is written; undefined for a list or an object. */
    value?: string
}

/** What the firmware calls by another name than the board file does. */
const OTHER_NAMES: Record<string, string> = {
    host: "broker.host",
    port: "broker.port",
    proto: "broker.proto",
    username: "broker.username",
    password: "broker.password",
    clientId: "device",
    "will.topic": "status",
}

/** Lists of what a node has, by the key that the firmware gives them. */
const LISTS = ["sensors", "actuators"] as const
type List = (typeof LISTS)[number]

export class BoardSource {
    readonly #file: ts.SourceFile
    /** The argument of `startNode`, when it is written as an object. */
    readonly #node: ts.ObjectLiteralExpression | undefined

    constructor(path: string) {
        this.#file = ts.createSourceFile(
            path,
            readFileSync(path, "utf8"),
            ts.ScriptTarget.ES2022,
            true
        )
        this.#node = this.#argument("startNode", ts.isObjectLiteralExpression)
    }

    /** The device id, when it is written as a text. */
    get device(): string | undefined {
        return text(property(this.#node, "device")?.initializer)
    }

    /** The broker, when the node is given its host as a text; without credentials. */
    get broker(): { host: string; port?: number; tls: boolean } | undefined {
        const broker = property(this.#node, "broker")?.initializer
        if (!broker || !ts.isObjectLiteralExpression(broker)) return undefined
        const host = text(property(broker, "host")?.initializer)
        const port = property(broker, "port")?.initializer
        if (host === undefined) return undefined
        return {
            host,
            ...(port && ts.isNumericLiteral(port)
                ? { port: Number(port.text) }
                : {}),
            tls: text(property(broker, "proto")?.initializer) === "tls",
        }
    }

    /** Whether the file makes a part of that name: `new Sleep(...)`. */
    makes(name: string): boolean {
        return this.#calls(name).length > 0
    }

    /** Where the file makes such a part. */
    made(name: string): Place | undefined {
        const call = this.#calls(name)[0]
        if (!call) return undefined
        return {
            line: this.#line(call),
            key: "parts",
            value: call.getText(this.#file).replace(/\s+/g, " "),
        }
    }

    /** The ids in a list that are written as texts, in their order. */
    ids(list: List): string[] {
        return this.idPlaces(list).map(({ id }) => id)
    }

    /** The same with where each stands. */
    idPlaces(list: List): (Place & { id: string })[] {
        return this.#elements(list).flatMap(element => {
            const found = property(element, "id")
            const id = text(found?.initializer)
            return found === undefined || id === undefined
                ? []
                : [{ id, ...this.#place(`${list}.id`, found) }]
        })
    }

    /**
     * Where `key` is set, as the firmware names it in a refusal: `qos`, `sensors.TC.interval`, `sensors.id`, `host`.
     * @param chosen of several ids in a list, which one is meant; by default the first
     */
    find(
        key: string,
        chosen: (id: string) => boolean = () => true
    ): Place | undefined {
        const path = OTHER_NAMES[key] ?? key
        const [first = "", second, third] = path.split(".")
        if (!isList(first)) return this.#option(path, first, second)
        const elements = this.#elements(first)
        if (second === undefined) {
            const found = property(this.#node, first)
            return found && this.#place(path, found, false)
        }
        if (second === "id") {
            const ids = elements
                .map(element => property(element, "id"))
                .filter(id => id !== undefined)
            const found = ids.find(id => chosen(text(id.initializer) ?? ""))
            return found && this.#place(path, found)
        }
        const same = elements.filter(
            element => text(property(element, "id")?.initializer) === second
        )
        // of two with one id, the second is the one too many
        const element = same.at(-1)
        const found =
            property(element, third ?? "id") ?? property(element, "id")
        return found && this.#place(path, found)
    }

    #option(path: string, first: string, second?: string): Place | undefined {
        const outer = property(this.#node, first)
        if (second === undefined)
            return outer && this.#place(path, outer, literal(outer))
        const inner =
            (outer && ts.isObjectLiteralExpression(outer.initializer)
                ? property(outer.initializer, second)
                : undefined) ?? this.#anywhere(second)
        if (inner) return this.#place(path, inner)
        return outer && this.#place(path, outer, literal(outer))
    }

    /** A property of that name in an object handed to something the file makes, such as `new HttpTime({ ... })`. */
    #anywhere(name: string): ts.PropertyAssignment | undefined {
        let found: ts.PropertyAssignment | undefined
        const visit = (node: ts.Node) => {
            if (ts.isNewExpression(node))
                for (const argument of node.arguments ?? [])
                    if (ts.isObjectLiteralExpression(argument))
                        found ??= property(argument, name)
            ts.forEachChild(node, visit)
        }
        visit(this.#file)
        return found
    }

    #elements(list: List): ts.ObjectLiteralExpression[] {
        const array =
            list === "sensors"
                ? property(this.#node, "sensors")?.initializer
                : this.#argument("Actuators", ts.isArrayLiteralExpression)
        if (!array || !ts.isArrayLiteralExpression(array)) return []
        return array.elements.filter(ts.isObjectLiteralExpression)
    }

    /** The first argument of the first call, or `new`, of `name` that is of a kind. */
    #argument<T extends ts.Expression>(
        name: string,
        is: (node: ts.Node) => node is T
    ): T | undefined {
        for (const call of this.#calls(name)) {
            const argument = call.arguments?.[0]
            if (argument && is(argument)) return argument
        }
        return undefined
    }

    #calls(name: string): (ts.CallExpression | ts.NewExpression)[] {
        const found: (ts.CallExpression | ts.NewExpression)[] = []
        const visit = (node: ts.Node) => {
            if (
                (ts.isCallExpression(node) || ts.isNewExpression(node)) &&
                ts.isIdentifier(node.expression) &&
                node.expression.text === name
            )
                found.push(node)
            ts.forEachChild(node, visit)
        }
        visit(this.#file)
        return found
    }

    #place(
        key: string,
        assignment: ts.PropertyAssignment,
        withValue = true
    ): Place {
        return {
            line: this.#line(assignment),
            key,
            ...(withValue
                ? { value: assignment.initializer.getText(this.#file) }
                : {}),
        }
    }

    /** From 1. */
    #line(node: ts.Node): number {
        const at = node.getStart(this.#file)
        return this.#file.getLineAndCharacterOfPosition(at).line + 1
    }
}

function isList(name: string): name is List {
    return (LISTS as readonly string[]).includes(name)
}

/** Whether the value is one word or number rather than an object or a list. */
function literal(assignment: ts.PropertyAssignment): boolean {
    const { initializer } = assignment
    return !(
        ts.isObjectLiteralExpression(initializer) ||
        ts.isArrayLiteralExpression(initializer)
    )
}

function property(
    object: ts.ObjectLiteralExpression | undefined,
    name: string
): ts.PropertyAssignment | undefined {
    return object?.properties.find(
        (one): one is ts.PropertyAssignment =>
            ts.isPropertyAssignment(one) &&
            (ts.isIdentifier(one.name) || ts.isStringLiteral(one.name)) &&
            one.name.text === name
    )
}

function text(node: ts.Expression | undefined): string | undefined {
    return node && ts.isStringLiteralLike(node) ? node.text : undefined
}
