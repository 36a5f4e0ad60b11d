// When a sensor is sampled: on a grid of its interval whose phase follows from what the sensor is called, so that a fleet
// that is switched on at once does not sample, and publish, in step. Pure: the clock is handed in.
//
// The grid is the moments `phase + k * interval` of the monotonic clock, which runs from power on and goes on when only the
// program restarts: a sensor keeps its grid over a crash, and finds its place in it again after a power cut.

/**
 * A sensor that can be read gives its first reading this long after the start at the latest, in ms: somebody who plugs in
 * a board with an interval of an hour wants to see that it works.
 */
export const FIRST_READING = 2000

/**
 * The phase of a sensor, in whole ms from 0 to `interval - 1`: the same at every start, and evenly spread over devices
 * and over the sensors of one device.
 * @param interval whole ms, 1 to 86,400,000
 */
export function phaseOf(
    deviceId: string,
    sensorId: string,
    interval: number
): number {
    // no id has a slash, so "a" + "bc" and "ab" + "c" are two texts
    const text = deviceId + "/" + sensorId
    // FNV-1a on the characters; only 32-bit operations
    let h = 0x811c9dc5 | 0
    for (let i = 0; i < text.length; i++)
        h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    // MurmurHash3's finalizer but for its last shift: without it t1 and t2 of one device would always be 1 or 3 parts in
    // 256 apart
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b | 0)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35 | 0)
    // as a fraction of the interval and not by a remainder: h is signed, and `%` is not to be trusted in this VM. 0.5 makes
    // the fraction of a signed h one from 0 to 1.
    return Math.floor((h / 4294967296 + 0.5) * interval)
}

/**
 * The first moment of the grid after `after`, in whole ms: when to sample next. Moments that went by during a hold-up are
 * not made up for, and the grid is not moved.
 * @param after ms of the monotonic clock: the moment the last sample was due, or now if that is later
 */
export function nextSample(
    phase: number,
    interval: number,
    after: number
): number {
    return phase + (Math.floor((after - phase) / interval) + 1) * interval
}

/**
 * The moment of the first sample, in whole ms:
 * - that of the grid, if one lies from `earliest` to 2 s after the start;
 * - else an early one between the two, at the place in that time that the phase has in its interval, so that a fleet
 *   that is switched on at once does not give its first readings in step either. The grid follows it: its next moment comes
 *   within one interval, and may come soon.
 * @param now the start, ms of the monotonic clock
 * @param earliest ms after the start before which there is nothing to read (a role is bound within 1,500); from 2,000 on
 * that is the moment of the first sample
 */
export function firstSample(
    phase: number,
    interval: number,
    now: number,
    earliest: number
): number {
    const from = Math.ceil(now + earliest)
    const room = Math.max(0, Math.floor(now + FIRST_READING) - from)
    const due = nextSample(phase, interval, from - 1)
    if (due <= from + room) return due
    return from + Math.floor((phase / interval) * (room + 1))
}
