// Many measured values as a few. Pure.

export interface Spread {
    median: number
    least: number
    most: number
}

/** The middle value; between the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
    if (values.length === 0) throw new Error("no values")
    const sorted = [...values].sort((a, b) => a - b)
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1
        ? sorted[middle]!
        : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function spread(values: readonly number[]): Spread {
    return {
        median: median(values),
        least: Math.min(...values),
        most: Math.max(...values),
    }
}
