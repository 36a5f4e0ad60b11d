// What simulated sensors measure: functions of time, the same each run. Pure.

/** A value at `t` ms after the board's start, in the service's own unit. */
export type Curve = (t: number) => number

/** Jacdac service classes that have a curve of their own; the others stay at 0. */
export const SERVICE = {
    temperature: 0x1421bac7,
    humidity: 0x16c810b8,
    lightLevel: 0x17dc9a1c,
    button: 0x1473a263,
    switch: 0x1ad29402,
} as const

export function constant(value: number): Curve {
    return () => value
}

/** A slow wave around `middle`. */
export function wave(middle: number, height: number, periodMs: number): Curve {
    return t => middle + height * Math.sin((2 * Math.PI * t) / periodMs)
}

/**
 * One value after the other: `steps([[0, 20], [5000, 30]])` is 20 for 5 s and 30 from then on.
 * @param points ms and value, in the order of time; the first value also holds before it
 */
export function steps(points: readonly (readonly [number, number])[]): Curve {
    return t => {
        let value = points[0]?.[1] ?? 0
        for (const [from, next] of points) if (t >= from) value = next
        return value
    }
}

/** A curve with an error of up to `height` either way that looks random and is the same each run. */
export function noisy(curve: Curve, height: number, seed = 1): Curve {
    return t => curve(t) + height * (2 * noise(Math.floor(t), seed) - 1)
}

/** The default curves: a room whose day lasts ten minutes, so that a person sees values move. */
export function defaultCurve(serviceClass: number): Curve {
    switch (serviceClass) {
        case SERVICE.temperature:
            return wave(21.5, 3, 600_000)
        case SERVICE.humidity:
            return wave(48, 9, 420_000)
        case SERVICE.lightLevel:
            return wave(0.5, 0.4, 180_000)
        default:
            return constant(0)
    }
}

/** A number from 0 up to 1 that depends on both arguments in no visible way. */
function noise(t: number, seed: number): number {
    let x = (Math.imul(t, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) >>> 0
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}
