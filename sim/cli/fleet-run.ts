// Carries out `fleet`: broker, observer, nodes; a line a second; the kills; the clean stop; the report.
import { Child } from "../fleet/child"
import { fleetProgram, SENSOR } from "../fleet/board"
import { Fleet } from "../fleet/fleet"
import type { Arrived } from "../fleet/observer-process"
import { Ranges, type Range } from "../fleet/ranges"
import { brokerName, brokerSettings, type BrokerAddress } from "./broker-url"
import { EXIT, UserError } from "./errors"
import type { FleetCommand } from "./fleet"
import {
    failures,
    liveLine,
    percentiles,
    reportText,
    type FleetReport,
    type Seen,
} from "./fleet-report"
import { printable } from "./format"
import { onInterrupt } from "./interrupts"
import { reach } from "./reachable"

/** Nodes up to which each looks as often as a single one does, and the ms between two looks of an idle VM above. */
const FEW = 100
const MANY_TICK = 50
/** ms for all nodes to come up, and more for each of them: a start takes some 50 ms of processor, which others may want too. */
const UP_MS = 30_000
const UP_EACH_MS = 400
/** ms between two lines, on a terminal and elsewhere. */
const LINE_MS = 1_000
const LOG_LINE_MS = 10_000
/** ms the observer gets for what is still on its way when the nodes have stopped. */
const ARRIVE_MS = 5_000
/** Connections of the embedded broker beside the nodes': the observer, a person's tools. */
const MORE_CONNECTIONS = 50

/** @returns the exit code */
export async function runFleet(options: FleetCommand): Promise<number> {
    const opened: (() => unknown)[] = []
    const stop = new AbortController()
    opened.push(
        onInterrupt(
            () => stop.abort(),
            () => process.exit(EXIT.cut)
        )
    )
    try {
        return await carryOut(options, stop.signal, opened)
    } finally {
        for (let next = opened.pop(); next; next = opened.pop()) await next()
    }
}

async function carryOut(
    options: FleetCommand,
    signal: AbortSignal,
    opened: (() => unknown)[]
): Promise<number> {
    const { nodes, rate, keepAlive } = options
    const tick = options.tick ?? (nodes > FEW ? MANY_TICK : 10)
    const live = options.json ? process.stderr : process.stdout
    // on a terminal the live line stands there
    const say = (text: string) =>
        live.write((live.isTTY ? "\r\u001b[K" : "") + text + "\n")

    const brokerChild = options.broker ? undefined : child("broker", opened)
    const broker = options.broker ?? (await startBroker(brokerChild!, nodes))
    if (options.broker) await reach(broker, signal)
    const observer = child("observer", opened)
    await meet(observer, broker, options)

    const program = fleetProgram(Math.round(1_000 / rate), keepAlive)
    say(
        `${nodes} nodes, ${(program.image.length / 1_000).toFixed(1)} kB of bytecode, broker ${brokerName(broker)}${options.broker ? "" : " (embedded)"}`
    )
    const width = String(nodes).length
    const devices = Array.from(
        { length: nodes },
        (_, i) => options.prefix + String(i + 1).padStart(width, "0")
    )
    const fleet = new Fleet({
        program,
        devices,
        tick,
        settings: brokerSettings(broker),
    })
    opened.push(() => fleet.cut())

    // until all are up
    const began = performance.now()
    const lines = new Lines(fleet, nodes, rate, live, live.isTTY)
    opened.push(() => lines.stop())
    const started = fleet.start()
    const upBy = began + UP_MS + UP_EACH_MS * nodes
    while (fleet.up < nodes && performance.now() < upBy && !signal.aborted)
        await pause(50, signal)
    const allUp = fleet.up === nodes ? performance.now() - began : null

    // while all are up
    lines.steady()
    fleet.all.clear()
    const from = await measuring(fleet, brokerChild)
    if (allUp !== null) await run(fleet, options, signal, say)
    const to = await measuring(fleet, brokerChild)
    const times = percentiles(fleet.all)
    const { up } = fleet
    const megabytes = process.memoryUsage().rss / 1e6

    // the end
    lines.stop()
    say("stopping")
    fleet.end()
    await started
    const asked = fleet.members.filter(m => m.powered).map(m => m.device)
    await observer.ask("stop", asked).catch(() => {})
    const late = await fleet.stopped()
    const sums = fleet.figures()
    const seen = options.observer
        ? await compare(fleet, observer, sums.acked)
        : null
    if (options.broker && options.clean)
        await observer
            .ask("clean", devices)
            .catch((error: Error) =>
                say(
                    `not all could be taken away at the broker: ${error.message}`
                )
            )

    const seconds = (to.at - from.at) / 1_000
    const readings = (to.acked - from.acked) / seconds
    const cores = (to.cpu - from.cpu) / seconds
    const report: FleetReport = {
        date: new Date().toISOString(),
        nodes,
        rate,
        broker: brokerName(broker),
        embedded: !options.broker,
        kill: options.kill ?? 0,
        tick,
        keepAlive,
        bytecode: program.image.length,
        allUp,
        up,
        seconds,
        readings,
        share:
            (to.acked - from.acked) / ((to.upSeconds - from.upSeconds) * rate),
        p50: times.p50 ?? null,
        p99: times.p99 ?? null,
        reconnects: sums.reconnects,
        losses: sums.losses,
        panics: sums.panics,
        cuts: sums.cuts,
        late,
        read: sums.read,
        acked: sums.acked,
        waiting: sums.waiting,
        dropped: sums.dropped,
        cut: sums.cut,
        lost: sums.lost,
        disagree: sums.disagree,
        observer: seen,
        cores,
        coresEach: cores / nodes,
        megabytes,
        megabytesEach: megabytes / nodes,
        brokerCores:
            from.brokerCpu === undefined || to.brokerCpu === undefined
                ? null
                : (to.brokerCpu - from.brokerCpu) / seconds,
        troubles: fleet.troubles.map(printable),
        troubleCount: fleet.troubleCount,
    }
    if (options.json) process.stdout.write(JSON.stringify(report) + "\n")
    else say(reportText(report))
    const why = failures(report)
    say(why.length === 0 ? "nothing lost" : why.join("; "))
    return why.length === 0 ? EXIT.ok : EXIT.failed
}

