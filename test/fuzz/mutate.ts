// Changes bytes at random, as fuzzers do: bits, bytes, blocks, words of a dictionary, parts of another input. The same numbers
// give the same changes. Knows nothing of what the bytes mean.

/** Gives a whole number from 0 to below `n`. */
export type Random = (n: number) => number

/** Longest input in bytes. Both bounds of the firmware, 2,048 bytes of an answer and of a topic, lie below it. */
export const MAX_INPUT = 4_096
/** Changes to one input at most. */
const MAX_CHANGES = 6
/** Longest block that is moved, repeated or removed at once, bytes. */
const MAX_BLOCK = 64
/** Bytes that stand at the edges of what a byte can mean. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x20, 0x22, 0x5c]

/** A generator of whole numbers: xorshift of 32 bits, since an input takes a dozen. */
export function randomOf(seed: number): Random {
    let x = (seed | 0) ^ 0x9e3779b9
    if (x === 0) x = 1
    return n => {
        x ^= x << 13
        x ^= x >>> 17
        x ^= x << 5
        return (x >>> 0) % n
    }
}

export const pick = <T>(random: Random, of: readonly T[]): T =>
    of[random(of.length)]!

/** `bytes` with what lies in [from, to) replaced. */
function spliced(
    bytes: Uint8Array,
    from: number,
    to: number,
    by: Uint8Array
): Uint8Array {
    const all = new Uint8Array(bytes.length - (to - from) + by.length)
    all.set(bytes.subarray(0, from))
    all.set(by, from)
    all.set(bytes.subarray(to), from + by.length)
    return all
}

/** One change. @param other another input */
function changed(
    bytes: Uint8Array,
    random: Random,
    words: readonly Uint8Array[],
    other: Uint8Array
): Uint8Array {
    const at = random(bytes.length + 1)
    const block = Math.min(1 + random(MAX_BLOCK), bytes.length - at)
    const here = Math.min(at, bytes.length - 1)
    if (bytes.length === 0) return pick(random, words)
    const set = (value: number) => {
        const copy = bytes.slice()
        copy[here] = value
        return copy
    }
    switch (random(9)) {
        case 0:
            return set(bytes[here]! ^ (1 << random(8)))
        case 1:
            return set(pick(random, EDGES))
        case 2:
            return set(bytes[here]! + random(33) - 16)
        case 3:
            return spliced(bytes, at, at + block, new Uint8Array())
        case 4:
            return spliced(bytes, at, at, bytes.slice(here, here + block))
        case 5:
            return spliced(bytes, at, at, pick(random, words))
        case 6: {
            const word = pick(random, words)
            const end = Math.min(at + word.length, bytes.length)
            return spliced(bytes, at, end, word)
        }
        case 7: {
            const from = random(other.length + 1)
            return spliced(bytes, at, bytes.length, other.slice(from))
        }
        default:
            return spliced(bytes, at, at, Uint8Array.of(random(256)))
    }
}

/** An input with one to six changes, no longer than 4,096 bytes. */
export function mutated(
    bytes: Uint8Array,
    random: Random,
    words: readonly Uint8Array[],
    other: Uint8Array
): Uint8Array {
    let result = bytes
    const changes = 1 + random(MAX_CHANGES)
    for (let i = 0; i < changes; i++)
        result = changed(result, random, words, other)
    return result.length > MAX_INPUT ? result.slice(0, MAX_INPUT) : result
}

/** The smallest input found that still fails: blocks taken away, then bytes made plain. @param tries at most */
export function shrunk(
    bytes: Uint8Array,
    fails: (bytes: Uint8Array) => boolean,
    tries = 5_000
): Uint8Array {
    let best = bytes
    let left = tries
    const better = (candidate: Uint8Array) => {
        if (left-- <= 0 || !fails(candidate)) return false
        best = candidate
        return true
    }
    for (let progress = true; progress && left > 0;) {
        progress = false
        for (let size = best.length; size >= 1; size >>= 1)
            for (let at = 0; at + size <= best.length && left > 0;)
                if (better(spliced(best, at, at + size, new Uint8Array())))
                    progress = true
                else at += size
    }
    for (const plain of [0x61, 0x30, 0])
        for (let at = 0; at < best.length && left > 0; at++) {
            if ([0x61, 0x30, 0].includes(best[at]!)) continue
            const candidate = best.slice()
            candidate[at] = plain
            better(candidate)
        }
    return best
}
