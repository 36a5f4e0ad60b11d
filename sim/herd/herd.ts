// A herd: many nodes, each a whole VM, lose their broker at one moment. It is away for a while and then lets in only so many
// connections a second. Measures how they come back. Knows no policy by name.
import { World } from "../world"
import { Door } from "./door"
import { herdProgram, type Policy } from "./policies"

export interface HerdOptions {
    /** Nodes. */
    nodes: number
    /** ms from the loss of the broker to its return. */
    away: number
    /** Connections a second that the broker lets in then. */
    rate: number
}

/** A moment after the loss of the broker. */
export interface Moment {
    /** Whole seconds since the loss. */
    second: number
    /** Connections asked for in that second. */
    connects: number
    /** Nodes connected at its end. */
    back: number
}

export interface HerdFigures {
    policy: string
    nodes: number
    /** s from the broker's return until so much of the herd was connected; undefined: not within the limit. */
    back: number | undefined
    /** Most connections asked for within one second, while the broker was away and after its return. */
    peakAway: number
    peakReturn: number
    /** Connections asked for from the loss on, and those refused because the queue was full. */
    connects: number
    refused: number
    story: Moment[]
    /** Virtual and real seconds it took. */
    virtual: number
    real: number
}

/** Connections that wait at a listener, as Mosquitto asks for. */
const BACKLOG = 100
/** The part of the herd that counts as back. */
const SHARE = 0.99
/** ms between two looks of a VM: ten times what it is, for a tenth of the time. */
const TICK = 100
/** ms between the starts of two nodes, so that none waits for another at the start. */
const STAGGER = 5
/** ms for which all are connected before the loss: more than the 10 s after which a connection counts as having held. */
const STEADY = 15_000
/** ms after the broker's return for which the herd is waited for. */
const LIMIT = 900_000
const SECOND = 1_000

/** @param progress called once a virtual second with the nodes connected */
export async function measureHerd(
    policy: Policy,
    options: HerdOptions,
    progress: (second: number, connected: number) => void = () => {}
): Promise<HerdFigures> {
    const begun = performance.now()
    const { nodes, away, rate } = options
    const world = new World({ host: "inside" })
    const door = new Door(world, {
        outside: "broker",
        inside: "inside",
        port: 1883,
        backlog: BACKLOG,
    })
    const connected = () =>
        world.broker.connections.filter(
            ({ acceptedAt, end }) =>
                acceptedAt !== undefined && end === undefined
        ).length
    try {
        const program = herdProgram(policy)
        for (let i = 1; i <= nodes; i++) {
            await world.node({
                program,
                settings: { DEVICE_ID: `H${i}` },
                tick: TICK,
                bus: false,
            })
            await world.advance(STAGGER)
        }
        await world.until(() => connected() === nodes, LIMIT, SECOND)
        await world.advance(STEADY)
        const loss = world.now
        const before = door.knocks.length
        door.close()
        world.broker.stop({ reset: true })
        const story: Moment[] = []
        let seen = before
        let back: number | undefined
        while (back === undefined && world.now < loss + away + LIMIT) {
            if (story.length * SECOND === away) {
                world.broker.run()
                door.open(rate)
            }
            await world.advance(loss + (story.length + 1) * SECOND - world.now)
            const moment = {
                second: story.length,
                connects: door.knocks.length - seen,
                back: connected(),
            }
            seen = door.knocks.length
            story.push(moment)
            progress(moment.second, moment.back)
            if (moment.back >= nodes * SHARE && story.length * SECOND > away)
                back = story.length - away / SECOND
        }
        const peak = (from: number, to: number) =>
            Math.max(0, ...story.slice(from, to).map(m => m.connects))
        return {
            policy: policy.name,
            nodes,
            back,
            peakAway: peak(0, away / SECOND),
            peakReturn: peak(away / SECOND, story.length),
            connects: door.knocks.length - before,
            refused: door.refused,
            story,
            virtual: world.now / SECOND,
            real: (performance.now() - begun) / 1_000,
        }
    } finally {
        world.stop()
    }
}
