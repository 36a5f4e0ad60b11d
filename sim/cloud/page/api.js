// @ts-check
// What the page asks the server for, and what it says when that goes wrong. The shapes are those of docs/cloud-api.md.
// Knows nothing of what is shown.

/**
 * @typedef {object} WireValue
 * @property {unknown} value
 * @property {string} timestamp
 * @property {string} receivedAt
 * @property {boolean} late
 *
 * @typedef {{ value: unknown, at: string }} WireAt
 * @typedef {{ state: string, since: string }} WireState
 * @typedef {{ status: string, since: string | null }} WirePresence
 *
 * @typedef {object} WireSensor
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} unit
 * @property {string | null} quantityKind
 * @property {WireValue | null} value
 * @property {number | null} interval
 * @property {WireState | null} state
 *
 * @typedef {{ type: "boolean" | "number" | "string", min?: number, max?: number }} Takes
 *
 * @typedef {object} WireActuator
 * @property {string} id
 * @property {string | null} name
 * @property {WireAt | null} requested
 * @property {WireAt | null} state
 * @property {Takes | null} takes
 *
 * @typedef {object} WireDevice
 * @property {string} id
 * @property {string | null} name
 * @property {WirePresence} presence
 * @property {WireSensor[]} sensors
 * @property {WireActuator[]} actuators
 * @property {{ at: string, body: unknown } | null} diagnostics
 *
 * @typedef {{ url: string, embedded: boolean, connected: boolean, since: string }} WireBroker
 * @typedef {{ now: string, broker: WireBroker, topics: string, retentionHours: number, devices: WireDevice[] }} WireOverview
 *
 * @typedef {{ at: string, min: number, max: number, mean: number, count: number, late: number }} WirePoint
 * @typedef {{ from: string, to: string, asOf: string, stepMs: number, points: WirePoint[] }} WireSeries
 *
 * @typedef {{ required: boolean, open: boolean }} Session
 */

const ROOT = "/api/v2"

/** ms for an answer; the server itself gives the broker 5 s. */
const ANSWER_MS = 10_000

/** Requests at once for history: a browser has six connections to a server, and live events hold two of them. */
const AT_ONCE = 3

/** Times a request that came too fast (429) or while the server was busy is made again. */
const REPEATS = 4

/** A request did not do what was asked. `message` is for a person, `status` is 0 when there was no answer at all. */
export class RequestError extends Error {
    /** @param {string} message @param {number} status */
    constructor(message, status) {
        super(message)
        this.name = "RequestError"
        this.status = status
    }
}

/** @param {...string} parts ids, each one level of the path whatever is in it */
export function devicePath(...parts) {
    return `${ROOT}/devices/${parts.map(encodeURIComponent).join("/")}`
}

/** @returns {string} */
export function eventsPath() {
    return `${ROOT}/events`
}

/** @param {string} filter @param {boolean} [latest] begin with the latest message of each topic @returns {string} */
export function messagesPath(filter, latest = false) {
    return `${ROOT}/messages?${new URLSearchParams({ filter, latest: String(latest) })}`
}

/** @returns {Promise<Session>} */
export async function session() {
    return /** @type {Session} */ (await request("GET", `${ROOT}/session`))
}

/** @param {string} token @returns {Promise<void>} */
export async function openSession(token) {
    await request("POST", `${ROOT}/session`, { token })
}

/** @param {string} device @param {string} actuator @param {unknown} value @returns {Promise<void>} */
export async function command(device, actuator, value) {
    const path = devicePath(device, "actuators", actuator, "value")
    await request("POST", path, { value })
}

/** @param {string} device @param {string} sensor @param {"name" | "unit"} what @param {string} text */
export async function describe(device, sensor, what, text) {
    await request("PUT", devicePath(device, "sensors", sensor, what), text)
}

/** @param {string} filter @returns {Promise<string | undefined>} why the server takes no such filter */
export async function filterFault(filter) {
    const stop = new AbortController()
    try {
        await answer("GET", messagesPath(filter), undefined, stop.signal)
        return undefined
    } catch (error) {
        if (error instanceof RequestError && error.status === 400)
            return error.message
        return undefined
    } finally {
        stop.abort()
    }
}

/** History is asked for by many plots at once; they take turns. */
let running = 0
/** @type {(() => void)[]} */
const waiting = []

/**
 * @param {string} path @param {Record<string, string | number>} query
 * @returns {Promise<unknown>}
 */
export async function history(path, query) {
    const text = new URLSearchParams(
        Object.entries(query).map(([key, value]) => [key, String(value)])
    )
    if (running >= AT_ONCE)
        await new Promise(resolve => waiting.push(() => resolve(undefined)))
    else running++
    try {
        return await patiently(`${path}?${text}`)
    } finally {
        const next = waiting.shift()
        if (next) next()
        else running--
    }
}

/** @param {string} url @returns {Promise<unknown>} */
async function patiently(url) {
    for (let n = 1; ; n++) {
        try {
            return await request("GET", url)
        } catch (error) {
            const again = error instanceof RequestError && error.status === 429
            if (!again || n === REPEATS) throw error
            await new Promise(resolve => setTimeout(resolve, 1000 * n))
        }
    }
}

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<unknown>} undefined where the server has nothing to say
 */
async function request(method, path, body) {
    const response = await answer(method, path, body)
    if (response.status === 204) return undefined
    return await response.json()
}

/** @param {string} method @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
async function answer(method, path, body, signal) {
    const limit = AbortSignal.timeout(ANSWER_MS)
    /** @type {RequestInit} */
    const init = {
        method,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: { accept: "application/json" },
    }
    if (body !== undefined) {
        init.headers = {
            ...init.headers,
            "content-type": "application/json;charset=utf-8",
        }
        init.body = JSON.stringify(body)
    }
    let response
    try {
        response = await fetch(path, init)
    } catch {
        throw new RequestError("the server does not answer", 0)
    }
    if (response.ok) return response
    throw new RequestError(await reason(response), response.status)
}

/** @param {Response} response @returns {Promise<string>} what the server says went wrong */
async function reason(response) {
    try {
        const { message } = await response.json()
        if (typeof message === "string") return message
    } catch {
        // not the server's own words: a proxy's page, for one
    }
    return `the server answered ${response.status} ${response.statusText}`
}
