// How fast a program gets QoS 0 publishes out, with this project's client and with the platform's: real time, real
// sockets, a peer on loopback that only counts bytes. Times are the machine's, and a shared machine's change by the
// second; what compares is two programs that take turns. Knows nothing of limits.
//
// What is measured is the time from just before a burst of publishes to just after it, all in one run of the VM:
// bytecode, garbage collection, the write of each packet by the host, the platform client's console.debug lines
// (three a publish). Pauses between bursts, connecting and what the peer does are not in it.
import {
    nodeSockets,
    realClock,
    startVm,
    type CompiledProgram,
    type Vm,
} from "../../sim/vm"
import { LOOPBACK } from "../support/free-port"
import { Watch } from "../support/wait"
import { build, PAYLOAD, TOPIC, type Client } from "./build"
import { spread, type Spread } from "./figures"
import { Sink } from "./sink"

/**
 * Publishes in one go. The VM ends a program after 131,072 opcodes without a pause, which the platform's client reaches
 * at about a hundred.
 */
const BURST = 50

/** Bursts of a round: 2,000 publishes, a tenth of a second of them. */
const BURSTS = 40

/** Rounds that count: an odd number, so that the median is one of them. */
export const ROUNDS = 9

/** Rounds that come first and do not count: V8 compiles the VM's own code better meanwhile. */
const WARM_UP = 2

/** ms. A round takes a second. */
const ROUND_LIMIT = 20_000

/** A round's bytes: fixed header of 2, the topic with its length, the payload. */
const ROUND_BYTES = BURSTS * BURST * (2 + 2 + TOPIC.length + PAYLOAD.length)

/**
 * Both sleep between bursts alike. The VM looks at its timers every 10 ms, so that two VMs in one thread burst in turn.
 */
const program = (client: Client) =>
    build(
        client,
        `for (let burst = 0; burst < ${BURSTS}; burst++) {
    await sleep(1)
    console.log("begin")
    for (let i = 0; i < ${BURST}; i++) await mqtt.publish("${TOPIC}", "${PAYLOAD}")
    console.log("end")
}`
    )

export interface Throughput {
    /** Publishes a second. */
    ours: Spread
    stock: Spread
    /** Ours by the platform's, of the same round. */
    ratio: Spread
}

/** Runs the rounds. Throws when a program ends, or not every byte it published arrives. */
export async function throughput(): Promise<Throughput> {
    const images = { ours: program("ours"), stock: program("stock") }
    const ours: number[] = []
    const stock: number[] = []
    for (let n = -WARM_UP; n < ROUNDS; n++) {
        // who comes first has the colder caches
        const first = n % 2 === 0 ? "ours" : "stock"
        const rates = await round(images, first)
        if (n < 0) continue
        ours.push(rates.ours)
        stock.push(rates.stock)
    }
    return {
        ours: spread(ours),
        stock: spread(stock),
        ratio: spread(ours.map((rate, n) => rate / stock[n]!)),
    }
}

/** Publishes a second of both, side by side. */
async function round(
    images: Record<Client, CompiledProgram>,
    first: Client
): Promise<Record<Client, number>> {
    const watch = new Watch()
    const order: Client[] =
        first === "ours" ? ["ours", "stock"] : ["stock", "ours"]
    const runs = new Map<Client, Run>()
    try {
        for (const client of order)
            runs.set(client, await Run.start(images[client], watch))
        const all = [...runs.values()]
        await watch.until(
            () =>
                all.some(run => run.panicked) ||
                all.every(run => run.done) ||
                undefined,
            ROUND_LIMIT,
            "end of a round",
            () => all.join("\n")
        )
        return {
            ours: runs.get("ours")!.rate,
            stock: runs.get("stock")!.rate,
        }
    } finally {
        for (const run of runs.values()) run.stop()
    }
}

/** One program on its way through its bursts, and the peer it publishes to. */
class Run {
    private bursts = 0
    private begun = 0
    /** ms in bursts. */
    private busy = 0
    private panic: number | undefined

    private constructor(
        private readonly vm: Vm,
        private readonly sink: Sink,
        changed: () => void
    ) {
        vm.on("line", text => {
            const now = performance.now()
            if (text === "begin") this.begun = now
            else if (text === "end") {
                this.busy += now - this.begun
                this.bursts++
                changed()
            }
        })
        vm.on("panic", code => {
            this.panic = code
            changed()
        })
    }

    static async start(image: CompiledProgram, watch: Watch): Promise<Run> {
        const changed = () => watch.changed()
        const sink = await Sink.start(changed)
        const broker = { host: LOOPBACK, port: sink.port }
        const vm = await startVm({
            program: image,
            clock: realClock,
            sockets: nodeSockets({ hosts: { broker } }),
        })
        return new Run(vm, sink, changed)
    }

    get panicked(): boolean {
        return this.panic !== undefined
    }

    /** Whether all is published and every byte has arrived. */
    get done(): boolean {
        return this.bursts === BURSTS && this.sink.bytes === ROUND_BYTES
    }

    /** Publishes a second. */
    get rate(): number {
        if (this.panic !== undefined)
            throw new Error(`the program ended: ${this.panic}`)
        return (BURSTS * BURST * 1000) / this.busy
    }

    toString(): string {
        return `${this.bursts} bursts, ${this.sink.bytes} of ${ROUND_BYTES} bytes`
    }

    stop(): void {
        this.vm.stop()
        this.sink.stop()
    }
}
