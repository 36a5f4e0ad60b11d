// What stands before the members of a cluster: one address that leads to any member that takes connections, the first of the list
// that does. Knows nothing of MQTT.
import {
    connect,
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { LOOPBACK } from "../support/free-port"

/** ms that a member gets to take a connection. */
const TAKE_MS = 1_000

export class Balancer {
    /** The member that took each connection, oldest first. */
    readonly taken: number[] = []
    private readonly sockets = new Set<Socket>()

    private constructor(
        private readonly server: Server,
        private readonly members: () => readonly number[]
    ) {
        server.on("connection", client => void this.join(client))
    }

    /** @param members their ports, the one to be tried first first; asked for at each connection */
    static async start(members: () => readonly number[]): Promise<Balancer> {
        const server = createServer({ noDelay: true })
        const balancer = new Balancer(server, members)
        await new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(0, LOOPBACK, resolve)
        })
        return balancer
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port
    }

    /** Cuts all that is connected with a TCP reset. */
    reset(): void {
        for (const socket of this.sockets) socket.resetAndDestroy()
    }

    async stop(): Promise<void> {
        const closed = new Promise<void>(resolve =>
            this.server.close(() => resolve())
        )
        for (const socket of this.sockets) socket.destroy()
        await closed
    }

    private async join(client: Socket): Promise<void> {
        this.watch(client)
        client.pause()
        for (const port of this.members()) {
            const member = await this.reach(port)
            if (!member) continue
            if (client.destroyed) return void member.destroy()
            this.taken.push(port)
            client.pipe(member)
            member.pipe(client)
            client.on("close", () => member.destroy())
            member.on("close", () => client.destroy())
            client.resume()
            return
        }
        client.resetAndDestroy()
    }

    private reach(port: number): Promise<Socket | undefined> {
        return new Promise(resolve => {
            const member = connect({ host: LOOPBACK, port, noDelay: true })
            this.watch(member)
            const limit = setTimeout(() => member.destroy(), TAKE_MS)
            member.once("connect", () => {
                clearTimeout(limit)
                resolve(member)
            })
            member.once("close", () => {
                clearTimeout(limit)
                resolve(undefined)
            })
        })
    }

    private watch(socket: Socket): void {
        this.sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => this.sockets.delete(socket))
    }
}
