// Waziup's resources as they are now: devices, sensors, actuators, and the names that topics cannot carry.
import type { FastifyInstance } from "fastify"
import { byId, type Actuator, type Device, type Sensor } from "./catalog"
import type { CloudContext } from "./context"
import { notFound } from "./errors"
import * as schema from "./schemas"
import * as shape from "./shapes"

type Params = { Params: schema.Params }

export function findDevice({ live }: CloudContext, id: string): Device {
    const device = live.catalog.devices.get(id)
    if (device === undefined) throw notFound(`there is no device ${id}`)
    return device
}

export function findSensor(
    context: CloudContext,
    { device, sensor }: schema.Params
): Sensor {
    const found = findDevice(context, device).sensors.get(sensor)
    if (found === undefined)
        throw notFound(`device ${device} has no sensor ${sensor}`)
    return found
}

function findActuator(
    context: CloudContext,
    { device, actuator }: schema.Params
): Actuator {
    const found = findDevice(context, device).actuators.get(actuator)
    if (found === undefined)
        throw notFound(`device ${device} has no actuator ${actuator}`)
    return found
}

export function deviceRoutes(
    app: FastifyInstance,
    context: CloudContext
): void {
    const { live } = context
    const { params } = schema

    app.get<{ Querystring: schema.Page }>(
        "/api/v2/devices",
        { schema: { querystring: schema.page } },
        async ({ query: { limit, offset } }) =>
            live.catalog
                .sorted()
                .slice(offset, offset + limit)
                .map(shape.waziupDevice)
    )
    app.get<Params>(
        "/api/v2/devices/:device",
        { schema: { params } },
        async ({ params }) =>
            shape.waziupDevice(findDevice(context, params.device))
    )
    app.get<Params>(
        "/api/v2/devices/:device/sensors",
        { schema: { params } },
        async ({ params }) =>
            byId(findDevice(context, params.device).sensors).map(
                shape.waziupSensor
            )
    )
    app.get<Params>(
        "/api/v2/devices/:device/sensors/:sensor",
        { schema: { params } },
        async ({ params }) => shape.waziupSensor(findSensor(context, params))
    )
    app.get<Params>(
        "/api/v2/devices/:device/actuators",
        { schema: { params } },
        async ({ params }) =>
            byId(findDevice(context, params.device).actuators).map(
                shape.waziupActuator
            )
    )
    app.get<Params>(
        "/api/v2/devices/:device/actuators/:actuator",
        { schema: { params } },
        async ({ params }) =>
            shape.waziupActuator(findActuator(context, params))
    )

    const named = { schema: { params, body: schema.name } }
    app.put<Params & { Body: string }>(
        "/api/v2/devices/:device/name",
        named,
        async ({ params, body }, reply) => {
            const device = findDevice(context, params.device)
            live.catalog.nameDevice(device, body)
            live.named(device, undefined)
            return reply.code(204).send()
        }
    )
    for (const field of ["name", "unit", "quantity_kind"] as const) {
        app.put<Params & { Body: string }>(
            `/api/v2/devices/:device/sensors/:sensor/${field}`,
            named,
            async ({ params, body }, reply) => {
                const sensor = findSensor(context, params)
                live.catalog.nameSensor(sensor, field, body)
                live.named(findDevice(context, params.device), sensor)
                return reply.code(204).send()
            }
        )
    }
}
