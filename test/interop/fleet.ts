// Nodes under load for an interoperability run, each a whole VM on real sockets, and the books that are kept of them: what each
// says was acknowledged, and what an independent client was given. Knows no broker.
import type { NodeSocketsOptions } from "../../sim/vm"
import { countingBoard, TestNode } from "../node/rig"
import type { Observer } from "../support/observer"

/** ms between two readings of a node. */
const INTERVAL = 100
/** Readings a node has on their way at most (WINDOW of src/node/delivery.ts). */
const IN_FLIGHT = 4
/** ms between two looks at the books. */
const LOOK = 50

export interface FleetOptions {
    nodes: number
    port: number
    settings?: Record<string, unknown>
    network?: NodeSocketsOptions
}

/** Waits until `done`. @throws {Error} saying what did not come */
export async function until(
    done: () => boolean,
    ms: number,
    what: () => string
): Promise<void> {
    const end = Date.now() + ms
    while (!done()) {
        if (Date.now() > end) throw new Error(`no ${what()} within ${ms} ms`)
        await new Promise(resolve => setTimeout(resolve, LOOK))
    }
}

export class Fleet {
    private constructor(readonly nodes: { id: string; node: TestNode }[]) {}

    static async start(options: FleetOptions): Promise<Fleet> {
        const { port, settings, network } = options
        const program = countingBoard({
            options: "keepAlive: 10,",
            interval: INTERVAL,
        })
        const nodes = []
        for (let i = 1; i <= options.nodes; i++) {
            const id = `N${i}`
            const node = await TestNode.start({
                program,
                port,
                settings: { DEVICE_ID: id, ...settings },
                ...(network ? { network } : {}),
            })
            nodes.push({ id, node })
        }
        return new Fleet(nodes)
    }

    /** Readings a node says the broker has acknowledged. */
    acked(node: TestNode): number[] {
        return node.all("acked").map(({ value }) => Number(value))
    }

    /** Waits until each node has so many readings acknowledged after the first `from[i]`. */
    async flows(
        count: number,
        ms: number,
        from: readonly number[] = this.counts()
    ): Promise<void> {
        const late = () =>
            this.nodes.filter(
                ({ node }, i) => this.acked(node).length < from[i]! + count
            )
        await until(
            () => late().length === 0,
            ms,
            () =>
                `${count} readings of ${late()
                    .map(
                        ({ id, node }) =>
                            `${id} (${node.lines.slice(-6).join("; ")})`
                    )
                    .join(", ")}`
        )
    }

    /** The last reading of each node that was acknowledged; they count up. */
    newest(): number[] {
        return this.nodes.map(({ node }) => this.acked(node).at(-1) ?? 0)
    }

    /** Waits until each node has a reading acknowledged that was not on its way when `newest` was asked. */
    async beyond(newest: readonly number[], ms: number): Promise<void> {
        const late = () =>
            this.nodes.filter(
                (_, i) => this.newest()[i]! <= newest[i]! + IN_FLIGHT
            )
        await until(
            () => late().length === 0,
            ms,
            () =>
                `new reading of ${late()
                    .map(({ id }) => id)
                    .join(", ")}`
        )
    }

    /** Acknowledged readings of each node. */
    counts(): number[] {
        return this.nodes.map(({ node }) => this.acked(node).length)
    }

    /** Connections of each node. */
    connections(): number[] {
        return this.nodes.map(({ node }) => node.all("connected").length)
    }

    /** Acknowledged readings that an observer has not been given, `id value` each. */
    missing(observer: Observer): string[] {
        const seen = new Set(
            observer.messages.map(({ topic, payload }) => {
                const id = topic.split("/")[1]!
                const { value } = JSON.parse(payload) as { value: number }
                return `${id} ${value}`
            })
        )
        return this.nodes.flatMap(({ id, node }) =>
            this.acked(node)
                .map(value => `${id} ${value}`)
                .filter(name => !seen.has(name))
        )
    }

    /** Programs that ended by themselves, and faults that were survived. */
    troubles(): string[] {
        return this.nodes.flatMap(({ id, node }) =>
            node.lines
                .filter(line => /^(! |node: fault)/.test(line))
                .map(line => `${id}: ${line}`)
        )
    }

    async stop(): Promise<void> {
        await Promise.all(this.nodes.map(({ node }) => node.stop()))
    }

    cut(): void {
        for (const { node } of this.nodes) if (node.vm.running) node.cut()
    }
}
