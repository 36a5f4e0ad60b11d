// A reading's way from its sensor to the broker: at once while all is well, else through the outbox, oldest first.
//
// Order: a reading is handed to the session only when none waits in the outbox, so each sensor's readings go out in the
// order they were taken. Rate: after an outage the outbox is emptied at 20 messages a second, with at most 4
// unacknowledged. So a reading taken while it is being emptied is late by at most
//     slots x the larger of 50 ms and a quarter of a round trip and 50 ms
// which is 3.2 s with 64 slots and any round trip below 200 ms. What is older than 2 s when it goes out says when it was
// taken; one that is repeated after a reconnect says so too, though it was fresh when it was first sent: see `restamp`.

import * as ds from "@devicescript/core"
import {
    Message,
    MQTTClient,
    MQTTState,
    Outcome,
    outcomeName,
} from "../mqtt/index"
import { Accounts } from "./accounts"
import { Dialect, latePayload, livePayload } from "./dialect"
import { Outbox } from "./outbox"
import { numberText, valueText } from "./value"

/** Readings in the session at once. */
const WINDOW = 4

/** What the session may have in flight: readings, and beside them room for presence, subscriptions and answers to commands. */
export const SESSION_WINDOW = 8

/** Between two messages out of the outbox, in ms. */
const GAP = 50

/** A reading is fresh for so long, in ms: time comes from whole seconds, and a broker's round trip is far less. */
const FRESH = 2000

/** The drain looks again after this long, in ms, though nobody woke it: a floor under lost wake-ups. */
const LOOK_AGAIN = 60000

/**
 * What a delivery asks of whatever knows what time it is. All that is about times is behind it, so that a node without one
 * has none of it in its image.
 */
export interface WallTime {
    /** The wall time of a moment in ms since 1970, or undefined while it is not known. */
    timeAt: (moment: number) => number | undefined
    /** A late reading's payload; both times in ms. */
    late: (
        dialect: Dialect,
        value: string,
        moment: number,
        age: number
    ) => string
    /** Sends the oldest readings of a sensor in one message, where the dialect has such. False when it has not. */
    sendBacklog: (delivery: Delivery) => boolean
    /** Readings of the run before are put where they belong, once time is known. */
    place: (delivery: Delivery, now: number) => void
}

/** What a delivery needs to know of a sensor. */
export interface Origin {
    readonly topic: string
    readonly topicBytes: Buffer
    readonly precision: number
    readonly index: number
}

/** A reading, or a batch of them, on its way to the broker. */
export class Reading extends Message {
    /** Of a batch: the readings in it. */
    texts?: string[] = undefined
    times?: number[] = undefined

    constructor(
        topic: Buffer,
        bytes: Buffer,
        public delivery: Delivery,
        public origin: Origin,
        public text: string,
        public moment: number,
        public count: number
    ) {
        super(topic, bytes, delivery.qos, false, readingSettled)
    }
}

/**
 * A reading's message has ended. One function for all readings: a closure for each would cost two allocations on the hot
 * path, a method of the delivery one. For the same reason its lines are printed here, each in one go: see report.ts.
 */
function readingSettled(m: Message, outcome: Outcome) {
    const r = m as Reading
    const delivery = r.delivery
    // what a stop leaves stays where it is: in flight
    if (outcome === Outcome.Stopped) {
        delivery.left.push(r)
        return
    }
    const accounts = delivery.accounts
    const topic = r.origin.topic
    const n = r.count
    accounts.inflight -= n
    if (outcome === Outcome.Delivered || outcome === Outcome.Downgraded) {
        if (r.qos === 0) accounts.sent += n
        else accounts.acked += n
        const ms = Math.round(ds.millis() - r.sentAt)
        console.log(
            "node: acked topic=" +
                topic +
                " value=" +
                r.text +
                " qos=" +
                r.qos +
                " ms=" +
                ms
        )
    } else {
        if (outcome === Outcome.Parked) accounts.parked += n
        else if (outcome === Outcome.Full) accounts.full += n
        else accounts.lost += n
        console.log(
            "node: dropped topic=" +
                topic +
                " value=" +
                r.text +
                " reason=" +
                outcomeName(outcome)
        )
    }
}

