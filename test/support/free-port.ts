// Finds a TCP port nobody listens on. Knows nothing of what will listen there.
import { createServer, type AddressInfo } from "node:net"

export const LOOPBACK = "127.0.0.1"

/**
 * A port of the loopback interface that is free now. Another program may take it before it is used: whoever starts a server
 * in a process of its own tries again then. Servers in this process listen on port 0 instead.
 */
export function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer()
        server.once("error", reject)
        server.listen(0, LOOPBACK, () => {
            const { port } = server.address() as AddressInfo
            server.close(() => resolve(port))
        })
    })
}
