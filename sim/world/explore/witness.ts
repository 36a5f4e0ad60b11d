// Sees all that a node does, hands it to the rules, and writes the history down: what is on the wire at the chip's end, and
// the console. Knows nothing of faults.
import { createHash } from "node:crypto"
import mqttPacket, { type Packet, type Parser } from "mqtt-packet"
import type { Overheard } from "../link-socket"
import type { WorldLine, WorldNode } from "../node"
import type { World } from "../world"
import { COUNT_TOPIC } from "./board"
import { Ledger } from "./breach"
import { CommandRules } from "./command-rules"
import { PresenceRules } from "./presence-rules"
import { ReadingRules } from "./reading-rules"
import { SessionRules } from "./session-rules"
import { TimeRules } from "./time-rules"

/** ms between two looks at what has to be done in time. */
const LOOK = 50
/** The port of MQTT; other connections are not looked at. */
const MQTT_PORT = 1883
/** ms for which a refused write excuses that nothing was sent: it is tried again within it. */
const REFUSED = 200

/** Faults that a node may speak of: those of its sensors. */
const SENSOR_FAULT = /^sensor (TC|MOODY): /

/** What it says of a broker that begins with something else than CONNACK, and CONNACK's first byte. */
const EARLY = "packet before CONNACK"
const CONNACK = 0x20

/** What it may say of a setting that it asked for when the chip's clock was moved, and for how many ms. */
const SETTING = /^setting \w+: no answer$/
const STEPPED = 3_000

/** What it may say when it stops while the broker does not answer. */
const UNANSWERED = "the broker did not answer: its will says down"

export class Witness {
    readonly ledger: Ledger
    readonly readings: ReadingRules
    readonly session: SessionRules
    private readonly times: TimeRules
    private readonly commands: CommandRules
    private readonly presence: PresenceRules
    private readonly hash = createHash("sha256")
    /** The history, a line an event; kept only when asked for. */
    readonly history: string[] | undefined
    /** The connection the chip has now, and how far its bytes are understood. */
    private current = 0
    private inbound: Parser | undefined
    /** The chip was told that it is there; what comes before is of an older one. */
    private open = false
    /** The first byte that came on it. */
    private first: number | undefined
    private stopping = false
    private steppedAt = -Infinity
    private readonly looking: unknown

    /** @param keeps whether the history is kept as lines, besides its digest */
    constructor(
        private readonly world: World,
        private readonly node: WorldNode,
        arrived: (value: number) => boolean,
        keeps = false
    ) {
        this.ledger = new Ledger(() => world.now)
        this.readings = new ReadingRules(this.ledger, arrived)
        this.session = new SessionRules(this.ledger)
        this.times = new TimeRules(this.ledger)
        this.commands = new CommandRules(this.ledger)
        this.presence = new PresenceRules(this.ledger)
        if (keeps) this.history = []
        node.onLine = line => this.line(line)
        node.link.overhear = (connection, heard) => {
            this.note(() => told(connection, heard))
            this.heard(connection, heard)
        }
        this.looking = world.clock.setInterval(() => this.look(), LOOK)
    }

    /** Writes down what somebody else does. */
    note(text: () => string): void {
        const line = `${this.world.clock.elapsed.toFixed(3)} ${text()}\n`
        this.hash.update(line)
        this.history?.push(line)
    }

    /** The chip's clock was moved. */
    stepped(): void {
        const { now } = this.world
        this.steppedAt = now
        this.times.stepped(now, 1_500)
        this.session.stepped()
        this.presence.over()
        this.readings.stepped(now)
    }

    /** Ends it. @returns what the whole history comes to, hexadecimal */
    end(): string {
        this.world.clock.clearInterval(this.looking)
        this.node.onLine = undefined
        this.node.link.overhear = undefined
        return this.hash.digest("hex")
    }

    private look(): void {
        const { now } = this.world
        this.times.check(now, this.session.debts)
        this.session.check(now)
        this.readings.check(now)
        this.commands.check(now)
        this.presence.check(now)
    }

    private heard(connection: number, heard: Overheard): void {
        const { now } = this.world
        if (heard.what === "opened") {
            if (heard.port !== MQTT_PORT) return
            this.current = connection
            this.open = false
            this.first = undefined
            this.times.opened(now)
            this.session.opened()
            this.readings.opened()
            this.inbound = mqttPacket.parser({ protocolVersion: 4 })
            this.inbound.on("packet", packet => this.received(packet))
            // what no broker should send: the chip must end it by itself
            this.inbound.on("error", () => (this.inbound = undefined))
            return
        }
        if (connection !== this.current) return
        switch (heard.what) {
            case "write":
                return this.wrote(heard.bytes)
            case "data":
                if (!this.open) return
                this.first ??= heard.bytes[0]
                this.times.heard(now)
                this.inbound?.parse(Buffer.from(heard.bytes))
                return
            case "refused":
                for (const packet of parsed(heard.bytes).packets)
                    this.session.attempted(packet)
                this.readings.held(now)
                this.presence.excuse(now)
                return this.times.excuse(now, REFUSED)
            case "end":
            case "cut":
            case "error":
            case "close":
                // what comes after it the chip does not take
                this.open = false
                this.session.ended(now)
                this.times.ended()
                this.commands.ended()
                this.presence.over()
                return
            case "connect":
                this.open = true
        }
    }

