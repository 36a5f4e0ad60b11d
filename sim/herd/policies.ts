// The boards of a herd, one for each way of waiting before a new connection: this firmware's, and the same firmware with its
// backoff replaced by a wait that is always the same. Knows nothing of what a herd goes through.
import { compileProgram, type CompiledProgram } from "../vm"

export interface Policy {
    name: string
    /** ms before each try, always; undefined: as the firmware does. */
    fixed: number | undefined
}

export const POLICIES: readonly Policy[] = [
    { name: "this firmware", fixed: undefined },
    { name: "fixed 1 s", fixed: 1_000 },
    { name: "fixed 5 s", fixed: 5_000 },
    { name: "fixed 10 s", fixed: 10_000 },
    { name: "fixed 50 s", fixed: 50_000 },
]

/** ms between two readings: seldom, since it is connections that are looked at. */
const INTERVAL = 60_000
/** s. */
export const KEEP_ALIVE = 60

/** Its device is a setting. */
const BOARD = `
import { startNode } from "../src/index"
let n = 0
await startNode({
    board: "herd",
    device: "HERD",
    keepAlive: ${KEEP_ALIVE},
    diagnostics: 0,
    sensors: [{ id: "N", read: () => { n++; return n }, interval: ${INTERVAL}, precision: 0 }],
})
`

/** The same class as in src/mqtt/backoff.ts for those who use it. */
const fixedBackoff = (ms: number) => `
import { Random } from "./random"
export class Backoff {
    constructor(private first: number, private cap: number, private random: Random) {}
    next(): number { return ${ms} }
    reset() {}
    refused() {}
}
`

/** Its bytecode; a compile takes 1 to 2 s. */
export function herdProgram({ fixed }: Policy): CompiledProgram {
    return compileProgram("boards/herd.ts", {
        files: {
            "boards/herd.ts": BOARD,
            ...(fixed === undefined
                ? {}
                : { "src/mqtt/backoff.ts": fixedBackoff(fixed) }),
        },
    })
}
