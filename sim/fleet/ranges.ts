// A set of whole numbers kept as ranges, since numbers that are counted up come without gaps: a node's readings take a few
// words however many there are. Pure.

/** First and last of a range, both in it. */
export type Range = [first: number, last: number]

export class Ranges {
    /** Ascending, and no two touch. */
    readonly list: Range[]

    constructor(list: readonly Range[] = []) {
        this.list = list.map(([first, last]) => [first, last])
    }

    /** How many numbers are in it. */
    get size(): number {
        return this.list.reduce(
            (sum, [first, last]) => sum + last - first + 1,
            0
        )
    }

    /** @returns false when it was there already */
    add(n: number): boolean {
        const { list } = this
        // numbers mostly come in order: from the end
        let at = list.length
        while (at > 0 && list[at - 1]![0] > n) at--
        const before = list[at - 1]
        if (before && n <= before[1]) return false
        const after = list[at]
        const joinsBefore = before !== undefined && before[1] + 1 === n
        const joinsAfter = after !== undefined && after[0] - 1 === n
        if (joinsBefore && joinsAfter) {
            before[1] = after[1]
            list.splice(at, 1)
        } else if (joinsBefore) before[1] = n
        else if (joinsAfter) after[0] = n
        else list.splice(at, 0, [n, n])
        return true
    }

    has(n: number): boolean {
        return this.list.some(([first, last]) => first <= n && n <= last)
    }

    /** How many numbers are here and not there. */
    missingIn(other: Ranges): number {
        let missing = this.size
        for (const [first, last] of this.list)
            for (const [from, to] of other.list)
                missing -= Math.max(
                    0,
                    Math.min(last, to) - Math.max(first, from) + 1
                )
        return missing
    }
}
