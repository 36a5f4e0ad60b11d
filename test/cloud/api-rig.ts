// The cloud stand-in in front of a broker of the test's own, and clients of both. For tests.
import { mkdtempSync, rmSync } from "node:fs"
import { request, type IncomingHttpHeaders } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startCloud, type Cloud, type CloudOptions } from "../../sim/cloud"
import { AedesBroker } from "../support/aedes-broker"
import { Observer } from "../support/observer"
import { Watch } from "../support/wait"

/** ms for an answer or an event on loopback, on a machine with other work to do. */
export const SOON_MS = 5_000

export interface Answer {
    status: number
    headers: IncomingHttpHeaders
    text: string
    /** The body as JSON; throws when it is none. */
    json: <T = Record<string, unknown>>() => T
}

export interface Ask {
    method?: string
    headers?: Record<string, string>
    /** An object is sent as JSON, a text as it is. */
    body?: unknown
}

/** One request, with its path exactly as given: fetch would mend what is wrong with it. */
export function ask(
    port: number,
    path: string,
    options: Ask = {}
): Promise<Answer> {
    const { method = "GET", headers = {}, body } = options
    const text = typeof body === "string" ? body : JSON.stringify(body)
    return new Promise((resolve, reject) => {
        const sent = request(
            {
                host: "127.0.0.1",
                port,
                path,
                method,
                agent: false,
                headers: {
                    ...(body === undefined
                        ? {}
                        : { "content-type": "application/json" }),
                    ...headers,
                },
            },
            response => {
                const chunks: Buffer[] = []
                response.on("data", chunk => chunks.push(chunk as Buffer))
                response.on("error", reject)
                response.on("end", () => {
                    const text = Buffer.concat(chunks).toString()
                    resolve({
                        status: response.statusCode!,
                        headers: response.headers,
                        text,
                        json: <T>() => JSON.parse(text) as T,
                    })
                })
            }
        )
        sent.on("error", reject)
        sent.end(body === undefined ? undefined : text)
    })
}

export interface ServerEvent {
    event: string
    data: Record<string, unknown>
}

/** A client of an event stream, as a browser's EventSource without its reconnecting. */
export class EventClient {
    readonly events: ServerEvent[] = []
    /** What is no event: comments and `retry`. */
    readonly others: string[] = []
    status = 0
    text = ""
    headers: IncomingHttpHeaders = {}
    closed = false
    #watch = new Watch()
    #sent

    constructor(
        port: number,
        path: string,
        headers: Record<string, string> = {}
    ) {
        this.#sent = request(
            { host: "127.0.0.1", port, path, headers, agent: false },
            response => {
                this.status = response.statusCode!
                this.headers = response.headers
                response.setEncoding("utf8")
                response.on("data", piece => this.#take(String(piece)))
                response.on("close", () => this.#end())
                response.on("error", () => {})
                this.#watch.changed()
            }
        )
        this.#sent.on("error", () => this.#end())
        this.#sent.end()
    }

    /** The first event `wanted` accepts, those that came already included. */
    next(
        wanted: (event: ServerEvent) => boolean,
        what = "such event"
    ): Promise<ServerEvent> {
        return this.#watch.until(
            () => this.events.find(wanted),
            SOON_MS,
            what,
            () => JSON.stringify(this.events.slice(-20))
        )
    }

    until<T>(find: () => T | undefined, what: string): Promise<T> {
        return this.#watch.until(find, SOON_MS, what)
    }

    /** Stops reading, as a browser that hangs; its connection stays. */
    pause(): void {
        this.#sent.socket?.pause()
    }

    resume(): void {
        this.#sent.socket?.resume()
    }

    close(): void {
        this.#sent.destroy()
    }

    #end(): void {
        this.closed = true
        this.#watch.changed()
    }

    #take(piece: string): void {
        this.text += piece
        if (this.status !== 200) return
        for (;;) {
            const end = this.text.indexOf("\n\n")
            if (end < 0) break
            const block = this.text.slice(0, end)
            this.text = this.text.slice(end + 2)
            const event = /^event: ([^\n]*)\ndata: ([^\n]*)$/.exec(block)
            if (event === null) this.others.push(block)
            else
                this.events.push({
                    event: event[1]!,
                    data: JSON.parse(event[2]!) as Record<string, unknown>,
                })
        }
        this.#watch.changed()
    }
}

/** A broker, the stand-in in front of it, and a device's side of the broker. All of it ends with close(). */
export class Rig {
    readonly warnings: string[] = []
    #opened: (() => unknown)[] = []

    private constructor(
        readonly broker: AedesBroker,
        readonly device: Observer,
        public cloud: Cloud
    ) {}

    static async start(options: Partial<CloudOptions> = {}): Promise<Rig> {
        const broker = await AedesBroker.start()
        const device = await Observer.start(broker.url, "devices/#")
        const rig = new Rig(broker, device, undefined as unknown as Cloud)
        rig.cloud = await rig.open(options)
        return rig
    }

    /** Starts a stand-in more, or again. */
    async open(options: Partial<CloudOptions> = {}): Promise<Cloud> {
        const { host, port, url } = this.broker
        const cloud = await startCloud({
            broker: {
                transport: "tcp",
                host,
                port,
                name: url,
                embedded: false,
            },
            port: 0,
            onWarning: text => this.warnings.push(text),
            ...options,
        })
        this.#opened.push(() => cloud.stop())
        return cloud
    }

    ask(path: string, options?: Ask): Promise<Answer> {
        return ask(this.cloud.port, path, options)
    }

    /** The rest of a path below a device's sensors. */
    sensor(rest: string, options?: Ask): Promise<Answer> {
        return this.ask(`/api/v2/devices/D/sensors/${rest}`, options)
    }

    events(
        path = "/api/v2/events",
        headers?: Record<string, string>
    ): EventClient {
        const client = new EventClient(this.cloud.port, path, headers)
        this.#opened.push(() => client.close())
        return client
    }

    /** A folder that goes away with the rig. */
    folder(): string {
        const folder = mkdtempSync(join(tmpdir(), "cloud-"))
        this.#opened.unshift(() => rmSync(folder, { recursive: true }))
        return folder
    }

    async close(): Promise<void> {
        for (let next = this.#opened.pop(); next; next = this.#opened.pop())
            await next()
        await this.device.stop()
        await this.broker.stop()
    }
}
