// Which bytes are text for MQTT, against the platform's strict decoder.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isMqttText } from "../../src/mqtt/utf8"
import { fromReceived, installStrictBuffer } from "./strict-buffer"
import { unhex } from "./wire"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const decoder = new TextDecoder("utf-8", { fatal: true })

function isText(bytes: number[]): boolean {
    if (bytes.includes(0)) return false
    try {
        decoder.decode(Uint8Array.from(bytes))
        return true
    } catch {
        return false
    }
}

const judge = (bytes: number[]) =>
    isMqttText(fromReceived(bytes), 0, bytes.length)

/** Calls `visit` with every sequence whose nth value is one of the nth alphabet. */
function every(alphabets: number[][], visit: (bytes: number[]) => void) {
    const total = alphabets.reduce((n, alphabet) => n * alphabet.length, 1)
    for (let n = 0; n < total; n++) {
        let rest = n
        visit(
            alphabets.map(alphabet => {
                const value = alphabet[rest % alphabet.length] as number
                rest = Math.floor(rest / alphabet.length)
                return value
            })
        )
    }
}

/** The first few sequences that were judged otherwise than by the decoder, and how many are text. */
function compare(...alphabets: number[][]) {
    const wrong: number[][] = []
    let text = 0
    every(alphabets, bytes => {
        const expected = isText(bytes)
        if (expected) text++
        if (judge(bytes) !== expected) wrong.push(bytes)
    })
    return { wrong: wrong.slice(0, 3), text }
}

const all = Array.from({ length: 256 }, (_, i) => i)
/** The first and the last byte of every range in the table of well-formed sequences, and their neighbours. */
const edges = [
    0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
    0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5,
    0xff,
]
/** The first bytes of four byte sequences, and their neighbours. */
const fourByteLeads = [0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5]

describe("text", () => {
    it("is what a strict decoder takes, for all one and two byte sequences [MQTT-1.5.3-1] [MQTT-1.5.3-2]", () => {
        expect(compare(all)).toEqual({ wrong: [], text: 127 })
        expect(compare(all, all)).toEqual({
            wrong: [],
            text: 127 * 127 + 30 * 64,
        })
    })

    it("is what a strict decoder takes, at the edges of all three and four byte ranges [MQTT-1.5.3-1]", () => {
        const three = compare(edges, edges, edges)
        expect(three.wrong).toEqual([])
        expect(three.text).toBeGreaterThan(100)
        const four = compare(fourByteLeads, edges, edges, edges)
        expect(four.wrong).toEqual([])
        expect(four.text).toBeGreaterThan(500)
    })

    it.each([
        ["a surrogate, U+D800", "eda080"],
        ["a surrogate, U+DFFF", "edbfbf"],
        ["an over-long slash", "c0af"],
        ["a code point above U+10FFFF", "f4908080"],
        ["a character cut short", "61e282"],
        ["a lone continuation byte", "61bf"],
    ])("does not have %s [MQTT-1.5.3-1]", (_name, bytes) => {
        expect(judge([...unhex(bytes)])).toBe(false)
    })

    it("does not have U+0000, even as the only character [MQTT-1.5.3-2]", () => {
        expect(judge([0])).toBe(false)
        expect(judge([0x61, 0, 0x62])).toBe(false)
    })

    it("may have U+FEFF anywhere [MQTT-1.5.3-3]", () => {
        expect(judge([0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf])).toBe(true)
    })

    it("is looked at inside the given range only", () => {
        const b = fromReceived([0xff, 0x61, 0xc3, 0xbd, 0xff])
        expect(isMqttText(b, 1, 4)).toBe(true)
        expect(isMqttText(b, 1, 5)).toBe(false)
        // the second byte of the character is behind the end of the range
        expect(isMqttText(b, 1, 3)).toBe(false)
        expect(isMqttText(b, 2, 2)).toBe(true)
    })
})
