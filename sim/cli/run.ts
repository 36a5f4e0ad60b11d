// Carries out `start`: opens what a node needs (broker, compiled program, live page, VM, sensors), waits for its end, and
// closes everything again, last opened first. The rules of the node's life are in node-run.ts, the options in start-options.ts.
import { createHash } from "node:crypto"
import { setImmediate as pendingSignals } from "node:timers/promises"
import { findBoard, type Board } from "../boards/board-file"
import { EmbeddedBroker, LOOPBACK } from "../broker/embedded"
import { ListenError } from "../broker/listen"
import { attachSensors, type SimulatedBoard } from "../sensors"
import {
    CompileError,
    compileProgram,
    Flash,
    nodeSockets,
    realClock,
    startVm,
    type CompiledProgram,
} from "../vm"
import { brokerName, hostPort, type BrokerAddress } from "./broker-url"
import { EXIT, UserError } from "./errors"
import { checkHistoryFolder } from "./history-folder"
import { onInterrupt } from "./interrupts"
import { NodeRun } from "./node-run"
import { initialState, reduce } from "./node-state"
import { openOutput } from "./output"
import { reach } from "./reachable"
import type { HostEvent, Report, RunEvent } from "./report"
import type { PageSurroundings } from "./run-page"
import type { StartOptions } from "./start-options"
import type { PageOptions } from "./start-page"
import { givenSettings, passedOver } from "./start-settings"
import { serveState } from "./state-server"

/** The role on which boards/simulator.ts listens for the request to stop. */
const STOP_ROLE = "stop"

/**
 * ms the page waits at the end for the node's `down`, its own or its will: a broker may acknowledge before it hands on, but no
 * longer than a subscriber elsewhere would be kept waiting.
 */
const LAST_WORD_MS = 1_000

/**
 * Runs a node until it is stopped.
 * @returns the exit code
 * @throws {UserError} when it cannot be started as asked; nothing is left running then
 */
export async function runStart(options: StartOptions): Promise<number> {
    const from = process.env["INIT_CWD"] ?? process.cwd()
    const board = findBoard(options.board, from)
    const given = givenSettings(options, board, from)
    checkHistoryFolder(options.page?.history, from)
    const opened: (() => unknown)[] = []
    const early = new AbortController()
    let run: NodeRun | undefined
    let state = initialState(Date.now())
    let pageClient: string | undefined

    const stop = (reason: string) =>
        run ? run.stop(reason, false) : early.abort()
    const cut = () => (run ? run.cut() : process.exit(EXIT.cut))
    const output = openOutput(options.json, () =>
        stop("nobody reads the output")
    )
    const report = (event: RunEvent) => {
        const seen: Report = { at: Date.now(), ...event }
        state = reduce(state, seen)
        output.write(seen)
        if (event.event !== "boot") return
        const unused = given.unused(event.sensors)
        if (unused !== undefined) report({ event: "warning", text: unused })
    }
    const end = (code: number, text: string) => {
        report({ event: "end", code, text })
        return code
    }
    const notStarted = () => end(EXIT.ok, "stopped before the node was started")
    opened.push(onInterrupt(stop, cut))

    try {
        const own = given.broker
            ? undefined
            : await openBroker(
                  options.mqttPort,
                  report,
                  id => id === state.client || id === pageClient,
                  opened
              )
        const broker = given.broker ?? addressOf(own!)
        const stateUrl =
            options.httpPort === undefined
                ? undefined
                : await openState(options.httpPort, () => state, opened)
        report({ event: "start", board: board.name, file: board.file })
        if (given.broker && given.sure) await reach(given.broker, early.signal)
        const program = compile(board, report)
        // Only now: while the compiler has the thread, nobody would get an answer there.
        report({
            event: "broker",
            url: brokerName(broker),
            embedded: !given.broker,
        })
        const other = passedOver(given, board)
        if (other !== undefined) report({ event: "warning", text: other })
        if (stateUrl !== undefined) report({ event: "state", url: stateUrl })
        // The compiler does not let go of the thread; a Ctrl-C meanwhile is delivered here.
        await pendingSignals()
        if (early.signal.aborted) return notStarted()
        // Before the node, so that it sees the node come up.
        if (options.page)
            opened.push(
                await startPage(
                    options.page,
                    {
                        broker,
                        embedded: !given.broker,
                        from,
                        report,
                        onClientId: id => (pageClient = id),
                    },
                    () => state.device
                )
            )
        if (early.signal.aborted) return notStarted()

        // The page and the other clients still hear the will of a node that was cut.
        if (own) opened.push(() => own.gone(state.client))
        const vm = await startVm({
            program,
            deviceId: chipId(given.chip),
            flash: Flash.withSettings(given.stored(broker)),
            sockets: nodeSockets({}),
            clock: realClock,
        })
        opened.push(() => vm.stop())
        const sensors = attachSensors(vm, realClock)
        run = new NodeRun({
            vm,
            report,
            state: () => state,
            pressStop: () => pressStop(sensors),
        })
        if (early.signal.aborted) run.stop("interrupted", false)
        if (options.forMs !== undefined)
            opened.push(stopAfter(run, options.forMs))
        const { code, text } = await run.ended
        await close(opened)
        if (code === EXIT.usage) throw new UserError(`${board.file}: ${text}`)
        return end(code, text)
    } finally {
        await close(opened)
    }
}

