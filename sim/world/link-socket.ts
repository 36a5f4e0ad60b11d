// The chip's end of a connection that goes through a link. Beyond the link the connection is one of the network in memory.
// What TCP would hide stays hidden: bytes are late, never lost, as long as both ends live.
import { EventEmitter } from "node:events"
import type { Clock, MemorySocket, VmSocket } from "../vm"
import { Lane, type Condition } from "./lane"

/** What a link is to its connections. */
export interface Carrier {
    readonly clock: Clock
    readonly up: Condition
    readonly down: Condition
    /** Whether the chip has power, and can answer what it does not know with a reset. */
    readonly powered: boolean
}

export class LinkSocket extends EventEmitter implements VmSocket {
    /** From the chip. */
    readonly up: Lane
    /** To the chip. */
    readonly down: Lane
    /** Beyond the link; there once the request for a connection has passed it. */
    private far: MemorySocket | undefined
    /** The chip has closed it, or has seen its end. */
    private ended = false
    /** The chip has lost its memory of it. */
    private orphan = false
    /** Nothing more can happen, at either end. */
    private over = false
    /** Nothing passes any more. */
    private lost = false

    /** @internal use Link */
    constructor(
        private readonly carrier: Carrier,
        connect: () => MemorySocket
    ) {
        super()
        const { clock, up, down } = carrier
        this.up = new Lane(clock, up, bytes => this.far?.write(bytes))
        this.down = new Lane(clock, down, bytes => this.toChip(bytes))
        this.up.push(() => this.join(connect()))
    }

    /** Whether the far end may still be there. */
    get alive(): boolean {
        return !this.over
    }

    write(bytes: Uint8Array): void {
        if (!this.ended && !this.lost) this.up.push(new Uint8Array(bytes))
    }

    end(): void {
        if (this.ended) return
        this.ended = true
        if (!this.lost) this.up.push(() => this.far?.end())
    }

    /** What is between the ends has forgotten it: nothing passes any more, and neither end is told. */
    lose(): void {
        this.lost = true
        this.up.clear()
        this.down.clear()
    }

    /**
     * The chip has lost its power or was reset. The far end hears nothing of it, until it sends something to a chip that
     * has power again.
     */
    cut(): void {
        this.ended = this.orphan = true
        this.up.clear()
        if (!this.far) this.over = true
    }

    /** A reset from between the ends: both see it at once. */
    reset(): void {
        if (this.over) return
        this.over = true
        this.up.clear()
        this.down.clear()
        this.far?.cut()
        this.fail(new Error("read ECONNRESET"))
    }

    /** A close in good order from between the ends: both see it, after what is under way. */
    finish(): void {
        if (!this.lost) this.up.push(() => this.far?.end())
    }

    private join(far: MemorySocket): void {
        this.far = far
        const down = (item: Uint8Array | (() => void)) => {
            if (!this.lost) this.down.push(item)
        }
        far.once("connect", () => down(() => this.tell("connect")))
        far.on("data", down)
        far.on("error", (error: Error) => down(() => this.tell("error", error)))
        far.on("close", (hadError: boolean) => {
            // of a reset on the way the chip has been told
            if (this.over) return
            this.over = true
            down(() => this.closed(hadError))
        })
    }

    private toChip(bytes: Uint8Array): void {
        if (!this.orphan) return this.tell("data", bytes)
        if (!this.carrier.powered || this.over) return
        this.over = true
        this.far?.cut()
    }

    private fail(error: Error): void {
        this.tell("error", error)
        this.closed(true)
    }

    private closed(hadError: boolean): void {
        this.tell("close", hadError)
        this.ended = true
    }

    private tell(event: string, detail?: unknown): void {
        if (this.orphan) return
        // an error nobody listens to would be thrown
        if (event === "error" && this.listenerCount("error") === 0) return
        this.emit(event, detail)
    }
}
