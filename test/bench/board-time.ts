// From exact counts to time on a board, by a model: an estimate, and marked so. Pure.
//
// Measured on an emulated RP2040 at 125 MHz with a heap nearly empty: about 30,000 cycles an allocation, as the
// collector refills what is left of the free block, and 250 an opcode. Opcodes are a static count: each that is written
// in a function that was called, once.
import type { Section } from "./section"

const CYCLES_AN_ALLOCATION = 30_000
const CYCLES_AN_OPCODE = 250
const MHZ = 125

/** mA of an RP2040 that computes at 125 MHz, from its data sheet's typical figures; the radio is not in it. */
const MILLIAMPERE = 25

/** The battery whose share is shown: 2,000 mAh that last a year of a reading a minute. */
const BATTERY_MAH = 2_000
const READINGS_A_YEAR = 365 * 24 * 60

export interface Counted {
    what: string
    allocations: number
    /** Undefined where they were not counted: then they are left out. */
    opcodes?: number
}

/** ms on the board. */
export function boardMs({ allocations, opcodes = 0 }: Counted): number {
    const cycles =
        allocations * CYCLES_AN_ALLOCATION + opcodes * CYCLES_AN_OPCODE
    return cycles / (MHZ * 1000)
}

/** Percent of what the battery has for one reading. */
export function batteryShare(ms: number): number {
    const millicoulombs = (MILLIAMPERE * ms) / 1000
    const budget = (BATTERY_MAH * 3_600) / READINGS_A_YEAR
    return (100 * millicoulombs) / budget
}

export function boardTime(counted: readonly Counted[]): Section {
    return {
        id: "board",
        title: "Estimate: on an RP2040",
        columns: [
            "what",
            "allocations",
            "opcodes",
            "ms, estimated",
            "% of battery, estimated",
        ],
        rows: counted.map(each => {
            const ms = boardMs(each)
            return {
                what: each.what,
                values: [each.allocations, each.opcodes, ms, batteryShare(ms)],
            }
        }),
        notes: [
            `A model, not a measurement: ${CYCLES_AN_ALLOCATION.toLocaleString("en-US")} cycles an allocation and ${CYCLES_AN_OPCODE} an opcode at ${MHZ} MHz, measured on an emulated RP2040 with a heap nearly empty. Opcodes are a static count from the disassembly, each of a function called once; where none are given they are left out. So it is a lower bound. The battery: ${BATTERY_MAH.toLocaleString("en-US")} mAh for a year of one reading a minute, at ${MILLIAMPERE} mA while computing, without the radio.`,
        ],
    }
}
