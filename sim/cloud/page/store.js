// @ts-check
// Everything the page knows: devices, sensors, actuators, as the server's events tell it. Times become ms of the server's
// clock. Knows no element and no network; whoever shows it is told what changed.

import { drawable, point, Series } from "./series.js"

/**
 * @typedef {import("./api.js").WireOverview} WireOverview
 * @typedef {import("./api.js").WireDevice} WireDevice
 * @typedef {import("./api.js").WireSensor} WireSensor
 * @typedef {import("./api.js").WireActuator} WireActuator
 * @typedef {import("./api.js").WireAt} WireAt
 * @typedef {import("./api.js").WireValue} WireValue
 * @typedef {import("./api.js").WireState} WireState
 * @typedef {import("./api.js").WireBroker} WireBroker
 *
 * @typedef {{ value: unknown, at: number }} At
 * @typedef {{ is: string, since: number | null }} Change what something has been from then on
 *
 * @typedef {object} Sensor
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} unit
 * @property {At & { late: boolean } | null} value
 * @property {number | null} interval
 * @property {Change | null} state
 * @property {Change[]} states oldest first
 * @property {Series} series
 *
 * @typedef {object} Actuator
 * @property {string} id
 * @property {string | null} name
 * @property {At | null} requested
 * @property {At | null} state
 * @property {import("./api.js").Takes | null} takes what the device says it takes
 *
 * @typedef {object} Device
 * @property {string} id
 * @property {string | null} name
 * @property {Change} presence
 * @property {Change[]} presences oldest first
 * @property {Map<string, Sensor>} sensors
 * @property {Map<string, Actuator>} actuators
 * @property {{ at: number, body: unknown } | null} diagnostics
 *
 * @typedef {{ url: string, embedded: boolean, connected: boolean, since: number }} Broker
 *
 * @typedef {object} News
 * @property {"overview" | "value" | "presence" | "actuator" | "diagnostics" | "names" | "broker"} what
 * @property {Device} [device]
 * @property {Sensor} [sensor]
 * @property {Actuator} [actuator]
 */

/** Devices, and sensors and actuators of one, that are shown: the server's own bounds. */
const MAX_DEVICES = 1000
const MAX_PARTS = 10_000

/** Changes of presence or state kept for one device or sensor; as many as the server answers. */
const MAX_CHANGES = 1000

export class Store {
    /** @type {Map<string, Device>} */
    devices = new Map()
    /** @type {Broker | undefined} */
    broker = undefined
    /** What the server subscribes to. */
    topics = "devices/#"
    /** ms that the server's clock is ahead of this one. */
    #ahead = 0
    /** @type {(news: News) => void} */
    #told

    /** @param {(news: News) => void} told */
    constructor(told) {
        this.#told = told
    }

    /** @returns {number} ms since the epoch by the server's clock, which all times here are of */
    now() {
        return Date.now() + this.#ahead
    }

