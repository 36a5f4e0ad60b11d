// A peer on loopback that accepts every CONNECT and counts the bytes after it. It answers nothing else: who connects
// for longer than its keep alive needs a broker.
import {
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import mqttPacket from "mqtt-packet"
import { LOOPBACK } from "../support/free-port"

export class Sink {
    /** Received after the CONNECT of the last connection. */
    bytes = 0
    private readonly server: Server
    private readonly sockets = new Set<Socket>()

    private constructor(private readonly changed: () => void) {
        this.server = createServer(socket => this.accept(socket))
    }

    /** @param changed called after each piece received */
    static async start(changed: () => void): Promise<Sink> {
        const sink = new Sink(changed)
        await new Promise<void>((resolve, reject) => {
            sink.server.once("error", reject)
            sink.server.listen(0, LOOPBACK, resolve)
        })
        return sink
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port
    }

    stop(): void {
        this.server.close()
        for (const socket of this.sockets) socket.destroy()
    }

    private accept(socket: Socket) {
        this.sockets.add(socket)
        this.bytes = 0
        let connected = false
        const parser = mqttPacket.parser({ protocolVersion: 4 })
        parser.once("packet", () => {
            connected = true
            socket.write(
                mqttPacket.generate({
                    cmd: "connack",
                    returnCode: 0,
                    sessionPresent: false,
                })
            )
        })
        socket.on("data", bytes => {
            if (connected) this.bytes += bytes.length
            else parser.parse(bytes)
            this.changed()
        })
        socket.on("error", () => {})
        socket.on("close", () => this.sockets.delete(socket))
    }
}
