// What the linter must catch and what it must let pass, each as the text of a file that does not exist.
// Knows nothing of how ESLint is run; that is lint.test.ts.

export interface Snippet {
    says: string
    file: string
    code: string
}

const importing = (says: string, file: string, from: string): Snippet => ({
    says,
    file,
    code: `import { a } from "${from}"\nexport { a }`,
})

/** Code that breaks exactly the rule named. */
export const bad: Record<string, Snippet[]> = {
    "@typescript-eslint/strict-boolean-expressions": [
        {
            says: "a number as a condition",
            file: "src/mqtt/a.ts",
            code: `export const f = (n: number) => (n ? 1 : 2)`,
        },
        {
            says: "a negated number",
            file: "src/mqtt/b.ts",
            code: `export const f = (n: number) => !n`,
        },
        {
            says: "a number before ||",
            file: "src/node/c.ts",
            code: `export const f = (n: number) => n || 7`,
        },
        {
            says: "a number before &&",
            file: "boards/d.ts",
            code: `export const f = (n: number) => n && 7`,
        },
        {
            says: "a number that may be missing, in if",
            file: "src/mqtt/e.ts",
            code: `export function f(n?: number) {\n    if (n) return 1\n    return 2\n}`,
        },
        {
            says: "a number in while",
            file: "test/device/f.ts",
            code: `export function f(n: number) {\n    while (n) n = n - 1\n}`,
        },
        {
            says: "a predicate that answers with a number",
            file: "src/mqtt/g.ts",
            code: `export const f = (list: number[]) => list.filter(n => n)`,
        },
    ],
    "firmware/no-remainder": [
        {
            says: "%",
            file: "src/mqtt/a.ts",
            code: `export const f = (n: number, m: number) => n % m`,
        },
        {
            says: "%=",
            file: "boards/b.ts",
            code: `export function f(n: number, m: number) {\n    n %= m\n    return n\n}`,
        },
    ],
    "firmware/whole-milliseconds": [
        {
            says: "a fraction of a ms",
            file: "src/mqtt/client.ts",
            code: `setTimeout(async () => {}, 500.5)`,
        },
        {
            says: "a delay that nobody rounded",
            file: "src/mqtt/client.ts",
            code: `export const f = (ms: number) => setTimeout(async () => {}, ms * 1.5)`,
        },
        {
            says: "a constant with a fraction behind it",
            file: "boards/c.ts",
            code: `const SECOND = 1_000\nconst PERIOD = SECOND / 3\nsetInterval(async () => {}, PERIOD)`,
        },
        {
            says: "2^31 ms and more",
            file: "boards/d.ts",
            code: `setTimeout(async () => {}, 2147483648)`,
        },
    ],
    "firmware/reasoned-exception": [
        {
            says: "a rule switched off without a reason",
            file: "src/mqtt/a.ts",
            code: `// eslint-disable-next-line firmware/no-remainder\nexport const f = (n: number) => n % 2`,
        },
        {
            says: "a rule switched off for a whole file",
            file: "src/mqtt/b.ts",
            code: `/* eslint-disable firmware/no-remainder -- small numbers */\nexport const f = (n: number) => n % 2`,
        },
        {
            says: "a rule switched off without a reason in host code",
            file: "sim/c.ts",
            code: `// eslint-disable-next-line @typescript-eslint/no-explicit-any\nexport const f = (n: any) => typeof n`,
        },
    ],
    "no-restricted-syntax": [
        {
            says: "an array cut by its length",
            file: "src/mqtt/a.ts",
            code: `export function f(list: string[]) {\n    list.length = 1\n}`,
        },
    ],
    eqeqeq: [
        {
            says: "a loose comparison",
            file: "src/mqtt/a.ts",
            code: `export const f = (a: string) => a == "1"`,
        },
    ],
    "no-restricted-imports": [
        importing(
            "firmware that imports the rig",
            "src/node/a.ts",
            "../../sim/vm/vm"
        ),
        importing(
            "firmware that imports a test",
            "src/b.ts",
            "../test/support/x"
        ),
        importing(
            "firmware that imports a package of Node.js",
            "src/index.ts",
            "mqtt"
        ),
        importing("a board that imports a test", "boards/d.ts", "../test/x"),
        importing(
            "a board that reaches past src/index",
            "boards/e.ts",
            "../src/mqtt/client"
        ),
        importing(
            "the node that imports a board",
            "src/node/f.ts",
            "../../boards/simulator"
        ),
        importing(
            "the MQTT client that imports the node",
            "src/mqtt/client.ts",
            "../node/outbox"
        ),
        importing(
            "a pure part of the MQTT client that imports settings",
            "src/mqtt/g.ts",
            "../config/board"
        ),
        importing(
            "a file deeper in the MQTT client that leaves it",
            "src/mqtt/codec/h.ts",
            "../../node/outbox"
        ),
        importing(
            "a pure file that imports the platform",
            "src/mqtt/i.ts",
            "@devicescript/core"
        ),
        importing(
            "a pure file of the node that imports the platform",
            "src/node/j.ts",
            "@devicescript/core"
        ),
        importing(
            "a test that draws other cases each time",
            "test/mqtt/l.ts",
            "fast-check"
        ),
        importing(
            "a type of the platform in a pure file",
            "src/mqtt/k.ts",
            "@devicescript/core"
        ),
        importing(
            "a pure file that imports one that touches the platform",
            "src/mqtt/r.ts",
            "./client"
        ),
        importing(
            "a pure file of another room that does so",
            "src/config/s.ts",
            "../mqtt/index"
        ),
        importing(
            "a pure file in a deeper folder that does so",
            "src/node/filters/t.ts",
            "../sensor"
        ),
        importing(
            "the rig that imports the firmware's socket owner",
            "sim/l.ts",
            "../src/mqtt/client"
        ),
        importing(
            "the rig that imports what boards import",
            "sim/m.ts",
            "../src/index"
        ),
        importing(
            "the rig that imports a board",
            "sim/cli/n.ts",
            "../../boards/simulator"
        ),
        importing("the rig that imports a test", "sim/o.ts", "../test/x"),
        importing(
            "a host test that imports the firmware's socket owner",
            "test/mqtt/p.ts",
            "../../src/mqtt/client"
        ),
        importing(
            "a test in the VM that imports the rig",
            "test/device/q.ts",
            "../../sim/vm/vm"
        ),
    ],
    "no-restricted-globals": [
        {
            says: "a pure file that prints",
            file: "src/mqtt/a.ts",
            code: `export const f = () => console.log("x")`,
        },
        {
            says: "a pure file with a timer",
            file: "src/node/b.ts",
            code: `export const f = () => setTimeout(async () => {}, 5)`,
        },
    ],
    "no-restricted-properties": [
        {
            says: "a pure file that draws a random number",
            file: "src/mqtt/a.ts",
            code: `export const f = () => Math.random()`,
        },
    ],
    "@typescript-eslint/no-floating-promises": [
        {
            says: "host code that forgets to wait",
            file: "sim/a.ts",
            code: `const f = async () => {\n    await Promise.resolve()\n}\nf()`,
        },
    ],
}

