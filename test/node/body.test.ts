// What others say to a node, taken apart: what is JSON within bounds, and what is as declared.
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import {
    MAX_BODY,
    MAX_NUMBER,
    parseBody,
    valueFault,
} from "../../src/node/body"

const parse = (text: string) => parseBody(Buffer.from(text))

describe("a body", () => {
    test.each([
        ["1", 1],
        ["true", true],
        ['"x X 0x1 [[[[[ \\" {"', 'x X 0x1 [[[[[ " {'],
        ["null", null],
        ["[[[[1]]]]", [[[[1]]]]],
        ['{"value":1,"time":"x"}', { value: 1, time: "x" }],
    ])("%s is what JSON says it is", (text, value) => {
        expect(parse(text)).toEqual(value)
    })

    test.each([
        "",
        " ",
        "on",
        "{",
        '{"value":1}}',
        "0x10",
        "0X10",
        '"\\',
        '"\\"x',
        "[[[[[1]]]]]",
        '[{"a":[{"b":[]}]}]',
    ])("%j is none", text => {
        expect(parse(text)).toBeUndefined()
    })

    test("may have 256 bytes and not one more, counted in bytes", () => {
        expect(parse(`"${"a".repeat(MAX_BODY - 2)}"`)).toHaveLength(254)
        expect(parse(`"${"a".repeat(MAX_BODY - 1)}"`)).toBeUndefined()
        expect(parse(`"${"ž".repeat(127)}"`)).toHaveLength(127)
        expect(parse(`"${"ž".repeat(127)}a"`)).toBeUndefined()
    })

    test.each(["22ff22", "22c080", "22c322", "2200"])(
        "of the bytes %s, which are no text, is none",
        hex => {
            expect(parseBody(Buffer.from(hex, "hex"))).toBeUndefined()
        }
    )

    test("of any bytes is what JSON.parse gives, or nothing", () => {
        const piece = fc.oneof(
            fc.constantFrom("{", "}", "[", "]", '"', "\\", ",", ":", "x", "1"),
            fc.constantFrom('"value"', "true", "null", "-", "e9", " "),
            fc.string({ maxLength: 3 })
        )
        fc.assert(
            fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
                const text = pieces.join("")
                const parsed = parse(text)
                if (parsed === undefined) return
                expect(parsed).toEqual(JSON.parse(text))
            }),
            { numRuns: 2_000 }
        )
    })

    test("of any JSON a person would send is taken", () => {
        const value = fc.oneof(
            fc.integer(),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.boolean(),
            fc.string({ maxLength: 30 })
        )
        fc.assert(
            fc.property(value, fc.integer(), (value, id) => {
                const body = { value, id, more: { of: ["it"] } }
                expect(parse(JSON.stringify(body))).toEqual(
                    JSON.parse(JSON.stringify(body))
                )
            })
        )
    })
})

describe("a value", () => {
    test.each([
        [0, "number", undefined],
        [10, "number", undefined],
        [-1, "number", "out of range"],
        [10.0001, "number", "out of range"],
        [NaN, "number", "out of range"],
        [Infinity, "number", "out of range"],
        ["5", "number", "not a number"],
        [true, "number", "not a number"],
        [undefined, "number", "not a number"],
        [null, "number", "not a number"],
        [{}, "number", "not a number"],
        [1, "boolean", "not a boolean"],
        [false, "boolean", undefined],
        ["", "string", undefined],
        [11, "string", "not a string"],
    ] as const)("%j declared as %s from 0 to 10: %s", (value, kind, fault) => {
        expect(valueFault(value, kind, 0, 10)).toBe(fault)
    })

    test("without bounds of its own is as large as can be said with six decimals", () => {
        const fault = (x: number) =>
            valueFault(x, "number", -MAX_NUMBER, MAX_NUMBER)
        expect([fault(MAX_NUMBER), fault(-MAX_NUMBER)]).toEqual([
            undefined,
            undefined,
        ])
        expect(fault(MAX_NUMBER + 1)).toBe("out of range")
        expect(MAX_NUMBER * 1e6).toBeLessThan(Number.MAX_SAFE_INTEGER)
    })
})
