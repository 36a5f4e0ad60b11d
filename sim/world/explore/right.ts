// Whether the world is right: what must be true a stated time after the last fault. Knows nothing of what the faults were.
import {
    COUNT_TOPIC,
    DEVICE,
    LAMP_STATE_TOPIC,
    LAMP_TOPIC,
    STATUS_TOPIC,
    SUBSCRIPTIONS,
} from "./board"
import type { Scene } from "./kind"
import type { Witness } from "./witness"

/**
 * ms after the last fault within which the world is right. The longest that a node takes, all at once: 60 s for a connection
 * that nobody answers, 60 s to the next try, 20 s for an acknowledgement that does not come, 3.2 s for what waits in the
 * outbox; and a broker has 30 s to notice that a connection is dead which it was not to look after before.
 */
export const RIGHT_WITHIN = 150_000
/** ms for which it then has to stay so; the latest will comes 20 s after a connection of 15 s is held to be dead. */
export const STEADY = 45_000
/** ms that a reading may be on its way. */
const UNDER_WAY = 4_000
/** ms between two values of TC, and of MOODY, and what they may be late. */
const TC_GAP = 5_500
const MOODY_GAP = 18_500
/** ms until a command is done and its state is published. */
const DONE = 2_500

/** What is not right now; empty when all is. */
export function wrongs(scene: Scene, witness: Witness): string[] {
    const { world, broker, node } = scene
    const { now } = world
    const wrong: string[] = []
    const say = (bad: boolean, what: () => string) => {
        if (bad) wrong.push(what())
    }
    say(!node.powered, () => "the node has no power")
    const open = broker.connections.filter(
        ({ client, end, acceptedAt }) =>
            client === DEVICE && end === undefined && acceptedAt !== undefined
    )
    say(open.length !== 1, () => `${open.length} connections`)
    const status = broker.behaviour.retains
        ? broker.retainedNow(STATUS_TOPIC)
        : broker.published(STATUS_TOPIC).at(-1)?.payload
    say(status !== "up", () => `status ${status ?? "none"}`)
    const session = broker.session(DEVICE)
    for (const [filter, qos] of SUBSCRIPTIONS)
        say(
            session?.subscriptions.get(filter) !== qos,
            () => `no subscription to ${filter}`
        )
    const law = witness.readings.laws.at(-1)?.law ?? {}
    say((law["queued"] ?? 1) > 0, () => `${law["queued"]} readings wait`)
    for (const [sensor, gap] of [
        ["CNT", UNDER_WAY],
        ["TC", TC_GAP + UNDER_WAY],
        ["MOODY", MOODY_GAP + UNDER_WAY],
    ] as const) {
        const topic = COUNT_TOPIC.replace("CNT", sensor)
        const at = lastAt(scene, topic)
        say(now - at > gap, () => `no ${sensor} for ${now - at} ms`)
    }
    return wrong
}

/** When a topic was last published to. */
function lastAt({ broker }: Scene, topic: string): number {
    return broker.history.findLast(entry => entry.topic === topic)?.at ?? 0
}

/** What is missing of all that was read, when the world is right; empty when nothing is. */
export function losses(
    scene: Scene,
    { readings }: Witness,
    arrived: ReadonlySet<number>
): string[] {
    const until = scene.world.now - UNDER_WAY
    const missing = [...readings.taken].filter(
        ([value, at]) => at < until && !arrived.has(value)
    )
    let given = readings.excused
    for (const { law } of readings.laws)
        for (const why of ["full", "thinned", "parked", "lost", "invalid"])
            given += law[why] ?? 0
    // one that the broker never acknowledges is not given up yet
    given += readings.laws.at(-1)?.law["inflight"] ?? 0
    const silent = missing.filter(([value]) => !readings.dropped.has(value))
    if (missing.length <= given) return []
    return [
        `${missing.length} readings are missing and ${given} accounted for: ${silent
            .slice(0, 5)
            .map(([value]) => value)
            .join(", ")}`,
    ]
}

/** Asks for something and sees that it is done, answered, and done once. */
export async function obeys(scene: Scene): Promise<string[]> {
    const { world, broker, node } = scene
    const asked = String(9_000_000 + (world.now % 900_000))
    const lines = node.lines.length
    broker.publish(LAMP_TOPIC, asked, { qos: 1 })
    await world.advance(DONE)
    const acts = node.lines
        .slice(lines)
        .filter(({ text }) => text === `act ${asked}`).length
    const states = broker
        .published(LAMP_STATE_TOPIC)
        .filter(({ payload }) => payload === `{"value":${asked}}`)
    const wrong: string[] = []
    if (acts !== 1) wrong.push(`a command was done ${acts} times`)
    if (states.length === 0) wrong.push("its state was not published")
    return wrong
}
