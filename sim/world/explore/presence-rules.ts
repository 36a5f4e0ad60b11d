// What a node owes its status: whatever else is said there while it is connected is answered with `up`. Times are ms of the
// world.
import type { IPublishPacket } from "mqtt-packet"
import { STATUS_TOPIC } from "./board"
import type { Ledger } from "./breach"

/** ms until the answer: at most one a second (ANSWER_GAP in src/node/presence.ts), and a handler before it that waits 1 s. */
const ANSWER = 2_500

export class PresenceRules {
    /** When the first word that is not answered was heard. */
    private strayAt: number | undefined
    /** Identifiers of our own words that are not acknowledged. */
    private readonly saying = new Set<number>()

    constructor(private readonly ledger: Ledger) {}

    heard(now: number, { topic, payload, retain }: IPublishPacket): void {
        const text = payload.toString()
        if (topic !== STATUS_TOPIC || text === "up") return
        // what was kept there is about to be replaced, or is our own from before a sleep
        if (this.saying.size > 0 || (retain && text === "sleeping")) return
        this.strayAt ??= now
    }

    said(packet: IPublishPacket): void {
        if (packet.topic !== STATUS_TOPIC) return
        this.saying.add(packet.messageId ?? 0)
        this.strayAt = undefined
    }

    acknowledged(id: number): void {
        this.saying.delete(id)
    }

    /** The connection is over, or the node stops: `up` is said with the next. */
    over(): void {
        this.strayAt = undefined
        this.saying.clear()
    }

    /** A write was refused: the answer takes as long as that. */
    excuse(now: number): void {
        if (this.strayAt !== undefined) this.strayAt = now
    }

    check(now: number): void {
        const at = this.strayAt
        this.ledger.hold(
            at === undefined || now - at <= ANSWER,
            "a stray word on the status is answered",
            () => `none for ${now - at!} ms`
        )
    }
}
