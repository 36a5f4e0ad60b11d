// The link between one node and the rest of the world, and its faults. The node's VM takes it for its network. Faults are
// at the level of TCP: silence makes bytes late, only an end of the connection loses them. Knows nothing of MQTT.
import type { Clock, MemoryNetwork, Sockets } from "../vm"
import { seededNumbers } from "../vm/random"
import { healthy, type Condition, type Lane } from "./lane"
import {
    LinkSocket,
    type Carrier,
    type Ends,
    type Overheard,
} from "./link-socket"

/** `up`: from the node; `down`: to it. */
export type Direction = "up" | "down" | "both"

/**
 * What becomes of a request for a connection. `unknown`: the name is not found; `refused`: the host is there and serves nobody;
 * `late`: an error after CONNECT_LIMIT, as an ESP32's; `never`: no event at all, as a Pico W's; `offline`: the board has no
 * network, which it says at once.
 */
export type Reach =
    "normal" | "unknown" | "refused" | "late" | "never" | "offline"

/** How the board's platform takes writes and tells of ends. */
export type Port = "esp32" | "pico-w"

/** What passes, and how. */
export type Manner = Partial<
    Pick<Condition, "delayMs" | "jitterMs" | "rate" | "pieceBytes" | "mergeMs">
>

/** Bytes an ESP32's TCP takes before a write blocks, ESP-IDF's default. */
const SEND_BUFFER = 5_744
/** Writes that wait then before the next is refused: the length of the firmware's command queue. */
const WRITE_QUEUE = 50
/** What a write gets when the queue is full, as on an ESP32. */
const QUEUE_FULL = -1
/** Bytes on their way beyond which a Pico W's connection breaks: its send buffer is 11,680 in 32 segments, of which small ones use up more. */
const PICO_WINDOW = 8_192
/**
 * What a board's TCP keeps for the program: 6 pieces (ESP-IDF's default for a mailbox), none larger than what it reads at once,
 * looked at each 10 ms as the VM does.
 */
const INTAKE = { bytes: 1_024, pieces: 6, everyMs: 10 }
/** ms until an ESP32 gives up a connection that nobody answers: 6 SYNs from 1.5 s on. */
const CONNECT_LIMIT = 47_000
/** A port where a host that is known serves nobody. */
const DEAD_PORT = 1

export class Link implements Sockets, Carrier {
    readonly up: Condition
    readonly down: Condition
    /** Set by the node. */
    powered = true
    /** How the ends of connections are told to the chip. */
    ends: Ends = "both"
    /** What becomes of new connections. */
    reach: Reach = "normal"
    /** A code that all writes are refused with instead of being taken; undefined: none. -1 is a full queue, -10 no connection. */
    refuses: number | undefined
    /** Bytes that an older connection has still to bring come on the newer one before it is open, as on an ESP32. */
    mixes = false
    overhear: ((connection: number, heard: Overheard) => void) | undefined
    private readonly sockets = new Set<LinkSocket>()
    private newest: LinkSocket | undefined
    private count = 0

    /** @param seed of jitter */
    constructor(
        readonly clock: Clock,
        private readonly network: MemoryNetwork,
        private readonly port: Port = "esp32",
        seed = "link"
    ) {
        this.up = healthy(seededNumbers(`${seed} up`))
        this.down = healthy(seededNumbers(`${seed} down`))
        this.down.intake = INTAKE
        if (port === "pico-w") this.ends = "error"
    }

    /** The VM's way to the network. */
    connect(host: string, port: number, tls: boolean): LinkSocket {
        const { reach } = this
        const answers = ["normal", "unknown", "refused"].includes(reach)
        const to = reach === "unknown" ? `no.${host}` : host
        const at = reach === "refused" ? DEAD_PORT : port
        const socket = new LinkSocket(
            this,
            ++this.count,
            { host, port },
            answers ? () => this.network.connect(to, at, tls) : undefined
        )
        const fail = (text: string, ms: number) =>
            this.clock.setTimeout(() => socket.abandon(new Error(text)), ms)
        if (reach === "late")
            fail(`connect ETIMEDOUT ${host}:${port}`, CONNECT_LIMIT)
        if (reach === "offline") fail("network not available", 1)
        for (const old of this.sockets) if (!old.alive) this.sockets.delete(old)
        if (this.mixes && this.newest) {
            const late = this.newest.down.take()
            // the VM listens only when it has the socket, and this must not be later than the next moment
            queueMicrotask(() => socket.bring(late))
        }
        this.sockets.add(socket)
        this.newest = socket
        return socket
    }

    /** What the VM asks before each write. */
    readonly onWrite = (bytes = new Uint8Array(0)): number => {
        const code = this.takes(bytes.length)
        if (code !== 0)
            this.overhear?.(this.count, { what: "refused", code, bytes })
        return code
    }

    private takes(size: number): number {
        if (this.refuses !== undefined) return this.refuses
        const socket = this.newest
        const lane = socket?.up
        if (!lane) return 0
        if (this.port === "pico-w") {
            if (lane.held + size <= PICO_WINDOW) return 0
            // not while the VM is in its write
            this.clock.setTimeout(
                () => socket.abandon(new Error("write error: -1")),
                1
            )
            return QUEUE_FULL
        }
        if (lane.held < SEND_BUFFER) return 0
        return lane.waiting < WRITE_QUEUE ? 0 : QUEUE_FULL
    }

    /** A TCP reset of what is connected, seen at both ends at once. */
    reset(): void {
        for (const socket of this.sockets) socket.reset()
    }

    /** A TCP reset when `bytes` more have arrived in that direction. */
    resetAfter(direction: "up" | "down", bytes: number): void {
        this[direction].resetAfter = bytes
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

    /** One end of what is connected is gone, and `believer` goes on until it sends something. */
    halve(believer: "node" | "broker"): void {
        for (const socket of this.sockets) socket.halve(believer)
    }

    /** Nothing passes any more until `restore`; then all that waited arrives. New connections come about only then, too. */
    silence(direction: Direction = "both"): void {
        for (const condition of this.conditions(direction))
            condition.silent = true
    }

    /** Changes what the link does to bytes, until it is changed back. */
    set(direction: Direction, change: Manner): void {
        for (const condition of this.conditions(direction))
            Object.assign(condition, change)
        this.changed()
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
