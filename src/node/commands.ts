// Commands to the node itself, on devices/<device>/command, each answered on devices/<device>/command/ack. A node has them
// when its board hands over `new Commands()` as a part.
//
//   {"command":"report"}                                  every sensor reads and publishes now, and so do the diagnostics
//   {"command":"interval","sensor":"TC","ms":60000}       from now on and after a restart
//   {"command":"restart"}                                 stops cleanly, then the chip starts anew
//
// The answer is {"command":"report","ok":true} or {"command":"...","ok":false,"error":"..."}, with the `id` of the
// command, where that is a text or a whole number. It is published with QoS 1 and not retained.
//
// A restart that the broker kept (RETAIN) or may have sent before (DUP) is refused: a chip would restart for ever.

import * as ds from "@devicescript/core"
import { Setting } from "../config/keys"
import { keepSetting, setting } from "../config/settings"
import { commandAckTopic, commandTopic } from "../config/topics"
import { Message, MQTTMessage } from "../mqtt/index"
import { whole } from "../mqtt/options"
import { parseBody } from "./body"
import type { Node, NodePart } from "./node"
import { report } from "./report"
import type { Sensor } from "./sensor"
import { textJson, valueText } from "./value"

/** What an interval may be set to, in ms: what a board file may say. */
const SHORTEST = 100
const LONGEST = 86400000

/**
 * What commands may write to the flash: so many intervals at once, and one in so many ms on the average of the chip's
 * uptime. A record takes 120 bytes at most, two banks of 8,192 bytes bear 100,000 erasures each: 13 million records, which
 * are 4 years of somebody who sends as many as he can.
 */
const WRITES = 16
const WRITE_GAP = 10000

export interface CommandsOptions {
    /** Bounds of intervals, ms, 100 to 86,400,000, which are also the default. */
    minInterval?: number
    maxInterval?: number
}

interface Body {
    command: unknown
    sensor: unknown
    ms: unknown
    id: unknown
}

/** The commands of a node; its board hands them over as a part. */
export class Commands implements NodePart {
    private node: Node
    private topic: Buffer
    private shortest: number
    private longest: number
    private writes = 0
    private restored = false

    constructor(private options: CommandsOptions = {}) {}

    /** See NodePart. Throws ConfigError naming the bound that is none. */
    start(node: Node) {
        const o = this.options
        this.shortest = whole(
            "minInterval",
            o.minInterval,
            SHORTEST,
            SHORTEST,
            LONGEST
        )
        this.longest = whole(
            "maxInterval",
            o.maxInterval,
            LONGEST,
            this.shortest,
            LONGEST
        )
        this.node = node
        this.topic = Buffer.from(commandAckTopic(node.device))
        this.restore.start()
        const self = this
        node.client.listen.start(
            commandTopic(node.device),
            async (m: MQTTMessage) => await self.heard(m),
            1
        )
    }

    /** Intervals as they were set before the last restart. */
    private async restore() {
        for (const sensor of this.node.sensors) {
            const ms = await this.kept(sensor)
            if (this.allowed(ms)) sensor.every(ms)
        }
        this.restored = true
    }

    /** The interval in the flash; the id is beside it, for a board whose sensors were changed. */
    private async kept(sensor: Sensor): Promise<number | undefined> {
        const pair = await setting<unknown[]>(Setting.Interval + sensor.index)
        // whatever stands there: an exception here would end the program, at every start
        if (typeof pair !== "object") return undefined
        if (pair === null) return undefined
        return pair[0] === sensor.options.id ? (pair[1] as number) : undefined
    }

    private allowed(ms: unknown): boolean {
        if (typeof ms !== "number") return false
        if (Math.floor(ms) !== ms) return false
        return ms >= this.shortest && ms <= this.longest
    }

    /** Holds up other messages while a setting is written: 60 ms, and 1 s when the flash does not answer. */
    private async heard(m: MQTTMessage) {
        while (!this.restored) await ds.sleep(10)
        const parsed = parseBody(m.content)
        let error = "not JSON, or too long"
        let body = {} as Body
        if (typeof parsed === "object")
            if (parsed !== null) {
                body = parsed as Body
                error = await this.obey(body, m)
            }
        let text = "{"
        if (typeof body.command === "string")
            text += '"command":' + textJson(body.command) + ","
        const id = valueText(body.id as string, 0)
        if (id !== undefined) text += '"id":' + id + ","
        text += '"ok":' + (error === "")
        if (error !== "") text += ',"error":' + JSON.stringify(error)
        text += "}"
        report("command text=" + text)
        this.node.client.send(
            new Message(this.topic, Buffer.from(text), 1, false)
        )
        if (error === "")
            if (body.command === "restart") this.node.restart.start("command")
    }

    /** Why a command is refused; empty when it is done, but for the restart itself. */
    private async obey(body: Body, m: MQTTMessage): Promise<string> {
        switch (body.command) {
            case "report":
                for (const sensor of this.node.sensors) sensor.ask()
                this.node.diagnostics.say(ds.millis())
                return ""
            case "interval":
                return await this.interval(body)
            case "restart":
                if (m.dup) return "not fresh"
                return m.retain === 1 ? "not fresh" : ""
            default:
                return "unknown command"
        }
    }

    private async interval(body: Body): Promise<string> {
        for (const sensor of this.node.sensors) {
            if (sensor.options.id !== body.sensor) continue
            if (!this.allowed(body.ms)) return "ms is out of range"
            const ms = body.ms as number
            if (sensor.interval === ms) return ""
            if ((this.writes - WRITES) * WRITE_GAP > ds.millis())
                return "too often"
            this.writes++
            await keepSetting(
                Setting.Interval + sensor.index,
                JSON.stringify([sensor.options.id, ms])
            )
            if ((await this.kept(sensor)) !== ms) return "not kept"
            sensor.every(ms)
            return ""
        }
        return "unknown sensor"
    }
}
