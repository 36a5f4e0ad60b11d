// The HTTP server: Fastify with its limits, headers and errors, and the routes put together. Everything that holds for every
// request is here; what a request does is in the routes-*.ts files.
import helmet from "@fastify/helmet"
import rateLimit from "@fastify/rate-limit"
import fastify, { type FastifyInstance, type HTTPMethods } from "fastify"
import type { CloudContext } from "./context"
import { ApiError, errorHandler, sendError } from "./errors"
import { foreign } from "./guard"
import {
    KEEP_ALIVE_MS,
    MAX_BODY,
    MAX_CONNECTIONS,
    MAX_HEADERS,
    REQUEST_MS,
} from "./limits"
import { deviceRoutes } from "./routes-devices"
import { liveRoutes } from "./routes-live"
import { SESSION_PATH, sessionRoutes } from "./routes-session"
import { staticRoutes } from "./static"
import { valueRoutes } from "./routes-values"

export interface ServerOptions {
    /** Whether only this machine can reach it. */
    loopback: boolean
    /** The folder of the page's files. */
    page: string
    /** Told of a mistake of this program. */
    onDefect: (text: string) => void
}

/** Bytes of one id in a path; an id has 64, and one that is longer is answered as one, not as a path that is not there. */
const MAX_PARAM = 1_024

/** Builds the server; it listens on nothing yet. */
export async function buildServer(
    context: CloudContext,
    { loopback, page, onDefect }: ServerOptions
): Promise<FastifyInstance> {
    const app = fastify({
        bodyLimit: MAX_BODY,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionTimeout: 0,
        http: { maxHeaderSize: MAX_HEADERS, headersTimeout: REQUEST_MS },
        routerOptions: { maxParamLength: MAX_PARAM },
        // Event streams never end by themselves.
        forceCloseConnections: true,
        frameworkErrors: (error, request, reply) =>
            errorHandler(onDefect)(error, request, reply),
    })
    app.server.maxConnections = MAX_CONNECTIONS
    // A form of another site can send text/plain without being asked; JSON it cannot.
    app.removeContentTypeParser("text/plain")
    app.setErrorHandler(errorHandler(onDefect))
    app.setNotFoundHandler((request, reply) =>
        sendError(reply, 404, `there is nothing at this path`)
    )

    await app.register(helmet, HEADERS)
    await app.register(rateLimit, {
        max: context.rates.requests,
        timeWindow: 1_000,
        errorResponseBuilder: (_request, { after }) =>
            new ApiError(429, `too many requests, try again in ${after}`),
    })
    app.addHook("onRequest", async (request, reply) => {
        const why = foreign(request, loopback && !context.gate.required)
        if (why !== undefined) throw new ApiError(403, why)
        const path = request.url.split("?", 1)[0]!
        if (!path.startsWith("/api/")) return
        void reply.header("cache-control", "no-store")
        if (path !== SESSION_PATH && !context.gate.open(request)) {
            void reply.header("www-authenticate", "Bearer")
            throw new ApiError(401, context.gate.refusal(request))
        }
    })

    const methods = collectMethods(app)
    sessionRoutes(app, context)
    deviceRoutes(app, context)
    valueRoutes(app, context)
    liveRoutes(app, context)
    staticRoutes(app, page)
    answerOtherMethods(app, methods)
    await app.ready()
    return app
}

/**
 * Only what lies here may run or load, and text can become markup nowhere; no HSTS, since this server speaks HTTP.
 */
const HEADERS = {
    contentSecurityPolicy: {
        useDefaults: false,
        directives: {
            defaultSrc: ["'none'"],
            scriptSrc: ["'self'"],
            styleSrc: ["'self'"],
            imgSrc: ["'self'", "data:"],
            connectSrc: ["'self'"],
            manifestSrc: ["'self'"],
            baseUri: ["'none'"],
            formAction: ["'none'"],
            frameAncestors: ["'none'"],
            requireTrustedTypesFor: ["'script'"],
        },
    },
    frameguard: { action: "deny" as const },
    referrerPolicy: { policy: "no-referrer" as const },
    strictTransportSecurity: false as const,
}

const METHODS: HTTPMethods[] = ["GET", "POST", "PUT", "PATCH", "DELETE"]

/** The methods of each path, as they are added. */
function collectMethods(app: FastifyInstance): Map<string, Set<string>> {
    const methods = new Map<string, Set<string>>()
    app.addHook("onRoute", ({ url, method }) => {
        const known = methods.get(url) ?? new Set()
        methods.set(url, known)
        for (const one of [method].flat()) known.add(one)
    })
    return methods
}

/** Fastify answers a wrong method like a path that is not there; a client wants to know which it is. */
function answerOtherMethods(
    app: FastifyInstance,
    methods: Map<string, Set<string>>
): void {
    for (const [url, known] of [...methods]) {
        const allow = [...known].sort().join(", ")
        app.route({
            method: METHODS.filter(method => !known.has(method)),
            url,
            // Before the body is read: it is nobody's.
            onRequest: async (_request, reply) => {
                void reply.header("allow", allow)
                throw new ApiError(405, `this path is for ${allow}`)
            },
            handler: async () => undefined,
        })
    }
}
