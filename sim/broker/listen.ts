// Opens a listening TCP socket, or says in one typed error why that port cannot be had.
// Knows nothing of MQTT, HTTP or the command line.
import type { AddressInfo, Server } from "node:net"

/** Why a server could not listen: `in-use` (another program has the port), `denied` (the system does
 *  not let this user have it, as with ports below 1,024), `other` (the system's own code is in `code`). */
export type ListenFailure = "in-use" | "denied" | "other"

/** The port asked for cannot be had. `host` and `port` are the ones asked for, `code` is the system's (EADDRINUSE, ...). */
export class ListenError extends Error {
    constructor(
        readonly host: string,
        readonly port: number,
        readonly code: string
    ) {
        super(`cannot listen on ${host}:${port} (${code})`)
        this.name = "ListenError"
    }

    get reason(): ListenFailure {
        if (this.code === "EADDRINUSE") return "in-use"
        if (this.code === "EACCES" || this.code === "EPERM") return "denied"
        return "other"
    }
}

/**
 * Starts `server` on `host:port` and resolves to the port it got.
 * @param port 1 to 65,535, or 0 for any free one
 * @throws {ListenError} when the system refuses
 */
export function listen(
    server: Server,
    host: string,
    port: number
): Promise<number> {
    return new Promise((resolve, reject) => {
        const failed = (error: NodeJS.ErrnoException) =>
            reject(new ListenError(host, port, error.code ?? error.message))
        server.once("error", failed)
        server.listen({ host, port, exclusive: true }, () => {
            server.off("error", failed)
            resolve((server.address() as AddressInfo).port)
        })
    })
}
