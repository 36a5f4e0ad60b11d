// What time it is, from a monotonic clock and now and then a `Date` header. Pure: both times come in as arguments. Knows
// nothing of HTTP, readings or topics.
//
// A reading is stamped with the wall time of the moment it was taken, and a consumer orders readings by their stamps.
// So the rule: of two moments the later one has the later wall time, whenever each is asked for. It is kept like this.
//   - Wall time is a line through a few points of the monotonic clock, and goes on at the clock's own pace on both
//     sides of them. Moments before time was first learnt lie on it too.
//   - A refresh that agrees with the line, within what a `Date` can tell, leaves the line as it is.
//   - One that does not bends the line, by no more than it must, and only behind the last refresh and behind the
//     latest moment that was ever asked for: what has been stamped keeps its time. From there the line runs straight to
//     the new time, which spreads a crystal's drift evenly over an outage; where that would take it back, it runs at
//     half pace until it is there.
//   - The one exception: a refresh that is a minute and more from anything that drift explains. Then what was learnt
//     before was no time at all, the line begins anew, and stamps may go back.

/** The worst crystal of an ESP32 that was measured: 13.7 s a day. */
const DRIFT = 0.000159

/** ms. A `Date` header has whole seconds and is cut, not rounded: half of that is its error either way. */
const HALF_SECOND = 500

/**
 * Of a round trip, (1 + DRIFT) / 2: the server wrote its `Date` in the middle of it, half of it either way, and a slow
 * crystal has it too short. A number that is computed would cost each image a place and the code for it.
 */
const HALF_TRIP = 0.5000795

/** ms. No time from over a network is known better than this, whatever many refreshes together say. */
const LEAST_ERROR = 10

/** ms. A step that drift does not explain is a wrong server's when it is longer; going it at half pace takes twice as long. */
const LONGEST_BEND = 60000

/**
 * Points kept. A crystal's drift leaves what a refresh can tell after an hour (half a second at 159 ppm), and a bend
 * takes two points: so the line is kept for some 4 hours, longer than any backlog takes to drain.
 */
const MAX_POINTS = 8

/** @devsWhenUsed */
export class WallClock {
    /** The points of the line: moments, ascending, and by how much wall time is ahead of each; ms. */
    private moments: number[] = []
    private offsets: number[] = []
    /** Up to this moment the line stays as it is. */
    private fixed = 0
    /** When time was last learnt, and by how much the truth can have been below and above the end of the line then; ms. */
    private learnt = 0
    private below = 0
    private above = 0

    /**
     * A `Date` header was received.
     * @param dateMs what it says, in ms since 1970; never before 2020
     * @param now moment of its receipt, ms; not before the last one
     * @param roundTrip ms since its request was sent: the server wrote it somewhere between
     */
    learn(dateMs: number, now: number, roundTrip: number) {
        const radius = HALF_SECOND + roundTrip * HALF_TRIP
        const offset = dateMs + radius - now
        if (this.moments.length === 0) {
            this.below = radius
            this.above = radius
            this.begin(offset, now)
        } else {
            // the truth is where what was known and what was learnt overlap
            const old = this.lastOffset()
            const drift = this.drift(now)
            const low = Math.max(old - this.below - drift, offset - radius)
            const high = Math.min(old + this.above + drift, offset + radius)
            if (low <= high) {
                const to = Math.min(Math.max(old, low), high)
                this.below = Math.max(to - low, LEAST_ERROR)
                this.above = Math.max(high - to, LEAST_ERROR)
                if (to !== old) this.bend(to, now)
            } else {
                // one of the two servers is wrong, and the newer counts
                this.below = radius
                this.above = radius
                if (Math.abs(offset - old) > LONGEST_BEND)
                    this.begin(offset, now)
                else this.bend(offset, now)
            }
        }
        if (this.fixed < now) this.fixed = now
        this.learnt = now
    }

    /** Time was learnt since the start. */
    known(): boolean {
        return this.moments.length > 0
    }

    /**
     * The wall time of a moment of the monotonic clock, in ms since 1970, also of one before time was learnt;
     * undefined while it is not known. Asked again it says the same, to a thousandth of a ms.
     */
    at(moment: number): number | undefined {
        if (this.moments.length === 0) return undefined
        if (moment > this.fixed) this.fixed = moment
        return moment + this.offsetAt(moment)
    }

    /**
     * How wrong `at(now)` can be either way, in ms; undefined while time is not known. True as far as the server's
     * clock is right and the crystal within its bound.
     */
    uncertainty(now: number): number | undefined {
        if (this.moments.length === 0) return undefined
        // half pace is not over yet
        const ahead = Math.abs(this.offsetAt(now) - this.lastOffset())
        return Math.max(this.below, this.above) + this.drift(now) + ahead
    }

    /** How far the crystal can have gone wrong between the last refresh and `now`, ms. */
    private drift(now: number): number {
        return DRIFT * Math.abs(now - this.learnt)
    }

    private lastOffset(): number {
        return this.offsets[this.offsets.length - 1] as number
    }

    private offsetAt(moment: number): number {
        let next = 0
        while (next < this.moments.length) {
            if ((this.moments[next] as number) > moment) break
            next++
        }
        if (next === 0) return this.offsets[0] as number
        if (next === this.moments.length) return this.lastOffset()
        const from = this.moments[next - 1] as number
        const offset = this.offsets[next - 1] as number
        const part = (moment - from) / ((this.moments[next] as number) - from)
        return offset + part * ((this.offsets[next] as number) - offset)
    }

    private begin(offset: number, now: number) {
        this.moments = [now]
        this.offsets = [offset]
        this.fixed = now
    }

    /** Behind its fixed part the line leads to `offset`, by `now` if that is not too steep. */
    private bend(offset: number, now: number) {
        const from = this.fixed
        const start = this.offsetAt(from)
        while (this.moments.length > 0) {
            if ((this.moments[this.moments.length - 1] as number) < from) break
            this.moments.pop()
            this.offsets.pop()
        }
        // at half pace the way back takes twice its length; the way forward may be as short as 1 ms
        let to = from + Math.max(1, 2 * (start - offset))
        if (to < now) to = now
        this.moments.push(from)
        this.offsets.push(start)
        this.moments.push(to)
        this.offsets.push(offset)
        while (this.moments.length > MAX_POINTS) {
            this.moments.shift()
            this.offsets.shift()
        }
    }
}
