// Every interleaving of connect, break, resume, publish, acknowledge and repeat that a small session can see.
// MQTT_EXPLORE=full explores more, for minutes.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { full, line, slice, type Space } from "./exploration"
import { installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const more = process.env.MQTT_EXPLORE === "full"
/** ms; the spaces of `full` take minutes each. */
const LIMIT = more ? 3_600_000 : 180_000

const spaces = (kind: keyof typeof slice): Space[] =>
    more ? [...slice[kind], ...full[kind]] : slice[kind]

function holds({ name, explore }: Space) {
    const report = explore()
    console.log(line(name, report))
    expect(report.violations).toEqual([])
    expect(report.complete).toBe(true)
    expect(report.states).toBeGreaterThan(5000)
}

describe("in every reachable state", () => {
    it.each(spaces("out"))(
        "messages out have identifiers, DUP, order and an end as their QoS demands: $name [MQTT-2.3.1-2] [MQTT-2.3.1-3] [MQTT-3.3.1-1] [MQTT-4.1.0-1] [MQTT-4.1.0-2] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-4.6.0-4]",
        holds,
        LIMIT
    )

    it.each(spaces("in"))(
        "messages in are handed over as their QoS demands and answered in order: $name [MQTT-4.1.0-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT-4.5.0-2] [MQTT-4.6.0-2] [MQTT-4.6.0-3]",
        holds,
        LIMIT
    )

    it.each(spaces("subscriptions"))(
        "the broker's subscriptions become the application's: $name [MQTT-2.3.1-2] [MQTT-3.1.2-4] [MQTT-3.1.2-6]",
        holds,
        LIMIT
    )
})
