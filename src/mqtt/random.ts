// A small random generator of our own: every simulated VM starts Math.random alike, and `%` and numbers
// above 31 bits are not to be trusted in this VM. Pure: the seed is handed in. Not for secrets.

/** Marsaglia's xorshift32 with the shifts 13, 17, 5: period 2^32 - 1. */
export class Random {
    private state: number

    /** @param seed any text, e.g. the device identifier, and a number that differs between starts */
    constructor(seed: string, salt: number) {
        // FNV-1a on the text's characters; only 32-bit operations
        let h = 0x811c9dc5 | 0
        for (let i = 0; i < seed.length; i++)
            h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193)
        h = Math.imul(h ^ salt, 0x01000193)
        this.state = h === 0 ? 1 : h
    }

    /** The next whole number from 0 to 65,535. */
    next16(): number {
        let x = this.state
        x ^= x << 13
        x ^= x >>> 17
        x ^= x << 5
        this.state = x
        return x & 0xffff
    }

    /** A whole number from 0 to `max`, both included; `max` below 2^31. */
    upTo(max: number): number {
        return Math.floor((this.next16() * (max + 1)) / 65536)
    }
}
