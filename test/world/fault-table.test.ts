// What the fault table is made of besides the measuring: the law of conservation, the worst of several lives, the text.
import { describe, expect, test } from "vitest"
import {
    faultTable,
    givenUp,
    lawFault,
    time,
    worst,
    type Figures,
} from "../../sim/world/faults"

const LAW =
    "law read=12 filtered=1 queued=2 inflight=1 acked=3 sent=0 full=1 thinned=1 parked=1 toobig=1 invalid=1 faults=4"

describe("the law: all that was read is in one place", () => {
    test("it is kept when the places add up", () => {
        expect(lawFault(LAW)).toBeUndefined()
    })

    test.each(["filtered", "queued", "inflight", "acked", "thinned", "parked"])(
        "one more in %s breaks it",
        key => {
            const line = LAW.replace(
                new RegExp(`${key}=(\\d)`),
                (_, n) => `${key}=${Number(n) + 1}`
            )
            expect(lawFault(line)).toBe("read=12, found 13")
        }
    )

    test("a place that only this node knows counts too", () => {
        expect(lawFault(LAW + " lost=0")).toBeUndefined()
        expect(lawFault(LAW + " lost=1")).toBe("read=12, found 13")
    })

    test.each([
        ["a place is missing", LAW.replace("sent=0 ", ""), "sent is missing"],
        ["the faults are", LAW.replace(" faults=4", ""), "faults is missing"],
        ["what was read is", LAW.replace("read=12 ", ""), "read is missing"],
        ["it is cut", LAW.slice(0, 60), "faults is missing"],
        ["a count is none", LAW.replace("=12", "=NaN"), "read is NaN"],
        ["a count is negative", LAW.replace("t=0", "t=-1"), "sent is -1"],
    ])("%s", (_, line, fault) => {
        expect(lawFault(line)).toBe(fault)
    })
})

test("what was given up is told by reason", () => {
    expect(givenUp(LAW)).toEqual({
        full: 1,
        thinned: 1,
        parked: 1,
        toobig: 1,
        invalid: 1,
    })
    expect(givenUp("law read=1 full=0 thinned=0 acked=1")).toEqual({})
})

const FIGURES: Figures = {
    noticed: 7,
    again: 608,
    lost: 0,
    duplicated: 2,
    dropped: { full: 3 },
    status: 0,
    restarts: 0,
    held: 1,
    law: undefined,
    lived: 50_000,
}

test("of several lives the worst figure of each column counts", () => {
    const other: Figures = {
        ...FIGURES,
        again: Infinity,
        lost: 4,
        duplicated: 0,
        dropped: { full: 1, parked: 1 },
        law: "at 7 ms: read=1, found 2",
    }
    expect(worst([FIGURES, other, FIGURES])).toEqual({
        ...FIGURES,
        again: Infinity,
        lost: 4,
        dropped: { full: 3, parked: 1 },
        law: "at 7 ms: read=1, found 2",
        lived: 150_000,
    })
})

test.each([
    [0, "0"],
    [7, "7 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [59_960, "60.0 s"],
    [Infinity, "never"],
])("%d ms is %s", (ms, text) => {
    expect(time(ms)).toBe(text)
})

test("the table has a group of columns for each firmware, numbers to the right", () => {
    const silent = { ...FIGURES, dropped: {}, law: "n/a", noticed: Infinity }
    const lines = faultTable(
        [
            { name: "FIN", lasts: 0, figures: [FIGURES, silent] },
            {
                name: "silent link",
                lasts: 30_000,
                figures: [{ ...FIGURES, again: 12_345 }, silent],
            },
        ],
        ["ours", "stock"]
    )
    expect(lines).toEqual([
        "                   | ours                                                 | stock",
        "                   |                                                      |",
        "fault        lasts | noticed  again lost twice status panics dropped  law | noticed  again lost twice status panics",
        "FIN              0 |    7 ms 608 ms    0     2      0      0  3 full kept |       - 608 ms    0     2      0      0",
        "silent link 30.0 s |    7 ms 12.3 s    0     2      0      0  3 full kept |       - 608 ms    0     2      0      0",
    ])
})