    /** Takes an event of the server's stream. Unknown ones are for newer pages. @param {string} type @param {unknown} data */
    take(type, data) {
        switch (type) {
            case "overview":
                return this.#overview(/** @type {WireOverview} */ (data))
            case "value":
                return this.#value(
                    /** @type {WireValue & { device: string, sensor: string, interval: number | null, state: WireState | null }} */ (
                        data
                    )
                )
            case "presence":
                return this.#presence(
                    /** @type {{ device: string, status: string, since: string | null }} */ (
                        data
                    )
                )
            case "actuator":
                return this.#actuator(
                    /** @type {{ device: string, actuator: string, requested: WireAt | null, state: WireAt | null, takes: import("./api.js").Takes | null }} */ (
                        data
                    )
                )
            case "diagnostics":
                return this.#diagnostics(
                    /** @type {{ device: string, at: string, body: unknown, sensors: Record<string, WireState> }} */ (
                        data
                    )
                )
            case "names":
                return this.#names(
                    /** @type {{ device: string, sensor: string | null, name: string | null, unit: string | null }} */ (
                        data
                    )
                )
            case "broker":
                this.broker = brokerOf(/** @type {WireBroker} */ (data))
                return this.#told({ what: "broker" })
        }
    }

    /** @param {WireOverview} o */
    #overview(o) {
        this.#ahead = Date.parse(o.now) - Date.now()
        this.broker = brokerOf(o.broker)
        this.topics = o.topics
        const before = this.devices
        this.devices = new Map()
        for (const wire of o.devices.slice(0, MAX_DEVICES)) {
            const device = before.get(wire.id) ?? newDevice(wire.id)
            this.devices.set(wire.id, device)
            this.#fill(device, wire)
        }
        this.#told({ what: "overview" })
    }

    /** @param {Device} device @param {WireDevice} wire */
    #fill(device, wire) {
        device.name = wire.name
        const { status, since } = wire.presence
        device.presence = { is: status, since: time(since) }
        note(device.presences, device.presence)
        device.diagnostics = wire.diagnostics && {
            at: Date.parse(wire.diagnostics.at),
            body: wire.diagnostics.body,
        }
        for (const w of wire.sensors) {
            const sensor = part(device.sensors, w.id, newSensor)
            if (!sensor) break
            sensor.name = w.name
            sensor.unit = w.unit
            sensor.interval = w.interval
            sensor.value = w.value && valueOf(w.value)
            setState(sensor, w.state)
            if (w.value) addPoint(sensor, w.value)
        }
        for (const w of wire.actuators) {
            const actuator = part(device.actuators, w.id, newActuator)
            if (!actuator) break
            actuator.name = w.name
            actuator.requested = atOf(w.requested)
            actuator.state = atOf(w.state)
            actuator.takes = w.takes
        }
    }

    /** @param {string} id @returns {Device | undefined} */
    #device(id) {
        let device = this.devices.get(id)
        if (device || this.devices.size >= MAX_DEVICES) return device
        device = newDevice(id)
        const sorted = [...this.devices.values(), device].sort(byId)
        this.devices = new Map(sorted.map(d => [d.id, d]))
        return device
    }

    /** @param {WireValue & { device: string, sensor: string, interval: number | null, state: WireState | null }} wire */
    #value(wire) {
        const device = this.#device(wire.device)
        const sensor = device && part(device.sensors, wire.sensor, newSensor)
        if (!sensor) return
        sensor.interval = wire.interval
        setState(sensor, wire.state)
        const value = valueOf(wire)
        // A late one is history; of two of one time the one that came last holds.
        if (!sensor.value || value.at >= sensor.value.at) sensor.value = value
        addPoint(sensor, wire)
        this.#told({ what: "value", device, sensor })
    }

    /** @param {{ device: string, status: string, since: string | null }} wire */
    #presence(wire) {
        const device = this.#device(wire.device)
        if (!device) return
        device.presence = { is: wire.status, since: time(wire.since) }
        note(device.presences, device.presence)
        this.#told({ what: "presence", device })
    }

    /** @param {{ device: string, actuator: string, requested: WireAt | null, state: WireAt | null, takes: import("./api.js").Takes | null }} wire */
    #actuator(wire) {
        const device = this.#device(wire.device)
        const actuator =
            device && part(device.actuators, wire.actuator, newActuator)
        if (!actuator) return
        actuator.requested = atOf(wire.requested)
        actuator.state = atOf(wire.state)
        actuator.takes = wire.takes
        this.#told({ what: "actuator", device, actuator })
    }

    /** @param {{ device: string, at: string, body: unknown, sensors: Record<string, WireState> }} wire */
    #diagnostics(wire) {
        const device = this.#device(wire.device)
        if (!device) return
        device.diagnostics = { at: Date.parse(wire.at), body: wire.body }
        for (const [id, state] of Object.entries(wire.sensors)) {
            const sensor = part(device.sensors, id, newSensor)
            if (sensor) setState(sensor, state)
        }
        this.#told({ what: "diagnostics", device })
    }

    /** @param {{ device: string, sensor: string | null, name: string | null, unit: string | null }} wire */
    #names(wire) {
        const device = this.#device(wire.device)
        if (!device) return
        if (wire.sensor === null) device.name = wire.name
        else {
            const sensor = part(device.sensors, wire.sensor, newSensor)
            if (!sensor) return
            sensor.name = wire.name
            sensor.unit = wire.unit
        }
        this.#told({ what: "names", device })
    }
}

/** @param {string} id @returns {Device} */
function newDevice(id) {
    return {
        id,
        name: null,
        presence: { is: "unknown", since: null },
        presences: [],
        sensors: new Map(),
        actuators: new Map(),
        diagnostics: null,
    }
}

/** @param {string} id @returns {Sensor} */
function newSensor(id) {
    return {
        id,
        name: null,
        unit: null,
        value: null,
        interval: null,
        state: null,
        states: [],
        series: new Series(),
    }
}

/** @param {string} id @returns {Actuator} */
function newActuator(id) {
    return { id, name: null, requested: null, state: null, takes: null }
}

/**
 * The part of that id, made if it is new and there is room.
 * @template T @param {Map<string, T>} parts @param {string} id @param {(id: string) => T} make @returns {T | undefined}
 */
function part(parts, id, make) {
    const known = parts.get(id)
    if (known || parts.size >= MAX_PARTS) return known
    const made = make(id)
    parts.set(id, made)
    return made
}

/** @param {Sensor} sensor @param {WireState | null} wire */
function setState(sensor, wire) {
    if (!wire) return
    sensor.state = { is: wire.state, since: time(wire.since) }
    note(sensor.states, sensor.state)
}

/** Adds a change to a log, unless it is the last one there. @param {Change[]} log @param {Change} change */
function note(log, change) {
    const last = log.at(-1)
    if (change.since === null || last?.is === change.is) return
    log.push(change)
    if (log.length > MAX_CHANGES) log.shift()
}

/** @param {Sensor} sensor @param {WireValue} wire */
function addPoint(sensor, wire) {
    const v = drawable(wire.value)
    if (v === undefined || !sensor.series.wanted) return
    sensor.series.add(
        point(Date.parse(wire.timestamp), v, wire.late),
        Date.parse(wire.receivedAt)
    )
}

/** @param {WireValue} wire */
function valueOf(wire) {
    return {
        value: wire.value,
        at: Date.parse(wire.timestamp),
        late: wire.late,
    }
}

/** @param {WireAt | null} wire @returns {At | null} */
function atOf(wire) {
    return wire && { value: wire.value, at: Date.parse(wire.at) }
}

/** @param {WireBroker} wire @returns {Broker} */
function brokerOf(wire) {
    return { ...wire, since: Date.parse(wire.since) }
}

/** @param {string | null} text @returns {number | null} */
function time(text) {
    return text === null ? null : Date.parse(text)
}

/** @param {{ id: string }} a @param {{ id: string }} b */
export function byId(a, b) {
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
