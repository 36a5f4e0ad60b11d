// The door of a broker that a herd comes back to: it lets in so many connections a second, keeps a bounded queue of those that
// wait, and resets the rest, as a broker with a limit of connections does, or what stands in front of it. (A kernel whose
// backlog is full does not answer instead, and the client's asks again after 1, 3 and 7 s.) Knows nothing of MQTT.
import type { MemorySocket } from "../vm"
import type { World } from "../world"

export interface DoorOptions {
    /** Where clients connect to, and where the broker is. */
    outside: string
    inside: string
    port: number
    /** Connections that wait to be let in at most. */
    backlog: number
}

export class Door {
    /** When each connection was asked for, ms of the world, oldest first, those included that found the door shut. */
    readonly knocks: number[] = []
    /** Of these, how many found the queue full. */
    refused = 0
    private rate: number | undefined
    private shut = false
    private waiting: { peer: MemorySocket; early: Uint8Array[] }[] = []
    private serving = false

    constructor(
        private readonly world: World,
        private readonly options: DoorOptions
    ) {
        const { outside, port } = options
        world.network.listen(outside, port, peer => this.knocked(peer))
    }

    /** Nobody is let in, or waits. */
    close(): void {
        this.shut = true
        for (const { peer } of this.waiting.splice(0)) peer.cut()
    }

    /** @param rate connections a second; undefined is as many as come */
    open(rate?: number): void {
        this.shut = false
        this.rate = rate
    }

    private knocked(peer: MemorySocket): void {
        this.knocks.push(this.world.now)
        if (this.shut) return peer.cut()
        if (this.waiting.length >= this.options.backlog) {
            this.refused++
            return peer.cut()
        }
        const early: Uint8Array[] = []
        const place = { peer, early }
        peer.on("error", () => {})
        peer.on("data", (bytes: Uint8Array) => early.push(bytes))
        // whoever gives up makes room
        peer.on("close", () => {
            const at = this.waiting.indexOf(place)
            if (at >= 0) this.waiting.splice(at, 1)
        })
        this.waiting.push(place)
        this.serve()
    }

    /** Lets in those who wait, one after the other, at the door's rate. */
    private serve(): void {
        if (this.serving) return
        const next = this.waiting.shift()
        if (!next) return
        this.join(next.peer, next.early)
        if (this.rate === undefined) return this.serve()
        this.serving = true
        this.world.clock.setTimeout(() => {
            this.serving = false
            this.serve()
        }, 1_000 / this.rate)
    }

    private join(peer: MemorySocket, early: Uint8Array[]): void {
        const { inside, port } = this.options
        const inner = this.world.network.connect(inside, port, false)
        peer.removeAllListeners("data")
        for (const bytes of early) inner.write(bytes)
        peer.on("data", (bytes: Uint8Array) => inner.write(bytes))
        peer.on("close", () => inner.end())
        inner.on("data", (bytes: Uint8Array) => peer.write(bytes))
        inner.on("error", () => peer.cut())
        inner.on("close", () => peer.end())
    }
}