/** @returns false when the program has not asked for the switch, or not yet */
function pressStop(sensors: SimulatedBoard): boolean {
    if (!sensors.roles.includes(STOP_ROLE)) return false
    const stop = sensors.switch(STOP_ROLE)
    stop.set(false)
    stop.set(true)
    return true
}

function stopAfter(run: NodeRun, ms: number): () => void {
    const timer = setTimeout(
        () => run.stop(`${ms / 1_000} s are over`, true),
        ms
    )
    return () => clearTimeout(timer)
}

async function close(opened: (() => unknown)[]): Promise<void> {
    for (let next = opened.pop(); next; next = opened.pop()) await next()
}

async function openBroker(
    port: number,
    report: (event: HostEvent) => void,
    known: (clientId: string) => boolean,
    opened: (() => unknown)[]
): Promise<EmbeddedBroker> {
    let broker: EmbeddedBroker
    try {
        broker = await EmbeddedBroker.start({ port })
    } catch (error) {
        throw portError(
            error,
            "--mqtt-port",
            `, or use the broker that is there: --broker mqtt://${LOOPBACK}:${port}`
        )
    }
    opened.push(() => broker.stop())
    // The node tells of its own session, and the page belongs here; only the others are news.
    const client = (state: "connected" | "gone") => (id: string) => {
        if (!known(id)) report({ event: "client", id, state })
    }
    broker.on("connected", client("connected"))
    broker.on("disconnected", client("gone"))
    broker.on("refused", (id, reason) =>
        report({
            event: "warning",
            text: `${id ?? "a client"} was cut: ${reason}`,
        })
    )
    broker.on("fault", text => report({ event: "warning", text }))
    return broker
}

function addressOf({ host, port }: EmbeddedBroker): BrokerAddress {
    return { transport: "tcp", host, port }
}

/** Loads the page's server only where it is wanted. @returns what closes it, once the node's last word is in its history */
async function startPage(
    options: PageOptions,
    surroundings: PageSurroundings,
    device: () => string | undefined
): Promise<() => Promise<void>> {
    const { openPage } = await import("./run-page")
    try {
        const page = await openPage(options, surroundings)
        return async () => {
            const id = device()
            if (id !== undefined) await page.gone(id, LAST_WORD_MS)
            await page.stop()
        }
    } catch (error) {
        throw portError(
            error,
            "--page-port",
            ", or leave the page out: --no-page"
        )
    }
}

async function openState(
    port: number,
    document: () => unknown,
    opened: (() => unknown)[]
): Promise<string> {
    try {
        const server = await serveState(port, document)
        opened.push(() => server.stop())
        return `http://${LOOPBACK}:${server.port}/`
    } catch (error) {
        throw portError(error, "--http-port", "")
    }
}

function portError(error: unknown, option: string, more: string): unknown {
    if (!(error instanceof ListenError)) return error
    const place = hostPort(error)
    if (error.reason === "in-use") {
        return new UserError(
            `${place} is in use by another program: choose another port with ${option} N (0 takes any free one)${more}`
        )
    }
    if (error.reason === "denied") {
        return new UserError(
            `this user may not listen on ${place}: choose a port above 1023 with ${option} N`
        )
    }
    return new UserError(
        `cannot listen on ${place} (${error.code}): choose another port with ${option} N`
    )
}

function compile(
    board: Board,
    report: (event: HostEvent) => void
): CompiledProgram {
    const started = performance.now()
    try {
        const program = compileProgram(board.path)
        report({
            event: "built",
            bytes: program.image.length,
            ms: Math.round(performance.now() - started),
        })
        return program
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        throw new UserError(compileMessage(board.file, error.diagnostics))
    }
}

/** Errors shown; after the first few they follow from each other. */
const MAX_DIAGNOSTICS = 5

function compileMessage(file: string, diagnostics: string[]): string {
    const shown = diagnostics
        .slice(0, MAX_DIAGNOSTICS)
        .map(text => text.trim().replace(/\s*\n\s*/g, " "))
    const more = diagnostics.length - shown.length
    return `${file} does not compile: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`
}

/** The chip's own number, 16 hexadecimal digits: the same for the same node, so that what it derives from it (jitter) repeats. */
function chipId(name: string): string {
    return createHash("sha256").update(name).digest("hex").slice(0, 16)
}