    private wrote(bytes: Uint8Array): void {
        const { now } = this.world
        const { packets, fault } = parsed(bytes)
        this.ledger.hold(
            fault === "" && packets.length === 1,
            "one whole packet a write",
            () => `${Buffer.from(bytes).toString("hex")} ${fault}`
        )
        this.times.wrote(now)
        for (const packet of packets) {
            this.session.wrote(now, packet)
            if (packet.cmd === "puback")
                this.commands.acknowledged(now, packet.messageId!)
            if (packet.cmd === "publish") this.presence.said(packet)
            if (packet.cmd === "publish" && packet.topic === COUNT_TOPIC)
                this.readings.wrote(now, packet.payload.toString(), packet.dup)
        }
    }

    private received(packet: Packet): void {
        const { now } = this.world
        const { up } = this.session
        this.session.received(now, packet)
        if (!up && this.session.up) this.times.connected(now)
        if (packet.cmd === "puback")
            this.presence.acknowledged(packet.messageId ?? 0)
        if (packet.cmd !== "publish" || !up) return
        this.commands.received(now, packet)
        if (!this.stopping) this.presence.heard(now, packet)
    }

    private line({ at, text }: WorldLine): void {
        this.note(() => `> ${text}`)
        const [word = "", second = ""] = text.split(" ")
        if (word === "count") return this.readings.count(at, Number(second))
        if (word === "law") return this.readings.law(at, text)
        if (word === "act") return this.commands.acted(second)
        if (word === "!") return this.broke(text)
        if (word !== "node:") return
        if (second === "stopping") {
            this.stopping = true
            this.readings.quiet()
            this.presence.over()
        } else this.said(second, text)
    }

    private said(event: string, text: string): void {
        const field = (key: string) =>
            new RegExp(` ${key}=(\\S+)`).exec(text)?.[1] ?? ""
        const rest = text.split(" text=")[1] ?? ""
        switch (event) {
            case "lost":
                return this.ledger.hold(
                    !rest.includes(EARLY) ||
                        (this.first ?? CONNACK) !== CONNACK,
                    "what an older connection brings is not taken for the new one's",
                    () => rest
                )
            case "retry":
                return this.times.waiting(Number(field("ms")))
            case "acked":
                if (field("topic") === COUNT_TOPIC)
                    this.readings.ack(Number(field("value")))
                return
            case "dropped":
                if (field("topic") === COUNT_TOPIC)
                    this.readings.dropped.add(Number(field("value")))
                if (field("reason") === "parked")
                    this.session.gaveUp(field("topic"))
                return
            case "rejected":
                if (rest === "overtaken")
                    this.commands.overtaken(this.world.now)
                return
            case "fault":
                return this.ledger.hold(
                    SENSOR_FAULT.test(rest) ||
                        (SETTING.test(rest) &&
                            this.world.now - this.steppedAt <= STEPPED) ||
                        (this.stopping && rest === UNANSWERED),
                    "no fault but those of its sensors",
                    () => rest
                )
            case "refused":
                return this.ledger.hold(false, "the node starts", () => rest)
            default:
        }
    }

    /** A line about what became of the chip or its program. */
    private broke(text: string): void {
        const planned = this.stopping && text === "! restart reset"
        this.ledger.hold(
            planned || text === "! power cut" || text === "! stopped",
            "the program does not end but by power cuts and as planned",
            () => text
        )
        this.stopping = false
        this.readings.stopped(planned)
        this.commands.stopped()
        this.session.boot()
        this.times.ended()
        this.presence.over()
    }
}

/** The packets of a write, and what is wrong with it. */
function parsed(bytes: Uint8Array): { packets: Packet[]; fault: string } {
    const packets: Packet[] = []
    const parser = mqttPacket.parser({ protocolVersion: 4 })
    let fault = ""
    parser.on("packet", packet => packets.push(packet))
    parser.on("error", (error: Error) => (fault = error.message))
    const left = parser.parse(Buffer.from(bytes))
    if (left > 0 && fault === "") fault = `${left} bytes of another`
    return { packets, fault }
}

function told(connection: number, heard: Overheard): string {
    const { what } = heard
    const more =
        "bytes" in heard
            ? Buffer.from(heard.bytes).toString("hex")
            : "code" in heard
              ? String(heard.code)
              : "text" in heard
                ? heard.text
                : ""
    return `${connection} ${what} ${more}`.trimEnd()
}
