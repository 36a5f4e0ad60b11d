// The link between one node and the rest of the world, and its faults. The node's VM takes it for its network. Faults are
// at the level of TCP: silence makes bytes late, only an end of the connection loses them. Knows nothing of MQTT.
import type { Clock, MemoryNetwork, Sockets } from "../vm"
import type { Condition, Lane } from "./lane"
import { LinkSocket, type Carrier } from "./link-socket"

/** `up`: from the node; `down`: to it. */
export type Direction = "up" | "down" | "both"

/** Bytes an ESP32's TCP takes before a write blocks, ESP-IDF's default. */
const SEND_BUFFER = 5_744
/** Writes that wait then before the next is refused: the length of the firmware's command queue. */
const WRITE_QUEUE = 50
/** What a write gets when the queue is full, as on an ESP32. */
const QUEUE_FULL = -1

function healthy(): Condition {
    return { silent: false, dripMs: undefined, damage: [] }
}

export class Link implements Sockets, Carrier {
    readonly up = healthy()
    readonly down = healthy()
    /** Set by the node. */
    powered = true
    private readonly sockets = new Set<LinkSocket>()
    private newest: LinkSocket | undefined

    constructor(
        readonly clock: Clock,
        private readonly network: MemoryNetwork
    ) {}

    /** The VM's way to the network. */
    connect(host: string, port: number, tls: boolean): LinkSocket {
        const socket = new LinkSocket(this, () =>
            this.network.connect(host, port, tls)
        )
        for (const old of this.sockets) if (!old.alive) this.sockets.delete(old)
        this.sockets.add(socket)
        this.newest = socket
        return socket
    }

    /** What the VM asks before each write. */
    readonly onWrite = (): number => {
        const lane = this.newest?.up
        if (!lane || lane.held < SEND_BUFFER) return 0
        return lane.waiting < WRITE_QUEUE ? 0 : QUEUE_FULL
    }

    /** A TCP reset of what is connected, seen at both ends at once. */
    reset(): void {
        for (const socket of this.sockets) socket.reset()
    }

    /** A TCP close of what is connected, in good order, seen at both ends after what is under way. */
    close(): void {
        for (const socket of this.sockets) socket.finish()
    }

    /**
     * What is between has forgotten the connections that are there, as a router does that was switched off and on: nothing
     * of them passes any more, and neither end is told. New ones are not concerned.
     */
    lose(): void {
        for (const socket of this.sockets) socket.lose()
    }

    /** Nothing passes any more until `restore`; then all that waited arrives. New connections come about only then, too. */
    silence(direction: Direction = "both"): void {
        for (const condition of this.conditions(direction))
            condition.silent = true
    }

    /** Ends silence and dripping. */
    restore(direction: Direction = "both"): void {
        for (const condition of this.conditions(direction)) {
            condition.silent = false
            condition.dripMs = undefined
        }
        this.changed()
    }

    /** Silence for `ms`, at least 1; then everything arrives at once. */
    stall(ms: number, direction: Direction = "both"): void {
        this.silence(direction)
        this.clock.setTimeout(() => this.restore(direction), ms)
    }

    /** One byte every `ms`, at least 1, until `restore`. */
    drip(ms: number, direction: Direction = "both"): void {
        for (const condition of this.conditions(direction))
            condition.dripMs = ms
    }

    /**
     * Damages a byte: the first to arrive from now on, or the one after `skip` of them.
     * @param mask bits that are turned round, 1 to 255
     */
    corrupt(direction: "up" | "down", skip = 0, mask = 0xff): void {
        this[direction].damage.push({ skip, mask })
    }

    private conditions(direction: Direction): Condition[] {
        return direction === "both" ? [this.up, this.down] : [this[direction]]
    }

    private changed(): void {
        for (const socket of [...this.sockets]) {
            const lanes: Lane[] = [socket.up, socket.down]
            for (const lane of lanes) lane.changed()
        }
    }
}
