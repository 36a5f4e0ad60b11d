// Curves as sensors draw them, put through an outage, and how far off the curve is that a consumer rebuilds from what the
// outbox kept. Synthetic and deterministic: same calls, same figures. Knows nothing of tables and plots.
import "../support/board-arrays"
import { DEFAULT_SLOTS, Outbox, Policy } from "../../src/node/outbox"

export const MINUTE = 60_000
const DAY = 24 * 60
/** Samples of a curve, one a minute: the longest outage, and the last one sent before it. */
const SAMPLES = 7 * DAY + 1

/** Numbers from 0 to 1 that look random; mulberry32, public domain. */
function random(seed: number): () => number {
    let a = seed
    return () => {
        a = (a + 0x6d2b79f5) | 0
        let t = Math.imul(a ^ (a >>> 15), 1 | a)
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
}

/** About a normal distribution: mean 0, standard deviation 1. */
const noise = (next: () => number) => (next() + next() + next() - 1.5) * 2

/**
 * Outdoor air in degrees: from 9 before dawn to 21 after noon, weather that drifts by some degrees over a day or two, and
 * the noise of a sensor, 0.08; in steps of 0.1.
 */
export function temperature(): number[] {
    const next = random(1)
    let weather = 0
    return Array.from({ length: SAMPLES }, (_, i) => {
        const hour = (i / 60 + 6) * ((2 * Math.PI) / 24)
        // the second harmonic makes mornings rise faster than evenings fall
        const day = 15 - 5.5 * Math.cos(hour - 0.8) - 1.2 * Math.sin(2 * hour)
        weather += 0.06 * noise(next) - weather / 1500
        return Math.round((day + weather + 0.08 * noise(next)) * 10) / 10
    })
}

/** The power of a pump in watts: 2 at rest, about 750 for 10 minutes, then 2 to 6 hours of rest. */
export function pump(): number[] {
    const next = random(2)
    let start = 30
    return Array.from({ length: SAMPLES }, (_, i) => {
        if (i >= start + 10) start = i + Math.round(120 + 240 * next())
        return Math.round(i >= start ? 750 + 8 * noise(next) : 2)
    })
}

export const OUTAGES: readonly [name: string, minutes: number][] = [
    ["1 h", 60],
    ["1 day", DAY],
    ["7 days", 7 * DAY],
]

export const POLICIES: readonly [name: string, policy: Policy][] = [
    ["thin", Policy.Thin],
    ["drop-oldest", Policy.DropOldest],
]

/** A reading: minutes from the last one that was sent before the outage, and what was read. */
export type Point = readonly [minute: number, value: number]

/** What was kept of each sensor, the reading before the outage first, after so many minutes without a connection. */
export function outage(
    curves: readonly (readonly number[])[],
    minutes: number,
    policy: Policy
): Point[][] {
    const box = new Outbox(DEFAULT_SLOTS, curves.length, policy)
    for (let i = 1; i <= minutes; i++)
        curves.forEach((curve, s) => box.put(s, curve[i]!, i * MINUTE))
    const kept = curves.map((curve): Point[] => [[0, curve[0]!]])
    for (let i = 0; i < box.length; i++)
        kept[box.sensorAt(i)]!.push([
            box.takenAt(i) / MINUTE,
            box.valueAt(i) as number,
        ])
    return kept
}

export interface Errors {
    /** Readings that were kept. */
    kept: number
    /** Longest time between two, minutes. */
    gap: number
    /** Of the straight lines between them against every reading, shares of the range of the curve in the outage. */
    rms: number
    max: number
}

export function errors(
    curve: readonly number[],
    minutes: number,
    points: readonly Point[]
): Errors {
    let squares = 0
    let max = 0
    let gap = 0
    for (let n = 1; n < points.length; n++) {
        const [from, a] = points[n - 1]!
        const [to, b] = points[n]!
        gap = Math.max(gap, to - from)
        for (let i = from + 1; i <= to; i++) {
            const rebuilt = a + ((b - a) * (i - from)) / (to - from)
            const error = Math.abs(rebuilt - curve[i]!)
            squares += error ** 2
            max = Math.max(max, error)
        }
    }
    const read = curve.slice(1, minutes + 1)
    const range = Math.max(...read) - Math.min(...read)
    return {
        kept: points.length - 1,
        gap,
        rms: Math.sqrt(squares / minutes) / range,
        max: max / range,
    }
}
