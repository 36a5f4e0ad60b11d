// Where a sensor's value comes from: a Jacdac register or a function. Neither may block the others.

import * as ds from "@devicescript/core"
import { Reason } from "./health"

export type Value = number | boolean | string

/** A register of a role (`new ds.Temperature().reading`), or a function that gives the value now. */
export type Readable =
    | ds.Register<number>
    | ds.Register<boolean>
    | (() => ds.AsyncValue<Value | undefined>)

/**
 * A register's value older than this, in ms, is no longer the sensor's. A role is unbound 2.2 s after the
 * last packet of its server, and a live one streams at least every 500 ms.
 */
const FRESH = 2500

/** A role is bound within this time, in ms after the start. */
export const BOUND_WITHIN = 1500

/** The newest value of a source; undefined while there is none or it is stale. */
export class Source {
    /** Why the last `value` was none: nothing was ever heard of it, it fell silent, or the function gave nothing. */
    why = Reason.Unbound
    /** ms after the start before which there is nothing to read. */
    readonly earliest: number
    private last: Value
    private at = -1
    private register?: ds.Register<Value>
    private call?: () => ds.AsyncValue<Value | undefined>

    constructor(from: Readable) {
        if (typeof from === "function") {
            this.call = from as () => ds.AsyncValue<Value | undefined>
            this.earliest = 0
            this.why = Reason.Nan
            return
        }
        this.earliest = BOUND_WITHIN
        // not register.read(): on a role that is not bound it would wait for ever
        this.register = from as ds.Register<Value>
        const self = this
        this.register.subscribe(value => {
            self.last = value
            self.at = ds.millis()
        })
    }

    /** The value now. May throw what the function throws. */
    async value(): Promise<Value | undefined> {
        if (!this.register) return await this.call()
        if (this.at < 0) return undefined
        if (ds.millis() - this.at <= FRESH) return this.last
        this.why = Reason.Stale
        return undefined
    }
}
