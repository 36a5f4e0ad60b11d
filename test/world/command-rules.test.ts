// What a world asks of an actuator, told by hand what came, what was done and what gave way. Without a VM.
import type { IPublishPacket } from "mqtt-packet"
import { expect, test } from "vitest"
import { LAMP_TOPIC } from "../../sim/world/explore/board"
import { Ledger } from "../../sim/world/explore/breach"
import { CommandRules } from "../../sim/world/explore/command-rules"

/** A command with QoS 1 whose value is `n`. */
const command = (n: number): IPublishPacket => ({
    cmd: "publish",
    topic: LAMP_TOPIC,
    payload: String(n),
    qos: 1,
    messageId: n + 1,
    dup: false,
    retain: false,
})

/** Rules, and as many commands as are asked for: one a ms from 0 on, with QoS 1, each acknowledged at once. */
function flood(commands: number) {
    const ledger = new Ledger(() => 0)
    const rules = new CommandRules(ledger)
    for (let n = 0; n < commands; n++) {
        rules.received(n, command(n))
        rules.acknowledged(n, n + 1)
    }
    return {
        rules,
        /** Rules broken so far. */
        broken: () => ledger.breaches.map(({ detail }) => detail),
    }
}

test("of a flood as many may stay undone as gave way, whichever they were", () => {
    const { rules, broken } = flood(12)
    for (let n = 0; n < 4; n++) rules.overtaken(12)
    // the node did 0 and 1 before the third came, and 6 to 11 of what was left
    for (const n of [0, 1, 6, 7, 8, 9, 10, 11]) rules.acted(String(n))
    rules.check(1000)
    expect(broken()).toEqual([])
})

test("one more undone than gave way is a breach", () => {
    const { rules, broken } = flood(12)
    for (let n = 0; n < 4; n++) rules.overtaken(12)
    for (const n of [0, 1, 6, 7, 8, 9, 10]) rules.acted(String(n))
    rules.check(1000)
    expect(broken()).toEqual(["11 should have been done 959 ms ago"])
})

test("what gave way excuses nothing that comes later", () => {
    const { rules, broken } = flood(6)
    rules.overtaken(6)
    for (const n of [0, 2, 3, 4, 5]) rules.acted(String(n))
    rules.received(40, command(40))
    rules.acknowledged(40, 41)
    rules.acted("1")
    rules.check(1000)
    expect(broken()).toEqual(["40 should have been done 930 ms ago"])
})

test("none gives way while no more have come than may wait", () => {
    const { rules, broken } = flood(4)
    rules.overtaken(4)
    expect(broken()).toEqual(["one was given up when 4 had come"])
})

test("a power cut excuses no more than gave way either", () => {
    const { rules, broken } = flood(6)
    rules.overtaken(6)
    for (const n of [0, 2, 3, 4]) rules.acted(String(n))
    rules.stopped()
    expect(broken()).toEqual([
        "5 was acknowledged and not done when the power went",
    ])
})
