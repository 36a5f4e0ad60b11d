// The cloud stand-in: the part of Waziup's HTTP API that its course uses, and a live page, in front of any MQTT broker.
// Puts the parts together and takes them apart again. Knows nothing of nodes, boards or the command line.
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { ListenError } from "../broker/listen"
import { BrokerLink, type BrokerTarget } from "./broker-link"
import { Catalog } from "./catalog"
import { Database } from "./database"
import { Gate } from "./guard"
import { History } from "./history"
import { MAX_POSTS, MAX_REQUESTS } from "./limits"
import { Live } from "./live"
import { DEFAULT_TOPICS, isLoopback } from "./options"
import { Raw } from "./raw"
import { buildServer } from "./server"
import { Streams } from "./streams"

export type { BrokerTarget } from "./broker-link"

const LOOPBACK = "127.0.0.1"
/** ms the start waits for the subscription: a broker that is there answers in less, and the page comes up without one too. */
const READY_MS = 2_000

export interface CloudOptions {
    broker: BrokerTarget & { name: string; embedded: boolean }
    /** 1 to 65,535, or 0 for any free one. */
    port: number
    /** Whether any free port will do when `port` is taken. */
    otherPort?: boolean
    /** The address to listen on, 127.0.0.1 unless told; any other only with a token. */
    host?: string
    /** Asked for by every request for data. */
    token?: string
    /** The file of the history; without one it ends with the program. */
    history?: string
    /** The filter to subscribe to. */
    topics?: string
    /** The folder of the page. */
    page?: string
    /** Requests a second from one address, all and for each kind that publishes; MAX_REQUESTS and MAX_POSTS unless told. */
    rates?: { requests: number; posts: number }
    /** Told its name at the broker before it connects. */
    onClientId?: (id: string) => void
    /** Told in one line of what a person should know. */
    onWarning?: (text: string) => void
}

export interface Cloud {
    /** Where the page is, without a token. */
    readonly url: string
    readonly port: number
    /**
     * Resolves when the device is not known to be up: who has stopped it waits for its last word to arrive before the page stops.
     * @param ms most that is waited; nothing is while there is no broker that could tell
     */
    gone(device: string, ms: number): Promise<void>
    /** Writes what waits, ends all streams and frees the port. Takes at most about 2 s; more calls wait for the first. */
    stop(): Promise<void>
}

/**
 * Starts it. A broker that is not there yet, or goes away, is tried again and again; the page says so.
 * @throws {ListenError} when the port cannot be had; nothing is left running then
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
    const { broker, host = LOOPBACK, topics = DEFAULT_TOPICS } = options
    const rates = options.rates ?? { requests: MAX_REQUESTS, posts: MAX_POSTS }
    const warn = options.onWarning ?? (() => {})
    const loopback = isLoopback(host)
    if (!loopback && options.token === undefined)
        throw new Error("a page beyond this machine needs a token")

    const { database, kept } = openHistory(options.history, warn)
    const history = new History(database, { onFault: warn })
    const live = new Live(new Catalog(database, history), history)
    const raw = new Raw()
    const clientId = kept ? clientIdOf(database) : newClientId()
    options.onClientId?.(clientId)
    const link = new BrokerLink(broker, clientId, topics)
    const streams = new Streams()
    link.on("message", message => {
        raw.take(message)
        live.take(message)
    })
    link.on("refused", reason =>
        warn(`${broker.name} refuses the page: ${reason}`)
    )

    const app = await buildServer(
        {
            live,
            raw,
            link,
            streams,
            gate: new Gate(options.token),
            broker: { url: broker.name, embedded: broker.embedded },
            topics,
            rates,
            now: Date.now,
        },
        {
            loopback,
            page: options.page ?? join(import.meta.dirname, "page"),
            onDefect: text => warn(`a defect of the page's server: ${text}`),
        }
    )
    const gone = (device: string, ms: number) =>
        new Promise<void>(resolve => {
            const done = () => {
                clearTimeout(timer)
                live.off("change", look)
                link.off("connection", look)
                resolve()
            }
            const timer = setTimeout(done, ms)
            const look = () => {
                const { presence } = live.catalog.devices.get(device) ?? {}
                if (!link.connected || presence?.what !== "up") done()
            }
            live.on("change", look)
            link.on("connection", look)
            look()
        })
    let stopped: Promise<void> | undefined
    const stop = () => (stopped ??= close())
    const close = async () => {
        await link.stop()
        streams.stop()
        raw.stop()
        await app.close()
        live.catalog.keepModified()
        history.close()
        database.close()
    }
    try {
        const port = await listenOn(app, host, options.port, options.otherPort)
        history.sweep()
        await link.ready(READY_MS)
        const shown = host.includes(":") ? `[${host}]` : host
        return { url: `http://${shown}:${port}/`, port, gone, stop }
    } catch (error) {
        await stop()
        throw error
    }
}

type Listening = Awaited<ReturnType<typeof buildServer>>

async function listenOn(
    app: Listening,
    host: string,
    port: number,
    otherPort = false
): Promise<number> {
    try {
        await app.listen({ host, port })
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        if (code !== "EADDRINUSE" || !otherPort || port === 0)
            throw new ListenError(host, port, code)
        return listenOn(app, host, 0)
    }
    const address = app.server.address()
    return typeof address === "object" && address !== null ? address.port : port
}

/** A file that cannot be had is no reason not to start: then the history lasts as long as the program. */
function openHistory(
    file: string | undefined,
    warn: (text: string) => void
): { database: Database; kept: boolean } {
    if (file !== undefined) {
        try {
            return { database: Database.open(file), kept: true }
        } catch (error) {
            warn(
                `the history ${file} cannot be opened (${error instanceof Error ? error.message : String(error)}): this run keeps it in memory only`
            )
        }
    }
    return { database: Database.open(undefined), kept: false }
}

/** The same for each run with this history, so that the broker knows it again. */
function clientIdOf(database: Database): string {
    const known = database.get("SELECT text FROM note WHERE name = 'client'")
    if (known !== undefined) return String(known["text"])
    const clientId = newClientId()
    database.run("INSERT INTO note (name, text) VALUES ('client', ?)", clientId)
    return clientId
}

/** 21 characters, so that a broker of MQTT 3.1 takes it too. */
function newClientId(): string {
    return `page-${randomBytes(8).toString("hex")}`
}
