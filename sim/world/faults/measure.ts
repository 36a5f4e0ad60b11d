// Lives through one fault and says what it did to a firmware. One way of measuring for all rows and firmwares: everything is
// taken from what the broker, the console and the status topic recorded. Knows no fault by name.
import { World } from "../world"
import {
    COUNT_LINE,
    COUNT_TOPIC,
    COUNTER_STATUS,
    FRAIL_INTERVAL,
    FRAIL_ROLE,
    FRAIL_TOPIC,
    INTERVAL,
    type Firmware,
} from "./boards"
import { givenUp, LAW_LINE, LAW_MS, lawFault } from "./law"
import type { FaultRow, Scene } from "./row"

/** ms until the fault begins: past the first 10 s, after which a connection counts as having held, and off the beat. */
const BEFORE = 20_403
/** ms for which values and truth have to stay before the watch ends; the backlog comes meanwhile. */
const SETTLE = 30_000
/** ms a value may be on its way when the watch ends. */
const UNDER_WAY = 5_000
/** ms between two looks whether the watch can end. */
const LOOK = 100
/** ms between two statements of the law at most: its interval, and a tick that the VM may be late. */
const LAW_GAP = LAW_MS + 10

/** What a fault did. Times in ms; Infinity: not within the watch. */
export interface Figures {
    /** From its begin to the first word of trouble. */
    noticed: number
    /** From its end to the next value at the broker. */
    again: number
    /** Values that never came to the broker, those included that a program did not take because it did not run. */
    lost: number
    /** Arrivals beyond the first of a value. */
    duplicated: number
    /** Readings given up, by reason, as the firmware accounts for them. */
    dropped: Record<string, number>
    /** For how long the retained status was wrong at a stretch, from its end on. */
    status: number
    /** Restarts of the program or the chip, each panic counted once. */
    restarts: number
    /** Values that were taken and had not arrived, at the most at one time. */
    held: number
    /** What is wrong with the conservation of readings; undefined when nothing is, "n/a" when it is not stated. */
    law: string | undefined
    /** ms of virtual time lived through. */
    lived: number
}

/**
 * @param limit ms after the end of the fault for which the firmware is watched at most
 * @param chip hexadecimal digit, the luck of the chip: waits before a new connection are drawn by it
 */
export async function measure(
    row: FaultRow,
    firmware: Firmware,
    limit: number,
    chip = "1"
): Promise<Figures> {
    const world = new World()
    try {
        const node = await world.node({
            program: firmware.program(),
            deviceId: chip.repeat(16),
        })
        const { broker } = world
        await world.advance(BEFORE)
        await node.sensors.ready(FRAIL_ROLE)
        if (broker.retainedNow(COUNTER_STATUS) !== "up")
            throw new Error(`${firmware.name} was not up after ${BEFORE} ms`)
        const begin = world.now
        const heal = row.inject({ world, broker, node })
        await world.advance(row.lasts ?? 0)
        if (heal) heal()
        const end = world.now
        const upAtEnd = broker.retainedNow(COUNTER_STATUS) === "up"
        const story = { scene: { world, broker, node }, begin, end, upAtEnd }
        const back = () => again(row, story) + truth(story) < Infinity
        const most = end + limit
        for (let since = end; world.now < most; await world.advance(LOOK)) {
            if (!back()) since = world.now
            if (world.now - since >= SETTLE + (row.longer ?? 0)) break
        }
        return figures(row, firmware, story)
    } finally {
        world.stop()
    }
}

/** Of several lives the worst in each column. */
export function worst(lives: readonly Figures[]): Figures {
    const most = (of: (life: Figures) => number) => Math.max(...lives.map(of))
    const dropped: Record<string, number> = {}
    for (const life of lives)
        for (const [reason, count] of Object.entries(life.dropped))
            dropped[reason] = Math.max(dropped[reason] ?? 0, count)
    const laws = lives.map(({ law }) => law)
    return {
        noticed: most(life => life.noticed),
        again: most(life => life.again),
        lost: most(life => life.lost),
        duplicated: most(life => life.duplicated),
        dropped,
        status: most(life => life.status),
        restarts: most(life => life.restarts),
        held: most(life => life.held),
        law: laws.find(law => law !== undefined),
        lived: lives.reduce((all, { lived }) => all + lived, 0),
    }
}

/** What was lived through. */
interface Story {
    scene: Scene
    begin: number
    end: number
    /** Whether the status was right when the fault ended. */
    upAtEnd: boolean
}

