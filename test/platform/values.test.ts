// Canaries: what the VM computes wrongly without a word, and the firmware works around. A test that fails here tells of a
// platform that has changed, for the better perhaps: then the workaround it names can go.
import { beforeAll, describe, expect, test } from "vitest"
import { output } from "./run"

/** One test a row: its name, an expression, and what the VM prints for it. All expressions of a table run in one program. */
function prints(
    rows: [name: string, expression: string, printed: string][]
): void {
    let lines: string[] = []
    beforeAll(async () => {
        lines = await output(
            rows
                .map(([, expression]) => `console.log(${expression})`)
                .join("\n")
        )
    })
    rows.forEach(([name, , printed], i) => {
        test(name, () => {
            expect(lines[i]).toBe(printed)
        })
    })
}

describe("a number that is not a 32-bit integer is falsy unless it is zero, so the linter forbids numbers as conditions", () => {
    prints([
        ["0.5 ? 1 : 2 gives 2", "same(0.5) ? 1 : 2", "2"],
        ["2 ** 31 ? 1 : 2 gives 2", "same(2 ** 31) ? 1 : 2", "2"],
        ["!1.5 gives true", "!same(1.5)", "true"],
        ["0.5 || 7 gives 7", "same(0.5) || 7", "7"],
        ["21.5 && 8 gives 21.5", "same(21.5) && 8", "21.5"],
    ])

    test("if (21.7) does not enter", async () => {
        const lines = await output(`
            if (same(21.7)) console.log("entered")
            else console.log("passed by")
        `)
        expect(lines).toEqual(["passed by"])
    })

    test("what the linter does allow as a condition is as in JavaScript: integers aside, strings, objects, null", async () => {
        const lines = await output(`
            const words = [same("") ? 1 : 0, same("0") ? 1 : 0, same("x") ? 1 : 0]
            const things: any[] = [{}, [], Buffer.alloc(0), null, undefined, true, false]
            console.log(words.join(" "), things.map(thing => (thing ? 1 : 0)).join(" "))
        `)
        expect(lines).toEqual(["0 1 1 1 1 1 0 0 1 0"])
    })
})

describe("% cuts its operands to 32-bit integers, so the linter forbids it", () => {
    prints([
        ["1 % 1.5 gives 0, not 1", "same(1) % same(1.5)", "0"],
        ["7.5 % 2 gives 1, not 1.5", "same(7.5) % same(2)", "1"],
        ["1 % 2 ** 32 gives 0, not 1", "same(1) % same(2 ** 32)", "0"],
        ["5 % 0 gives 0, not NaN", "same(5) % same(0)", "0"],
    ])
})

describe("numbers become text with seven significant digits, so readings are rounded before", () => {
    prints([
        [
            "123456789.125 becomes 123456789",
            `"" + same(123456789.125)`,
            "123456789",
        ],
        ["16777217.5 becomes 16777218", `"" + same(16777217.5)`, "16777218"],
        ["1 / 3 becomes 0.333333", `"" + same(1) / 3`, "0.333333"],
        [
            "in JSON, too",
            `JSON.stringify({ value: same(16777217.5) })`,
            `{"value":16777218}`,
        ],
        [
            "but integers are whole: 4294967296123",
            `"" + same(4294967296123)`,
            "4294967296123",
        ],
    ])

    test("Math.round(-0.5) gives -1, not 0", async () => {
        expect(await output(`console.log(Math.round(same(-0.5)))`)).toEqual([
            "-1",
        ])
    })
})

describe("arrays, buffers and strings differ from Node.js without a word", () => {
    test("arr.length = 1 removes nothing, and from then on length lies", async () => {
        const lines = await output(`
            const list = [1, 2, 3]
            list.length = 1
            list.push(4)
            console.log(list.length, list.join(","))
        `)
        expect(lines).toEqual(["1 1,2,3,4"])
    })

    test("arr.insert makes room and takes away as the stand-in for Node.js does", async () => {
        const cases: [at: number, count: number][] = [
            [0, 1],
            [2, 1],
            [4, 1],
            [0, -1],
            [1, -2],
            [3, -1],
        ]
        const lines = await output(
            cases
                .map(
                    ([at, count], i) => `
            const list${i} = [1, 2, 3, 4]
            list${i}.insert(${at}, ${count})
            console.log(list${i}.length, list${i}.map(x => "" + x).join(","))`
                )
                .join("\n")
        )
        expect(lines).toEqual(
            cases.map(([at, count]) => {
                const list = [1, 2, 3, 4]
                list.insert(at, count)
                return `${list.length} ${list.map(x => String(x)).join(",")}`
            })
        )
    })

    test("a write past the end of a buffer throws, where it vanishes in Node.js; a read gives undefined in both", async () => {
        const lines = await output(`
            const bytes = Buffer.alloc(2)
            console.log(bytes[same(7)])
            try {
                bytes[same(7)] = 1
                console.log("written")
            } catch (e) {
                console.log("thrown")
            }
        `)
        expect(lines).toEqual(["undefined", "thrown"])
    })

    test("buf.set past the end is cut, where Node.js throws", async () => {
        const lines = await output(`
            const bytes = Buffer.alloc(2)
            bytes.set(Buffer.from([1, 2, 3]), 1)
            console.log(bytes.length, bytes[0], bytes[1])
        `)
        expect(lines).toEqual(["2 0 1"])
    })

    test("buf.slice copies, where Node.js gives a view", async () => {
        const lines = await output(`
            const bytes = Buffer.from([1, 2, 3])
            const part = bytes.slice(1, 3)
            part[0] = 9
            console.log(bytes[1], part[0])
        `)
        expect(lines).toEqual(["2 9"])
    })

    test("a character outside the basic plane counts as one, where Node.js counts two", async () => {
        expect(await output(`console.log(same("😀").length)`)).toEqual(["1"])
    })

    test("a console line is cut near 297 bytes", async () => {
        const [line] = await output(`
            const parts: string[] = []
            for (let i = 0; i < 100; i++) parts.push("12345")
            console.log(parts.join(""))
        `)
        expect(line!.length).toBeGreaterThan(250)
        expect(line!.length).toBeLessThan(300)
    })
})
