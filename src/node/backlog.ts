// What only a node that knows what time it is does with readings that waited: batches for WaziGate, and readings of the run
// before put at the time they were taken. Linked where a board has a clock, see WallTime in delivery.ts.

import {
    backlogCount,
    backlogPayload,
    backlogTopic,
    Dialect,
    payload,
} from "./dialect"
import { Delivery, Origin, Reading, WallTime } from "./delivery"
import { valueText } from "./value"

/** Bytes of a batch: with its topic well below what a Pico W can send at once, and a sixtieth of a heap. */
const BATCH_BYTES = 1024

/** Readings looked at for a batch: more do not fit in its bytes. */
const BATCH = 24

/** WaziGate takes stamped readings of one sensor as an array. False when there are fewer than two of them. */
export function sendBatch(delivery: Delivery, wall: WallTime): boolean {
    const dialect = delivery.dialect
    if (dialect !== Dialect.WaziGate) return false
    const box = delivery.box
    const s = box.sensorAt(0)
    const origin = delivery.origins[s] as Origin
    const parts: string[] = []
    const texts: string[] = []
    const times: number[] = []
    const places: number[] = []
    for (let i = 0; i < box.length; i++) {
        if (box.sensorAt(i) !== s) continue
        const text = valueText(box.valueAt(i), origin.precision)
        const moment = box.takenAt(i)
        const taken = wall.timeAt(moment)
        if (text === undefined) break
        if (taken === undefined) break
        parts.push(payload(dialect, text, taken, undefined))
        texts.push(text)
        times.push(moment)
        places.push(i)
        if (parts.length === BATCH) break
    }
    const count = backlogCount(parts, BATCH_BYTES)
    if (count < 2) return false
    const oldest = box.takenAt(0)
    for (let i = count - 1; i >= 0; i--) box.drop(places[i] as number)
    delivery.accounts.inflight += count
    const batch = new Reading(
        Buffer.from(backlogTopic(origin.topic)),
        Buffer.from(backlogPayload(parts, count)),
        delivery,
        origin,
        "batch-of-" + count,
        oldest,
        count
    )
    batch.texts = texts
    batch.times = times
    delivery.client.send(batch)
    return true
}

/** Readings of the run before were taken at their wall time, however long the chip was dark. */
export function placeKept(delivery: Delivery, wall: WallTime, now: number) {
    if (delivery.wallThen <= 0) return
    const today = wall.timeAt(now)
    if (today === undefined) return
    delivery.box.shift(delivery.wallThen + now - today)
    delivery.wallThen = 0
}
