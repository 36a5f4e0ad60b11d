// Tells Home Assistant what this device has: for each sensor and actuator a retained configuration, from which Home Assistant
// makes an entity by itself. A node has it when its board hands over `new HomeAssistant({...})` as a part.
//
//   homeassistant/<component>/<device>/<id>/config        QoS 1, retained, JSON with Home Assistant's own short keys
//
// Announced at the first connection after a start (but a wake-up from deep sleep), whenever the broker has no session of ours (it may have lost what it
// kept, too), and when Home Assistant says `online` on homeassistant/status, which it does when it starts. Each
// configuration is sent when the one before it is acknowledged: 0.5 kB at a time, behind the readings.
//
// Availability is the status topic: `up` and `sleeping` are available, all else is not.

import * as ds from "@devicescript/core"
import { ACTUATOR_VALUE } from "../config/topics"
import { ConfigError, Message, MQTTMessage, Outcome } from "../mqtt/index"
import { Kind, MAX_NUMBER } from "./body"
import type { Node, NodePart } from "./node"
import { phaseOf } from "./phase"
import { textJson } from "./value"

/** What Home Assistant may be told of a sensor. */
export interface HomeAssistantSensor {
    /** The sensor's id on the board. */
    id: string
    /** As people read it; default the id. */
    name?: string
    /** E.g. "°C". */
    unit?: string
    /** Home Assistant's device class, e.g. "temperature": its meaning, icon and unit conversions. */
    deviceClass?: string
    /** Home Assistant's state class; default "measurement" where there is a unit, else none. */
    stateClass?: string
}

/** What Home Assistant may be told of an actuator: `ActuatorOptions` fit. */
export interface HomeAssistantActuator {
    id: string
    type?: Kind
    min?: number
    max?: number
    /** As people read it; default the id. */
    name?: string
}

export interface HomeAssistantOptions {
    /** Sensors with more to tell than their id; the others are announced all the same. */
    sensors?: HomeAssistantSensor[]
    /** A boolean becomes a switch, a number a number, a string a text. */
    actuators?: HomeAssistantActuator[]
    /** As people read it; default the device id. */
    name?: string
    /** What Home Assistant's discovery topics begin with; default "homeassistant". */
    prefix?: string
}

/**
 * After Home Assistant's `online` devices wait up to so long, in ms, each a time of its own: a thousand of them would else
 * send all at once what they have, to a server that is just starting.
 */
const SPREAD = 5000

/** The wait before the next try when a configuration could not be sent, in ms, and how often it is tried. */
const TRY_AGAIN = 10000
const TRIES = 3

/** Longest wait for the acknowledgement of one, ms: the connection is rebuilt after 20 s without one. */
const ACK_LIMIT = 60000

/** The name and the words by which `npm run homeassistant` knows a configuration as one of ours. */
const ORIGIN = "devicescript-mqtt-node"

/** A configuration on its way. */
class Config extends Message {
    outcome = -1
    constructor(topic: string, text: string) {
        super(Buffer.from(topic), Buffer.from(text), 1, true, configSettled)
    }
}

function configSettled(m: Message, outcome: Outcome) {
    const config = m as Config
    config.outcome = outcome
}

/** @devsWhenUsed */
export class HomeAssistant implements NodePart {
    /** Configurations that were acknowledged. */
    announced = 0
    private node: Node
    private prefix: string
    private told = false
    private busy = false
    private again = false

    /** @param options ids are checked at the node's start */
    constructor(private options: HomeAssistantOptions = {}) {
        this.prefix = options.prefix ?? "homeassistant"
    }

    /** See NodePart. Throws ConfigError naming a sensor that the board has not. */
    start(node: Node) {
        this.node = node
        for (const s of this.options.sensors ?? []) {
            let known = false
            for (const sensor of node.sensors)
                if (sensor.options.id === s.id) known = true
            if (!known)
                throw new ConfigError(
                    "homeassistant.sensors",
                    s.id + " is no sensor of this board"
                )
        }
        const self = this
        const client = node.client
        // each wake-up is a start, and nothing has changed since the one before
        this.told = node.boots.why === "sleep"
        client.onconnect.subscribe(() => {
            if (self.told) if (client.sessionPresent) return
            self.announce.start(0)
        })
        client.listen.start(
            this.prefix + "/status",
            (m: MQTTMessage) => {
                // the one that the broker kept is as old as our own connection, at which we have announced
                if (m.retain === 1) return
                if (m.content.toString() !== "online") return
                self.announce.start(phaseOf(node.device, "online", SPREAD))
            },
            1
        )
    }

