// The table of statements and tests is whole: every name is a statement's, and every statement that applies has a test.
import { describe, expect, it } from "vitest"
import {
    clauses,
    coverage,
    missing,
    notApplicable,
    proofs,
    proofsIn,
} from "./clauses"

const ids = new Set(clauses().map(clause => clause.id))

describe("the statements of MQTT 3.1.1", () => {
    it("are those of the list", () => {
        expect(clauses().length).toBe(100)
        expect(ids.size).toBe(100)
        for (const { id, statement } of clauses()) {
            expect(id).toMatch(/^MQTT-\d+\.\d+\.\d+-\d+$/)
            expect(statement).not.toBe("")
        }
    })

    it("are named rightly wherever a test names one", () => {
        const wrong = proofs().flatMap(({ file, title, ids: named }) =>
            named
                .filter(id => !ids.has(id))
                .map(id => `${file}: ${title} names ${id}`)
        )
        expect(wrong).toEqual([])
    })

    it("that do not apply exist, have a reason, and no test that says otherwise", () => {
        for (const [id, reason] of Object.entries(notApplicable)) {
            expect(ids).toContain(id)
            expect(reason.length).toBeGreaterThan(20)
        }
        const both = coverage().filter(c => c.reason && c.proofs.length > 0)
        expect(both.map(c => c.clause.id)).toEqual([])
    })

    it("that apply each have a test", () => {
        const open = missing(coverage()).map(c => `[${c.id}] ${c.statement}`)
        expect(open).toEqual([])
    })

    it("that no test names are missing", () => {
        const one = clauses()[0]
        const others = proofs().map(proof => ({
            ...proof,
            ids: proof.ids.filter(id => id !== one?.id),
        }))
        expect(missing(coverage(others))).toEqual([one])
    })
})

describe("a test names a statement", () => {
    const found = (source: string) =>
        proofsIn("x.test.ts", source).map(({ title, ids: named }) => [
            title,
            ...named,
        ])

    it("in the title of it or test, also with each, in a template and over two lines", () => {
        expect(
            found(`
                it("a [MQTT-1.0.0-1] [MQTT-1.0.0-2]", () => {})
                test.each([1])("b %i [MQTT-1.0.0-3]", () => {})
                describe("x", () => { it(\`c \${1} [MQTT-1.0.0-4]\`, f) })
                it("d " + "[MQTT-1.0.0-5]", f)
                it.skipIf(no)("e [MQTT-1.0.0-6]", f)
            `)
        ).toEqual([
            ["a", "MQTT-1.0.0-1", "MQTT-1.0.0-2"],
            ["b %i", "MQTT-1.0.0-3"],
            ["c …", "MQTT-1.0.0-4"],
            ["d", "MQTT-1.0.0-5"],
            ["e", "MQTT-1.0.0-6"],
        ])
    })

    it("nowhere else: not in a describe, a comment, a value, or a test that does not run", () => {
        expect(
            found(`
                describe("a [MQTT-1.0.0-1]", () => {})
                // it("b [MQTT-1.0.0-1]", f)
                const c = "[MQTT-1.0.0-1]"
                it.skip("d [MQTT-1.0.0-1]", f)
                it.todo("e [MQTT-1.0.0-1]")
                it("f", () => expect("[MQTT-1.0.0-1]"))
            `)
        ).toEqual([])
    })
})
