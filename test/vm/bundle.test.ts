// The seam to the installed CLI: what is cut out of its bundle, and what is said when it is not the expected one.
import { describe, expect, test } from "vitest"
import {
    CLI_VERSION,
    cutFunction,
    PlatformError,
    readBundle,
} from "../../sim/vm/cli-bundle"

const text = [
    "var before = 1;",
    "// compiler/built/thing.js",
    "var require_thing = __commonJS({",
    '  "compiler/built/thing.js"(exports) { exports.x = 1 }',
    "});",
    "",
    "// next/built/other.js",
    "var after = 2;",
].join("\n")

const refused = (version: string, bundle: string, name = "require_thing") => {
    try {
        cutFunction({ version, text: bundle }, name, "next/built/")
    } catch (error) {
        expect(error).toBeInstanceOf(PlatformError)
        return (error as Error).message
    }
    return undefined
}

describe("a function of the CLI's bundle", () => {
    test("is cut from its own var to the comment that begins the next file", () => {
        expect(
            cutFunction(
                { version: CLI_VERSION, text },
                "require_thing",
                "next/built/"
            )
        ).toBe(
            'var require_thing = __commonJS({\n  "compiler/built/thing.js"(exports) { exports.x = 1 }\n});\n'
        )
    })

    test("of another version is refused with both versions and the fix", () => {
        expect(refused("2.16.5", text)).toBe(
            `@devicescript/cli is 2.16.5, this project is built for ${CLI_VERSION}: run npm ci`
        )
    })

    test("that is not there is named, with the fix", () => {
        const message = refused(CLI_VERSION, text, "require_gone")
        expect(message).toContain("require_gone followed by next/built/")
        expect(message).toMatch(/run npm ci$/)
    })

    test("that nothing known follows is refused, too: the cut would take the rest of the bundle along", () => {
        expect(
            refused(CLI_VERSION, text.replace("// next/", "// later/"))
        ).toContain("require_thing followed by next/built/")
    })

    test("in a bundle with the marks in the wrong order is refused", () => {
        const [head, tail] = text.split("// next/built/other.js") as [
            string,
            string,
        ]
        expect(
            refused(CLI_VERSION, `\n// next/built/other.js${tail}\n${head}`)
        ).toContain("require_thing followed by next/built/")
    })
})

test("the installed CLI is the version that package.json pins", async () => {
    const { devDependencies } = (
        (await import("../../package.json")) as {
            default: { devDependencies: Record<string, string> }
        }
    ).default
    expect(devDependencies["@devicescript/cli"]).toBe(CLI_VERSION)
    expect(readBundle().version).toBe(CLI_VERSION)
})
