// What a device can do: commands on devices/<device>/actuators/<id>/value, each checked, done, and answered with the state
// that came of it on devices/<device>/actuators/<id>/state. Both are {"value":x}; a command may also be x alone, as
// WaziGate hands on what it was given.
//
// The state is published with QoS 1 and not retained: it is what a command led to, and nobody would take it back when the
// power fails. Of a register it is what it reads afterwards, as far as that differs from what was written.
//
// A command that the broker kept (RETAIN) or may have sent before (DUP) is done only when it asks for another state than
// the present one, which is what the register reads or else what was done last; a fresh one is always done. Each actuator
// has a fiber and a queue of its own, so that one that hangs or throws holds up neither the others nor the session.

import * as ds from "@devicescript/core"
import { bounded } from "../config/bounded"
import { idFault } from "../config/ids"
import {
    ACTUATOR_VALUE,
    actuatorStateTopic,
    actuatorsTopic,
} from "../config/topics"
import { ConfigError, Message, MQTTClient, MQTTMessage } from "../mqtt/index"
import { Kind, MAX_NUMBER, parseBody, valueFault } from "./body"
import type { Node, NodePart } from "./node"
import { checkId } from "./options"
import { report, reportFault } from "./report"
import type { Value } from "./source"
import { valueText } from "./value"

/** What does it: a register that is written, e.g. `new ds.Relay().enabled`, or a function. */
export type Actable =
    | ds.Register<number>
    | ds.Register<boolean>
    | ds.Register<string>
    | ((value: number) => ds.AsyncVoid)
    | ((value: boolean) => ds.AsyncVoid)
    | ((value: string) => ds.AsyncVoid)

/** An actuator of a board. */
export interface ActuatorOptions {
    /** A topic level: 1 to 64 letters, digits, `_`, `-`, `.`. */
    id: string
    act: Actable
    /** Default "number". Nothing else is taken for it: 1 is not true. */
    type?: Kind
    /** Bounds of a number, themselves allowed; default and widest -9,007,199,254 and 9,007,199,254. */
    min?: number
    max?: number
    /** The state at the start, if that is known; of a register it is read. */
    state?: Value
}

/** An act that is not done after this long, in ms, is given up: a valve or a slow servo takes a few seconds. */
const ACT_LIMIT = 10000

/** Commands that wait for one actuator; the oldest gives way, since the newest says what is wanted. */
const MAX_WAITING = 4

/** Two readings of a register nearer to each other are the same: the coarsest ones have 8 bits for 0 to 1. */
const RESOLUTION = 1 / 256

/** Most decimals of a state. */
const DECIMALS = 6

interface Command {
    value: Value
    /** Not fresh. */
    again: boolean
}

class Actuator {
    private topic: Buffer
    private waiting: Command[] = []
    private busy = false
    /** As far as it is known. */
    private state?: Value = undefined
    private register?: ds.Register<Value> = undefined
    private kind: Kind
    private min: number
    private max: number

    constructor(
        private owner: Actuators,
        private options: ActuatorOptions,
        device: string
    ) {
        this.topic = Buffer.from(actuatorStateTopic(device, options.id))
        this.state = options.state
        this.kind = options.type ?? "number"
        this.min = options.min ?? -MAX_NUMBER
        this.max = options.max ?? MAX_NUMBER
        if (typeof options.act !== "function")
            this.register = options.act as ds.Register<Value>
    }

    /** What is allowed, and the state as far as it is known. */
    text(): string {
        let text = '{"type":"' + this.kind + '"'
        const o = this.options
        if (o.min !== undefined) text += ',"min":' + o.min
        if (o.max !== undefined) text += ',"max":' + o.max
        const state = this.state
        if (state !== undefined)
            text += ',"value":' + valueText(state, DECIMALS)
        return '"' + o.id + '":' + text + "}"
    }

    take(body: unknown, again: boolean) {
        let value = body
        // null is an object too
        if (typeof body === "object")
            if (body !== null) value = (body as { value: unknown }).value
        const fault = valueFault(value, this.kind, this.min, this.max)
        if (fault !== undefined) {
            this.owner.reject(this.options.id, fault)
            return
        }
        if (this.waiting.length >= MAX_WAITING) {
            this.waiting.insert(0, -1)
            this.owner.reject(this.options.id, "overtaken")
        }
        this.waiting.push({ value: value as Value, again })
        if (this.busy) return
        this.busy = true
        this.work.start()
    }

