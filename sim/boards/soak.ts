// A board's program in the simulator with its chip's heap, for thousands of readings: what it takes of the heap at most,
// whether that grows, and what a reading costs. Early on its broker is away until the outbox is full, and the largest packet
// that the client takes arrives while that is sent.
//
// The drivers of buses do not run in the simulator, simulated servers answer for them: what they take of the heap is not in
// the figures of a board that has them.
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import ts from "typescript"
import { diagnosticsTopic, statusTopic } from "../../src/config/topics"
import type { SimulatedBoard } from "../sensors"
import { PROJECT_ROOT, type HeapFigures } from "../vm"
import { World, worldProgram, type WorldNode } from "../world"
import type { BoardFile } from "./board-file"

export interface SoakOptions {
    /** ms between two readings of each sensor, 100 to 1,000, instead of the board's own intervals. */
    interval?: number
    /** Virtual hours; default is as long as 10,000 readings take at `interval`, or a day without it. */
    hours?: number
}

/** Sizes are bytes. */
export interface SoakFigures {
    board: string
    chip: string
    /** Whether drivers are missing from the figures of the heap. */
    drivers: boolean
    image: number
    /** The chip's heap. */
    heap: number
    /** The most that was alive at any look: at the start, while the full outbox was sent, in each 24th of the time. */
    peak: number
    /** The least that was alive in the tenth 24th, and in the last: of a day, the tenth hour and the last. */
    tenth: number
    last: number
    /** Readings taken, those that the filters held back included. */
    readings: number
    /** Allocations a reading between the tenth and the last. */
    allocations: number
    /** Readings that the full outbox dropped or thinned. */
    dropped: number
    /** Restarts of the chip, which a board may ask for. */
    restarts: number
    /** Panics and faults, the first of them; none are expected. */
    faults: string[]
}

const KIB = 1_024
const SECOND = 1_000
const HOUR = 3_600_000
/** What the simulator's heap has, in KiB. */
const SIMULATED = 64
/** Bytes of a buffer besides its contents. */
const BUFFER = 12
/** Readings of a run at a given interval. */
const READINGS = 10_000
/** Parts of a run, as a day has hours. */
const PARTS = 24
/** The part with which the last is compared: by then all that is made once is there. */
const TENTH = 10
/** Looks in each of the two that are compared. */
const LOOKS = 10
/** The part before which the broker is away. */
const OUTAGE = 3
/** ms of it at intervals up to 1 s, three times what 64 readings take; at a board's own intervals an hour. */
const SHORT_OUTAGE = 200_000
/** ms between two looks of the VM: a run takes a tenth of the time that it takes with its own 10 ms. */
const TICK = 100
/** ms that garbage is collected at every allocation at the start, and from the broker's return on: 64 readings take 3.2 s. */
const CLOSE_LOOK = 4_000
/** The client's limit of an inbound packet's body in bytes: `maxPacket` in src/mqtt/options.ts, unless the board says another. */
const MAX_PACKET = 2_048
/** Such packets in that time: each is answered with the status, at most once a second. */
const PACKETS = 3
/** ms for a program to say what it is, to answer, and to come back: waits between tries have a ceiling of 60 s. */
const STARTED = 10_000
const ANSWERED = 10_000
const RETURNED = 130_000
/** What a fault begins with on the console. */
const FAULT = "node: fault "
/** What the rig says of a program that ended by itself. */
const BROKEN = /^! (panic|Exception|the VM broke|trapped)/
/** Faults that are told. */
const MAX_FAULTS = 10

/** @throws {CompileError} when the board does not compile */
export async function soak(
    board: BoardFile,
    options: SoakOptions = {}
): Promise<SoakFigures> {
    const run = new Soak(board, options)
    try {
        return await run.figures()
    } finally {
        run.stop()
    }
}

