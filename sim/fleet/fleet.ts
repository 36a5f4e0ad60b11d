// Many nodes in one process: starts them, takes power from some and gives it back, ends them, and says how they are. Knows
// nothing of brokers, of the command line and of what is printed.
import { setTimeout as pause } from "node:timers/promises"
import type { CompiledProgram } from "../vm"
import { Latency } from "./latency"
import { total, type Sums } from "./ledger"
import { Member } from "./member"

/**
 * Nodes on their way from power to `up` at once: a node starts in 1.5 s, and one that is kept from the processor for half a
 * second gives its settings up.
 */
const STARTING = 40
/** ms after which a node that is not up counts as one that takes longer, and makes room for the next. */
const START_MS = 10_000
/** ms between two looks at those that start; by how much it may come too late while there is processor left for more. */
const PACE_MS = 20
const LATE_MS = 30

/** ms that a node whose power was cut stays dark: long enough for its broker to say `down`. */
export const DARK_MS = 5_000

/** ms for nodes that were asked to stop: a node gives its broker 8 s. */
const STOP_MS = 10_000
/** ms more for each node: they stop one after the other as far as the processor goes. */
const STOP_EACH_MS = 20
/** ms between two looks at who has stopped. */
const LOOK_MS = 50

/** Mishaps that are kept with their text; all are counted. */
const MAX_TROUBLES = 20

export interface FleetOptions {
    program: CompiledProgram
    /** Ids of the nodes. */
    devices: readonly string[]
    /** ms between two looks of an idle VM, see clock.ts. */
    tick: number
    /** Where the broker is, as settings of a node. */
    settings: Record<string, unknown>
}

/** How the fleet is at a moment. */
export interface FleetFigures extends Sums {
    powered: number
    /** The broker has acknowledged their `up`. */
    up: number
    /** Seconds for which each was up, all together. */
    upSeconds: number
    /** Connections after each node's first of a start. */
    reconnects: number
    losses: number
    panics: number
    cuts: number
}

export class Fleet {
    readonly members: Member[]
    /** Times of acknowledgements since the start, and since whoever looked cleared them. */
    readonly all = new Latency()
    readonly recent = new Latency()
    /** What went wrong, the first of it. */
    readonly troubles: string[] = []
    troubleCount = 0
    #ending = false
    readonly #dark = new Set<NodeJS.Timeout>()

    constructor({ devices, ...options }: FleetOptions) {
        const making = {
            ...options,
            latency: (ms: number) => {
                this.all.add(ms)
                this.recent.add(ms)
            },
            trouble: (device: string, text: string) =>
                this.#trouble(`${device}: ${text}`),
        }
        this.members = devices.map(device => new Member(device, making))
    }

    /** Turns the power of all on, as many at once as the processor bears. */
    start(): Promise<void> {
        return this.#power(this.members)
    }

    /** Nodes whose `up` the broker has acknowledged. */
    get up(): number {
        return this.members.filter(({ up }) => up).length
    }

    figures(): FleetFigures {
        const { members } = this
        const count = (is: (member: Member) => boolean) =>
            members.filter(is).length
        const sum = (of: (member: Member) => number) =>
            members.reduce((n, member) => n + of(member), 0)
        return {
            powered: count(({ powered }) => powered),
            up: this.up,
            upSeconds: sum(({ upFor }) => upFor) / 1_000,
            reconnects: sum(({ reconnects }) => reconnects),
            losses: sum(({ losses }) => losses),
            panics: sum(({ panics }) => panics),
            cuts: sum(({ cuts }) => cuts),
            ...total(members.map(({ ledger }) => ledger)),
        }
    }

    /**
     * Takes the power of so many nodes, chosen at random, and gives it back 5 s later.
     * @returns how many
     */
    kill(nodes: number): number {
        const powered = this.members.filter(member => member.powered)
        const chosen = shuffled(powered).slice(0, nodes)
        for (const member of chosen) member.cut()
        const timer = setTimeout(() => {
            this.#dark.delete(timer)
            void this.#power(chosen)
        }, DARK_MS)
        this.#dark.add(timer)
        return chosen.length
    }

    /** Waits until all nodes have stopped, which somebody has to ask them for, and cuts those that do not. @returns how many it cut */
    async stopped(): Promise<number> {
        this.end()
        const until =
            performance.now() + STOP_MS + STOP_EACH_MS * this.members.length
        const running = () =>
            this.members.filter(({ powered, stopped }) => powered && !stopped)
        while (running().length > 0 && performance.now() < until)
            await pause(LOOK_MS)
        const late = running()
        for (const member of late) member.cut()
        for (const member of this.members) member.remove()
        return late.length
    }

    /** No node is given power any more. */
    end(): void {
        this.#ending = true
        for (const timer of this.#dark) clearTimeout(timer)
        this.#dark.clear()
    }

    /** Cuts the power of all. */
    cut(): void {
        this.end()
        for (const member of this.members) member.cut()
    }

    async #power(members: readonly Member[]): Promise<void> {
        const starting = new Map<Member, number>()
        for (const member of members) {
            for (;;) {
                const now = performance.now()
                for (const [each, since] of starting)
                    if (each.up || now - since > START_MS) starting.delete(each)
                const late = await this.#late()
                if (this.#ending) return
                if (starting.size < STARTING && late < LATE_MS) break
            }
            if (member.powered) continue
            await member.power()
            starting.set(member, performance.now())
        }
    }

    /** How much later than it should this goes on after a moment, in ms. */
    async #late(): Promise<number> {
        const due = performance.now() + PACE_MS
        await pause(PACE_MS)
        return performance.now() - due
    }

    #trouble(text: string): void {
        this.troubleCount++
        if (this.troubles.length < MAX_TROUBLES) this.troubles.push(text)
    }
}

function shuffled<T>(list: readonly T[]): T[] {
    const mixed = [...list]
    for (let i = mixed.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1))
        ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
    }
    return mixed
}
