// A link between a socket as the chip has it and a server in memory, and what both ends are told.
import { MemoryNetwork, VirtualClock, type MemorySocket } from "../../sim/vm"
import { Link, type Port } from "../../sim/world"

export const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** Bytes of a piece up to which it is told as text, and not as how many there are. */
const SHORT = 40

type Heard = Pick<MemorySocket, "on">

export class LinkEnds {
    readonly clock = new VirtualClock(0)
    readonly link: Link
    /** What both ends were told, `<ms> <end> <what>`. */
    readonly told: string[] = []
    /** The servers' ends, oldest first. */
    readonly servers: MemorySocket[] = []

    constructor(port: Port = "esp32") {
        const network = new MemoryNetwork(this.clock)
        this.link = new Link(this.clock, network, port)
        network.listen("broker", 1883, server => {
            this.servers.push(server)
            this.record("server", server)
        })
    }

    connect(name = "chip", port = 1883) {
        const socket = this.link.connect("broker", port, false)
        this.record(name, socket as unknown as Heard)
        return socket
    }

    /** A connection that is there since 10 ms; what it told so far is forgotten. */
    async connected() {
        const chip = this.connect()
        await this.clock.advance(10)
        this.told.length = 0
        return {
            chip,
            server: this.servers.at(-1)!,
            since: this.clock.elapsed,
        }
    }

    private record(name: string, socket: Heard) {
        const tell = (what: string) =>
            this.told.push(`${Math.floor(this.clock.elapsed)} ${name} ${what}`)
        socket.on("connect", () => tell("connect"))
        socket.on("data", (piece: Uint8Array) =>
            tell(
                piece.length > SHORT
                    ? `${piece.length} bytes`
                    : Buffer.from(piece).toString("latin1")
            )
        )
        socket.on("error", (error: Error) => tell(error.message))
        socket.on("close", () => tell("close"))
    }
}
