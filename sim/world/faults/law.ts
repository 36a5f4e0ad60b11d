// The conservation of readings, as a node states it on its console: each reading it took is in exactly one place. Pure.

/** What a line begins with that states it. */
export const LAW_LINE = "law "
/** ms between two such lines. */
export const LAW_MS = 100

/** Where a reading can be, at the least: a node may know of more places. */
const PLACES = [
    "filtered",
    "queued",
    "inflight",
    "acked",
    "sent",
    "full",
    "thinned",
    "parked",
    "toobig",
    "invalid",
]
/** Numbers of a line that are no places. */
const BESIDE = ["read", "faults"]

/** Of them those that a reading does not leave: why it was given up. */
const REASONS = ["full", "thinned", "parked", "toobig", "invalid", "lost"]

/** What is wrong with such a line, undefined when nothing is. */
export function lawFault(line: string): string | undefined {
    const counts = numbers(line)
    for (const [key, n] of counts)
        if (!Number.isSafeInteger(n) || n < 0) return `${key} is ${n}`
    for (const key of [...BESIDE, ...PLACES])
        if (!counts.has(key)) return `${key} is missing`
    const read = counts.get("read")!
    let found = 0
    for (const [key, n] of counts) if (!BESIDE.includes(key)) found += n
    return read === found ? undefined : `read=${read}, found ${found}`
}

/** How many readings were given up by then, by reason; those that did not happen are left out. */
export function givenUp(line: string): Record<string, number> {
    const counts = [...numbers(line)]
    return Object.fromEntries(
        counts.filter(([key, n]) => REASONS.includes(key) && n > 0)
    )
}

function numbers(line: string): Map<string, number> {
    return new Map(
        [...line.matchAll(/(\w+)=(\S+)/g)].map(([, key, text]) => [
            key!,
            Number(text),
        ])
    )
}