export const good: Snippet[] = [
    {
        says: "numbers compared, strings and objects as conditions",
        file: "src/mqtt/good.ts",
        code: `export const f = (n: number | undefined, s: string, o?: { a: number }, b?: boolean) =>
    (n ?? 7) > 0 && s && o && !b ? 1 : 2`,
    },
    {
        says: "a remainder with its reason",
        file: "src/mqtt/good2.ts",
        code: `// eslint-disable-next-line firmware/no-remainder -- a byte and a small constant, in the parser's loop
export const f = (byte: number) => byte % 16`,
    },
    {
        says: "whole periods",
        file: "src/mqtt/client.ts",
        code: `const SECOND = 1_000
const MINUTE = 60 * SECOND
setTimeout(async () => {}, 500)
setInterval(async () => {}, MINUTE - SECOND)
export const f = (ms: number) => setTimeout(async () => {}, Math.max(1, Math.round(ms * 1.5)))`,
    },
    {
        says: "a board that imports src/index and its drivers",
        file: "boards/good.ts",
        code: `import { Temperature } from "@devicescript/core"
import { startNode } from "../src/index"
export const b = [Temperature, startNode]`,
    },
    importing(
        "files that import beside and below themselves",
        "src/mqtt/good3.ts",
        "./codec/header"
    ),
    importing(
        "a deeper file of the MQTT client that stays in it",
        "src/mqtt/codec/good4.ts",
        "../packet"
    ),
    importing(
        "a node that imports the MQTT client",
        "src/node/good5.ts",
        "../mqtt/packet"
    ),
    importing(
        "a host test of a pure file",
        "test/mqtt/good6.ts",
        "../../src/mqtt/packet"
    ),
    importing(
        "a test that draws the same cases each time",
        "test/mqtt/good9.ts",
        "../support/property"
    ),
    importing(
        "a room of the rig that has the name of another",
        "sim/cli/good8.ts",
        "../boards/chips"
    ),
    {
        says: "number truthiness in host code",
        file: "sim/good7.ts",
        code: `export const f = (n: number) => (n ? n % 2 : setTimeout(() => {}, 0.5))`,
    },
]
