// Bytes that look random and are the same each time: what a chip on a virtual clock has for noise, so that two runs
// are alike. Not for secrets.

/** A function that gives the next `size` bytes of the sequence that belongs to `seed`. */
export function seededBytes(seed: string): (size: number) => Uint8Array {
    const next = seededNumbers(seed)
    return size => new Uint8Array(size).map(() => Math.floor(next() * 256))
}

/** A function that gives the next number of the sequence that belongs to `seed`: at least 0, below 1. */
export function seededNumbers(seed: string): () => number {
    // FNV-1a for the state, mulberry32 for the sequence
    let state = 0x811c9dc5
    for (const byte of Buffer.from(seed))
        state = Math.imul(state ^ byte, 0x01000193)
    return () => {
        state = (state + 0x6d2b79f5) | 0
        let word = Math.imul(state ^ (state >>> 15), state | 1)
        word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
        return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
    }
}