    private async work() {
        while (this.waiting.length > 0) await this.next()
        this.busy = false
    }

    private async next() {
        const { value, again } = this.waiting[0]
        this.waiting.insert(0, -1)
        const self = this
        const why = await bounded(
            async () => await self.perform(value, again),
            ACT_LIMIT
        )
        if (why === "") return
        this.owner.failed++
        reportFault("actuator " + this.options.id, new Error(why))
    }

    private async perform(value: Value, again: boolean) {
        const register = this.register
        if (again) {
            let present = this.state
            if (register) present = await register.read()
            if (this.same(present, value)) return
        }
        // what has begun may end anywhere
        this.state = undefined
        let result = value
        if (register) {
            await register.write(value)
            const read = await register.read()
            if (!this.same(read, value)) result = read
        } else await (this.options.act as (value: Value) => ds.AsyncVoid)(value)
        const text = valueText(result, DECIMALS)
        if (text === undefined) throw new Error("no state")
        this.state = result
        this.owner.acted++
        const key = typeof result === "string" ? " text=" : " value="
        report("acted actuator=" + this.options.id + key + text)
        this.owner.client.send(
            new Message(
                this.topic,
                Buffer.from('{"value":' + text + "}"),
                1,
                false
            )
        )
    }

    private same(a: Value, b: Value): boolean {
        if (a === b) return true
        if (!this.register) return false
        if (typeof a !== "number") return false
        return Math.abs(a - (b as number)) < RESOLUTION
    }
}

/** The actuators of a node; its board hands them over as a part. */
export class Actuators implements NodePart {
    /** Commands that were done, those that were not to be, and those that were begun and not done. */
    acted = 0
    rejected = 0
    failed = 0
    client: MQTTClient
    private ids: string[] = []
    private list: Actuator[] = []
    private from = 0

    constructor(private options: ActuatorOptions[]) {}

    /** See NodePart. Throws ConfigError naming what is wrong with an actuator. */
    start(node: Node) {
        this.client = node.client
        for (const o of this.options) {
            checkId("actuators.id", o.id)
            const key = "actuators." + o.id
            if (this.ids.indexOf(o.id) >= 0)
                throw new ConfigError(key, "is there twice")
            const min = o.min ?? -MAX_NUMBER
            const max = o.max ?? MAX_NUMBER
            let fault = valueFault(min, "number", -MAX_NUMBER, max)
            if (fault === undefined)
                fault = valueFault(max, "number", min, MAX_NUMBER)
            if (fault !== undefined)
                throw new ConfigError(key, "min or max " + fault)
            this.ids.push(o.id)
            this.list.push(new Actuator(this, o, node.device))
        }
        const topic = actuatorsTopic(node.device)
        this.from = topic.length
        const self = this
        node.client.listen.start(
            topic + "+" + ACTUATOR_VALUE,
            (m: MQTTMessage) => self.heard(m),
            1
        )
    }

    /** See NodePart: `"actuators":{"RELAY":{"type":"boolean","value":true}}`. */
    tell(): string {
        const texts: string[] = []
        for (const actuator of this.list) texts.push(actuator.text())
        return '"actuators":{' + texts.join(",") + "}"
    }

    /** What was asked for is not done. `id` is one level of a topic, and may be anything. */
    reject(id: string, why: string) {
        this.rejected++
        // somebody else's text could be a line of its own on the console
        const name = idFault(id) === undefined ? id : "?"
        report("rejected actuator=" + name + " text=" + why)
    }

    private heard(m: MQTTMessage) {
        const id = m.topic.slice(
            this.from,
            m.topic.length - ACTUATOR_VALUE.length
        )
        const at = this.ids.indexOf(id)
        if (at < 0) {
            this.reject(id, "unknown")
            return
        }
        const body = parseBody(m.content)
        if (body === undefined) {
            this.reject(id, "not JSON, or too long")
            return
        }
        let again = m.dup
        if (m.retain === 1) again = true
        const actuator = this.list[at] as Actuator
        actuator.take(body, again)
    }
}
