// What went over the wire, taken apart by mqtt-packet, a codec that is not ours.
import mqttPacket, { type Packet } from "mqtt-packet"

/** The packets in a byte stream, oldest first; a part of one at its end is left out. */
export function packets(bytes: Buffer): Packet[] {
    const found: Packet[] = []
    const parser = mqttPacket.parser({ protocolVersion: 4 })
    parser.on("packet", packet => found.push(packet))
    parser.parse(bytes)
    return found
}

/** The names of packets in order, e.g. `connect publish pingreq`. */
export const names = (found: Packet[]) => found.map(p => p.cmd).join(" ")
