// Times of acknowledgements, counted by the ms, so that a percentile of millions costs nothing to keep. Pure.

/** ms; what took longer counts as this long. A connection without an acknowledgement is given up after 20 s. */
const LONGEST = 60_000

export class Latency {
    readonly #counts = new Uint32Array(LONGEST + 1)
    #total = 0

    get count(): number {
        return this.#total
    }

    /** @param ms a whole number */
    add(ms: number): void {
        this.#counts[Math.min(Math.max(ms, 0), LONGEST)]!++
        this.#total++
    }

    /** The time that this share of them did not exceed, in ms; undefined when there are none. */
    percentile(share: number): number | undefined {
        if (this.#total === 0) return undefined
        const wanted = Math.max(1, Math.ceil(this.#total * share))
        let seen = 0
        return this.#counts.findIndex(n => (seen += n) >= wanted)
    }

    clear(): void {
        this.#counts.fill(0)
        this.#total = 0
    }
}
