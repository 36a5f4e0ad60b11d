// Wills that a broker publishes later than it should. Knows nothing of their messages.
import type { Clock } from "../vm"

export class PendingWills {
    private readonly timers = new Map<unknown, string>()

    constructor(private readonly clock: Clock) {}

    /** Calls `publish` after `ms`, at once for 0. */
    after(ms: number, client: string, publish: () => void): void {
        if (ms === 0) return publish()
        const timer: unknown = this.clock.setTimeout(() => {
            this.timers.delete(timer)
            publish()
        }, ms)
        this.timers.set(timer, client)
    }

    /** Those of a client will not come. */
    forget(client: string): void {
        for (const [timer, of] of this.timers)
            if (of === client) this.cancel(timer)
    }

    /** None will come. */
    clear(): void {
        for (const timer of [...this.timers.keys()]) this.cancel(timer)
    }

    private cancel(timer: unknown): void {
        this.clock.clearTimeout(timer)
        this.timers.delete(timer)
    }
}
