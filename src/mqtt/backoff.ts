// How long to wait before the next try to connect. Pure: random numbers are handed in.
//
// Full jitter: each wait is drawn evenly from nothing to a ceiling that doubles with each failure, so
// that a fleet that lost its broker together does not come back together.

import { Random } from "./random"

export class Backoff {
    private failures = 0

    /**
     * @param first ceiling of the first wait in ms (below 1 s, so that a dropped link is back at once)
     * @param cap   highest ceiling in ms
     */
    constructor(
        private first: number,
        private cap: number,
        private random: Random
    ) {}

    /** The wait before the next try, in whole ms from 0 to the present ceiling. */
    next(): number {
        let ceiling = this.first
        for (let i = 0; i < this.failures && ceiling < this.cap; i++)
            ceiling *= 2
        if (ceiling > this.cap) ceiling = this.cap
        this.failures++
        return this.random.upTo(ceiling)
    }

    /** The session held: the next wait is short again. */
    reset() {
        this.failures = 0
    }

    /** The broker says no (credentials, identifier): the next wait is drawn up to the highest ceiling. */
    refused() {
        this.failures = 31
    }
}
