// The same parsers on the same inputs inside the VM: a program that takes inputs over its socket and answers each with its
// outcome, one line. Knows nothing of what is right.
import {
    compileProgram,
    MemoryNetwork,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type MemorySocket,
    type Vm,
} from "../../sim/vm"
import type { Parser } from "./outcomes"

const HOST = "fuzzer"
const PORT = 1
/** ms of virtual time in which an input has to be answered: the VM looks at its socket every 10. */
const ANSWER_MS = 2_000
/** ms of virtual time until a program has connected, one that has ended included: it starts again after 5 s. */
const CONNECT_MS = 8_000

/** An input is two bytes of length, one of the parser, and itself; its answer ends with a newline. */
const PROGRAM = `
import * as ds from "@devicescript/core"
import { Socket, SocketState } from "../src/mqtt/socket"
import { outcome } from "../test/fuzz/outcomes"
const me = ds.Fiber.self()
const socket = new Socket({ wake: () => { if (me.suspended) me.resume(undefined) } })
let input: Buffer
let have = 0
const head = Buffer.alloc(3)
async function serve() {
    have = 0
    socket.open("${HOST}", ${PORT}, false)
    while (true) {
        const chunk = socket.read()
        if (!chunk) {
            if (socket.state === SocketState.Closed) return
            await ds.suspend(60000)
            continue
        }
        let at = 0
        while (at < chunk.length) {
            if (have < 3) {
                head[have] = chunk[at]
                have++
                at++
                if (have === 3) input = Buffer.alloc(head[0] * 256 + head[1])
            } else {
                const left = input.length - (have - 3)
                const n = Math.min(left, chunk.length - at)
                input.set(chunk.slice(at, at + n), have - 3)
                have += n
                at += n
            }
            if (have >= 3) if (have - 3 === input.length) {
                have = 0
                let said = ""
                try {
                    said = outcome(head[2], input)
                } catch (e) {
                    said = "! throws " + (e instanceof Error ? e.message : "none")
                }
                socket.write(Buffer.from(said + "\\n"))
            }
        }
    }
}
while (true) await serve()
`

let compiled: CompiledProgram | undefined

export class VmParsers {
    /** Times the program ended by itself. */
    panics = 0
    private readonly clock = new VirtualClock()
    private socket: MemorySocket | undefined
    private heard = ""

    private constructor(private vm: Vm | undefined) {}

    /** @param gcStress whether garbage is collected at every allocation, which is slow and finds what is freed too early */
    static async start({ gcStress = false } = {}): Promise<VmParsers> {
        compiled ??= compileProgram("boards/fuzz.ts", {
            files: { "boards/fuzz.ts": PROGRAM },
        })
        const parsers = new VmParsers(undefined)
        const network = new MemoryNetwork(parsers.clock, { maxChunk: 1_024 })
        network.listen(HOST, PORT, socket => {
            parsers.socket = socket
            socket.on("data", (bytes: Uint8Array) => {
                parsers.heard += Buffer.from(bytes).toString("latin1")
            })
            socket.on("error", () => {})
        })
        const vm = await startVm({
            program: compiled,
            clock: parsers.clock,
            sockets: network,
            gcStress,
        })
        vm.on("panic", () => {
            parsers.panics++
            parsers.socket = undefined
        })
        parsers.vm = vm
        return parsers
    }

    /** What the VM makes of some inputs, sent at once; `! ends the program` of those it does not survive. */
    async outcomes(
        inputs: readonly { parser: Parser; input: Uint8Array }[]
    ): Promise<string[]> {
        await this.clock.until(() => this.socket !== undefined, CONNECT_MS)
        this.heard = ""
        for (const { parser, input } of inputs)
            this.socket!.write(
                Uint8Array.of(
                    input.length >> 8,
                    input.length & 255,
                    parser,
                    ...input
                )
            )
        const before = this.panics
        const lines = () => this.heard.split("\n").slice(0, -1)
        await this.clock
            .until(
                () => lines().length === inputs.length || this.panics > before,
                ANSWER_MS
            )
            .catch(() => {})
        const got = lines()
        if (got.length === inputs.length) return got
        if (inputs.length === 1) {
            if (this.panics === before) await this.again()
            return ["! ends the program"]
        }
        // one of them did it: each for itself
        const each: string[] = []
        for (const one of inputs) each.push((await this.outcomes([one]))[0]!)
        return each
    }

    stop(): void {
        this.vm?.stop()
    }

    /** A program that does not answer any more is given its connection's end, and asks for another. */
    private async again(): Promise<void> {
        this.socket?.cut()
        this.socket = undefined
        if (!this.vm?.running) throw new Error("the VM is gone for good")
    }
}
