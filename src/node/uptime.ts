// When a chip restarts itself. DeviceScript counts a fiber's sleep in 32 bits of ms: one that sleeps while they wrap, 49.7
// days after the chip's start, sleeps for ever (microsoft/devicescript issue 307), and only a restart of the chip, not of
// the program, begins anew. Pure.

import { phaseOf } from "./phase"

/** Hours: 40 days. Its bounds in options.ts end at 45 days, so that the stop before it has days to spare. */
export const RESTART_AFTER = 960

/**
 * ms of the chip's clock at which this device restarts: in the last tenth of the time, each device at its own moment, so
 * that a fleet that was switched on at once does not go away at once.
 */
export function restartAt(device: string, hours: number | undefined): number {
    const age = (hours ?? RESTART_AFTER) * 3600000
    return age - phaseOf(device, "restart", Math.floor(age / 10))
}
