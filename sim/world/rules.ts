// What happens to chosen packets between a broker and its clients: dropped, held back until released, or late. Knows
// neither the broker nor the bytes.
import type { Packet, PacketCmd } from "mqtt-packet"
import type { Clock } from "../vm"

/** `in`: from a client to the broker; `out`: from the broker to a client. */
export type Way = "in" | "out"

/** Which packets a rule is for; what is left out does not matter. */
export interface Chosen {
    way: Way
    cmd: PacketCmd
    client?: string
    when?: (packet: Packet) => boolean
    /** The first it applies to, counted from 1 since the rule was made. Default 1. */
    from?: number
    /** To how many it applies, 1 or more. Default: all that come. */
    count?: number
    /** What else happens to each of them. */
    also?: (packet: Packet) => void
    /** `end` leaves it in force. */
    forever?: boolean
}

/** Packets a rule holds back at most; a test that holds more has forgotten to release them. */
const MAX_HELD = 1_000

type Deed = (rule: Rule, go: () => void) => void

/** One rule, in force until `off` or until its count is used up. */
export class Rule {
    /** Packets it was for, those before `from` included. */
    seen = 0
    /** Packets it was applied to. */
    hits = 0
    private readonly held: (() => void)[] = []
    private over = false

    /** @internal use PacketRules */
    constructor(
        private readonly chosen: Chosen,
        private readonly deed: Deed
    ) {}

    /** From now on it applies to nothing. What it holds it keeps. */
    off(): void {
        this.over = true
    }

    /** Ends it, and lets go of what it holds, in order. */
    release(): void {
        this.off()
        for (const go of this.held.splice(0)) go()
    }

    get forever(): boolean {
        return this.chosen.forever === true
    }

    /** @internal */
    hold(go: () => void): void {
        if (this.held.length === MAX_HELD)
            throw new Error(`a rule holds ${MAX_HELD} packets back already`)
        this.held.push(go)
    }

    /** @internal @returns whether it has dealt with the packet */
    apply(way: Way, client: string, packet: Packet, go: () => void): boolean {
        const { chosen } = this
        const { from = 1, count = Infinity } = chosen
        if (this.over || this.hits >= count) return false
        if (chosen.way !== way || chosen.cmd !== packet.cmd) return false
        if (chosen.client !== undefined && chosen.client !== client)
            return false
        if (chosen.when && !chosen.when(packet)) return false
        this.seen++
        if (this.seen < from) return false
        this.hits++
        this.deed(this, go)
        chosen.also?.(packet)
        return true
    }
}

/** The rules of one broker. Of those that are for a packet the oldest deals with it. */
export class PacketRules {
    private readonly rules: Rule[] = []

    constructor(private readonly clock: Clock) {}

    /** They vanish. */
    drop(chosen: Chosen): Rule {
        return this.add(chosen, () => {})
    }

    /** They wait for `release`, at most 1,000. Others overtake them. */
    hold(chosen: Chosen): Rule {
        return this.add(chosen, (rule, go) => rule.hold(go))
    }

    /** They are `ms` late, at least 1. Others overtake them. */
    delay(chosen: Chosen, ms: number): Rule {
        return this.add(chosen, (_rule, go) => {
            this.clock.setTimeout(go, ms)
        })
    }

    /** They come twice, the second `ms` later, at least 1; 0: at once. */
    twice(chosen: Chosen, ms = 0): Rule {
        return this.add(chosen, (_rule, go) => {
            go()
            if (ms === 0) go()
            else this.clock.setTimeout(go, ms)
        })
    }

    /** Each is late by its own time, at least 1 ms and up to `ms`, so that they overtake each other. */
    shuffle(chosen: Chosen, ms: number, random: () => number): Rule {
        return this.add(chosen, (_rule, go) => {
            this.clock.setTimeout(go, 1 + Math.floor(random() * ms))
        })
    }

    /** Does what the rules say with a packet; without one, `go` at once. */
    pass(way: Way, client: string, packet: Packet, go: () => void): void {
        const dealt = this.rules.some(rule =>
            rule.apply(way, client, packet, go)
        )
        if (!dealt) go()
    }

    /** Whether there is one that `end` leaves in force. */
    get lasting(): boolean {
        return this.rules.some(({ forever }) => forever)
    }

    /** Ends all that are not for ever, and lets go of what they hold. */
    end(): void {
        for (const rule of this.rules.splice(0))
            if (rule.forever) this.rules.push(rule)
            else rule.release()
    }

    private add(chosen: Chosen, deed: Deed): Rule {
        const rule = new Rule(chosen, deed)
        this.rules.push(rule)
        return rule
    }
}
