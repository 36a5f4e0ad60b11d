// The jacdac-ts library on a clock that is handed in, quiet, and with randomness that is the same each run. The
// library takes all of these from the globals of the process; its code is evaluated with others in their place.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { compileFunction } from "node:vm"
import type { Clock } from "../vm"
import { seededNumbers } from "../vm/random"

/** The package's `exports` hide its types, so they are named by path. */
export type Jacdac =
    typeof import("../../node_modules/jacdac-ts/dist/types/src/jacdac")
export type {
    JDServerServiceProvider,
    JDServiceServer,
} from "../../node_modules/jacdac-ts/dist/types/src/jacdac"

const nodeRequire = createRequire(import.meta.url)
const quiet = () => {}
const QUIET = {
    log: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: quiet,
}
const loaded = new WeakMap<Clock, Jacdac>()

let code: ((...globals: unknown[]) => void) | undefined

/** The library living by `clock`; the same one for the same clock. */
export function jacdacOn(clock: Clock): Jacdac {
    const known = loaded.get(clock)
    if (known) return known
    const jacdac = evaluate(clock)
    loaded.set(clock, jacdac)
    return jacdac
}

function evaluate(clock: Clock): Jacdac {
    code ??= compileFunction(
        readFileSync(nodeRequire.resolve("jacdac-ts"), "utf8"),
        [
            "module",
            "exports",
            "require",
            "setTimeout",
            "clearTimeout",
            "setInterval",
            "clearInterval",
            "Date",
            "performance",
            "console",
            "Math",
            "crypto",
        ],
        { filename: "jacdac-ts" }
    ) as (...globals: unknown[]) => void
    class ClockDate extends Date {
        constructor(...parts: [] | [number | string]) {
            if (parts.length === 0) super(clock.now())
            else super(parts[0])
        }
        static override now() {
            return clock.now()
        }
    }
    // it spaces out repetitions and keeps nothing secret
    const random = seededNumbers("jacdac-ts")
    const module = { exports: {} }
    code(
        module,
        module.exports,
        nodeRequire,
        (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
        (id: unknown) => clock.clearTimeout(id),
        (callback: () => void, ms: number) => clock.setInterval(callback, ms),
        (id: unknown) => clock.clearInterval(id),
        ClockDate,
        { now: () => clock.now() },
        QUIET,
        Object.create(Math, { random: { value: random } }),
        {
            getRandomValues: (words: Uint32Array | Uint8Array) =>
                words.map(() => Math.floor(random() * 2 ** 32)),
        }
    )
    return module.exports as Jacdac
}