function child(name: "broker" | "observer", opened: (() => unknown)[]): Child {
    const made = new Child(name, `./${name}-process.ts`)
    opened.push(() => made.stop())
    return made
}

async function startBroker(
    broker: Child,
    nodes: number
): Promise<BrokerAddress> {
    const port = await broker.ask<number>("start", {
        port: 0,
        connections: nodes + MORE_CONNECTIONS,
    })
    return { transport: "tcp", host: "127.0.0.1", port }
}

async function meet(
    observer: Child,
    broker: BrokerAddress,
    options: FleetCommand
): Promise<void> {
    const to = {
        broker,
        prefix: options.prefix,
        ...(options.observer
            ? { filter: `devices/+/sensors/${SENSOR}/value` }
            : {}),
    }
    await observer.ask("connect", to).catch((error: Error) => {
        throw new UserError(
            `the broker ${brokerName(broker)} does not let the observer in: ${error.message}; correct user and password in --broker, or take --no-observer where it may not subscribe to devices/+`
        )
    })
}

/** Until the time is over or somebody says stop; takes power away where that is asked for. */
async function run(
    fleet: Fleet,
    options: FleetCommand,
    signal: AbortSignal,
    say: (text: string) => void
): Promise<void> {
    const until =
        performance.now() + (options.for ?? Number.MAX_SAFE_INTEGER) * 1_000
    const every =
        Math.min(options.killEvery, options.for ?? options.killEvery) * 1_000
    let killAt =
        options.kill === undefined ? Infinity : performance.now() + every / 3
    while (performance.now() < until && !signal.aborted) {
        const next = Math.min(until, killAt)
        await pause(
            Math.min(Math.max(next - performance.now(), 0), LOG_LINE_MS),
            signal
        )
        if (performance.now() < killAt || signal.aborted) continue
        const nodes = Math.ceil(options.kill! * options.nodes)
        say(`power cut of ${fleet.kill(nodes)} nodes`)
        killAt += every
    }
}

interface Mark {
    at: number
    acked: number
    upSeconds: number
    /** Seconds of processor so far. */
    cpu: number
    brokerCpu?: number
}

async function measuring(fleet: Fleet, broker?: Child): Promise<Mark> {
    const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6
    const usage = await broker?.ask<NodeJS.CpuUsage>("usage")
    const { acked, upSeconds } = fleet.figures()
    return {
        at: performance.now(),
        acked,
        upSeconds,
        cpu: seconds(process.cpuUsage()),
        ...(usage === undefined ? {} : { brokerCpu: seconds(usage) }),
    }
}

/** What was acknowledged to the nodes against what arrived at the observer. */
async function compare(
    fleet: Fleet,
    observer: Child,
    acked: number
): Promise<Seen> {
    const until = performance.now() + ARRIVE_MS
    let figures = await observer.ask<Arrived>("figures")
    while (figures.arrived < acked && performance.now() < until) {
        await pause(50)
        figures = await observer.ask<Arrived>("figures")
    }
    const arrived = new Map(await observer.ask<[string, Range[]][]>("ranges"))
    const missing = fleet.members.reduce(
        (sum, { device, ledger }) =>
            sum + ledger.acked.missingIn(new Ranges(arrived.get(device) ?? [])),
        0
    )
    return { ...figures, missing }
}

/** The live line, each second on a terminal, in its own place. */
class Lines {
    #timer: NodeJS.Timeout
    #since = performance.now()
    #steady = false
    #last: { at: number; acked: number }

    constructor(
        private readonly fleet: Fleet,
        private readonly nodes: number,
        private readonly rate: number,
        private readonly stream: NodeJS.WriteStream,
        private readonly terminal: boolean | undefined
    ) {
        this.#last = { at: this.#since, acked: 0 }
        this.#timer = setInterval(
            () => this.#tell(),
            terminal ? LINE_MS : LOG_LINE_MS
        )
    }

    /** All are up from now on. */
    steady(): void {
        this.#steady = true
        this.#since = performance.now()
        this.#last = { at: this.#since, acked: this.fleet.figures().acked }
    }

    stop(): void {
        clearInterval(this.#timer)
    }

    #tell(): void {
        const { fleet, nodes, rate } = this
        const figures = fleet.figures()
        const at = performance.now()
        const passed = (at - this.#last.at) / 1_000
        const line = liveLine({
            ...figures,
            nodes,
            seconds: Math.round((at - this.#since) / 1_000),
            rate: (figures.acked - this.#last.acked) / passed,
            wanted: nodes * rate,
            ...percentiles(fleet.recent),
            steady: this.#steady,
        })
        this.#last = { at, acked: figures.acked }
        fleet.recent.clear()
        // on a terminal one line is written over the other
        this.stream.write(this.terminal ? `\r\u001b[K${line}` : line + "\n")
    }
}

/** Waits, or less when somebody says stop. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        if (signal?.aborted) return resolve()
        const done = () => {
            clearTimeout(timer)
            signal?.removeEventListener("abort", done)
            resolve()
        }
        const timer = setTimeout(done, ms)
        signal?.addEventListener("abort", done)
    })
}
