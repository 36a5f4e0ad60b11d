// What the page lives on: everything at once, and what changes as server-sent events. The raw messages are a stream of
// their own, so that a flood of them holds up no value.
import type { FastifyInstance, FastifyReply } from "fastify"
import type { CloudContext } from "./context"
import { ApiError, sendError } from "./errors"
import { RETENTION_MS } from "./limits"
import type { LiveEvent } from "./live"
import { filterFault } from "./options"
import * as schema from "./schemas"
import * as shape from "./shapes"
import { eventText, type Stream } from "./streams"

export function liveRoutes(app: FastifyInstance, context: CloudContext): void {
    const { live, raw, link, streams } = context

    const broker = () => ({
        ...context.broker,
        connected: link.connected,
        since: shape.iso(link.since),
    })
    const overview = () => ({
        now: shape.iso(context.now()),
        broker: broker(),
        topics: context.topics,
        retentionHours: RETENTION_MS / 3_600_000,
        devices: live.catalog.sorted().map(shape.deviceNow),
    })

    const watching = new Set<Stream>()
    const tell = (event: string, data: unknown) => {
        if (watching.size === 0) return
        const text = eventText(event, data)
        for (const stream of watching) stream.send(text)
    }
    live.on("change", ({ event, data }: LiveEvent) => tell(event, data))
    link.on("connection", () => tell("broker", broker()))

    app.get("/api/v2/overview", async () => overview())

    app.get("/api/v2/events", { exposeHeadRoute: false }, (_request, reply) => {
        const stream = begin(reply, () => watching.delete(stream!))
        stream?.begin(eventText("overview", overview()))
        if (stream !== undefined) watching.add(stream)
    })

    app.get<{ Querystring: { filter: string; latest: boolean } }>(
        "/api/v2/messages",
        { exposeHeadRoute: false, schema: { querystring: schema.filter } },
        (request, reply) => {
            const filter = plusAgain(request.query.filter)
            const fault = filterFault(filter)
            if (fault !== undefined)
                throw new ApiError(
                    400,
                    `filter ${fault}: levels between /, + for one level, # for all that follow`
                )
            let leave = () => {}
            const stream = begin(reply, () => leave())
            if (stream === undefined) return
            leave = raw.watch(filter, request.query.latest, {
                begin: list =>
                    stream.begin(
                        list.map(data => eventText("message", data)).join("")
                    ),
                message: data => stream.send(eventText("message", data)),
                dropped: count => stream.send(eventText("dropped", { count })),
            })
        }
    )

    /** Begins an event stream as the answer, or says that there are too many. */
    function begin(
        reply: FastifyReply,
        closed: () => void
    ): Stream | undefined {
        if (streams.full) {
            void reply.header("retry-after", "5")
            sendError(
                reply,
                429,
                `${streams.size} event streams are open already`
            )
            return undefined
        }
        reply.hijack()
        for (const [name, value] of Object.entries(reply.getHeaders()))
            if (value !== undefined) reply.raw.setHeader(name, value)
        reply.raw.writeHead(200, {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            // A proxy that collects an answer before it hands it on would hold events back for ever.
            "x-accel-buffering": "no",
        })
        return streams.open(reply.raw, closed)
    }
}

/** A + that was not written as %2B means a space in a query. No level of a topic is one space, so it was a + that was meant. */
function plusAgain(filter: string): string {
    return filter
        .split("/")
        .map(level => (level === " " ? "+" : level))
        .join("/")
}
