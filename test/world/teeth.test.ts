// The world catches firmware that is broken on purpose: a few ways of breaking it, each with a short schedule that shows it.
// `npm run teeth` tries all of them on the schedules of seeds.
import { expect, test } from "vitest"
import {
    exploredBoard,
    live,
    parseScript,
    type Script,
} from "../../sim/world/explore"
import { bite, mutated, MUTANTS } from "../../sim/world/teeth"

const script = (...lines: string[]): { name: string; script: Script } => ({
    name: "short",
    script: parseScript(lines.join("\n")),
})

const HALF_OPEN = script("4 silence way=down for 8", "11 reset", "end 12")
const FORGOTTEN = script("5 forgotten", "end 5")
const STRAY = script("5 stray-down retained=yes text=down", "end 5")
const OUTAGE = script("5 broker-down memory=lost how=fin for 20", "end 25")
const ASKED = script("5 ask count=1 qos=1 retain=no", "end 5")

test.each([
    ["forgets DUP", HALF_OPEN, /before a new reading/],
    ["does not look for PINGRESP", FORGOTTEN, /silent for a keep alive/],
    ["never answers a stray down", STRAY, /stray word on the status/],
    ["does not draw its waits", OUTAGE, /waits are drawn/],
    ["acknowledges before it hands over", ASKED, /handed over/],
    ["empties the outbox from the newest", OUTAGE, /in the order/],
])("%s", async (name, schedule, rule) => {
    const mutant = MUTANTS.find(mutant => mutant.name === name)!
    const caught = await bite(mutant, [schedule])
    expect(caught?.breach.rule).toMatch(rule)
})

test.each([
    ["half open", HALF_OPEN],
    ["forgotten", FORGOTTEN],
    ["a stray down", STRAY],
    ["an outage", OUTAGE],
    ["a command", ASKED],
])("firmware that is whole gets through: %s", async (_, { script }) => {
    expect((await live(script, exploredBoard())).breaches).toEqual([])
})

test("each way of breaking the firmware is one: its text is in the source once", () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(15)
    const names = new Set(MUTANTS.map(({ name }) => name))
    expect(names.size).toBe(MUTANTS.length)
    for (const mutant of MUTANTS) mutated(mutant)
    const gone = { ...MUTANTS[0]!, from: "no such text" }
    expect(() => mutated(gone)).toThrow("0 times in")
})
