// The chip's end of a connection that goes through a link. Beyond the link the connection is one of the network in memory.
// What TCP would hide stays hidden: bytes are late, never lost, as long as both ends live.
import { EventEmitter } from "node:events"
import type { Clock, MemorySocket, VmSocket } from "../vm"
import { pieces } from "../vm/sockets"
import { Lane, type Condition } from "./lane"

/**
 * Which events the chip gets at the end of a connection, as platforms differ: `both` is a reset as an error and then a
 * close, an end in good order as a close (ESP32, simulator); `close`: everything is a close; `error`: everything is an error
 * (Pico W, which says so of its peer's FIN too); `none`: nothing is told (a dead link).
 */
export type Ends = "both" | "close" | "error" | "none"

/** Something that happened at the chip's end of a connection. */
export type Overheard =
    | { what: "opened"; host: string; port: number }
    | { what: "connect" | "end" | "cut" }
    /** Bytes from the chip, to it, and what its write was refused with. */
    | { what: "write" | "data"; bytes: Uint8Array }
    | { what: "refused"; code: number; bytes: Uint8Array }
    | { what: "error" | "close"; text: string }

/** What a link is to its connections. */
export interface Carrier {
    readonly clock: Clock
    readonly up: Condition
    readonly down: Condition
    /** Whether the chip has power, and can answer what it does not know with a reset. */
    readonly powered: boolean
    readonly ends: Ends
    /** Told of all that happens at the chip's ends of connections, which are numbered from 1. */
    readonly overhear:
        ((connection: number, heard: Overheard) => void) | undefined
}

/** What a Pico W's platform says of its peer's FIN. */
const FIN_ERROR = "recv without buf?"

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
    /** The far end has gone, and will answer what comes with a reset. */
    private deaf = false

    /** @internal use Link. @param connect undefined: nobody answers */
    constructor(
        private readonly carrier: Carrier,
        private readonly number: number,
        to: { host: string; port: number },
        connect: (() => MemorySocket) | undefined
    ) {
        super()
        const { clock, up, down } = carrier
        const reset = () => this.reset()
        this.up = new Lane(clock, up, bytes => this.toFar(bytes), reset)
        this.down = new Lane(clock, down, bytes => this.toChip(bytes), reset)
        this.note({ what: "opened", ...to })
        if (connect) this.up.push(() => this.join(connect()))
    }

    /** Whether the far end may still be there. */
    get alive(): boolean {
        return !this.over
    }

    write(bytes: Uint8Array): void {
        if (this.ended) return
        const copy = new Uint8Array(bytes)
        this.note({ what: "write", bytes: copy })
        if (!this.lost) this.up.push(copy)
    }

    end(): void {
        if (this.ended) return
        this.note({ what: "end" })
        this.ended = true
        if (!this.far && this.up.waiting === 0) this.over = true
        if (!this.lost) this.up.push(() => this.far?.end())
    }

    /** What is between the ends has forgotten it: nothing passes any more, and neither end is told. */
    lose(): void {
        this.lost = true
        this.up.clear()
        this.down.clear()
    }

    /**
     * One end is gone and the other believes that it is there, until it next sends something and is answered with a reset.
     * @param believer who goes on
     */
    halve(believer: "node" | "broker"): void {
        if (this.over || this.lost || !this.far) return
        this.up.clear()
        this.down.clear()
        if (believer === "node") {
            this.deaf = true
            this.over = true
            this.far.cut()
        } else {
            this.fail(new Error("read ECONNRESET"))
            this.orphan = true
        }
    }

    /**
     * The chip has lost its power or was reset. The far end hears nothing of it, until it sends something to a chip that
     * has power again.
     */
    cut(): void {
        if (!this.orphan) this.note({ what: "cut" })
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

    /** @internal The chip's platform gives it up, at its end only. */
    abandon(error: Error): void {
        if (this.ended) return
        this.fail(error)
        if (!this.lost) this.up.push(() => this.far?.cut())
        else this.over = true
    }

    /** @internal Bytes that an older connection had still to bring, before this one is open. */
    bring(bytes: readonly Uint8Array[]): void {
        for (const piece of bytes) if (!this.ended) this.toChip(piece)
    }

    private join(far: MemorySocket): void {
        this.far = far
        const down = (item: Uint8Array | (() => void)) => {
            if (!this.lost && !this.deaf) this.down.push(item)
        }
        far.once("connect", () => down(() => this.tell("connect")))
        far.on("data", down)
        far.on("error", (error: Error) => down(() => this.broken(error)))
        far.on("close", (hadError: boolean) => {
            // of a reset on the way the chip has been told
            if (this.over) return
            this.over = true
            down(() => this.closed(hadError))
        })
    }

    private toFar(bytes: Uint8Array): void {
        if (this.deaf) {
            if (this.orphan || this.ended) return
            this.down.push(() => this.fail(new Error("read ECONNRESET")))
        } else this.far?.write(bytes)
    }

    private toChip(bytes: Uint8Array): void {
        if (!this.orphan) {
            for (const piece of pieces(bytes)) this.tell("data", piece)
            return
        }
        if (!this.carrier.powered || this.over) return
        this.over = true
        this.far?.cut()
    }

    private fail(error: Error): void {
        if (this.ended) return
        this.broken(error)
        this.closed(true)
    }

    private broken(error: Error): void {
        if (this.carrier.ends === "both" || this.carrier.ends === "error")
            this.tell("error", error)
    }

    private closed(hadError: boolean): void {
        const { ends } = this.carrier
        if (ends === "error" && !hadError)
            this.tell("error", new Error(FIN_ERROR))
        if (ends === "both" || ends === "close") this.tell("close", hadError)
        // nobody tells, and what the chip writes goes nowhere
        if (ends === "none") this.lost = true
        else this.ended = true
        if (ends === "error") this.emit("close", hadError)
    }

    private tell(event: string, detail?: unknown): void {
        if (this.orphan) return
        if (event === "data")
            this.note({ what: "data", bytes: detail as Uint8Array })
        else if (event === "connect") this.note({ what: "connect" })
        else
            this.note({
                what: event as "error" | "close",
                text: detail instanceof Error ? detail.message : "",
            })
        // an error nobody listens to would be thrown
        if (event === "error" && this.listenerCount("error") === 0) return
        this.emit(event, detail)
    }

    private note(heard: Overheard): void {
        this.carrier.overhear?.(this.number, heard)
    }
}
