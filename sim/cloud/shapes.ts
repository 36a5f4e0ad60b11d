// How devices, sensors and values look in JSON: Waziup's own shapes for its resources, this program's for the page.
// Pure: reads what is known and changes nothing. docs/cloud-api.md describes each.
import {
    byId,
    intervalOf,
    type Actuator,
    type Device,
    type Sensor,
    type Stated,
} from "./catalog"
import type { Change } from "./history"
import type { Reading } from "./payload"

export function iso(at: number): string {
    return new Date(at).toISOString()
}

function isoOrNull(at: number | undefined): string | null {
    return at === undefined ? null : iso(at)
}

/** Waziup's SensorValue. */
export function sensorValue({ value, at, received }: Reading) {
    return { value, timestamp: iso(at), date_received: iso(received) }
}

/** Waziup's Datapoint, and whether it was late. */
export function datapoint(device: string, sensor: string, reading: Reading) {
    return {
        device_id: device,
        sensor_id: sensor,
        ...sensorValue(reading),
        late: reading.late,
    }
}

export function waziupSensor(sensor: Sensor) {
    return {
        id: sensor.id,
        name: sensor.name,
        unit: sensor.unit,
        quantity_kind: sensor.quantityKind,
        value: sensor.last === undefined ? null : sensorValue(sensor.last),
    }
}

export function waziupActuator({ id, name, requested, state }: Actuator) {
    return { id, name, value: (state ?? requested)?.value ?? null }
}

export function waziupDevice(device: Device) {
    return {
        id: device.id,
        name: device.name,
        status: device.presence?.what ?? "unknown",
        date_created: iso(device.created),
        date_modified: iso(device.modified),
        sensors: byId(device.sensors).map(waziupSensor),
        actuators: byId(device.actuators).map(waziupActuator),
    }
}

export function presenceOf(change: Change | undefined) {
    return {
        status: change?.what ?? "unknown",
        since: isoOrNull(change?.since),
    }
}

export function stateOf(change: Change | undefined) {
    return change === undefined
        ? null
        : { state: change.what, since: isoOrNull(change.since) }
}

export function readingOf({ value, at, received, late }: Reading) {
    return { value, timestamp: iso(at), receivedAt: iso(received), late }
}

export function statedOf(stated: Stated | undefined) {
    return stated === undefined
        ? null
        : { value: stated.value, at: iso(stated.at) }
}

export function diagnosticsOf({ diagnostics }: Device) {
    return diagnostics === undefined
        ? null
        : { ...diagnostics, at: iso(diagnostics.at) }
}

function sensorNow(sensor: Sensor) {
    const { id, name, unit, quantityKind, last, state } = sensor
    return {
        id,
        name,
        unit,
        quantityKind,
        value: last === undefined ? null : readingOf(last),
        interval: intervalOf(sensor) ?? null,
        state: stateOf(state),
    }
}

function actuatorNow({ id, name, requested, state, takes }: Actuator) {
    return {
        id,
        name,
        requested: statedOf(requested),
        state: statedOf(state),
        takes: takes ?? null,
    }
}

/** A device as the page sees it. */
export function deviceNow(device: Device) {
    return {
        id: device.id,
        name: device.name,
        presence: presenceOf(device.presence),
        sensors: byId(device.sensors).map(sensorNow),
        actuators: byId(device.actuators).map(actuatorNow),
        diagnostics: diagnosticsOf(device),
    }
}
