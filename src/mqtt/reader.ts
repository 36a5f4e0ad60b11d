// Bytes from the broker to packets. Pure: it is handed chunks and knows no socket.
//
// A chunk may hold part of a packet, one, or many. No length that the peer names is believed before it
// is compared with the bytes at hand or with the bound: a Buffer of a length the heap cannot give ends
// the VM for good. A received chunk is never written to, so `slice` means the same on the board, where
// it copies, as on the host, where it aliases.

import {
    ConnackCode,
    MAX_TOPIC,
    PacketType,
    SUBACK_FAILURE,
    connackName,
} from "./packet"
import { PeerError } from "./errors"
import { isMqttText } from "./utf8"

/** A whole SUBACK we can be owed: identifier and one code, since each SUBSCRIBE carries one filter. */
const SUBACK_LENGTH = 3

const PLUS = 0x2b
const HASH = 0x23

const enum Phase {
    /** The next byte is the first of a packet. */
    Header,
    /** The next byte is a digit of the remaining length. */
    Length,
    /** The next bytes are the packet's body. */
    Body,
    /** The next bytes belong to a PUBLISH over the bound and are counted off. */
    Skip,
}

/**
 * Splits the byte stream of one connection into packets.
 * @devsWhenUsed
 *
 * `next()` returns the type of the packet it found and leaves its fields in the reader, where the next
 * call overwrites them: an acknowledgement costs no object. A PeerError means that the stream can not
 * be read on and the connection must be closed [MQTT-4.8.0-1].
 */
export class PacketReader {
    /** PUBLISH, the acknowledgements and SUBACK, UNSUBACK: packet identifier, 0 for a QoS 0 PUBLISH. */
    id = 0
    /** CONNACK: the broker kept our session. */
    sessionPresent = false
    /** CONNACK: ConnackCode. SUBACK: granted QoS or SUBACK_FAILURE. */
    code = 0
    /** PUBLISH. */
    qos = 0
    /** PUBLISH. */
    retain = false
    /** PUBLISH. */
    dup = false
    /** PUBLISH: topic name as UTF-8 bytes; undefined with the payload. */
    topic: Buffer | undefined
    /** PUBLISH: undefined when the packet or its topic was over the bound and was counted off. */
    payload: Buffer | undefined

    /** Bytes of packet bodies read since the start; wraps nowhere near in a board's life. */
    taken = 0

    /** Bytes handed over of which some are still to be looked at. */
    chunk: Buffer | undefined = undefined
    private at = 0
    private phase = Phase.Header
    private first = 0
    private remaining = 0
    private digits = 0
    /** Bytes of the body seen, and the body itself when it did not arrive in one chunk. */
    private seen = 0
    private body: Buffer | undefined
    /** Skip: the topic's length, which places the identifier. */
    private topicLength = 0

    /** @param maxPacket largest body in bytes that is taken in whole; a larger PUBLISH is counted off */
    constructor(private maxPacket: number) {}

    /** Hands over received bytes once `next` has asked for more. They must not be written to afterwards. */
    push(chunk: Buffer) {
        this.chunk = chunk
        this.at = 0
    }

    /** Forgets everything: the next byte is the first of a new connection. */
    reset() {
        this.chunk = undefined
        this.phase = Phase.Header
        this.body = undefined
    }

    /** The type of the next whole packet, or PacketType.None when more bytes are needed. */
    next(): PacketType {
        const chunk = this.chunk
        if (!chunk) return PacketType.None
        while (this.at < chunk.length) {
            if (this.phase === Phase.Header) {
                this.first = chunk[this.at] as number
                this.at++
                this.remaining = 0
                this.digits = 0
                this.phase = Phase.Length
            } else if (this.phase === Phase.Length) {
                const digit = chunk[this.at] as number
                this.at++
                this.remaining |= (digit & 127) << this.digits
                this.digits += 7
                if (digit > 127) {
                    if (this.digits === 28)
                        throw new PeerError(
                            "MQTT-2.2.3",
                            "remaining length over 4 bytes"
                        )
                    continue
                }
                this.checkHeader()
                this.taken += this.remaining
                this.seen = 0
                this.phase = Phase.Body
                if (this.remaining > this.maxPacket) this.phase = Phase.Skip
                if (this.remaining === 0) {
                    this.phase = Phase.Header
                    return this.first >> 4
                }
            } else {
                let whole = true
                const from = this.at
                if (this.phase === Phase.Skip) whole = this.skipBody(chunk)
                else if (chunk.length - from < this.remaining - this.seen)
                    whole = this.takeBody(chunk)
                else if (this.seen > 0) whole = this.takeBody(chunk)
                else {
                    this.at = from + this.remaining
                    this.parse(chunk, from, this.at)
                }
                if (whole) {
                    this.phase = Phase.Header
                    if (this.at === chunk.length) this.chunk = undefined
                    return this.first >> 4
                }
            }
        }
        this.chunk = undefined
        return PacketType.None
    }

