// What every test against a real broker has around it: the broker, a proxy that records what goes over the wire, the
// chip, and observers. All of it is there anew for each test, and gone after it.
import { afterEach, beforeEach, expect } from "vitest"
import type { IPublishPacket, Packet } from "mqtt-packet"
import { packets } from "../node/wire"
import { Observer, type QoS } from "../support/observer"
import { Proxy } from "../support/proxy"
import type { Broker, Kind, Login } from "./brokers"
import type { Chip, Programs } from "./chip"

/** Not UTF-8, with a zero at its start and its end. Hexadecimal. */
export const BYTES = "00ffc32880ed00"

export class Stage {
    broker!: Broker
    proxy!: Proxy
    private readonly observers: Observer[] = []

    constructor(
        readonly kind: Kind,
        private readonly programs: Programs
    ) {}

    /** Starts that program with the broker behind the proxy, and waits until it is ready. */
    async ready(name: string): Promise<Chip> {
        const chip = await this.programs.start(name, this.proxy)
        await chip.line(/^ready/)
        return chip
    }

    /** Starts that program and waits for nothing. */
    launch(name: string): Promise<Chip> {
        return this.programs.start(name, this.proxy)
    }

    /** Subscribes with the highest QoS the broker has. */
    async observe(
        filter: string,
        qos: QoS = this.kind.maxQos
    ): Promise<Observer> {
        const observer = await Observer.start(this.broker.url, filter, {}, qos)
        this.observers.push(observer)
        return observer
    }

    /** The packets of the chip's nth connection, the first is 1; "up" is from the chip. */
    wire(direction: "up" | "down", n = 1): Packet[] {
        return packets(this.proxy.connections[n - 1]!.recorded(direction))
    }

    /** The messages of a topic that were sent on the chip's nth connection. */
    messages(direction: "up" | "down", topic: string, n = 1): IPublishPacket[] {
        return this.wire(direction, n).filter(
            (p): p is IPublishPacket => p.cmd === "publish" && p.topic === topic
        )
    }

    /** One connection all the while, and no exception. */
    noTrouble(chip: Chip): void {
        expect(chip.trouble).toEqual([])
        expect(this.proxy.connections).toHaveLength(1)
        expect(this.proxy.open).toBe(1)
    }

    async set(login?: Login): Promise<void> {
        this.broker = await this.kind.start(login)
        this.proxy = await Proxy.start(this.broker)
    }

    async strike(): Promise<void> {
        this.programs.stop()
        await this.proxy.stop()
        for (const observer of this.observers.splice(0)) await observer.stop()
        await this.broker.stop()
    }
}

/** Call it in a suite, before its tests. */
export function stage(kind: Kind, programs: Programs, login?: Login): Stage {
    const made = new Stage(kind, programs)
    beforeEach(() => made.set(login))
    afterEach(() => made.strike())
    return made
}
