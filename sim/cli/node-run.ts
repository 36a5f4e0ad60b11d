// The life of one simulated node from its first console line to its end, and what that end means for the exit code.
// Speaks to the node only as a board would: its console lines come in, the `stop` switch goes out. Opens and closes nothing.
import type { RestartReason, VmEvents } from "../vm"
import { EXIT } from "./errors"
import { duration } from "./format"
import { parseNodeLine } from "./node-events"
import type { NodeState } from "./node-state"
import type { RunEvent } from "./report"

/** ms a node gets from the request to stop until `node: stopped`; then it is cut. */
export const STOP_MS = 10_000

/**
 * ms until the switch is moved again when the node has not answered: a role is bound within 1.5 s of
 * the start, and a switch moved before that is heard by nobody.
 */
export const PRESS_MS = 1_000

/** Presses in a row that may find no switch: a board's roles are known about 1 s after its program's start. */
const MAX_MISSES = 3
/** Further presses after a panic: the program starts again 5 s later. */
const PANIC_MISSES = 5

/** A board file that has the switch. */
const SWITCH_EXAMPLE = "boards/simulator.ts"

/** The part of sim/vm's Vm a run needs. */
export interface RunningVm {
    on<E extends keyof VmEvents>(
        event: E,
        listener: (...args: VmEvents[E]) => void
    ): unknown
    powerCut(): void
}

/** How a run ended: the exit code and a sentence for a person. */
export interface Ending {
    code: number
    text: string
}

export interface NodeRunOptions {
    vm: RunningVm
    /** Moves the board's `stop` switch on, or off and on again. @returns false when there is none, or none yet */
    pressStop: () => boolean
    /** Takes each event in the order it happened. */
    report: (event: RunEvent) => void
    /** What is known of the node by now, the last event included. */
    state: () => NodeState
    /** STOP_MS unless told. */
    stopMs?: number
    /** PRESS_MS unless told. */
    pressMs?: number
}

const RESTARTS: Record<RestartReason, string> = {
    program: "the program is started anew",
    reset: "the chip was reset and starts anew",
    standby: "the chip woke up and starts anew",
}

export class NodeRun {
    /** Resolves once. The VM may still be there then; the caller ends it. */
    readonly ended: Promise<Ending>
    readonly #options: NodeRunOptions
    #end!: (ending: Ending) => void
    #over = false
    #timed = false
    #deadline: NodeJS.Timeout | undefined
    #presses: NodeJS.Timeout | undefined
    #misses = 0
    /** The program that runs now has heard of the stop. */
    #heard = false
    /** There is a session at the broker, which ends with the power: only then is there a will to publish. */
    #session = false

    constructor(options: NodeRunOptions) {
        this.#options = options
        this.ended = new Promise(resolve => {
            this.#end = ending => {
                this.#over = true
                clearTimeout(this.#deadline)
                clearInterval(this.#presses)
                resolve(ending)
            }
        })
        const { vm } = options
        // What a program says after its end is its exception's report: its reason was told.
        const report = (event: RunEvent) => {
            if (!this.#over) options.report(event)
        }
        vm.on("line", text => {
            const event = parseNodeLine(text)
            report(event ?? { event: "console", text })
            // A program that started anew, after a panic, knows nothing of what the one before it heard.
            if (event?.event === "boot") this.#heard = this.#session = false
            if (event?.event === "connected") this.#session = true
            if (event?.event === "lost") this.#session = false
            if (event?.event === "stopping") this.#heard = true
            if (event?.event === "stopped") this.#stopped()
            if (event?.event === "refused") this.#refused(event.text)
        })
        vm.on("remark", text => report({ event: "console", text }))
        vm.on("sleep", ms => {
            this.#session = false
            report({ event: "sleep", ms })
        })
        vm.on("trouble", text => report({ event: "trouble", text }))
        vm.on("panic", code => {
            this.#misses = -PANIC_MISSES
            this.#session = false
            report({ event: "panic", code })
        })
        vm.on("restart", reason =>
            report({ event: "restart", reason: RESTARTS[reason] })
        )
        vm.on("end", reason =>
            this.#end({
                code: EXIT.failed,
                text: `the VM ended by itself (${reason})${this.#will()}`,
            })
        )
    }

    /**
     * Asks the node for a clean stop; a second call changes nothing.
     * @param timed true when --for is over: then a node that never had a session has not done what it was run for
     */
    stop(reason: string, timed: boolean): void {
        if (this.#deadline) return
        const {
            pressStop,
            report,
            stopMs = STOP_MS,
            pressMs = PRESS_MS,
        } = this.#options
        this.#timed = timed
        report({ event: "stop", reason })
        this.#deadline = setTimeout(() => {
            this.#cut(
                EXIT.failed,
                `the node did not stop within ${duration(stopMs)} and was cut`
            )
        }, stopMs)
        const press = () => {
            if (this.#heard || pressStop()) this.#misses = 0
            else if (++this.#misses > MAX_MISSES) this.#unplug()
        }
        press()
        this.#presses = setInterval(press, pressMs)
    }

    /** Ends the node at once, as a power failure would. */
    cut(): void {
        this.#cut(EXIT.cut, "the node was cut")
    }

    /** A board that cannot be asked to stop ends as most boards do: somebody pulls the plug. */
    #unplug(): void {
        const text = "this board has no switch named stop, so its power was cut"
        if (this.#options.state().counts.connects === 0 && this.#timed)
            this.#cut(
                EXIT.failed,
                `${text}, and the node never had a session with the broker`
            )
        else
            this.#cut(
                EXIT.ok,
                text,
                `; for a clean stop give its file such a switch, as in ${SWITCH_EXAMPLE}`
            )
    }

    #cut(code: number, text: string, more = ""): void {
        // The reason first: a VM that is cut says that it ended, and the first ending counts.
        this.#end({ code, text: text + this.#will() + more })
        this.#options.vm.powerCut()
    }

    /** What follows from the node's end without a word of its own. */
    #will(): string {
        return this.#session ? "; the broker publishes its will, down" : ""
    }

    #refused(text: string): void {
        // The program would start again every 5 s and refuse again: its board file and settings stay what they are.
        this.#end({
            code: EXIT.usage,
            text: `the node does not start: ${text}`,
        })
    }

    #stopped(): void {
        const { status, counts } = this.#options.state()
        const sent = `${counts.readings} ${counts.readings === 1 ? "reading" : "readings"} acknowledged`
        const end = (code: number, text: string) => this.#end({ code, text })
        if (!this.#deadline) {
            end(EXIT.failed, `the node stopped without being asked to, ${sent}`)
        } else if (status === "down") {
            end(EXIT.ok, `stopped cleanly, ${sent}`)
        } else if (counts.connects > 0) {
            end(
                EXIT.failed,
                `stopped, but the broker has not acknowledged down, its will says it; ${sent}`
            )
        } else if (this.#timed) {
            end(
                EXIT.failed,
                "stopped, but the node never had a session with the broker"
            )
        } else {
            end(EXIT.ok, "stopped before the node had a session")
        }
    }
}
