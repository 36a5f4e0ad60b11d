// Which devices, sensors and actuators there are, and how each is now: in memory, backed by tables that survive a restart.
// Bounded in number. Knows no topic and no payload; live.ts tells it what happened.
import type { Cell, Database } from "./database"
import { INTERVAL_VALUES, MAX_DEVICES, MAX_THINGS } from "./limits"
import type { Change, History } from "./history"
import type { Reading } from "./payload"

export interface Stated {
    value: unknown
    /** ms since 1970. */
    at: number
}

export interface Sensor {
    readonly key: number
    readonly id: string
    name: string | null
    unit: string | null
    quantityKind: string | null
    /** The newest by the time it was taken. */
    last: Reading | undefined
    /** When the last live readings arrived, oldest first, at most INTERVAL_VALUES. */
    arrivals: number[]
    state: Change | undefined
}

export interface Actuator {
    readonly key: number
    readonly id: string
    name: string | null
    requested: Stated | undefined
    state: Stated | undefined
    /** As the device's diagnostics say; undefined until they do. Said again with each connection, so not kept. */
    takes: Takes | undefined
}

/** Values an actuator takes. */
export interface Takes {
    type: "boolean" | "number" | "string"
    min?: number
    max?: number
}

export interface Device {
    readonly key: number
    readonly id: string
    name: string | null
    readonly created: number
    modified: number
    /** As the broker or the device has said since this program started. */
    presence: Change | undefined
    /** What was last known of it before: only the broker can say whether it still holds. */
    readonly before: Change | undefined
    diagnostics: { at: number; retained: boolean; body: unknown } | undefined
    readonly sensors: Map<string, Sensor>
    readonly actuators: Map<string, Actuator>
}

/** There is no room for one more device, sensor or actuator. */
export class FullError extends Error {
    constructor(what: string, bound: number) {
        super(`there are ${bound} ${what} already, and no more are taken`)
        this.name = "FullError"
    }
}

export interface CatalogOptions {
    maxDevices?: number
    maxThings?: number
}

/** What of a device or sensor can be set by hand, and its column. */
export type NameField = "name" | "unit" | "quantity_kind"

export class Catalog {
    readonly devices = new Map<string, Device>()
    #db: Database
    #things = 0
    #maxDevices: number
    #maxThings: number

