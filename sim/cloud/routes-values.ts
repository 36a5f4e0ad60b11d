// Values in and out: what is posted is published to the broker and nowhere else; history is read in bounds.
import type { FastifyInstance, RouteShorthandOptions } from "fastify"
import {
    ACTUATOR_VALUE,
    actuatorsTopic,
    readingTopic,
} from "../../src/config/topics"
import type { CloudContext } from "./context"
import { ApiError, notFound } from "./errors"
import type { Range } from "./history"
import { actuatorValue, timeOf, valueFault } from "./payload"
import { findDevice, findSensor } from "./routes-devices"
import * as schema from "./schemas"
import * as shape from "./shapes"

type Params = { Params: schema.Params }

const HOUR = 3_600_000
const SENSOR = "/api/v2/devices/:device/sensors/:sensor"

export function valueRoutes(app: FastifyInstance, context: CloudContext): void {
    const { live, link, now } = context
    const { history } = live
    const { params } = schema
    /** A tighter rate than for reading: each goes on to the broker and to all who listen. */
    const publishing = {
        config: { rateLimit: { max: context.rates.posts, timeWindow: 1_000 } },
    }

    app.post<Params & { Body: schema.ReadingBody }>(
        `${SENSOR}/value`,
        { ...publishing, schema: { params, body: schema.reading } },
        async ({ params: { device, sensor }, body }, reply) => {
            const text = readingText(body, now())
            live.catalog.checkRoom(device, "sensors", sensor)
            await link.publish(readingTopic(device, sensor), text)
            return reply.code(204).send()
        }
    )
    const command: RouteShorthandOptions = { ...publishing, schema: { params } }
    const act = async ({ device, actuator }: schema.Params, body: unknown) => {
        const said = actuatorValue(body)
        if (said === undefined)
            throw bad(`the value ${valueFault(body) ?? "is missing"}`)
        live.catalog.checkRoom(device, "actuators", actuator)
        await link.publish(
            actuatorsTopic(device) + actuator + ACTUATOR_VALUE,
            JSON.stringify(said)
        )
    }
    // Waziup's cloud takes PUT, its gateway POST.
    for (const method of ["POST", "PUT"] as const) {
        app.route<Params & { Body: unknown }>({
            ...command,
            method,
            url: "/api/v2/devices/:device/actuators/:actuator/value",
            handler: async ({ params, body }, reply) => {
                await act(params, body)
                return reply.code(204).send()
            },
        })
    }

    app.get<Params>(
        `${SENSOR}/value`,
        { schema: { params } },
        async request => {
            const { last } = findSensor(context, request.params)
            if (last === undefined)
                throw notFound(
                    `sensor ${request.params.sensor} of device ${request.params.device} has no value yet`
                )
            return shape.sensorValue(last)
        }
    )
    app.get<Params & { Querystring: schema.ValuesQuery }>(
        `${SENSOR}/values`,
        { schema: { params, querystring: schema.values } },
        async ({ params, query }) => {
            const { key } = findSensor(context, params)
            const range = rangeOf(query, { from: 0, to: FAR })
            return history
                .values(key, range, {
                    limit: query.limit,
                    offset: query.offset,
                    newestFirst: query.sort === "dsc",
                })
                .map(reading =>
                    shape.datapoint(params.device, params.sensor, reading)
                )
        }
    )
    app.get<Params & { Querystring: schema.SeriesQuery }>(
        `${SENSOR}/series`,
        { schema: { params, querystring: schema.series } },
        async ({ params, query }) => {
            const { key } = findSensor(context, params)
            const { from, to } = rangeOf(query, lastOf(HOUR, now()))
            // Both ends are in it, so it is one ms longer than their difference.
            const stepMs = Math.ceil((to - from + 1) / query.points)
            // what comes from now on is told as an event, and not in these points
            const asOf = shape.iso(now())
            const points = history
                .series(key, { from, to }, stepMs)
                .map(point => ({ ...point, at: shape.iso(point.at) }))
            const range = { from: shape.iso(from), to: shape.iso(to) }
            return { ...range, asOf, stepMs, points }
        }
    )
    app.get<Params & { Querystring: schema.RangeQuery }>(
        `${SENSOR}/states`,
        { schema: { params, querystring: schema.changes } },
        async ({ params, query }) => {
            const { key } = findSensor(context, params)
            return history
                .states(key, rangeOf(query, lastOf(24 * HOUR, now())))
                .map(shape.stateOf)
        }
    )
    app.get<Params & { Querystring: schema.RangeQuery }>(
        "/api/v2/devices/:device/presence",
        { schema: { params, querystring: schema.changes } },
        async ({ params, query }) => {
            const { key } = findDevice(context, params.device)
            return history
                .presence(key, rangeOf(query, lastOf(24 * HOUR, now())))
                .map(shape.presenceOf)
        }
    )
}

/** The last millisecond a Date can show. */
const FAR = 8_640_000_000_000_000

/** What is published for a body: its value, and its time if it has one, and nothing else of it. */
function readingText(body: schema.ReadingBody, now: number): string {
    const fault = valueFault(body.value)
    if (fault !== undefined) throw bad(`the value ${fault}`)
    const key = body.timestamp === undefined ? "time" : "timestamp"
    const timestamp = body.timestamp ?? body.time
    // null is what some JSON libraries make of a time that is not there.
    if (timestamp === undefined || timestamp === null)
        return JSON.stringify({ value: body.value })
    if (timeOf(timestamp, now) === undefined)
        throw bad(
            `${key} is no time from 2000 to tomorrow as 2026-03-01T12:00:05Z`
        )
    return JSON.stringify({ value: body.value, timestamp })
}

function lastOf(ms: number, now: number): Range {
    return { from: now - ms, to: now }
}

function rangeOf(query: schema.RangeQuery, without: Range): Range {
    const range = {
        from: timeQuery("from", query.from ?? query.date_from) ?? without.from,
        to: timeQuery("to", query.to ?? query.date_to) ?? without.to,
    }
    if (range.from > range.to) throw bad("from is after to")
    return range
}

function timeQuery(key: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    // In a query + means a space, and in RFC 3339 it begins a zone.
    const at = timeOf(text.replace(/ (?=\d\d:\d\d$)/, "+"), FAR)
    if (at === undefined) throw bad(`${key} is no time as 2026-03-01T12:00:05Z`)
    return at
}

function bad(message: string): ApiError {
    return new ApiError(400, message)
}
