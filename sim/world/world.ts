// A world: one virtual clock, one network in memory, one broker model, and the nodes that live there. Same calls, same
// history. Knows nothing of what nodes are for.
import { MemoryNetwork, VirtualClock } from "../vm"
import { WorldBroker, type WorldBrokerOptions } from "./broker"
import { WorldNode, type WorldNodeOptions } from "./node"

/** Largest inbound piece a board is handed, in bytes, as on an ESP32. */
const MAX_CHUNK = 1_024
/** Console lines shown for each node when a wait has failed, the newest ones. */
const SHOWN = 15
/** The first digits of chips' identifiers; the rest counts the nodes of a world. */
const CHIP = "a0de0000"

export type NewNode = Omit<WorldNodeOptions, "deviceId"> & {
    /** Default: the world's next. */
    deviceId?: string
}

export class World {
    readonly clock = new VirtualClock()
    readonly network: MemoryNetwork
    readonly broker: WorldBroker
    readonly nodes: WorldNode[] = []

    /** @param delay ms that all is on its way, one way; default 1 */
    constructor(options: WorldBrokerOptions = {}, delay = 1) {
        this.network = new MemoryNetwork(this.clock, {
            maxChunk: MAX_CHUNK,
            delay,
        })
        this.broker = new WorldBroker(this.clock, this.network, options)
    }

    /** Whole ms since the world began. */
    get now(): number {
        return this.broker.now
    }

    /** Adds a node and turns its power on. */
    async node(options: NewNode): Promise<WorldNode> {
        const number = (this.nodes.length + 1).toString(16).padStart(8, "0")
        const node = await WorldNode.start(this, {
            deviceId: CHIP + number,
            ...options,
        })
        this.nodes.push(node)
        return node
    }

    /** Lets `ms` go by. */
    advance(ms: number): Promise<void> {
        return this.clock.advance(ms)
    }

    /**
     * Lets time go by until `done`, at most `limit` ms, looking every `step` ms.
     * @throws {Error} with the nodes' consoles when it does not come
     */
    async until(done: () => boolean, limit: number, step = 10): Promise<void> {
        try {
            await this.clock.until(done, limit, step)
        } catch (error) {
            const consoles = this.nodes.map((node, i) =>
                [
                    `node ${i + 1}:`,
                    ...node.lines
                        .slice(-SHOWN)
                        .map(({ at, text }) => `  ${at} ${text}`),
                ].join("\n")
            )
            throw new Error([String(error), ...consoles].join("\n"))
        }
    }

    /** Ends all nodes. */
    stop(): void {
        for (const node of this.nodes) if (node.powered) node.stop()
    }
}