    constructor(db: Database, history: History, options: CatalogOptions = {}) {
        this.#db = db
        this.#maxDevices = options.maxDevices ?? MAX_DEVICES
        this.#maxThings = options.maxThings ?? MAX_THINGS
        const byKey = new Map<number, Device>()
        for (const row of db.all("SELECT * FROM device")) {
            const key = Number(row["key"])
            const device = this.#device(
                key,
                String(row["id"]),
                Number(row["created"]),
                history.lastPresence(key)
            )
            device.name = text(row["name"])
            device.modified = Number(row["modified"])
            if (row["diagnostics"] !== null)
                device.diagnostics = {
                    at: Number(row["diagnostics_at"]),
                    retained: false,
                    body: JSON.parse(String(row["diagnostics"])) as unknown,
                }
            byKey.set(device.key, device)
        }
        for (const row of db.all("SELECT * FROM thing")) {
            const device = byKey.get(Number(row["device"]))
            if (device === undefined) continue
            const key = Number(row["key"])
            const id = String(row["id"])
            if (row["kind"] === "sensor") {
                const sensor = this.#sensor(device, key, id)
                sensor.name = text(row["name"])
                sensor.unit = text(row["unit"])
                sensor.quantityKind = text(row["quantity_kind"])
                sensor.last = history.last(key)
                sensor.arrivals = history
                    .lastLive(key, INTERVAL_VALUES)
                    .map(({ received }) => received)
                    .reverse()
                sensor.state = history.lastState(key)
            } else {
                const actuator = this.#actuator(device, key, id)
                actuator.name = text(row["name"])
                actuator.requested = stated(
                    row["requested"],
                    row["requested_at"]
                )
                actuator.state = stated(row["state"], row["state_at"])
            }
        }
    }

    /** All devices by id. */
    sorted(): Device[] {
        return byId(this.devices)
    }

    /** The device, made if need be. @throws {FullError} */
    device(id: string, at: number): Device {
        const known = this.devices.get(id)
        if (known !== undefined) return known
        if (this.devices.size >= this.#maxDevices)
            throw new FullError("devices", this.#maxDevices)
        const { key } = this.#db.run(
            "INSERT INTO device (id, created, modified) VALUES (?, ?, ?)",
            id,
            at,
            at
        )
        return this.#device(key, id, at)
    }

    /** @throws {FullError} */
    sensor(device: Device, id: string): Sensor {
        return (
            device.sensors.get(id) ??
            this.#sensor(device, this.#thing(device, "sensor", id), id)
        )
    }

    /** @throws {FullError} */
    actuator(device: Device, id: string): Actuator {
        return (
            device.actuators.get(id) ??
            this.#actuator(device, this.#thing(device, "actuator", id), id)
        )
    }

    /** @throws {FullError} when the sensor or actuator is not there and there is no room for it */
    checkRoom(device: string, kind: "sensors" | "actuators", id: string): void {
        const known = this.devices.get(device)
        if (known?.[kind].has(id)) return
        if (known === undefined && this.devices.size >= this.#maxDevices)
            throw new FullError("devices", this.#maxDevices)
        if (this.#things >= this.#maxThings)
            throw new FullError("sensors and actuators", this.#maxThings)
    }

    nameDevice(device: Device, name: string): void {
        device.name = name
        this.#set("device", device.key, "name", name)
    }

    nameSensor(sensor: Sensor, field: NameField, value: string): void {
        if (field === "quantity_kind") sensor.quantityKind = value
        else sensor[field] = value
        this.#set("thing", sensor.key, field, value)
    }

    keepDiagnostics(device: Device): void {
        const { diagnostics } = device
        if (diagnostics === undefined) return
        this.#set(
            "device",
            device.key,
            "diagnostics",
            JSON.stringify(diagnostics.body)
        )
        this.#set("device", device.key, "diagnostics_at", diagnostics.at)
    }

    keepActuator(actuator: Actuator, what: "requested" | "state"): void {
        const now = actuator[what]
        if (now === undefined) return
        this.#set("thing", actuator.key, what, JSON.stringify(now.value))
        this.#set("thing", actuator.key, `${what}_at`, now.at)
    }

    /** Writes when each device was last heard of; in between it is only in memory. */
    keepModified(): void {
        this.#db.transaction(() => {
            for (const { key, modified } of this.devices.values())
                this.#set("device", key, "modified", modified)
        })
    }

    #set(
        table: "device" | "thing",
        key: number,
        column: Column,
        cell: Cell
    ): void {
        this.#db.run(
            `UPDATE ${table} SET ${column} = ? WHERE key = ?`,
            cell,
            key
        )
    }

    #thing(device: Device, kind: "sensor" | "actuator", id: string): number {
        if (this.#things >= this.#maxThings)
            throw new FullError("sensors and actuators", this.#maxThings)
        return this.#db.run(
            "INSERT INTO thing (device, kind, id) VALUES (?, ?, ?)",
            device.key,
            kind,
            id
        ).key
    }

    #device(key: number, id: string, created: number, before?: Change): Device {
        const device: Device = {
            key,
            id,
            name: null,
            created,
            modified: created,
            presence: undefined,
            before,
            diagnostics: undefined,
            sensors: new Map(),
            actuators: new Map(),
        }
        this.devices.set(id, device)
        return device
    }

    #sensor(device: Device, key: number, id: string): Sensor {
        const sensor: Sensor = {
            key,
            id,
            name: null,
            unit: null,
            quantityKind: null,
            last: undefined,
            arrivals: [],
            state: undefined,
        }
        device.sensors.set(id, sensor)
        this.#things++
        return sensor
    }

    #actuator(device: Device, key: number, id: string): Actuator {
        const actuator: Actuator = {
            key,
            id,
            name: null,
            requested: undefined,
            state: undefined,
            takes: undefined,
        }
        device.actuators.set(id, actuator)
        this.#things++
        return actuator
    }
}

type Column =
    | NameField
    | "modified"
    | "diagnostics"
    | "diagnostics_at"
    | "requested"
    | "requested_at"
    | "state"
    | "state_at"

/** The entries of a map by their id. */
export function byId<T extends { id: string }>(entries: Map<string, T>): T[] {
    return [...entries.values()].sort((a, b) =>
        a.id < b.id ? -1 : Number(a.id > b.id)
    )
}

/** The median distance of the last live arrivals in ms, or undefined below three of them. */
export function intervalOf({ arrivals }: Sensor): number | undefined {
    if (arrivals.length < 3) return undefined
    const gaps = arrivals
        .slice(1)
        .map((at, i) => at - arrivals[i]!)
        .sort((a, b) => a - b)
    return gaps[Math.floor(gaps.length / 2)]
}

function text(cell: Cell | undefined): string | null {
    return cell === null || cell === undefined ? null : String(cell)
}

function stated(
    json: Cell | undefined,
    at: Cell | undefined
): Stated | undefined {
    return typeof json === "string"
        ? { value: JSON.parse(json) as unknown, at: Number(at) }
        : undefined
}
