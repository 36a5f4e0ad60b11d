// One MQTT 3.1.1 connection that does nothing by itself: no PINGREQ, no reconnect, no acknowledgement that nobody asked for.
// What a look at a broker needs, which a client library hides. Knows nothing of boards and of what is looked for.
import mqtt, {
    type IConnectPacket,
    type Packet,
    type Parser,
} from "mqtt-packet"
import type { Clock, Sockets, VmSocket } from "../vm"

/** Packets kept; a broker that sends more to a topic that nobody uses is not looked at any longer. */
const MAX_PACKETS = 200

/** Largest packet sent, and so expected, is under 200 bytes; a longer one is skipped over by the parser in pieces. */
export interface ProbeAddress {
    host: string
    port: number
    tls: boolean
}

export class ProbeSession {
    readonly #socket: VmSocket
    readonly #clock: Clock
    readonly #parser: Parser
    readonly #packets: Packet[] = []
    readonly #lookers = new Set<() => void>()
    #open = false
    /** Why there is no connection any more. */
    #end: string | undefined

    constructor(sockets: Sockets, clock: Clock, to: ProbeAddress) {
        this.#clock = clock
        this.#parser = mqtt.parser({ protocolVersion: 4 })
        this.#parser.on("packet", packet => {
            if (this.#packets.length < MAX_PACKETS) this.#packets.push(packet)
            this.#changed()
        })
        this.#parser.on("error", (error: Error) =>
            this.#finish(`sent what is not MQTT (${error.message})`, true)
        )
        this.#socket = sockets.connect(to.host, to.port, to.tls)
        this.#socket.once("connect", () => {
            this.#open = true
            this.#changed()
        })
        this.#socket.on("data", bytes => {
            if (this.#end === undefined) this.#parser.parse(Buffer.from(bytes))
        })
        this.#socket.on("error", error => this.#finish(error.message))
        this.#socket.on("close", () => this.#finish("closed the connection"))
    }

    /** Why there is no connection, or undefined while there is one or may come one. */
    get end(): string | undefined {
        return this.#end
    }

    /** @returns whether the TCP connection was made within `ms` */
    async opened(ms: number): Promise<boolean> {
        return (await this.#until(() => this.#open || undefined, ms)) === true
    }

    /** Sends CONNECT. @returns the code of CONNACK, undefined when none came within `ms` */
    async connect(
        packet: Omit<IConnectPacket, "cmd" | "protocolId" | "protocolVersion">,
        ms: number
    ): Promise<number | undefined> {
        this.send({
            cmd: "connect",
            protocolId: "MQTT",
            protocolVersion: 4,
            ...packet,
        })
        return this.next(p => {
            return p.cmd === "connack" ? (p.returnCode ?? 0) : undefined
        }, ms)
    }

    send(packet: Packet): void {
        if (this.#end !== undefined) return
        this.#socket.write(mqtt.generate(packet))
    }

    /** Gives what `find` makes of a packet, one that has come or comes within `ms`; undefined when none does. */
    next<T>(
        find: (packet: Packet) => T | undefined,
        ms: number
    ): Promise<T | undefined> {
        return this.#until(() => {
            for (const packet of this.#packets) {
                const found = find(packet)
                if (found !== undefined) return found
            }
            return undefined
        }, ms)
    }

    /** @returns whether the broker closed the connection within `ms` */
    async closed(ms: number): Promise<boolean> {
        const gone = () => (this.#end === undefined ? undefined : true)
        return (await this.#until(gone, ms, true)) === true
    }

    /** Leaves in good order: no will. */
    disconnect(): void {
        this.send({ cmd: "disconnect" })
        this.#finish("disconnected")
        this.#socket.end()
    }

    /** Gone without a word, as in a power cut that the network notices. */
    cut(): void {
        this.#finish("cut", true)
    }

    #finish(why: string, cut = false): void {
        if (this.#end !== undefined) return
        this.#end = why
        if (cut) this.#socket.cut()
        this.#changed()
    }

    #changed(): void {
        for (const look of [...this.#lookers]) look()
    }

    /** Waits until `find` gives something; not after the connection's end, unless that is what is waited for. */
    async #until<T>(
        find: () => T | undefined,
        ms: number,
        beyond = false
    ): Promise<T | undefined> {
        let timer: unknown
        let look = () => {}
        try {
            return await new Promise<T | undefined>(resolve => {
                look = () => {
                    const found = find()
                    const over = this.#end !== undefined && !beyond
                    if (found !== undefined || over) resolve(found)
                }
                this.#lookers.add(look)
                timer = this.#clock.setTimeout(() => resolve(undefined), ms)
                look()
            })
        } finally {
            this.#clock.clearTimeout(timer)
            this.#lookers.delete(look)
        }
    }
}
