// What others say to a node, taken apart by the VM's own JSON.parse, with garbage collected at every allocation.
import { describe, expect, test } from "@devicescript/test"
import { MAX_BODY, parseBody, valueFault } from "../../src/node/body"

const parse = (text: string) => parseBody(Buffer.from(text))

/** `piece` again and again, `length` bytes in all. */
function filled(piece: string, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    const once = Buffer.from(piece)
    for (let i = 0; i + once.length <= length; i += once.length)
        bytes.set(once, i)
    return bytes
}

describe("bodies", () => {
    test("JSON within the bounds is taken", () => {
        expect(parse("1.5")).toBe(1.5)
        expect(parse("false")).toBe(false)
        expect(parse('"ž [[[[[ x"')).toBe("ž [[[[[ x")
        expect((parse('{"value":-3,"t":[1]}') as { value: number }).value).toBe(
            -3
        )
    })
    test("what the VM takes for JSON and is none is not taken, or is no value", () => {
        expect(parse("0x10")).toBe(undefined)
        expect(parse("-0X10")).toBe(undefined)
        expect(parse("")).toBe(undefined)
        for (const text of ["-inf", "-nan", "1e999", "-Infinity"])
            expect(valueFault(parse(text), "number", -9, 9)).toBe(
                "out of range"
            )
    })
    test("no nesting that fits does harm: 1,024 brackets would end the VM beyond restart", () => {
        for (const piece of ["[", "{", '{"a":', "[{", "[ ", '["]"'])
            expect(parseBody(filled(piece, MAX_BODY))).toBe(undefined)
    })
    test("a longer one is not looked at", () => {
        const brackets = Buffer.alloc(4096)
        brackets.fillAt(0, brackets.length, 0x5b)
        expect(parseBody(brackets)).toBe(undefined)
        const number = filled(" ", MAX_BODY + 1)
        number.setAt(0, "u8", 0x31)
        expect(parseBody(number)).toBe(undefined)
        expect(parseBody(number.slice(0, MAX_BODY))).toBe(1)
    })
})
