// Jacdac frames, as far as the simulated chip and its surroundings must look into them. Pure.
//
// A frame: CRC (2 bytes), size of the packets (1), flags (1), device (8), packets. A packet: size of its payload
// (1), service (1), command (2), payload, padded to 4 bytes. All little endian.

const SIZE = 2
const FLAGS = 3
const DEVICE = 4
const PACKETS = 12
const PACKET_HEADER = 4

/** The frame is for the device it names, not from it. */
const COMMAND_FLAG = 1

/** The control service, the same in every device, and its command to sleep until a reset. */
const CONTROL_SERVICE = 0
const STANDBY_COMMAND = 0x87

export interface Packet {
    service: number
    command: number
    payload: Uint8Array
}

/** The packets of a frame; what does not fit into it is left out. */
export function packets(frame: Uint8Array): Packet[] {
    const found: Packet[] = []
    const end = Math.min(PACKETS + (frame[SIZE] ?? 0), frame.length)
    for (let at = PACKETS; at + PACKET_HEADER <= end;) {
        const size = frame[at]!
        const data = at + PACKET_HEADER
        if (data + size > end) break
        found.push({
            service: frame[at + 1]! & 0x3f,
            command: frame[at + 2]! | (frame[at + 3]! << 8),
            payload: frame.subarray(data, data + size),
        })
        at = (data + size + 3) & ~3
    }
    return found
}

/** The device a frame is from, or for when it is a command: 16 hexadecimal digits. */
export function deviceOf(frame: Uint8Array): string {
    return Buffer.from(frame.subarray(DEVICE, PACKETS)).toString("hex")
}

/** How long the frame asks the chip to sleep, in ms; undefined when it does not. */
export function standbyRequest(
    frame: Uint8Array,
    chip: string
): number | undefined {
    if ((frame[FLAGS]! & COMMAND_FLAG) === 0 || deviceOf(frame) !== chip)
        return undefined
    for (const { service, command, payload } of packets(frame))
        if (
            service === CONTROL_SERVICE &&
            command === STANDBY_COMMAND &&
            payload.length >= 4
        )
            return Buffer.from(payload).readUInt32LE(0)
    return undefined
}
