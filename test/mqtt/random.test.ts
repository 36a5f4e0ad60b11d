// The generator: the published recurrence, in the arithmetic a board has.
import { describe, expect, it } from "vitest"
import fc from "../support/property"
import { Random } from "../../src/mqtt/random"

/** The same recurrence and seeding on unsigned big integers, where nothing can overflow or turn negative. */
function* reference(seed: string, salt: number): Generator<number> {
    const mask = 0xffffffffn
    let h = 0x811c9dc5n
    for (const c of seed)
        h = ((h ^ BigInt(c.charCodeAt(0))) * 0x01000193n) & mask
    h = ((h ^ BigInt(salt >>> 0)) * 0x01000193n) & mask
    let x = h === 0n ? 1n : h
    for (;;) {
        x = (x ^ (x << 13n)) & mask
        x ^= x >> 17n
        x = (x ^ (x << 5n)) & mask
        yield Number(x & 0xffffn)
    }
}

describe("the random generator", () => {
    it("draws the low 16 bits of xorshift32, seeded by FNV-1a of text and salt", () => {
        fc.assert(
            fc.property(
                fc.array(fc.constantFrom(..."0123456789abcdef")),
                fc.integer(),
                (digits, salt) => {
                    const seed = digits.join("")
                    const expected = reference(seed, salt)
                    const r = new Random(seed, salt)
                    for (let n = 0; n < 50; n++)
                        expect(r.next16()).toBe(expected.next().value)
                }
            )
        )
    })

    it("never sticks at zero", () => {
        // the salt that makes the hash of the empty text 0 is that hash itself
        const r = new Random("", 0x811c9dc5 | 0)
        const drawn = new Set(Array.from({ length: 100 }, () => r.next16()))
        expect(drawn.size).toBeGreaterThan(90)
    })

    it("differs between devices, and between two starts of one", () => {
        const first = (seed: string, salt: number) =>
            new Random(seed, salt).next16()
        const devices = new Set<number>()
        const starts = new Set<number>()
        for (let n = 0; n < 200; n++) {
            devices.add(first("00000000000000" + n.toString(16), 0))
            starts.add(first("12abdd2289421234", n))
        }
        expect(devices.size).toBeGreaterThan(190)
        expect(starts.size).toBeGreaterThan(190)
    })

    it("draws whole numbers from 0 to the given one, all of them where it has few", () => {
        const r = new Random("x", 1)
        for (const max of [0, 1, 2, 9]) {
            const drawn = new Set<number>()
            for (let n = 0; n < 1000; n++) drawn.add(r.upTo(max))
            expect([...drawn].sort()).toEqual(
                Array.from({ length: max + 1 }, (_, i) => i)
            )
        }
    })

    it("stays inside 0 to the given one, up to 2^31", () => {
        fc.assert(
            fc.property(
                fc.string(),
                fc.integer({ min: 0, max: 2 ** 31 - 1 }),
                (seed, max) => {
                    const drawn = new Random(seed, 0).upTo(max)
                    expect(Number.isInteger(drawn)).toBe(true)
                    expect(drawn).toBeGreaterThanOrEqual(0)
                    expect(drawn).toBeLessThanOrEqual(max)
                }
            )
        )
    })

    it("fills sixteen bins evenly", () => {
        const r = new Random("even", 7)
        const bins = new Array<number>(16).fill(0)
        const draws = 16000
        for (let n = 0; n < draws; n++) {
            const bin = r.next16() >> 12
            bins[bin] = (bins[bin] ?? 0) + 1
        }
        const expected = draws / 16
        const chi = bins.reduce((s, n) => s + (n - expected) ** 2 / expected, 0)
        // 15 degrees of freedom: 37.7 is exceeded once in a thousand; the seed is fixed
        expect(chi).toBeLessThan(37.7)
    })
})
