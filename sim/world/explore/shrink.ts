// Makes a failing schedule as small as it can be while it still fails: fewer faults, simpler arguments, shorter and rounder
// times. Pure but for the question whether a schedule fails, which is asked of whoever calls.
import { simplest } from "./kind"
import { kindOf } from "./kinds"
import { lastEnd, type Script, type Step } from "./script"

/** Schedules tried at most: each takes about a second. */
const MOST_TRIES = 250
/** What times are rounded to, ms, coarsest first. */
const ROUND = [10_000, 1_000, 100, 10]
const SECOND = 1_000

export async function shrink(
    script: Script,
    fails: (script: Script) => Promise<boolean>
): Promise<{ script: Script; tries: number }> {
    let best = script
    let tries = 0
    const attempt = async (steps: Step[], setup = best.setup) => {
        if (tries >= MOST_TRIES) return false
        tries++
        const sorted = [...steps].sort((a, b) => a.at - b.at)
        const next = { setup, steps: sorted, end: lastEnd(sorted) }
        if (!(await fails(next))) return false
        best = next
        return true
    }
    for (let before = ""; before !== JSON.stringify(best);) {
        before = JSON.stringify(best)
        await fewer(() => best.steps, attempt)
        for (const key of Object.keys(best.setup)) {
            if (key === "luck") continue
            const { [key]: _, ...rest } = best.setup
            await attempt(best.steps, rest)
        }
        for (let i = 0; i < best.steps.length; i++) {
            const step = () => best.steps[i]!
            const change = (change: Partial<Step>) =>
                attempt(
                    best.steps.map((each, at) =>
                        at === i ? { ...each, ...change } : each
                    )
                )
            const ranges = kindOf(step().kind).args ?? {}
            for (const [key, range] of Object.entries(ranges)) {
                const value = simplest(range)
                if (step().args[key] !== value)
                    await change({ args: { ...step().args, [key]: value } })
            }
            const { lasts } = step()
            const shortest = kindOf(step().kind).lasts?.[0] ?? 0
            if (lasts !== undefined && lasts > shortest)
                for (const part of [0, 0.25, 0.5, 0.75, 0.9]) {
                    const ms = Math.max(shortest, Math.round(lasts * part))
                    if (ms < step().lasts! && (await change({ lasts: ms })))
                        break
                }
            for (const unit of ROUND) {
                const at = Math.round(step().at / unit) * unit
                // what is exact already stays so
                if (at === step().at || (await change({ at }))) break
            }
            const now = step().lasts
            if (now !== undefined && now % SECOND !== 0 && now > SECOND)
                await change({ lasts: Math.round(now / SECOND) * SECOND })
        }
        if (tries >= MOST_TRIES) break
    }
    return { script: best, tries }
}

/** Takes out steps: half of them, a quarter, and so on to single ones. */
async function fewer(
    steps: () => readonly Step[],
    attempt: (steps: Step[]) => Promise<boolean>
): Promise<void> {
    for (let size = Math.ceil(steps().length / 2); size >= 1;) {
        let taken = false
        for (let at = 0; at < steps().length;) {
            const rest = steps().filter((_, i) => i < at || i >= at + size)
            if (await attempt(rest)) taken = true
            else at += size
        }
        if (size === 1) {
            if (!taken) return
        } else size = Math.ceil(size / 2)
    }
}