/** @devsWhenUsed */
export class Delivery {
    /** Knows what time it is, where a board has such. */
    wall?: WallTime = undefined
    /** The node's sensors, by index. */
    readonly origins: Origin[] = []
    /** What a stop has left unacknowledged, oldest first. */
    readonly left: Reading[] = []
    /** What the wall clock would have said at moment 0 if all went as planned; 0 when nobody can say. */
    wallThen = 0
    private fiber?: ds.Fiber
    private resting = false

    constructor(
        public readonly client: MQTTClient,
        public readonly box: Outbox,
        public readonly accounts: Accounts,
        public readonly qos: number,
        public readonly dialect: Dialect
    ) {}

    /** Takes a value that its sensor's filter let through. */
    put(origin: Origin, value: number | boolean | string, at: number) {
        if (this.client.readyState === MQTTState.Connected)
            if (this.box.length === 0) {
                if (!this.full()) {
                    this.send(origin, value, at, true)
                    return
                }
                // what is in flight may be no reading, whose end would wake the drain; it runs when this fiber rests
                this.wake()
            }
        this.box.put(origin.index, value, at)
    }

    /** Enough is in flight: the session would keep a reading back, and send it later and as fresh as it is now. */
    private full(): boolean {
        if (this.accounts.inflight >= WINDOW) return true
        const session = this.client.session
        return session.inflight.length + session.waiting() >= SESSION_WINDOW
    }

    /** There may be something to do: a connection, or a reading that waits although there is one. */
    wake() {
        if (!this.resting) return
        this.resting = false
        if (this.fiber.suspended) this.fiber.resume(undefined)
    }

    /** Empties the outbox whenever that is possible. Never returns. */
    async drain() {
        this.fiber = ds.Fiber.self()
        while (true) {
            let ready = this.client.readyState === MQTTState.Connected
            if (this.box.length === 0) ready = false
            if (ready) {
                if (!this.full()) this.sendOldest()
                await ds.sleep(GAP)
            } else {
                this.resting = true
                await ds.suspend(LOOK_AGAIN)
                this.resting = false
            }
        }
    }

    /**
     * With each CONNACK, before anything is written: what was sent as fresh and will be repeated says when it was taken. A deliberate choice: MQTT
     * 3.1.1 repeats a PUBLISH with its identifier and DUP, and a fresh reading repeated as it was an hour later would
     * pass off an old value as the present one. No broker compares payloads.
     */
    restamp() {
        const session = this.client.session
        const now = ds.millis()
        if (this.wall) this.wall.place(this, now)
        for (const list of [session.inflight, session.queue])
            for (const m of list)
                if (m instanceof Reading)
                    if (m.count === 1)
                        m.payload = this.bytes(m.text, m.moment, now)
    }

    private send(
        origin: Origin,
        value: number | boolean | string,
        at: number,
        fresh: boolean
    ) {
        const text =
            typeof value === "number"
                ? numberText(value, origin.precision)
                : valueText(value, origin.precision)
        if (text === undefined) {
            this.accounts.invalid++
            return
        }
        const bytes = fresh
            ? Buffer.from('{"value":' + text + "}")
            : this.bytes(text, at, ds.millis())
        this.accounts.inflight++
        this.client.send(
            new Reading(origin.topicBytes, bytes, this, origin, text, at, 1)
        )
    }

    private bytes(text: string, at: number, now: number): Buffer {
        const age = now - at
        let payload = livePayload(text)
        if (age >= FRESH)
            payload = this.wall
                ? this.wall.late(this.dialect, text, at, age)
                : latePayload(text, age)
        return Buffer.from(payload)
    }

    private sendOldest() {
        const box = this.box
        if (this.wall) if (this.wall.sendBacklog(this)) return
        const origin = this.origins[box.sensorAt(0)] as Origin
        const value = box.valueAt(0)
        const at = box.takenAt(0)
        box.drop(0)
        this.send(origin, value, at, false)
    }
}
