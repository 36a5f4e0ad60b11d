// What requests must look like, as JSON Schema for Fastify, with the types that follow. Knows nothing of what is done with them.
import { MAX_ID_LENGTH } from "../../src/config/ids"
import {
    DEFAULT_LIMIT,
    DEFAULT_POINTS,
    MAX_DEVICES,
    MAX_LIMIT,
    MAX_NAME,
    MAX_OFFSET,
    MAX_POINTS,
    MIN_POINTS,
} from "./limits"

/** An id is one level of a topic and one of a path: nothing in it may be read as a separator, a wildcard or a step. */
const id = {
    type: "string",
    maxLength: MAX_ID_LENGTH,
    pattern: "^(?!\\.{1,2}$)[A-Za-z0-9_.-]+$",
}

export const params = {
    type: "object",
    properties: { device: id, sensor: id, actuator: id },
}
export interface Params {
    device: string
    sensor: string
    actuator: string
}

const whole = (minimum: number, maximum: number, value: number) => ({
    type: "integer",
    minimum,
    maximum,
    default: value,
})

/** RFC 3339; which times are sensible is for the route to say. */
const time = { type: "string", maxLength: 40 }

export const page = {
    type: "object",
    properties: {
        limit: whole(1, MAX_DEVICES, 100),
        offset: whole(0, MAX_OFFSET, 0),
    },
}
export interface Page {
    limit: number
    offset: number
}

const range = { from: time, to: time, date_from: time, date_to: time }
export interface RangeQuery {
    from?: string
    to?: string
    date_from?: string
    date_to?: string
}

export const changes = { type: "object", properties: range }

export const values = {
    type: "object",
    properties: {
        ...range,
        limit: whole(1, MAX_LIMIT, DEFAULT_LIMIT),
        offset: whole(0, MAX_OFFSET, 0),
        sort: { type: "string", enum: ["asc", "dsc"], default: "asc" },
    },
}
export type ValuesQuery = RangeQuery & Page & { sort: "asc" | "dsc" }

export const series = {
    type: "object",
    properties: {
        ...range,
        points: whole(MIN_POINTS, MAX_POINTS, DEFAULT_POINTS),
    },
}
export type SeriesQuery = RangeQuery & { points: number }

/** Further keys are ignored, as Waziup does: its own libraries send `date_received`. */
export const reading = {
    type: "object",
    required: ["value"],
    properties: {
        value: {},
        timestamp: { ...time, nullable: true },
        time: { ...time, nullable: true },
    },
}
export interface ReadingBody {
    value: unknown
    timestamp?: string | null
    time?: string | null
}

/** One line of text without control characters. */
export const name = {
    type: "string",
    minLength: 1,
    maxLength: MAX_NAME,
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$",
}

export const filter = {
    type: "object",
    properties: {
        filter: {
            type: "string",
            minLength: 1,
            maxLength: 1_024,
            default: "#",
        },
        latest: { type: "boolean", default: false },
    },
}

export const login = {
    type: "object",
    required: ["token"],
    properties: { token: { type: "string", minLength: 1, maxLength: 1_024 } },
}
