// The conservation of readings, as a node states it on its console: each reading it took is in exactly one place. Pure.

/** Whether the node of this version states it. */
export const LAW_WATCHED = false
/** What a line begins with that states it. */
export const LAW_LINE = "law "
/** ms between two such lines. */
export const LAW_MS = 100

/** Where a reading can be. */
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
] as const

/** What is wrong with such a line, undefined when nothing is. */
export function lawFault(line: string): string | undefined {
    const counts = new Map<string, number>()
    for (const [, key, digits] of line.matchAll(/(\w+)=(\S+)/g)) {
        if (!/^\d+$/.test(digits!)) return `${key} is ${digits}`
        counts.set(key!, Number(digits))
    }
    for (const key of ["read", ...PLACES, "faults"])
        if (!counts.has(key)) return `${key} is missing`
    const read = counts.get("read")!
    const sum = PLACES.reduce((all, key) => all + counts.get(key)!, 0)
    return read === sum ? undefined : `read=${read}, found ${sum}`
}
