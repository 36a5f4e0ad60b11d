// Clients that say exactly what a test tells them to and write down what they hear, to a broker in the world or to a real
// one, so that one script can be held with both. Knows nothing of what is right.
import { connect as tcpConnect, type Socket } from "node:net"
import mqttPacket, { type Packet } from "mqtt-packet"
import type { MemorySocket } from "../../sim/vm"
import type { World } from "../../sim/world"
import { Watch } from "../support/wait"

/** ms until a real broker has answered. */
const ANSWER_MS = 5_000
/** ms of virtual time until the model has. */
const WORLD_MS = 20_000

/** Opens a connection for the party of that name. */
export type Open = (name: string) => Promise<Party>

/** Waits until `done`. @throws {Error} with `context()` when it does not come */
type Wait = (done: () => boolean, context: () => string) => Promise<void>

interface Wire {
    write(bytes: Uint8Array): unknown
    /** Gone without DISCONNECT. */
    drop(): void
}

/** One connection of one client. */
export class Party {
    /** All it has heard since it was made, a line a packet, and `closed`. */
    readonly heard: string[] = []
    /** Identifier of the last message from the broker. */
    id = 0
    private next = 0
    private readonly parser = mqttPacket.parser({ protocolVersion: 4 })

    constructor(
        readonly name: string,
        private readonly wire: Wire,
        private readonly wait: Wait
    ) {
        this.parser.on("packet", packet => this.heard.push(this.line(packet)))
    }

    /** @internal */
    take(bytes: Uint8Array): void {
        this.parser.parse(Buffer.from(bytes))
    }

    /** @internal */
    closed(): void {
        if (this.heard.at(-1) !== "closed") this.heard.push("closed")
    }

    says(...packets: Packet[]): void {
        for (const packet of packets)
            this.wire.write(mqttPacket.generate(packet))
    }

    raw(hex: string): void {
        this.wire.write(Buffer.from(hex, "hex"))
    }

    drop(): void {
        this.wire.drop()
    }

    /** Waits for the next `count` lines, and gives them back with the party's name. */
    async hears(count = 1): Promise<string[]> {
        const from = this.next
        this.next += count
        await this.wait(
            () => this.heard.length >= from + count,
            () => `${this.name} heard: ${this.heard.join(", ")}`
        )
        return this.heard
            .slice(from, from + count)
            .map(line => `${this.name}: ${line}`)
    }

    /** CONNECT with defaults, and the answer. */
    async connects(more: Partial<Packet> = {}): Promise<string[]> {
        const packet = { cmd: "connect", clientId: this.name, clean: true }
        this.says({ keepalive: 60, ...packet, ...more } as Packet)
        return this.hears()
    }

    private line(packet: Packet): string {
        switch (packet.cmd) {
            case "connack":
                return `connack ${packet.returnCode}${packet.sessionPresent ? " present" : ""}`
            case "suback":
                return `suback ${packet.messageId} ${(packet.granted as number[]).join()}`
            case "publish": {
                this.id = packet.messageId ?? 0
                const flags =
                    (packet.retain ? " retain" : "") +
                    (packet.dup ? " dup" : "")
                return `publish ${packet.topic}=${packet.payload.toString()} qos ${packet.qos}${flags}`
            }
            case "pubrel":
                return packet.messageId === this.id
                    ? "pubrel"
                    : `pubrel of another, ${packet.messageId}`
            case "pingresp":
                return "pingresp"
            default:
                return `${packet.cmd} ${packet.messageId}`
        }
    }
}

/** Parties in the world. */
export function inWorld(world: World): Open {
    const wait: Wait = async (done, context) => {
        await world.clock.until(done, WORLD_MS, 1).catch((error: unknown) => {
            throw new Error(`${String(error)}\n${context()}`)
        })
    }
    return async name => {
        const socket: MemorySocket = world.network.connect(
            "broker",
            1883,
            false
        )
        const wire = {
            write: (bytes: Uint8Array) => socket.write(bytes),
            drop: () => socket.cut(),
        }
        const party = new Party(name, wire, wait)
        socket.on("data", (bytes: Uint8Array) => party.take(bytes))
        socket.on("error", () => {})
        socket.on("close", () => party.closed())
        return party
    }
}

/** Parties on this machine's network; `end` closes what is open. */
export function onTcp(port: number): { open: Open; end: () => void } {
    const sockets: Socket[] = []
    const open: Open = async name => {
        const watch = new Watch()
        const socket = tcpConnect({ host: "127.0.0.1", port })
        sockets.push(socket)
        const wire = {
            write: (bytes: Uint8Array) => socket.write(bytes),
            drop: () => socket.resetAndDestroy(),
        }
        const wait: Wait = async (done, context) => {
            await watch.until(
                () => (done() ? true : undefined),
                ANSWER_MS,
                "answer",
                context
            )
        }
        const party = new Party(name, wire, wait)
        socket.on("data", bytes => {
            party.take(bytes)
            watch.changed()
        })
        socket.on("error", () => {})
        socket.on("close", () => {
            party.closed()
            watch.changed()
        })
        return party
    }
    const end = () => {
        for (const socket of sockets) socket.destroy()
    }
    return { open, end }
}
