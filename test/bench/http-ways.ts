// The ways by which a value comes from a device to whoever wants it, each measured alone: server, client and values in one
// process, real TCP between them on loopback. Knows nothing of tables and plots.
//
// The HTTP server is the least that answers as the Waziup API does (GET and POST of .../sensors/TC/value); the requests carry
// what curl sends. A framework, a proxy or TLS on either side only adds to HTTP's bytes, TLS to MQTT's as well.
import { readFileSync } from "node:fs"
import { Agent, createServer, request } from "node:http"
import {
    createServer as createTcpServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { Aedes } from "aedes"
import { connectAsync } from "mqtt"
import { LOOPBACK } from "../support/free-port"

export const DEVICE = "ESPDEVICE"
const TOPIC = `devices/${DEVICE}/sensors/TC/value`
const PATH = `/api/v2/${TOPIC}`
const JSON_TYPE = "application/json;charset=utf-8"

/** ms that what was sent last has to arrive, and connections to close. */
const END_MS = 300

/** How a value comes to the server, or from it to a consumer. */
export type Way =
    | { kind: "poll"; everyMs: number; keep: boolean }
    | { kind: "post"; keep: boolean }
    | { kind: "subscribe" | "publish"; qos: 0 | 1 }

/** A new value at a moment, in ms since the beginning. No two values are alike, so that each is known by itself. */
export interface Update {
    at: number
    value: number
}

export interface Figures {
    /** Values that arrived; the others were replaced before anybody asked. */
    arrived: number
    /** ms from a value's being there to its arrival, of each that arrived. */
    delays: number[]
    connections: number
    /** Bytes that the two programs wrote to each other. */
    bytes: number
    /** IP packets and their bytes, headers included; undefined where the loopback interface is not ours alone. */
    packets?: number
    ipBytes?: number
}

/** What went over the loopback interface so far; it counts a packet from its IP header on. */
function loopback(): { packets: number; ipBytes: number } {
    const line = readFileSync("/proc/net/dev", "utf8")
        .split("\n")
        .find(line => line.trim().startsWith("lo:"))
    const [bytes = 0, packets = 0] = (line ?? "")
        .slice((line ?? "").indexOf(":") + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
    return { packets, ipBytes: bytes }
}

/** Values at random times, the same for the same seed: `count` of them, `meanMs` apart on the average. */
export function updates(
    count: number,
    meanMs: number,
    seed = 20_261_121
): Update[] {
    let state = seed
    const random = () => {
        // Lehmer's generator with the multiplier of "minimal standard"
        state = (state * 48_271) % 2_147_483_647
        return state / 2_147_483_647
    }
    let at = 0
    return Array.from({ length: count }, (_, i) => {
        at += -Math.log(random()) * meanMs
        return { at, value: (100 + i) / 10 }
    })
}

/** @param alone nothing else goes over this machine's (or namespace's) loopback interface */
export async function measure(
    way: Way,
    list: readonly Update[],
    lastsMs: number,
    alone: boolean
): Promise<Figures> {
    const before = alone ? loopback() : undefined
    const figures =
        way.kind === "poll" || way.kind === "post"
            ? await http(way, list, lastsMs)
            : await mqtt(way, list, lastsMs)
    if (!before) return figures
    const { packets, ipBytes } = loopback()
    return {
        ...figures,
        packets: packets - before.packets,
        ipBytes: ipBytes - before.ipBytes,
    }
}

/** Counts what goes through the connections of a server. */
class Meter {
    connections = 0
    readonly #sockets = new Set<Socket>()
    #closed = 0

    readonly accept = (socket: Socket) => {
        this.connections++
        this.#sockets.add(socket)
        socket.once("close", () => {
            this.#sockets.delete(socket)
            this.#closed += socket.bytesRead + socket.bytesWritten
        })
    }

    get bytes(): number {
        return [...this.#sockets].reduce(
            (sum, { bytesRead, bytesWritten }) =>
                sum + bytesRead + bytesWritten,
            this.#closed
        )
    }

    cut(): void {
        for (const socket of this.#sockets) socket.destroy()
    }
}

/** Calls `set` with each value at its time. Resolves when the time is over. */
async function play(
    list: readonly Update[],
    lastsMs: number,
    set: (value: number) => void
): Promise<void> {
    const began = performance.now()
    for (const { at, value } of list) {
        if (at >= lastsMs) break
        await pause(Math.max(0, began + at - performance.now()))
        set(value)
    }
    await pause(Math.max(0, began + lastsMs - performance.now()))
}

/** When each value was there, and which have arrived. */
class Arrivals {
    readonly delays: number[] = []
    readonly #waiting = new Map<number, number>()

    set(value: number): void {
        this.#waiting.set(value, performance.now())
    }

    arrived(text: string): void {
        const { value } = JSON.parse(text) as { value: number }
        const since = this.#waiting.get(value)
        if (since === undefined) return
        this.#waiting.delete(value)
        this.delays.push(performance.now() - since)
    }

    figures({ connections, bytes }: Meter): Figures {
        return {
            arrived: this.delays.length,
            delays: this.delays,
            connections,
            bytes,
        }
    }
}

async function http(
    way: Extract<Way, { kind: "poll" | "post" }>,
    list: readonly Update[],
    lastsMs: number
): Promise<Figures> {
    const arrivals = new Arrivals()
    const meter = new Meter()
    let last: { value: number; at: string } | undefined
    const server = createServer((asked, answer) => {
        if (asked.method === "POST") {
            let body = ""
            asked.on("data", part => (body += String(part)))
            asked.on("end", () => {
                arrivals.arrived(body)
                answer.writeHead(204).end()
            })
            return
        }
        if (!last) {
            answer.writeHead(404).end()
            return
        }
        const text = JSON.stringify({
            value: last.value,
            timestamp: last.at,
            date_received: last.at,
        })
        answer.writeHead(200, { "Content-Type": JSON_TYPE }).end(text)
    })
    server.on("connection", meter.accept)
    const port = await listen(server)
    const agent = new Agent({ keepAlive: way.keep })
    const ask = (method: "GET" | "POST", body?: string) =>
        new Promise<string>((resolve, reject) => {
            const headers = {
                "User-Agent": "curl/8.0.0",
                Accept: JSON_TYPE,
                ...(body === undefined
                    ? {}
                    : {
                          "Content-Type": JSON_TYPE,
                          "Content-Length": body.length,
                      }),
            }
            const asked = request(
                { host: LOOPBACK, port, path: PATH, method, agent, headers },
                answer => {
                    let text = ""
                    answer.on("data", part => (text += String(part)))
                    answer.on("end", () => resolve(text))
                }
            )
            asked.on("error", reject)
            asked.end(body)
        })
    const under = new Set<Promise<unknown>>()
    const during = (work: Promise<unknown>) => {
        under.add(work)
        void work.finally(() => under.delete(work))
    }
    const poll = () =>
        during(
            ask("GET").then(text => {
                if (text !== "") arrivals.arrived(text)
            })
        )
    const polling =
        way.kind === "poll" ? setInterval(poll, way.everyMs) : undefined
    await play(list, lastsMs, value => {
        arrivals.set(value)
        if (way.kind === "poll") last = { value, at: new Date().toISOString() }
        else during(ask("POST", JSON.stringify({ value })))
    })
    clearInterval(polling)
    await Promise.all(under)
    agent.destroy()
    await pause(END_MS)
    meter.cut()
    server.close()
    return arrivals.figures(meter)
}

async function mqtt(
    { kind, qos }: Extract<Way, { kind: "subscribe" | "publish" }>,
    list: readonly Update[],
    lastsMs: number
): Promise<Figures> {
    const arrivals = new Arrivals()
    const meter = new Meter()
    const aedes = await Aedes.createBroker()
    const server = createTcpServer({ noDelay: true }, socket => {
        meter.accept(socket)
        aedes.handle(socket)
    })
    const port = await listen(server)
    const client = await connectAsync(`mqtt://${LOOPBACK}:${port}`, {
        clientId: DEVICE,
        keepalive: 60,
        reconnectPeriod: 0,
    })
    if (kind === "subscribe") {
        client.on("message", (_topic, payload) =>
            arrivals.arrived(payload.toString())
        )
        await client.subscribeAsync(TOPIC, { qos })
    } else
        aedes.on("publish", ({ topic, payload }) => {
            if (topic === TOPIC) arrivals.arrived(payload.toString())
        })
    await play(list, lastsMs, value => {
        arrivals.set(value)
        const payload = JSON.stringify({ value })
        if (kind === "publish") client.publish(TOPIC, payload, { qos })
        else
            aedes.publish(
                {
                    cmd: "publish",
                    topic: TOPIC,
                    payload,
                    qos,
                    retain: false,
                    dup: false,
                },
                () => {}
            )
    })
    await pause(END_MS)
    await client.endAsync()
    await pause(END_MS)
    meter.cut()
    await new Promise<void>(resolve => aedes.close(() => resolve()))
    server.close()
    return arrivals.figures(meter)
}

async function listen(server: Server): Promise<number> {
    await new Promise<void>((resolve, reject) => {
        server.once("error", reject)
        server.listen(0, LOOPBACK, resolve)
    })
    return (server.address() as AddressInfo).port
}
