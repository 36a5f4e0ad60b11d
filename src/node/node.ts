// A sensor node: session, presence and sensors put together. How it begins is in start.ts.

import * as ds from "@devicescript/core"
import { diagnosticsTopic, readingTopic, statusTopic } from "../config/topics"
import { MQTTClient, MQTTState, Parking } from "../mqtt/index"
import { Accounts } from "./accounts"
import { Boots } from "./boots"
import { Delivery, SESSION_WINDOW } from "./delivery"
import { Diagnostics } from "./diagnostics"
import { keepReadings, restoreKept, Stored } from "./kept"
import { dialectOf, NodeOptions, TimeSource } from "./options"
import { DEFAULT_SLOTS, Outbox, Policy } from "./outbox"
import { phaseOf } from "./phase"
import { DOWN, Presence, UP } from "./presence"
import { report, reportFault } from "./report"
import { Sensor } from "./sensor"
import { restartAt } from "./uptime"

/**
 * How long a clean stop waits for the broker to acknowledge `down` and the readings before it, in ms. The
 * rig cuts the VM after 10 s, and closing takes up to 1 s of them.
 */
const STOP_LIMIT = 8000

/** What of it is left for `down` however much waits in the outbox, in ms: several round trips. */
const FAREWELL = 3000

/** A reading without an acknowledgement on so many connections is given up for those behind it. */
const PARK_AFTER = 3

/** How often what has no moment of its own is looked after, in ms. */
const ROUND = 10000

/**
 * What a board may add to its node and other boards do without: only what a board file makes is linked into its image.
 * A board hands it over in `parts`, where `start` is called once, before the first connection. It may subscribe and start
 * fibers, must not wait, and may throw nothing but a ConfigError.
 */
export interface NodePart {
    start: (node: Node) => void
    /** What it adds to the diagnostics, a member of a JSON object: `"actuators":{...}`. */
    tell?: () => string
}

/**
 * A running node.
 * @devsWhenUsed
 */
export class Node {
    readonly client: MQTTClient
    /** The device's id; its topics begin with `devices/<device>/`. */
    readonly device: string
    /** The topic of its presence. */
    readonly status: string
    readonly sensors: Sensor[] = []
    readonly delivery: Delivery
    readonly diagnostics: Diagnostics
    /** Parts that have more to say now, one message after the other: a node that would sleep waits for them. */
    busy = 0
    private counts: Accounts
    private time?: TimeSource = undefined
    private presence: Presence
    private fibers: ds.Fiber[] = []
    private stopped = false
    private configuration: number
    private restartAt: number

    /**
     * @param o checked already
     * @param kept the readings that the run before has left
     */
    constructor(
        o: NodeOptions,
        public readonly boots: Boots,
        kept: Stored[]
    ) {
        const device = o.device
        this.device = device
        const status = o.status ?? statusTopic(device)
        this.status = status
        const broker = o.broker ?? {}
        this.client = new MQTTClient({
            host: broker.host ?? "127.0.0.1",
            port: broker.port,
            proto: broker.proto ?? "tcp",
            username: broker.username,
            password: broker.password,
            clientId: device,
            keepAlive: o.keepAlive,
            cleanSession: o.cleanSession === true,
            will: { topic: status, message: DOWN, qos: 1, retain: true },
            window: SESSION_WINDOW,
            maxPacket: o.maxPacket,
        })
        new Parking(this.client.session, PARK_AFTER)
        this.presence = new Presence(this.client, Buffer.from(status))
        const box = new Outbox(
            o.slots ?? DEFAULT_SLOTS,
            o.sensors.length,
            o.policy === "drop-oldest" ? Policy.DropOldest : Policy.Thin
        )
        this.counts = new Accounts(box)
        this.delivery = new Delivery(
            this.client,
            box,
            this.counts,
            o.qos ?? 1,
            dialectOf(o)
        )
        this.time = o.time
        this.delivery.wall = o.time
        let described = ""
        const ids: string[] = []
        for (const s of o.sensors) {
            const sensor = new Sensor(
                device,
                s,
                this.sensors.length,
                readingTopic(device, s.id),
                this.counts,
                this.delivery
            )
            ids.push(s.id)
            described += s.id + sensor.interval + "/"
            this.sensors.push(sensor)
            this.delivery.origins.push(sensor)
            this.fibers.push(sensor.run.start())
        }
        this.configuration = phaseOf(device, described + broker.host, 1000000)
        this.restartAt = restartAt(device, o.restartAfter)
        restoreKept(kept, boots, this.delivery, this.counts, this.configuration)
        this.diagnostics = new Diagnostics(
            this.client,
            Buffer.from(diagnosticsTopic(device)),
            (o.diagnostics ?? 10) * 60000,
            this.configuration,
            this.counts,
            this.presence,
            this.sensors,
            boots
        )
        report(
            "boot board=" +
                o.board +
                " device=" +
                device +
                " client=" +
                device +
                " keepalive=" +
                (o.keepAlive ?? 60) +
                " sensors=" +
                ids.join(",") +
                " version=" +
                ds._dcfgString("@version")
        )
        const diagnostics = this.diagnostics
        this.presence.isUp = () => diagnostics.say(ds.millis())
        const port = broker.port ?? (broker.proto === "tls" ? 8883 : 1883)
        this.observe(broker.host ?? "127.0.0.1", port)
        if (o.parts) {
            this.diagnostics.parts = o.parts
            for (const part of o.parts) part.start(this)
        }
        this.delivery.drain.start()
        this.fibers.push(this.rounds.start())
        this.presence.watch.start(status)
        this.client.launch()
    }