    /** Announces all; what comes meanwhile has it done once more. Never throws. */
    private async announce(wait: number) {
        this.again = true
        if (this.busy) return
        this.busy = true
        this.node.busy++
        await ds.sleep(wait)
        let tries = 0
        while (this.again) {
            this.again = false
            this.told = await this.all()
            if (this.told) continue
            tries++
            if (tries >= TRIES) break
            await ds.sleep(TRY_AGAIN)
            this.again = true
        }
        this.node.busy--
        this.busy = false
    }

    private async all(): Promise<boolean> {
        for (const sensor of this.node.sensors) {
            const id = sensor.options.id
            let o: HomeAssistantSensor = { id }
            for (const s of this.options.sensors ?? []) if (s.id === id) o = s
            const c = this.config("sensors", id, o.name)
            c["stat_t"] = "~/value"
            c["val_tpl"] = "{{ value_json.value }}"
            put(c, "unit_of_meas", o.unit)
            put(c, "dev_cla", o.deviceClass)
            let state = o.stateClass
            if (state === undefined)
                if (o.unit !== undefined) state = "measurement"
            put(c, "stat_cla", state)
            if (!(await this.say("sensor", id, c))) return false
        }
        for (const a of this.options.actuators ?? []) {
            const c = this.config("actuators", a.id, a.name)
            c["cmd_t"] = "~" + ACTUATOR_VALUE
            c["stat_t"] = "~/state"
            let component = "number"
            if (a.type === "boolean") {
                component = "switch"
                c["val_tpl"] = "{{ value_json.value | lower }}"
                c["stat_on"] = "true"
                c["stat_off"] = "false"
                c["pl_on"] = '{"value":true}'
                c["pl_off"] = '{"value":false}'
            } else {
                c["val_tpl"] = "{{ value_json.value }}"
                c["cmd_tpl"] = '{"value":{{ value | tojson }}}'
                if (a.type === "string") component = "text"
                else {
                    // Home Assistant's own are 1, 100, 1, and a slider
                    c["min"] = a.min ?? -MAX_NUMBER
                    c["max"] = a.max ?? MAX_NUMBER
                    c["step"] = 0.001
                    c["mode"] = "box"
                }
            }
            if (!(await this.say(component, a.id, c))) return false
        }
        return true
    }

    /** What all entities have. */
    private config(kind: string, id: string, name: string | undefined): Fields {
        const device = this.node.device
        const c: Fields = {}
        c["~"] = "devices/" + device + "/" + kind + "/" + id
        c["name"] = name ?? id
        c["uniq_id"] = device + "_" + kind + "_" + id
        c["avty_t"] = this.node.status
        c["avty_tpl"] = "{{ 'up' if value in ['up','sleeping'] else 'down' }}"
        c["pl_avail"] = "up"
        c["pl_not_avail"] = "down"
        c["qos"] = 1
        c["dev"] = {
            ids: device,
            name: this.options.name ?? device,
            sw: ds._dcfgString("@version"),
        }
        c["o"] = { name: ORIGIN }
        return c
    }

    /** Sends one and waits until it is acknowledged; false when it is not. */
    private async say(component: string, id: string, c: Fields) {
        const config = new Config(
            this.prefix +
                "/" +
                component +
                "/" +
                plain(this.node.device) +
                "/" +
                plain(id) +
                "/config",
            json(c)
        )
        this.node.client.send(config)
        const until = ds.millis() + ACK_LIMIT
        while (config.outcome < 0 && ds.millis() < until) await ds.sleep(20)
        if (config.outcome !== Outcome.Delivered) return false
        this.announced++
        return true
    }
}

interface Fields {
    [key: string]: string | number | Fields
}

/** As JSON.stringify, which spoils what is not ASCII in the simulator: see textJson. */
function json(c: Fields): string {
    const parts: string[] = []
    for (const key of Object.keys(c)) {
        const value = c[key]
        let text = "" + value
        if (typeof value === "string") text = textJson(value)
        else if (typeof value === "object") text = json(value)
        parts.push('"' + key + '":' + text)
    }
    return "{" + parts.join(",") + "}"
}

function put(c: Fields, key: string, value: string | undefined) {
    if (value !== undefined) c[key] = value
}

/** An id as Home Assistant takes it in a discovery topic: letters, digits, `_` and `-` only. */
function plain(id: string): string {
    return id.split(".").join("_2E")
}
