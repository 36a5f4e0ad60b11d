// Draws a schedule of faults from a seed: same seed, same schedule. Pure.
import { seededNumbers } from "../../vm/random"
import type { Kind, Range } from "./kind"
import { KINDS } from "./kinds"
import { lastEnd, type Script, type Step, type Value } from "./script"

/** ms of the world before which nothing goes wrong on purpose: a node is up by then, or nearly. */
const BEFORE = 2_000
/** The shortest and the longest time in which faults begin, ms. */
const SPAN = [20_000, 150_000] as const
/** Faults of a schedule at most. */
const MOST = 9
/** One in so many faults begins within a moment of the one before: what happens together is what nobody thought of. */
const TOGETHER = 3
/** One in so many schedules has a few kinds only, which meet more often then: swarms find what a mixture does not. */
const SWARM = 2
/** Kinds of such a schedule at most. */
const FEW = 4
/** ms of that moment. */
const MOMENT = 400
/** One in so many is put into the first seconds. */
const EARLY = 6

const weight = (kind: Kind) => kind.weight ?? 1
const TOTAL = KINDS.reduce((sum, kind) => sum + weight(kind), 0)

export function drawScript(seed: number): Script {
    const random = seededNumbers(`schedule ${seed}`)
    const whole = (from: number, to: number) =>
        from + Math.floor(random() * (to - from + 1))
    // short times as likely as long ones
    const spread = (from: number, to: number) =>
        Math.round((from + 1) * ((to + 1) / (from + 1)) ** random()) - 1
    const value = (range: Range): Value =>
        "words" in range
            ? range.words[whole(0, range.words.length - 1)]!
            : range.from > 0 && range.to > 20 * range.from
              ? spread(range.from, range.to)
              : whole(range.from, range.to)
    const drawn = (): Kind => {
        let left = random() * TOTAL
        return KINDS.find(kind => (left -= weight(kind)) < 0) ?? KINDS[0]!
    }
    const setup: Script["setup"] = { luck: seed }
    if (whole(1, 4) === 1) setup["port"] = "pico-w"
    if (whole(1, 6) === 1) setup["retains"] = "no"
    if (whole(1, 5) === 1) setup["age"] = "restart"
    else if (whole(1, 10) === 1) setup["age"] = "wrap"
    if (whole(1, 3) === 1) setup["delay"] = whole(2, 400)
    const few =
        whole(1, SWARM) === 1
            ? Array.from({ length: whole(2, FEW) }, drawn)
            : undefined
    const steps: Step[] = []
    const span = whole(SPAN[0], SPAN[1])
    const count = whole(1, MOST)
    for (let i = 0; i < count; i++) {
        const kind = few ? few[whole(0, few.length - 1)]! : drawn()
        const before = steps.at(-1)
        let at = whole(BEFORE, span)
        if (whole(1, EARLY) === 1) at = whole(0, 2 * BEFORE)
        else if (before && whole(1, TOGETHER) === 1)
            at = before.at + whole(0, MOMENT)
        const args = Object.fromEntries(
            Object.entries(kind.args ?? {}).map(([key, range]) => [
                key,
                value(range),
            ])
        )
        steps.push({
            at,
            kind: kind.name,
            ...(kind.lasts ? { lasts: spread(...kind.lasts) } : {}),
            args,
        })
    }
    steps.sort((a, b) => a.at - b.at)
    return { setup, steps, end: lastEnd(steps) }
}
