// An aedes broker inside the test's process, which a test can take away and bring back on the same port.
// Knows nothing of nodes or topics. It is not the broker of sim/broker: a test of the node must not lean on the rig's own.
import {
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { Aedes, type AedesOptions } from "aedes"
import { LOOPBACK } from "./free-port"

export interface AedesBrokerOptions extends AedesOptions {
    /** Default: any free port. */
    port?: number
}

export class AedesBroker {
    readonly host = LOOPBACK
    #port = 0
    #aedes: Aedes | undefined
    #server: Server | undefined
    #sockets = new Set<Socket>()
    #byClient = new Map<string, Socket>()

    private constructor(private readonly options: AedesOptions) {}

    static async start({
        port = 0,
        ...options
    }: AedesBrokerOptions = {}): Promise<AedesBroker> {
        const broker = new AedesBroker(options)
        await broker.#open(port)
        return broker
    }

    get port(): number {
        return this.#port
    }

    get url(): string {
        return `mqtt://${this.host}:${this.#port}`
    }

    /** The broker that runs now, for its events and hooks; restart() makes a new one, which has forgotten all messages and sessions. */
    get aedes(): Aedes {
        if (!this.#aedes) throw new Error("the broker is stopped")
        return this.#aedes
    }

    /** Number of clients whose CONNECT was accepted and that are still there. */
    get clients(): number {
        return this.#aedes?.connectedClients ?? 0
    }

    /** Cuts the connection of a client with a TCP reset and leaves the broker running. */
    resetConnection(clientId: string): void {
        const socket = this.#byClient.get(clientId)
        if (!socket) throw new Error(`no client ${clientId} is connected`)
        socket.resetAndDestroy()
    }

    /** Ends every connection and frees the port. */
    async stop(): Promise<void> {
        const server = this.#server
        const aedes = this.#aedes
        if (!server || !aedes) return
        this.#server = undefined
        this.#aedes = undefined
        const closed = new Promise<void>(resolve =>
            server.close(() => resolve())
        )
        await new Promise<void>(resolve => aedes.close(() => resolve()))
        for (const socket of this.#sockets) socket.destroy()
        await closed
    }

    /** Starts again on the same port; stops before if it still runs. */
    async restart(): Promise<void> {
        await this.stop()
        await this.#open(this.#port)
    }

    async #open(port: number): Promise<void> {
        const aedes = await Aedes.createBroker(this.options)
        aedes.on("clientReady", ({ id, conn }) =>
            this.#byClient.set(id, conn as Socket)
        )
        const server = createServer({ noDelay: true }, socket => {
            this.#sockets.add(socket)
            socket.once("close", () => this.#sockets.delete(socket))
            aedes.handle(socket)
        })
        try {
            await new Promise<void>((resolve, reject) => {
                server.once("error", reject)
                server.listen(port, LOOPBACK, resolve)
            })
        } catch (error) {
            aedes.close()
            throw error
        }
        this.#port = (server.address() as AddressInfo).port
        this.#aedes = aedes
        this.#server = server
    }
}