    /** What became of the readings, as `read=12 filtered=0 queued=0 ...`: see accounts.ts. */
    accounts(): string {
        return this.counts.text("", "=", " ")
    }

    private async rounds() {
        while (true) {
            const now = ds.millis()
            // in a fiber of its own: a stop ends this one
            if (now >= this.restartAt) this.restart.start("uptime")
            for (const sensor of this.sensors) sensor.check(now)
            this.diagnostics.check(now)
            this.boots.check(now)
            await ds.sleep(ROUND)
        }
    }

    /** Stops as `stop` does, keeps what waits in the flash, and restarts the chip. @param why one word */
    async restart(why: string) {
        if (this.stopped) return
        await this.stop()
        await this.keep(why, 0)
        ds.reboot()
    }

    /** After a stop: keeps in the flash what could not be sent. @param dark ms for which the chip will be without a clock */
    async keep(why: string, dark: number) {
        await keepReadings(
            this.delivery,
            this.boots,
            this.configuration,
            why,
            dark
        )
    }

    /** No more readings. */
    quiet() {
        const fibers = this.fibers
        this.fibers = []
        for (const f of fibers) f.terminate()
    }

    /** Nothing waits to be sent or acknowledged. */
    drained(): boolean {
        if (this.busy > 0) return false
        return this.delivery.box.length === 0 && this.client.session.idle()
    }

    /**
     * Stops cleanly: no more readings, what waits is sent, `down` is said and acknowledged, then DISCONNECT.
     * When the broker does not answer within 8 s the connection is closed without DISCONNECT, so that the
     * broker says `down` itself; but with it when another word than `down` was to be said.
     * @param word what to say
     * @param limit ms for the broker's answer
     */
    async stop(word: string = DOWN, limit: number = STOP_LIMIT) {
        if (this.stopped) return
        this.stopped = true
        report("stopping")
        this.quiet()
        if (this.time) this.time.cancel()
        const until = ds.millis() + limit
        const { box, accounts } = this.delivery
        while (
            this.client.readyState === MQTTState.Connected &&
            box.length + accounts.inflight > 0 &&
            ds.millis() < until - FAREWELL
        )
            await ds.sleep(10)
        this.presence.say(word)
        while (!this.client.session.idle() && ds.millis() < until)
            await ds.sleep(10)
        let clean = this.presence.said()
        if (word !== DOWN) clean = true
        await this.client.stop(0, clean)
        if (!clean)
            report("fault text=the broker did not answer: its will says down")
        report("stopped")
    }

    private observe(host: string, port: number) {
        const self = this
        this.client.observer = {
            connecting: async attempt => {
                report(
                    "connecting host=" +
                        host +
                        " port=" +
                        port +
                        " attempt=" +
                        attempt
                )
                if (self.time) await self.time.refresh()
            },
            connected: (present, ms) => {
                // not earlier: a connection may have taken a minute to come about
                self.delivery.restamp()
                report(
                    "connected present=" +
                        (present ? 1 : 0) +
                        " ms=" +
                        Math.round(ms)
                )
                if (!self.stopped) self.presence.say(UP)
                self.diagnostics.connected(ds.millis())
                self.delivery.wake()
            },
            lost: (error: Error | undefined, ms) => {
                const why = error ? error.message : "unknown"
                report("lost ms=" + Math.round(ms) + " text=" + why)
                self.diagnostics.lost(why, ds.millis())
            },
            retry: ms => report("retry ms=" + ms),
            fault: error => reportFault("session", error),
        }
    }
}
