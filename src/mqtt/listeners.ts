// Who is told of an event. Like the platform's emitter, of which it has `subscribe` and `emit`, but each
// handler is told every time, also while it still runs, and what it throws ends nothing but itself.

import * as ds from "@devicescript/core"

/** @devsWhenUsed */
export class Listeners<T> {
    handlers: ds.Handler<T>[] = []

    /** @param failed told what a handler throws; must not throw */
    constructor(private failed: (e: Error) => void) {}

    /** Adds a handler; the function returned takes it away. */
    subscribe(handler: ds.Handler<T>): ds.Unsubscribe {
        return this.add(handler)
    }

    /** As `subscribe`, for those who override it. */
    add(handler: ds.Handler<T>): ds.Unsubscribe {
        this.handlers.push(handler)
        const self = this
        return () => {
            const at = self.handlers.indexOf(handler)
            if (at >= 0) self.handlers.insert(at, -1)
        }
    }

    /** Starts every handler in a fiber of its own. */
    emit(value: T) {
        for (const handler of this.handlers) this.tell.start(handler, value)
    }

    /** Runs one handler to its end. Never throws. */
    async tell(handler: ds.Handler<T>, value: T) {
        try {
            await handler(value)
        } catch (e) {
            this.failed(e as Error)
        }
    }
}
