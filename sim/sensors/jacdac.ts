// The jacdac-ts library on a clock that is handed in, and quiet. The library takes time from the globals of the
// process and writes to its console; its code is evaluated with others in their place.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Clock } from "../vm"

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

/** The library living by `clock`; the same one for the same clock. */
export function jacdacOn(clock: Clock): Jacdac {
    const known = loaded.get(clock)
    if (known) return known
    const jacdac = evaluate(clock)
    loaded.set(clock, jacdac)
    return jacdac
}

function evaluate(clock: Clock): Jacdac {
    const source = readFileSync(nodeRequire.resolve("jacdac-ts"), "utf8")
    class ClockDate extends Date {
        constructor(...parts: [] | [number | string]) {
            if (parts.length === 0) super(clock.now())
            else super(parts[0])
        }
        static override now() {
            return clock.now()
        }
    }
    const module = { exports: {} }
    const load = new Function(
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
        source
    )
    load(
        module,
        module.exports,
        nodeRequire,
        (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
        (id: unknown) => clock.clearTimeout(id),
        (callback: () => void, ms: number) => clock.setInterval(callback, ms),
        (id: unknown) => clock.clearInterval(id),
        ClockDate,
        { now: () => clock.now() },
        QUIET
    )
    return module.exports as Jacdac
}
