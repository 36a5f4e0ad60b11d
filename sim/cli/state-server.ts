// Serves one JSON document at `/` on the loopback interface, for --http-port. Knows nothing of what is in it.
import { createServer } from "node:http"
import { listen } from "../broker/listen"

const LOOPBACK = "127.0.0.1"
/** Connections at once; a browser opens six. */
const MAX_CONNECTIONS = 32
/** ms for a request to arrive whole: on loopback one that takes longer was not meant to be one. */
const REQUEST_MS = 5_000

export interface StateServer {
    readonly port: number
    /** Ends all connections and frees the port. */
    stop(): Promise<void>
}

/**
 * Serves `document()`, asked anew for each request, to GET and HEAD. Any other path is 404, any other method 405, both as JSON.
 * @param port 1 to 65,535, or 0 for any free one
 * @throws {ListenError} when the port cannot be had
 */
export async function serveState(
    port: number,
    document: () => unknown
): Promise<StateServer> {
    const server = createServer(
        { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
        (request, response) => {
            const send = (
                status: number,
                body: unknown,
                headers: Record<string, string> = {}
            ) => {
                const text = JSON.stringify(body, undefined, 2) + "\n"
                response.writeHead(status, {
                    "content-type": "application/json; charset=utf-8",
                    "content-length": Buffer.byteLength(text),
                    "cache-control": "no-store",
                    "x-content-type-options": "nosniff",
                    ...headers,
                })
                response.end(request.method === "HEAD" ? undefined : text)
            }
            // A body nobody asked for is read and dropped, so that the connection can be used again.
            request.resume()
            if (request.method !== "GET" && request.method !== "HEAD") {
                send(
                    405,
                    { error: "method not allowed", allowed: ["GET", "HEAD"] },
                    { allow: "GET, HEAD" }
                )
            } else if ((request.url ?? "/").split("?", 1)[0] !== "/") {
                send(404, { error: "not found", paths: ["/"] })
            } else {
                send(200, document())
            }
        }
    )
    server.maxConnections = MAX_CONNECTIONS
    const bound = await listen(server, LOOPBACK, port)
    return {
        port: bound,
        stop: () =>
            new Promise(resolve => {
                server.close(() => resolve())
                server.closeAllConnections()
            }),
    }
}