function figures(row: FaultRow, firmware: Firmware, story: Story): Figures {
    const { scene, begin } = story
    const { lines } = scene.node
    const noticed = lines.find(
        ({ at, text }) =>
            at >= begin && (firmware.notices(text) || text.startsWith("! "))
    )
    const last = lines.findLast(({ text }) => text.startsWith(LAW_LINE))
    const restarts = lines.filter(({ text }) =>
        /^! (panic|restart|trapped)/.test(text)
    ).length
    return {
        noticed: noticed ? noticed.at - begin : Infinity,
        again: again(row, story),
        dropped: last ? givenUp(last.text) : {},
        status: truth(story),
        restarts,
        law: firmware.accounts ? law(story) : "n/a",
        lived: scene.world.now,
        ...values(story),
    }
}

/** A pause of more than this many intervals is one in which nothing is published. */
const PAUSE = 2.5

/** From the end of the fault to the end of the last pause after it. */
function again({ frail }: FaultRow, { scene, end }: Story): number {
    const { world, broker } = scene
    const pause = PAUSE * (frail ? FRAIL_INTERVAL : INTERVAL)
    const after = broker
        .published(frail ? FRAIL_TOPIC : COUNT_TOPIC)
        .map(({ at }) => at)
        .filter(at => at > end)
    let last = end
    let back: number | undefined
    for (const at of after) {
        if (at - last > pause) back = at
        back ??= at
        last = at
    }
    if (back === undefined || world.now - last > pause) return Infinity
    return back - end
}

/** The longest time at a stretch for which the status was wrong after the end of the fault. */
function truth({ scene, end, upAtEnd }: Story): number {
    const later = scene.broker
        .statusHistory(COUNTER_STATUS)
        .filter(({ at }) => at >= end)
    let wrongSince = upAtEnd ? undefined : end
    let longest = 0
    for (const { at, payload } of later)
        if (payload !== "up") wrongSince ??= at
        else if (wrongSince !== undefined) {
            longest = Math.max(longest, at - wrongSince)
            wrongSince = undefined
        }
    return wrongSince === undefined ? longest : Infinity
}

/** What became of the values that the sensor gave. */
function values({ scene }: Story) {
    const { world, broker, node } = scene
    const taken = node.lines
        .filter(({ text }) => text.startsWith(COUNT_LINE))
        .map(({ at, text }) => ({ at, n: text.slice(COUNT_LINE.length) }))
    const arrivals = broker.published(COUNT_TOPIC).map(({ at, payload }) => ({
        at,
        n: String((JSON.parse(payload) as { value: number }).value),
    }))
    const came = new Set(arrivals.map(({ n }) => n))
    const until = world.now - UNDER_WAY
    // a program that does not run takes none
    const times = [...taken.map(({ at }) => at), world.now]
    const missed = times
        .slice(1)
        .map((at, i) =>
            Math.max(0, Math.round((at - times[i]!) / INTERVAL) - 1)
        )
        .reduce((all, n) => all + n, 0)
    return {
        lost:
            missed +
            taken.filter(({ at, n }) => at < until && !came.has(n)).length,
        duplicated: arrivals.length - came.size,
        held: most(taken, arrivals),
    }
}

interface Seen {
    at: number
    n: string
}

/** Of the values taken, how many had not arrived, at the most at one time. */
function most(taken: readonly Seen[], arrivals: readonly Seen[]): number {
    const waiting = new Set<string>()
    const came = new Set<string>()
    let next = 0
    let held = 0
    for (const { at, n } of taken) {
        for (; next < arrivals.length && arrivals[next]!.at < at; next++) {
            waiting.delete(arrivals[next]!.n)
            came.add(arrivals[next]!.n)
        }
        if (!came.has(n)) waiting.add(n)
        held = Math.max(held, waiting.size)
    }
    return held
}

function law({ scene }: Story): string | undefined {
    const stated = scene.node.lines.filter(({ text }) =>
        text.startsWith(LAW_LINE)
    )
    for (const { at, text } of stated) {
        const fault = lawFault(text)
        if (fault !== undefined) return `at ${at} ms: ${fault}`
    }
    // one that is missing is a failure too
    const times = [...stated.map(({ at }) => at), scene.world.now]
    const gap = times.findIndex((at, i) => at - (times[i - 1] ?? at) > LAW_GAP)
    if (stated.length === 0) return "not stated"
    return gap < 0 ? undefined : `not stated before ${times[gap]} ms`
}
