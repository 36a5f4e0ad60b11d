// What each message on the broker means for what is known: it goes into the catalog and the history, and whoever watches is
// told what changed. Knows no socket: messages come in, changes go out.
import { EventEmitter } from "node:events"
import {
    Catalog,
    FullError,
    intervalOf,
    type Actuator,
    type Device,
    type Sensor,
} from "./catalog"
import type { History } from "./history"
import { INTERVAL_VALUES } from "./limits"
import {
    actuatorValue,
    diagnosticsOf,
    jsonOf,
    readingOf,
    readingsOf,
    statusOf,
    type Reading,
} from "./payload"
import * as shape from "./shapes"
import { isId, subjectOf } from "./topics"

/** A message as the broker handed it on. `at` is ms since 1970. */
export interface Message {
    topic: string
    payload: Uint8Array
    retain: boolean
    qos: number
    at: number
}

/** The name of an event of the live stream, and its data. */
export interface LiveEvent {
    event: "value" | "presence" | "actuator" | "diagnostics" | "names"
    data: Record<string, unknown>
}

export class Live extends EventEmitter<{ change: [LiveEvent] }> {
    /** Messages of devices or sensors for which there was no room. */
    refused = 0

    constructor(
        readonly catalog: Catalog,
        readonly history: History
    ) {
        super()
    }

    take(message: Message): void {
        const subject = subjectOf(message.topic)
        if (subject === undefined) return
        try {
            switch (subject.kind) {
                case "value":
                case "values":
                    return this.#readings(subject, message)
                case "status":
                    return this.#status(subject.device, message)
                case "diagnostics":
                    return this.#diagnostics(subject.device, message)
                case "requested":
                case "state":
                    return this.#actuator(subject, message)
            }
        } catch (error) {
            if (!(error instanceof FullError)) throw error
            this.refused++
        }
    }

    /** Tells of a name that was set by hand. */
    named(device: Device, sensor: Sensor | undefined): void {
        this.#change("names", {
            device: device.id,
            sensor: sensor?.id ?? null,
            name: (sensor ?? device).name,
            unit: sensor?.unit ?? null,
            quantityKind: sensor?.quantityKind ?? null,
        })
    }

    #readings(
        {
            kind,
            device: id,
            sensor: sensorId,
        }: {
            kind: "value" | "values"
            device: string
            sensor: string
        },
        { payload, retain, at }: Message
    ): void {
        const parsed = jsonOf(payload)
        if (parsed === undefined) return
        const one = kind === "value" ? readingOf(parsed.json, at) : undefined
        const readings =
            kind === "values"
                ? readingsOf(parsed.json, at)
                : one === undefined
                  ? []
                  : [one]
        if (readings.length === 0) return
        const device = this.catalog.device(id, at)
        const sensor = this.catalog.sensor(device, sensorId)
        device.modified = at
        for (const reading of readings)
            this.#reading(device, sensor, reading, retain)
    }

    #reading(
        device: Device,
        sensor: Sensor,
        reading: Reading,
        retain: boolean
    ): void {
        const { last } = sensor
        // What the broker kept comes again with each subscription; without a time of its own it is news only once.
        if (retain && !reading.stamped && last !== undefined) return
        if (last === undefined || reading.at >= last.at) sensor.last = reading
        if (!reading.late && !retain) {
            // A fresh value says that the fault is over, up to 10 s before the device's own word on it.
            if (sensor.state && sensor.state.what !== "ok") {
                sensor.state = { what: "ok", since: reading.at }
                this.history.addState(sensor.key, sensor.state)
            }
            sensor.arrivals.push(reading.received)
            if (sensor.arrivals.length > INTERVAL_VALUES)
                sensor.arrivals.shift()
        }
        this.history.add(sensor.key, reading)
        this.#change("value", {
            device: device.id,
            sensor: sensor.id,
            ...shape.readingOf(reading),
            interval: intervalOf(sensor) ?? null,
            state: shape.stateOf(sensor.state),
        })
    }

    #status(id: string, { payload, retain, at }: Message): void {
        const status = statusOf(payload)
        if (status === undefined) return
        const device = this.catalog.device(id, at)
        if (!retain) device.modified = at
        if (device.presence?.what === status) return
        const { presence, before } = device
        if (retain && presence === undefined && before?.what === status) {
            // It is as it was when this program last looked.
            device.presence = before
        } else {
            // A retained word says how it is, not since when.
            device.presence = { what: status, since: retain ? undefined : at }
            this.history.addPresence(device.key, device.presence)
        }
        this.#change("presence", {
            device: id,
            ...shape.presenceOf(device.presence),
        })
    }

    #diagnostics(id: string, { payload, retain, at }: Message): void {
        const diagnostics = diagnosticsOf(payload)
        if (diagnostics === undefined) return
        const device = this.catalog.device(id, at)
        if (!retain) device.modified = at
        device.diagnostics = { at, retained: retain, body: diagnostics.body }
        this.catalog.keepDiagnostics(device)
        const sensors: [id: string, state: unknown][] = []
        for (const [sensorId, { state, seconds }] of diagnostics.sensors) {
            if (!isId(sensorId)) continue
            const sensor = this.catalog.sensor(device, sensorId)
            if (sensor.state?.what !== state) {
                sensor.state = {
                    what: state,
                    since: retain ? undefined : at - seconds * 1_000,
                }
                this.history.addState(sensor.key, sensor.state)
            }
            sensors.push([sensorId, shape.stateOf(sensor.state)])
        }
        for (const [actuatorId, { takes, value }] of diagnostics.actuators) {
            if (!isId(actuatorId)) continue
            const actuator = this.catalog.actuator(device, actuatorId)
            actuator.takes = takes
            // What the broker kept may be from any time; an answer on the state's own topic is never older than this.
            if (value !== undefined && !retain && !actuator.state) {
                actuator.state = { value, at }
                this.catalog.keepActuator(actuator, "state")
            }
            this.#actuatorChange(id, actuator)
        }
        this.#change("diagnostics", {
            device: id,
            ...shape.diagnosticsOf(device),
            // Not by assignment: `__proto__` is an id like any other.
            sensors: Object.fromEntries(sensors),
        })
    }

    #actuator(
        {
            kind,
            device: id,
            actuator: actuatorId,
        }: {
            kind: "requested" | "state"
            device: string
            actuator: string
        },
        { payload, at }: Message
    ): void {
        const parsed = jsonOf(payload)
        const said = parsed && actuatorValue(parsed.json)
        if (said === undefined) return
        const device = this.catalog.device(id, at)
        const actuator = this.catalog.actuator(device, actuatorId)
        device.modified = at
        actuator[kind] = { value: said.value, at }
        this.catalog.keepActuator(actuator, kind)
        this.#actuatorChange(id, actuator)
    }

    #actuatorChange(device: string, actuator: Actuator): void {
        this.#change("actuator", {
            device,
            actuator: actuator.id,
            requested: shape.statedOf(actuator.requested),
            state: shape.statedOf(actuator.state),
            takes: actuator.takes ?? null,
        })
    }

    #change(event: LiveEvent["event"], data: Record<string, unknown>): void {
        this.emit("change", { event, data })
    }
}
