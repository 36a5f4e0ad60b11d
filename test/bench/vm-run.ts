// A program in a VM of its own on the real clock and real sockets, and when its packets went and came. Knows nothing of
// what is measured.
import {
    nodeSockets,
    realClock,
    startVm,
    type CompiledProgram,
    type Vm,
    type VmOptions,
} from "../../sim/vm"
import { LOOPBACK } from "../support/free-port"

/** The types of packets that are looked for, by the upper half of their first byte. */
export const CONNECT = 1
export const PUBLISH = 3
export const PUBACK = 4

export interface Seen {
    /** ms of performance.now. */
    at: number
    way: "out" | "in"
    type: number
    bytes: Uint8Array
}

/**
 * Gives a chip power.
 * @param see told of each piece that is written or handed over; a packet of the benches is one piece, or begins one
 */
export function runVm(
    program: CompiledProgram,
    port: number,
    see: (seen: Seen) => void = () => {},
    chip: Pick<VmOptions, "deviceId" | "flash" | "deploy"> = {}
): Promise<Vm> {
    const tell = (way: Seen["way"]) => (bytes: Uint8Array) => {
        const at = performance.now()
        see({ at, way, type: (bytes[0] ?? 0) >> 4, bytes })
        return 0
    }
    const sockets = nodeSockets({
        hosts: { broker: { host: LOOPBACK, port } },
        onWrite: tell("out"),
        onData: tell("in"),
    })
    return startVm({
        program,
        clock: realClock,
        sockets,
        ...chip,
    })
}