/** What the properties of that name are set to in a board's text, in its order. */
function settingsOf(text: string, name: string): ts.Expression[] {
    const found: ts.Expression[] = []
    const look = (node: ts.Node): void => {
        if (ts.isPropertyAssignment(node) && node.name.getText() === name)
            found.push(node.initializer)
        ts.forEachChild(node, look)
    }
    look(ts.createSourceFile("", text, ts.ScriptTarget.ES2022, true))
    return found
}

/** The largest packet's body that a board takes, in bytes. */
function maxPacket({ path }: BoardFile): number {
    const [own] = settingsOf(readFileSync(path, "utf8"), "maxPacket")
    return own && ts.isNumericLiteral(own) ? Number(own.text) : MAX_PACKET
}

/** The board's text with its chip's heap and at the interval that is wanted. */
export function soakText(board: BoardFile, interval?: number): string {
    const text = readFileSync(board.path, "utf8")
    const at = interval === undefined ? [] : settingsOf(text, "interval")
    let changed = text
    for (const { pos, end } of at.reverse())
        changed = `${changed.slice(0, pos)} ${interval}${changed.slice(end)}`
    const ballast = ballastOf(board)
    if (ballast === 0) return changed
    // on the first and the last line, so that errors name the right ones; used later, or the compiler leaves it out
    return `const ballast = Buffer.alloc(${ballast}); ${changed}
setTimeout(() => console.log(ballast.length), 2000000000)
`
}

class Soak {
    private readonly world = new World()
    private node!: WorldNode
    private topics = { status: "", diagnostics: "" }
    private peak = 0
    private dropped = 0
    private restarts = 0
    private connects = 0
    private moves = 0
    private away = false
    private readonly faults: string[] = []

    constructor(
        private readonly board: BoardFile,
        private readonly options: SoakOptions
    ) {}

    stop(): void {
        this.world.stop()
    }

    async figures(): Promise<SoakFigures> {
        const { board, world } = this
        const { interval, hours = PARTS } = this.options
        const program = worldProgram(
            relative(PROJECT_ROOT, board.path),
            soakText(board, interval)
        )
        this.node = await world.node({ program, tick: TICK })
        const { device = "", sensors } = await this.booted()
        this.topics = {
            status: statusTopic(device),
            diagnostics: diagnosticsTopic(device),
        }
        await this.closeLook(CLOSE_LOOK)
        const part =
            interval === undefined
                ? (hours * HOUR) / PARTS
                : (READINGS * interval) / sensors.length / PARTS
        for (let n = 1; n < TENTH; n++) {
            if (n === OUTAGE)
                await this.outage(interval === undefined ? HOUR : SHORT_OUTAGE)
            await this.pass(part)
            await this.alive()
        }
        const tenth = await this.mark(part)
        for (let n = TENTH + 1; n < PARTS; n++) {
            await this.pass(part)
            await this.alive()
        }
        const last = await this.mark(part)
        return {
            board: board.name,
            chip: board.chip.name,
            drivers: board.drivers,
            image: program.image.length,
            heap: board.chip.heapKiB * KIB,
            peak: this.peak,
            tenth: tenth.least,
            last: last.least,
            readings: last.readings,
            allocations: Math.round(
                (last.allocations - tenth.allocations) /
                    (last.readings - tenth.readings)
            ),
            dropped: this.dropped,
            restarts: this.restarts,
            faults: this.faults,
        }
    }

    /** A part of the run, looked at often. */
    private async mark(ms: number) {
        let least = Infinity
        for (let look = 0; look < LOOKS; look++) {
            await this.pass(ms / LOOKS)
            least = Math.min(least, await this.alive())
        }
        const readings = (await this.counts())["read"]!
        const allocations = this.node.vm.heap()!.allocations
        return { least, readings, allocations }
    }

    /** Waits for the node to say what it is. */
    private async booted() {
        const { node, world } = this
        await world.until(
            () => node.all("boot").length + node.all("refused").length > 0,
            STARTED,
            100
        )
        const [boot] = node.all("boot")
        if (!boot) throw new Error(node.all("refused")[0]?.text)
        return boot
    }

