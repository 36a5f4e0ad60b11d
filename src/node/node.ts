// A sensor node: settings, session, presence and sensors put together. What a board file starts.

import * as ds from "@devicescript/core"
import { Setting, setting, settingsReady } from "../config/settings"
import { readingTopic, statusTopic } from "../config/topics"
import { MQTTClient } from "../mqtt/index"
import { checkNode, NodeOptions } from "./options"
import { DOWN, Presence, UP } from "./presence"
import { report, reportFault } from "./report"
import { ReadingCounters, Sensor } from "./sensor"

/**
 * How long a clean stop waits for the broker to acknowledge `down` and the readings before it, in ms. The
 * rig cuts the VM after 10 s, and closing takes up to 1 s of them.
 */
const STOP_LIMIT = 8000

/** A running node. */
export class Node {
    readonly counters = new ReadingCounters()
    readonly client: MQTTClient
    private presence: Presence
    private fibers: ds.Fiber[] = []
    private stopped = false

    /** @param o checked here: throws ConfigError naming what is wrong */
    constructor(o: NodeOptions) {
        checkNode(o)
        const device = o.device
        const status = statusTopic(device)
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
        })
        this.presence = new Presence(this.client, Buffer.from(status))
        const ids: string[] = []
        for (const s of o.sensors) {
            ids.push(s.id)
            const sensor = new Sensor(
                s,
                readingTopic(device, s.id),
                o.qos ?? 1,
                this.counters,
                this.client
            )
            this.fibers.push(sensor.run.start())
        }
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
        this.observe(broker.host ?? "127.0.0.1", broker.port ?? 1883)
        this.presence.watch.start(status)
        this.client.launch()
    }

    /**
     * Stops cleanly: no more readings, what waits is sent, `down` is said and acknowledged, then DISCONNECT.
     * When the broker does not answer within 8 s the connection is closed without DISCONNECT, so that the
     * broker says `down` itself.
     */
    async stop() {
        if (this.stopped) return
        this.stopped = true
        report("stopping")
        for (const f of this.fibers) f.terminate()
        const until = ds.millis() + STOP_LIMIT
        this.presence.say(DOWN)
        while (!this.client.session.idle() && ds.millis() < until)
            await ds.sleep(10)
        const clean = this.presence.said()
        await this.client.stop(0, clean)
        if (!clean)
            report("fault text=the broker did not answer: its will says down")
        report("stopped")
    }

    private observe(host: string, port: number) {
        const self = this
        this.client.observer = {
            connecting: attempt =>
                report(
                    "connecting host=" +
                        host +
                        " port=" +
                        port +
                        " attempt=" +
                        attempt
                ),
            connected: (present, ms) => {
                report(
                    "connected present=" +
                        (present ? 1 : 0) +
                        " ms=" +
                        Math.round(ms)
                )
                if (!self.stopped) self.presence.say(UP)
            },
            lost: (error: Error | undefined, ms) =>
                report(
                    "lost ms=" +
                        Math.round(ms) +
                        " text=" +
                        (error ? error.message : "unknown")
                ),
            retry: ms => report("retry ms=" + ms),
            fault: error => reportFault("session", error),
        }
    }
}

/**
 * Starts a node: reads the settings of this board, which win over `options`, and runs until `stop`.
 * A mistake in either is reported on the console as `node: refused text=...` and thrown.
 */
export async function startNode(options: NodeOptions): Promise<Node> {
    await settingsReady()
    const broker = options.broker ?? {}
    const merged: NodeOptions = {
        board: options.board,
        sensors: options.sensors,
        keepAlive: options.keepAlive,
        cleanSession: options.cleanSession,
        qos: options.qos,
        device:
            (await setting<string>(Setting.DeviceId)) ??
            options.device ??
            ds.deviceIdentifier("self"),
        broker: {
            host: (await setting<string>(Setting.Host)) ?? broker.host,
            port: (await setting<number>(Setting.Port)) ?? broker.port,
            proto:
                (await setting<"tcp" | "tls">(Setting.Proto)) ?? broker.proto,
            username: (await setting<string>(Setting.User)) ?? broker.username,
            password:
                (await setting<string>(Setting.Password)) ?? broker.password,
        },
    }
    try {
        return new Node(merged)
    } catch (e) {
        report("refused text=" + (e as Error).message)
        throw e
    }
}
