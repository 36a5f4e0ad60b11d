// What is asked of the actuator: a command that is acknowledged was handed over, and a fresh one is done. Times are ms of the
// world.
import type { IPublishPacket } from "mqtt-packet"
import { LAMP_TOPIC } from "./board"
import type { Ledger } from "./breach"

/** ms from the acknowledgement to the act: both are in one look of the VM, and the act may be in the next. */
const DONE = 30
/** ms from the arrival of a command with QoS 0, for which there is no acknowledgement: two looks, and a busy program. */
const HEARD = 300
/** Commands that wait for one actuator (MAX_WAITING in src/node/actuators.ts). */
const WAITING = 4
const RULE = "what is acknowledged is handed over"

interface Command {
    value: string
    /** When it came. */
    at: number
    /** undefined: QoS 0. */
    id: number | undefined
    /** When it must have been done. */
    by: number | undefined
}

export class CommandRules {
    private pending: Command[] = []
    /** When commands came, those of the last moment. */
    private arrivals: number[] = []
    /** When commands gave way of which it is not known yet which they were: the node says no more than that one did. */
    private gaveWay: number[] = []

    constructor(private readonly ledger: Ledger) {}

    received(now: number, packet: IPublishPacket): void {
        const value = packet.payload.toString()
        if (packet.topic !== LAMP_TOPIC || !/^\d{1,7}$/.test(value)) return
        this.arrivals = [...this.arrivals.filter(at => now - at <= HEARD), now]
        // done only when it asks for another state than the present one
        if (packet.dup || packet.retain) return
        const id = packet.qos === 0 ? undefined : packet.messageId
        const by = packet.qos === 0 ? now + HEARD : undefined
        this.pending.push({ value, at: now, id, by })
    }

    acknowledged(now: number, id: number): void {
        for (const command of this.pending)
            if (command.id === id) command.by ??= now + DONE
    }

    acted(value: string): void {
        const at = this.pending.findIndex(c => c.value === value)
        if (at >= 0) this.pending.splice(at, 1)
        this.settle()
    }

    /** One of those that wait has given way to a newer one. */
    overtaken(now: number): void {
        this.ledger.hold(
            this.arrivals.length > WAITING,
            `${WAITING} commands may wait for an actuator`,
            () => `one was given up when ${this.arrivals.length} had come`
        )
        this.gaveWay.push(now)
        this.settle()
    }

    /** The connection is over: what was not acknowledged may be forgotten. */
    ended(): void {
        this.pending = this.pending.filter(({ by }) => by !== undefined)
        this.settle()
    }

    /** The chip has no power, or the program ends. */
    stopped(): void {
        for (const command of this.pending)
            this.ledger.hold(
                command.by === undefined ||
                    command.id === undefined ||
                    this.excused(command),
                RULE,
                () =>
                    `${command.value} was acknowledged and not done when the power went`
            )
        this.pending = []
        this.settle()
    }

    check(now: number): void {
        const late = this.pending.filter(
            ({ by }) => by !== undefined && now > by
        )
        for (const command of this.pending)
            this.ledger.hold(
                !late.includes(command) || this.excused(command),
                RULE,
                () =>
                    `${command.value} should have been done ${now - command.by!} ms ago`
            )
        if (late.length === 0) return
        this.pending = this.pending.filter(command => !late.includes(command))
        this.settle()
    }

    /** It is one of those that gave way: one that had come by then, and each excuses one. */
    private excused({ at }: Command): boolean {
        const i = this.gaveWay.findIndex(gave => gave >= at)
        if (i >= 0) this.gaveWay.splice(i, 1)
        return i >= 0
    }

    /** What gave way excuses none that comes later. */
    private settle(): void {
        if (this.pending.length === 0) this.gaveWay = []
    }
}
