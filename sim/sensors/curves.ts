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

/** A slow wave around `middle`. */
export function wave(middle: number, height: number, periodMs: number): Curve {
    return t => middle + height * Math.sin((2 * Math.PI * t) / periodMs)
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
            return () => 0
    }
}
