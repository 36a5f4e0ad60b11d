// The conservation of readings, as a node states it on its console: each reading it took is in exactly one place. Pure.

/** Whether the node of this version states it. */
export const LAW_WATCHED = false
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

/** What is wrong with such a line, undefined when nothing is. */
export function lawFault(line: string): string | undefined {
    const counts = new Map<string, number>()
    for (const [, key, digits] of line.matchAll(/(\w+)=(\S+)/g)) {
        if (!/^\d+$/.test(digits!)) return `${key} is ${digits}`
        counts.set(key!, Number(digits))
    }
    for (const key of [...BESIDE, ...PLACES])
        if (!counts.has(key)) return `${key} is missing`
    const read = counts.get("read")!
    let found = 0
    for (const [key, n] of counts) if (!BESIDE.includes(key)) found += n
    return read === found ? undefined : `read=${read}, found ${found}`
}
