// The compiled client in a VM on a virtual clock, against a broker that says exactly what a test tells it to. Nothing
// here waits for real: an hour of session takes as long as its packets do.
import mqttPacket, { type IConnectPacket, type Packet } from "mqtt-packet"
import {
    compileProgram,
    MemoryNetwork,
    startVm,
    VirtualClock,
    type CompiledProgram,
    type MemorySocket,
    type Vm,
} from "../../sim/vm"

/** One connection of the client, seen from the broker's side. */
export class Link {
    /** All packets from the client, oldest first, and when each came, ms of the virtual clock since the start. */
    readonly packets: (Packet & { at: number })[] = []
    /** When the connection ended, either way. */
    closedAt: number | undefined

    constructor(
        readonly openedAt: number,
        private readonly socket: MemorySocket
    ) {}

    send(packet: Packet): void {
        if (this.socket.writable) this.socket.write(mqttPacket.generate(packet))
    }

    /** Bytes as they are, for what no packet library would write. */
    raw(hex: string): void {
        this.socket.write(Buffer.from(hex, "hex"))
    }

    /** A TCP reset. */
    cut(): void {
        this.socket.cut()
    }

    /** A close in good order. */
    end(): void {
        this.socket.end()
    }

    of<K extends Packet["cmd"]>(
        cmd: K
    ): (Extract<Packet, { cmd: K }> & { at: number })[] {
        return this.packets.filter(
            (p): p is Extract<Packet, { cmd: K }> & { at: number } =>
                p.cmd === cmd
        )
    }
}

/** What the broker does with a packet; what is left out happens as a good broker does it. */
export interface Script {
    /** Default: accepts, without a session. */
    connect?: (link: Link, packet: IConnectPacket) => void
    /** Called before the default answer; true keeps that answer back. */
    packet?: (link: Link, packet: Packet) => boolean | void
}

function answer(link: Link, packet: Packet): void {
    switch (packet.cmd) {
        case "publish":
            if (packet.qos === 1)
                link.send({ cmd: "puback", messageId: packet.messageId })
            if (packet.qos === 2)
                link.send({ cmd: "pubrec", messageId: packet.messageId })
            break
        case "pubrel":
            link.send({ cmd: "pubcomp", messageId: packet.messageId! })
            break
        case "pubrec":
            link.send({ cmd: "pubrel", messageId: packet.messageId! })
            break
        case "subscribe":
            link.send({
                cmd: "suback",
                messageId: packet.messageId!,
                granted: packet.subscriptions.map(s => s.qos),
            })
            break
        case "unsubscribe":
            link.send({
                cmd: "unsuback",
                messageId: packet.messageId!,
                granted: [],
            })
            break
        case "pingreq":
            link.send({ cmd: "pingresp" })
            break
        case "disconnect":
            link.end()
            break
    }
}

export interface LabOptions {
    script?: Script
    onWrite?: (bytes: Uint8Array) => number
    maxChunk?: number
    /** 16 hexadecimal digits. */
    deviceId?: string
}

export class Lab {
    readonly links: Link[] = []
    /** Console lines, `! ` before those of errors and panics. */
    readonly lines: string[] = []
    readonly clock = new VirtualClock()
    vm!: Vm
    private readonly start = this.clock.now()
    private stopListening: () => void

    constructor(private readonly options: LabOptions) {
        this.network = new MemoryNetwork(this.clock, {
            ...(options.onWrite ? { onWrite: options.onWrite } : {}),
            ...(options.maxChunk ? { maxChunk: options.maxChunk } : {}),
        })
        this.stopListening = this.listen()
    }
    private readonly network: MemoryNetwork

    static async run(
        program: CompiledProgram,
        options: LabOptions = {}
    ): Promise<Lab> {
        const lab = new Lab(options)
        lab.vm = await startVm({
            program,
            clock: lab.clock,
            sockets: lab.network,
            ...(options.deviceId ? { deviceId: options.deviceId } : {}),
        })
        lab.vm.on("line", text => lab.lines.push(text))
        lab.vm.on("trouble", text => lab.lines.push(`! ${text}`))
        lab.vm.on("panic", code => lab.lines.push(`! panic ${code}`))
        return lab
    }

    /** ms since the start. */
    get now(): number {
        return Math.round(this.clock.now() - this.start)
    }

    get last(): Link {
        return this.links.at(-1)!
    }

    /** Lets time pass until `done`, at most `limit` ms. Throws with the console when it does not come. */
    async until(done: () => boolean, limit: number): Promise<void> {
        try {
            await this.clock.until(done, limit)
        } catch (error) {
            throw new Error(
                `${String(error)}\n${this.lines.slice(-15).join("\n")}`
            )
        }
    }

    line(wanted: string, limit = 10_000): Promise<void> {
        return this.until(() => this.lines.includes(wanted), limit)
    }

    /** Bytes of the heap in use, garbage collected. */
    async liveHeap(): Promise<number> {
        const figures = this.vm.liveHeap()
        // the collection takes place while the VM runs, which is while time passes
        await this.clock.advance(500)
        return (await figures).used
    }

    /** The broker takes no connections from now on, or again. */
    refuse(on: boolean): void {
        this.stopListening()
        if (!on) this.stopListening = this.listen()
    }

    stop(): void {
        this.vm.stop()
    }

    private listen() {
        return this.network.listen("broker", 1883, socket =>
            this.accept(socket)
        )
    }

    private accept(socket: MemorySocket) {
        const { script = {} } = this.options
        const link = new Link(this.now, socket)
        this.links.push(link)
        const parser = mqttPacket.parser({ protocolVersion: 4 })
        parser.on("packet", packet => {
            link.packets.push({ ...packet, at: this.now })
            if (packet.cmd === "connect") {
                if (script.connect) script.connect(link, packet)
                else accepted(link)
            } else if (script.packet?.(link, packet) !== true)
                answer(link, packet)
        })
        socket.on("data", (bytes: Uint8Array) =>
            parser.parse(Buffer.from(bytes))
        )
        socket.on("error", () => {})
        socket.on("close", () => {
            link.closedAt ??= this.now
        })
    }
}

/** CONNACK 0. */
export function accepted(link: Link, sessionPresent = false): void {
    link.send({ cmd: "connack", returnCode: 0, sessionPresent })
}

/** A program around the client: `options` for it, and statements that use `mqtt`. */
export function program(options: string, body: string): CompiledProgram {
    const path = "test/client/program.ts"
    return compileProgram(path, {
        files: {
            [path]: `
import * as ds from "@devicescript/core"
import { MQTTClient, Message, Outcome, Parking } from "../../src/mqtt/index"
const mqtt = new MQTTClient({ host: "broker", port: 1883, proto: "tcp", clientId: "c", ${options} })
mqtt.observer = {
    connected: present => console.log("connected " + (present ? 1 : 0)),
    lost: e => console.log("lost " + e.message),
    retry: ms => console.log("retry " + ms),
    fault: e => console.log("fault " + e.message),
}
${body}
`,
        },
    })
}
