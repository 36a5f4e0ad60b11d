// What the firmware makes of bytes from outside, as one line of text. It is compiled for the VM as well as for Node.js, and an
// input has to give the same line on both. DeviceScript's subset, pure files only.
import { idFault } from "../../src/config/ids"
import { PeerError } from "../../src/mqtt/errors"
import { MAX_TOPIC, PacketType } from "../../src/mqtt/packet"
import { PacketReader } from "../../src/mqtt/reader"
import { matches, topicFilterFault, topicNameFault } from "../../src/mqtt/topic"
import { isMqttText } from "../../src/mqtt/utf8"
import { MAX_NUMBER, parseBody, valueFault } from "../../src/node/body"
import { httpDateMs, isoText } from "../../src/node/http-date"
import { TimeAnswer, TimeResponse } from "../../src/node/time-request"
import { valueText } from "../../src/node/value"

const NEWLINE = 10

/** Pieces that an input is handed over in at most: on a board the program may pause between them, and here it does not. */
const MAX_PIECES = 64

/** Bytes as a number of 24 bits that tells most others apart. */
function digest(b: Buffer): string {
    let h = b.length
    for (let i = 0; i < b.length; i++)
        h = (h * 31 + (b[i] as number)) & 0xffffff
    return b.length + ":" + h
}

function packet(type: PacketType, r: PacketReader): string {
    if (type === PacketType.Connack)
        return type + " " + (r.sessionPresent ? 1 : 0) + " " + r.code
    if (type === PacketType.Pingresp) return "" + type
    if (type === PacketType.Suback) return type + " " + r.id + " " + r.code
    if (type !== PacketType.Publish) return type + " " + r.id
    let body = "skipped"
    if (r.topic) if (r.payload) body = digest(r.topic) + " " + digest(r.payload)
    return [
        type + " " + r.id,
        r.qos + (r.dup ? "d" : "-") + (r.retain ? "r" : "-"),
        body,
    ].join(" ")
}

/** Bytes of each piece. @param asked 0: all */
function pieceOf(b: Buffer, asked: number): number {
    if (asked === 0) return b.length
    return Math.max(asked, Math.ceil(b.length / MAX_PIECES))
}

/**
 * A stream from a broker.
 * @param most largest body taken in whole
 * @param piece bytes handed over at once; 0: all
 */
export function packets(b: Buffer, most: number, piece: number): string {
    const reader = new PacketReader(most)
    const found: string[] = []
    const size = pieceOf(b, piece)
    try {
        let at = 0
        while (at < b.length) {
            const end = Math.min(b.length, at + size)
            reader.push(b.slice(at, end))
            at = end
            let type = reader.next()
            while (type !== PacketType.None) {
                found.push(packet(type, reader))
                type = reader.next()
            }
        }
    } catch (e) {
        if (!(e instanceof PeerError)) throw e
        found.push("! " + e.message)
    }
    found.push("taken " + reader.taken)
    return found.join(", ")
}

/** A value that somebody sent, held to all that may be declared of it. */
function value(v: unknown): string {
    if (v === undefined) return "undefined"
    if (v === null) return "null"
    if (typeof v === "object") return "object"
    if (typeof v === "string") return "text " + digest(Buffer.from(v))
    if (typeof v === "boolean") return "" + v
    const fault = valueFault(v, "number", -MAX_NUMBER, MAX_NUMBER)
    if (fault !== undefined) return fault
    return valueText(v as number, 3) as string
}

/** The fields that actuators and commands look at. */
interface Fields {
    value: unknown
    command: unknown
    sensor: unknown
    ms: unknown
    id: unknown
}

/** The body of a message to an actuator or a node. */
export function body(b: Buffer): string {
    const v = parseBody(b)
    if (typeof v !== "object") return value(v)
    if (v === null) return "null"
    const o = v as Fields
    return [
        value(o.value),
        value(o.command),
        value(o.sensor),
        value(o.ms),
        value(o.id),
    ].join(", ")
}

/** An HTTP date. */
export function date(b: Buffer): string {
    const ms = httpDateMs(b)
    if (ms === undefined) return "none"
    return ms + " " + isoText(ms)
}

/** The answer of an HTTP server. @param piece bytes handed over at once; 0: all */
export function answer(b: Buffer, piece: number): string {
    const response = new TimeResponse()
    const size = pieceOf(b, piece)
    let at = 0
    let said = TimeAnswer.None
    while (at < b.length) {
        const end = Math.min(b.length, at + size)
        said = response.push(b.slice(at, end))
        at = end
    }
    return said + " " + response.dateMs + " " + response.why
}

/** A filter, and a topic name behind a newline. */
export function topic(b: Buffer): string {
    let cut = b.indexOf(NEWLINE)
    if (cut < 0) cut = b.length
    const filter = b.slice(0, cut)
    const name = b.slice(cut < b.length ? cut + 1 : cut, b.length)
    const faults = [topicFilterFault(filter), topicNameFault(name)]
    if (faults[0] === undefined)
        if (faults[1] === undefined)
            return "matches " + (matches(filter, name) ? 1 : 0)
    return (faults[0] ?? "good") + " | " + (faults[1] ?? "good")
}

/** An identifier, or a level of a topic that somebody named. */
export function id(b: Buffer): string {
    if (b.length > MAX_TOPIC) return "long"
    if (!isMqttText(b, 0, b.length)) return "no text"
    return idFault(b.toString()) === undefined ? "good" : "bad"
}

/** What is fuzzed. */
export enum Parser {
    Packets,
    Body,
    Date,
    Answer,
    Topic,
    Id,
}

/** Largest bodies of packets that are taken in whole: an input names one of them. */
const MOSTS = [16, 128, 256, 2048]

/** What a parser makes of an input: of some its first bytes say how the rest is handed over. */
export function outcome(parser: Parser, b: Buffer): string {
    const n = b.length
    switch (parser) {
        case Parser.Packets:
            if (n < 2) return "short"
            return packets(
                b.slice(2, n),
                MOSTS[(b[0] as number) & 3] as number,
                b[1] as number
            )
        case Parser.Body:
            return body(b)
        case Parser.Date:
            return date(b)
        case Parser.Answer:
            if (n < 1) return "short"
            return answer(b.slice(1, n), b[0] as number)
        case Parser.Topic:
            return topic(b)
        default:
            return id(b)
    }
}
