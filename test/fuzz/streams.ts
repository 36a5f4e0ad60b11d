// A broker from hell: it accepts a node in the VM and sends it what nobody should. The program goes on, says which rule was broken
// where one was, and is back at once. Knows nothing of what a stream means; what the reader makes of it in Node.js is asked for.
import {
    compileProgram,
    Flash,
    MemoryNetwork,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type MemorySocket,
} from "../../sim/vm"
import type { Fuzzer } from "./fuzzer"
import { Parser } from "./outcomes"

const HOST = "hell"
const PORT = 1883
/** ms of virtual time until a stream has been read, and until a node whose waits are 10 ms has a new connection. */
const READ = 200
const BACK = 8_000
/** CONNACK, accepted. */
const CONNACK = Uint8Array.of(0x20, 2, 0, 0)
/** "take in whole up to 2,048 bytes, as the client does, in one piece": what comes before a stream in an input. */
const AS_CLIENT = [3, 0]
/** Bytes of the heap that may be in use beyond what was after the first streams: subscriptions, retained inboxes. */
const HEAP_SLACK = 4_096
/** Streams until then. */
const WARM = 20

let compiled: CompiledProgram | undefined

/** The simulator's board with a subscription and no waits worth the name between connections. */
const program = () =>
    (compiled ??= compileProgram("boards/streams.ts", {
        files: {
            "boards/streams.ts": `
import { Message, MQTTClient } from "../src/mqtt/index"
const mqtt = new MQTTClient({
    host: "${HOST}", port: ${PORT}, proto: "tcp", clientId: "streams", retryFirst: 10, retryCap: 10,
})
let n = 0
mqtt.observer = {
    lost: error => console.log("lost " + (error ? error.message : "")),
    fault: error => console.log("fault " + error.message),
}
await mqtt.subscribe("#", m => { n += m.content.length }, 2)
setInterval(() => mqtt.send(new Message(Buffer.from("n"), Buffer.from("" + n), 1, false)), 50)
await mqtt.start()
`,
        },
    }))

export interface StreamsReport {
    cases: number
    /** Connections the node gave up, and those it kept. */
    lost: number
    kept: number
    /** Live bytes of its heap after the first streams and at the end. */
    heap: [number, number]
    findings: { input: Uint8Array; what: string }[]
}

/** Sends so many streams of a fuzzer that has run, each on a connection of its own. */
export async function fuzzStreams(
    fuzzer: Fuzzer,
    cases: number
): Promise<StreamsReport> {
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock, { maxChunk: 1_024 })
    /** A connection whose CONNECT has come. */
    let newest: { socket: MemorySocket; closed: boolean } | undefined
    network.listen(HOST, PORT, peer => {
        const connection = { socket: peer, closed: false }
        peer.once("data", () => (newest = connection))
        peer.on("error", () => {})
        peer.on("close", () => (connection.closed = true))
    })
    const vm = await startVm({
        program: program(),
        clock,
        sockets: network,
        flash: new Flash(),
    })
    const lines: string[] = []
    vm.on("line", text => lines.push(text))
    vm.on("trouble", text => lines.push(`! ${text}`))
    vm.on("panic", code => lines.push(`! panic ${code}`))
    const report: StreamsReport = {
        cases: 0,
        lost: 0,
        kept: 0,
        heap: [0, 0],
        findings: [],
    }
    const heap = async () => {
        const figures = vm.liveHeap()
        await clock.advance(READ)
        return (await figures).used
    }
    try {
        for (; report.cases < cases; report.cases++) {
            if (report.cases === WARM) report.heap[0] = await heap()
            const stream = fuzzer.input(Parser.Packets).slice(2)
            await clock.until(() => newest !== undefined, BACK)
            const connection = newest!
            const { socket } = connection
            newest = undefined
            const from = lines.length
            socket.write(CONNACK)
            socket.write(stream)
            await clock.advance(READ)
            const said = lines.slice(from)
            const ended = connection.closed
            // the connection after it is the next stream's
            if (!ended) {
                newest = undefined
                socket.cut()
            }
            if (ended) report.lost++
            else report.kept++
            const input = Uint8Array.from([...AS_CLIENT, ...stream])
            const verdict = fuzzer.outcome(Parser.Packets, input)
            const rejected = verdict.includes("! ")
            const trouble = said.find(text => /^(! |fault)/.test(text))
            let what = trouble
            if (rejected && !ended) what ??= `it reads on after ${verdict}`
            if (ended && !said.some(text => /^lost \S+/.test(text)))
                what ??= "it leaves without a word"
            if (what !== undefined) report.findings.push({ input, what })
        }
        report.heap[1] = await heap()
        const [warm, end] = report.heap
        if (cases > WARM && end > warm + HEAP_SLACK)
            report.findings.push({
                input: new Uint8Array(),
                what: `its heap has grown from ${warm} to ${end} bytes`,
            })
    } finally {
        vm.stop()
    }
    return report
}
