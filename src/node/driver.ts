// A sensor whose driver may fail to start: not plugged in, wrong address, loose wire. The platform's drivers throw then,
// which would keep the node from starting; here it starts without, says so, and tries again.

import * as ds from "@devicescript/core"
import { BOUND_WITHIN, Readable, Source } from "./source"
import { report } from "./report"

/** ms between two tries to start a driver: a person who plugs a sensor in waits about as long. */
const AGAIN = 30000

/** ms between two looks for the first value. */
const LOOK = 100

/**
 * A driver and its roles.
 * @devsWhenUsed
 */
export class Driver<T> {
    private roles?: T = undefined
    private why = ""

    /**
     * @param name of the hardware, for the console
     * @param begin starts the driver, e.g. `async () => await startSHT30()`
     */
    constructor(
        private name: string,
        private begin: () => ds.AsyncValue<T>
    ) {}

    /** Starts it, or goes on trying every 30 s. Never throws. */
    async start() {
        if (!(await this.attempt())) this.retry.start()
    }

    /**
     * For `read` of a sensor: a register of the driver's roles, which is at fault while the driver has not started.
     * @param register picks it
     */
    reads(register: (roles: T) => ds.Register<number>): Readable {
        const self = this
        let source: Source = undefined
        let until = 0
        const listen = () => {
            source = new Source(register(self.roles))
            until = ds.millis() + BOUND_WITHIN
        }
        if (this.roles !== undefined) listen()
        return async () => {
            if (self.roles === undefined) throw new Error(self.why)
            if (source === undefined) listen()
            let value = await source.value()
            // a role that was made just now is not bound yet
            while (value === undefined && ds.millis() < until) {
                await ds.sleep(LOOK)
                value = await source.value()
            }
            return value
        }
    }

    private async retry() {
        await ds.sleep(AGAIN)
        while (!(await this.attempt())) await ds.sleep(AGAIN)
    }

    private async attempt(): Promise<boolean> {
        try {
            this.roles = await this.begin()
            return true
        } catch (e) {
            const why = e instanceof Error ? e.message : "threw"
            if (why !== this.why)
                report("fault text=driver " + this.name + ": " + why)
            this.why = why
            return false
        }
    }
}
