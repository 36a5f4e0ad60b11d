// Turns the signals that end a program into two requests: stop, and cut. Knows nothing of what is stopped.

/**
 * ms in which a further signal counts as the same key press: Ctrl-C reaches every process of the terminal, and npm and tsx
 * each hand it on once more.
 */
const SAME_PRESS_MS = 400
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Calls `stop` at the first signal and `cut` at each later one. @returns takes the handlers off again */
export function onInterrupt(
    stop: (signal: string) => void,
    cut: (signal: string) => void
): () => void {
    let first: number | undefined
    const handler = (signal: string) => {
        // A monotonic clock: the time of day may be set back between two key presses.
        const now = performance.now()
        if (first === undefined) {
            first = now
            stop(signal)
        } else if (now - first > SAME_PRESS_MS) {
            cut(signal)
        }
    }
    for (const signal of SIGNALS) process.on(signal, handler)
    return () => {
        for (const signal of SIGNALS) process.off(signal, handler)
    }
}