    /** Type, flags and length of the packet are ones a client may receive. */
    private checkHeader() {
        const type = this.first >> 4
        const flags = this.first & 15
        if (type === PacketType.Publish) {
            this.qos = (flags >> 1) & 3
            this.dup = (flags & 8) !== 0
            this.retain = (flags & 1) !== 0
            if (this.qos === 3)
                throw new PeerError("MQTT-3.3.1-4", "PUBLISH with QoS bits 11")
            if (this.qos === 0)
                if (this.dup)
                    throw new PeerError("MQTT-3.3.1-2", "DUP set on QoS 0")
            // topic length, one character, and the identifier [MQTT-4.7.3-1] [MQTT-2.3.1-1]
            if (this.remaining < (this.qos > 0 ? 5 : 3))
                throw new PeerError("MQTT-4.7.3-1", "PUBLISH without a topic")
            return
        }
        let expected = 2
        if (type === PacketType.Suback) expected = SUBACK_LENGTH
        else if (type === PacketType.Pingresp) expected = 0
        else if (type !== PacketType.Unsuback)
            if (type < PacketType.Connack || type > PacketType.Pubcomp)
                throw new PeerError(
                    "MQTT-4.8.0-1",
                    "packet type " + type + " is not for a client"
                )
        // reserved flag bits [MQTT-2.2.2-1] [MQTT-2.2.2-2] [MQTT-3.6.1-1]
        if (flags !== (type === PacketType.Pubrel ? 2 : 0))
            throw new PeerError(
                "MQTT-2.2.2-2",
                "flags " + flags + " in packet type " + type
            )
        if (this.remaining !== expected)
            throw new PeerError("MQTT-4.8.0-1", "length of packet type " + type)
    }

    /** Adds what `chunk` has of a body that does not lie whole in one. True when the packet is complete. */
    private takeBody(chunk: Buffer): boolean {
        const from = this.at
        let n = this.remaining - this.seen
        if (n > chunk.length - from) n = chunk.length - from
        this.at += n
        const body = this.body ?? Buffer.alloc(this.remaining)
        this.body = body
        body.set(chunk.slice(from, this.at), this.seen)
        this.seen += n
        if (this.seen < this.remaining) return false
        this.body = undefined
        this.parse(body, 0, this.remaining)
        return true
    }

    /**
     * Counts off a PUBLISH over the bound, looking only at where its identifier is: it has to be
     * acknowledged, or the broker would send it for ever. True when all of it has gone by.
     */
    private skipBody(chunk: Buffer): boolean {
        while (this.at < chunk.length) {
            const byte = chunk[this.at] as number
            // bytes past the topic; negative in it
            const place = this.seen - 2 - this.topicLength
            let n = 1
            if (this.seen === 0) this.topicLength = byte << 8
            else if (this.seen === 1) {
                this.topicLength |= byte
                this.checkTopicLength(this.topicLength)
                this.id = 0
            } else {
                // nothing to look at before the identifier, or before the end
                n = this.remaining - this.seen
                if (this.qos > 0) {
                    if (place < 0) n = -place
                    else if (place < 2) {
                        n = 1
                        this.id = (this.id << 8) | byte
                        if (place === 1) this.checkId()
                    }
                }
                if (n > chunk.length - this.at) n = chunk.length - this.at
            }
            this.at += n
            this.seen += n
            if (this.seen === this.remaining) {
                this.topic = undefined
                this.payload = undefined
                return true
            }
        }
        return false
    }

    /** Reads the fields of the packet whose body is `b[from..to)`. */
    private parse(b: Buffer, from: number, to: number) {
        const type = this.first >> 4
        const high = b[from] as number
        const low = b[from + 1] as number
        if (type === PacketType.Publish) {
            this.parsePublish(b, from + 2, to, (high << 8) | low)
            return
        }
        if (type === PacketType.Connack) {
            this.parseConnack(high, low)
            return
        }
        this.id = (high << 8) | low
        if (this.id === 0) this.checkId()
        if (type === PacketType.Suback) {
            this.code = b[from + 2] as number
            if (this.code > 2)
                if (this.code !== SUBACK_FAILURE)
                    throw new PeerError("MQTT-3.9.3-2", "SUBACK " + this.code)
        }
    }

    private parseConnack(flags: number, code: number) {
        if (flags > 1)
            throw new PeerError("MQTT-2.2.2-1", "CONNACK flags " + flags)
        this.sessionPresent = flags === 1
        this.code = code
        if (code > ConnackCode.NotAuthorized)
            throw new PeerError("MQTT-3.2.2.3", connackName(code))
        if (code !== ConnackCode.Accepted)
            if (this.sessionPresent)
                throw new PeerError(
                    "MQTT-3.2.2-4",
                    "session present in a refusal"
                )
    }

    /** Reads a PUBLISH whose topic begins at `from` and has `length` bytes. */
    private parsePublish(b: Buffer, from: number, to: number, length: number) {
        this.checkTopicLength(length)
        let at = from + length
        this.id = 0
        if (this.qos > 0) {
            this.id = ((b[at] as number) << 8) | (b[at + 1] as number)
            this.checkId()
            at += 2
        }
        this.topic = undefined
        this.payload = undefined
        // looking at every byte of a longer topic would end the program
        if (length > MAX_TOPIC) return
        // [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-3.3.2-1] [MQTT-3.3.2-2]
        if (!isMqttText(b, from, from + length))
            throw new PeerError("MQTT-1.5.3-1", "topic is not UTF-8")
        const topic = b.slice(from, from + length)
        let wildcard = topic.indexOf(PLUS) >= 0
        if (topic.indexOf(HASH) >= 0) wildcard = true
        if (wildcard)
            throw new PeerError("MQTT-3.3.2-2", "wildcard in a topic name")
        this.topic = topic
        this.payload = b.slice(at, to)
    }

    /** The topic has a character and ends, with the identifier behind it, inside the packet. */
    private checkTopicLength(length: number) {
        if (length === 0) throw new PeerError("MQTT-4.7.3-1", "topic is empty")
        if (2 + length + (this.qos > 0 ? 2 : 0) > this.remaining)
            throw new PeerError("MQTT-3.3.2-1", "topic longer than its packet")
    }

    private checkId() {
        if (this.id === 0) throw new PeerError("MQTT-2.3.1-1", "identifier 0")
    }
}
