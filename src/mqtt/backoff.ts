// How long to wait before the next try to connect. Pure: random numbers are handed in.
//
// Full jitter: each wait is drawn evenly from nothing to a ceiling that doubles with each failure, so
// that a fleet that lost its broker together does not come back together.

import { Random } from "./random"

/** @devsWhenUsed */
export class Backoff {
    private ceiling: number

    /**
     * @param first ceiling of the first wait in ms (below 1 s, so that a dropped link is back at once)
     * @param cap   highest ceiling in ms
     */
    constructor(
        private first: number,
        private cap: number,
        private random: Random
    ) {
        this.ceiling = first
    }

    /** The wait before the next try, in whole ms from 0 to the present ceiling. */
    next(): number {
        if (this.ceiling > this.cap) this.ceiling = this.cap
        const ceiling = this.ceiling
        this.ceiling = 2 * ceiling
        return this.random.upTo(ceiling)
    }

    /** The session held: the next wait is short again. */
    reset() {
        this.ceiling = this.first
    }

    /** The broker says no (credentials, identifier): the next wait is drawn up to the highest ceiling. */
    refused() {
        this.ceiling = this.cap
    }
}