    /** Lets `ms` go by, in which somebody moves what is moved by hand. */
    private async pass(ms: number): Promise<void> {
        for (let left = ms; left > 0; left -= SECOND) {
            await this.world.advance(Math.min(left, SECOND))
            this.listen()
            this.moves++
            move(this.node.sensors, this.moves % 2 === 1)
        }
    }

    /** Takes note of what the node has said, and lets go of it: it says some 15,000 lines a day. */
    private listen(): void {
        for (const { at, text } of this.node.lines.splice(0)) {
            if (text === "! restart reset") this.restarts++
            else if (text.startsWith("node: connected ")) this.connects++
            else if (
                BROKEN.test(text) ||
                // that a broker which is away does not answer is none
                (text.startsWith(FAULT) && !this.away)
            )
                if (this.faults.length < MAX_FAULTS)
                    this.faults.push(
                        `${text} (after ${Math.round(at / SECOND)} s)`
                    )
        }
    }

    /** The broker is away; when it is back, the largest packets arrive while what waits is sent. */
    private async outage(ms: number): Promise<void> {
        const { world, topics } = this
        this.listen()
        this.away = true
        world.broker.stop({ reset: true })
        await this.pass(ms)
        world.broker.run()
        const [before, returned] = [this.connects, world.now]
        while (this.connects === before) {
            if (world.now - returned > RETURNED)
                throw new Error("the node did not come back to its broker")
            await world.advance(TICK)
            this.listen()
        }
        this.away = false
        // what its packet holds besides: two bytes of the topic's length
        const size = maxPacket(this.board)
        const payload = "x".repeat(size - 2 - topics.status.length)
        for (let sent = 0; sent < PACKETS; sent++) {
            world.broker.publish(topics.status, payload)
            await this.closeLook(CLOSE_LOOK / PACKETS)
        }
        const counts = await this.counts()
        this.dropped = counts["full"]! + counts["thinned"]!
    }

    /** Looks at each step, with garbage collected at every allocation. */
    private async closeLook(ms: number): Promise<void> {
        const { vm } = this.node
        vm.gcStress(true)
        for (let gone = 0; gone < ms; gone += TICK) {
            await this.world.advance(TICK)
            const figures = vm.heap()
            if (figures) this.looked(figures)
        }
        vm.gcStress(false)
        this.listen()
    }

    /** Bytes alive now. */
    private async alive(): Promise<number> {
        let figures: HeapFigures | undefined
        const look = this.node.vm.liveHeap().then(found => (figures = found))
        while (!figures) await this.world.advance(TICK)
        await look
        return this.looked(figures)
    }

    /** @returns bytes in use, without those that are there to make the heap smaller */
    private looked({ used }: HeapFigures): number {
        const ballast = ballastOf(this.board)
        const own = ballast === 0 ? used : used - ballast - BUFFER
        this.peak = Math.max(this.peak, own)
        return own
    }

    /** What became of its readings since its program started, as it says itself when its presence was doubted. */
    private async counts(): Promise<Record<string, number>> {
        const { world, topics } = this
        const said = () => world.broker.published(topics.diagnostics)
        const before = said().length
        world.broker.publish(topics.status, "?")
        await world.until(() => said().length > before, ANSWERED, TICK)
        const { readings } = JSON.parse(said().at(-1)!.payload) as {
            readings: Record<string, number>
        }
        return readings
    }
}

/** Bytes that are taken away from the simulator's heap so that the chip's is left. */
function ballastOf({ chip }: BoardFile): number {
    return (SIMULATED - chip.heapKiB) * KIB
}

/** Turns what a person turns, and what a person is seen by. */
function move(sensors: SimulatedBoard, on: boolean): void {
    for (const role of sensors.roles)
        if (/^switch/i.test(role)) sensors.switch(role).set(on)
        else if (/^button/i.test(role) && on) sensors.press(role)
        else if (/^motion/i.test(role)) sensors.sensor(role).set(on ? 1 : 0)
}
