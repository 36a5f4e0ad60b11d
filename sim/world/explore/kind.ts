// What a kind of fault is: how one is drawn, and what it does to the world. Knows none of them.
import type { WorldBroker } from "../broker"
import type { WorldNode } from "../node"
import type { World } from "../world"
import type { Value } from "./script"

/** Where faults happen. */
export interface Scene {
    world: World
    broker: WorldBroker
    node: WorldNode
    /** From 0 up to 1, the same each run. */
    random: () => number
}

/** What an argument may be: a whole number from the first to the last, or one of some words. The first is the simplest. */
export type Range =
    { from: number; to: number } | { words: readonly [string, ...string[]] }

export interface Kind {
    name: string
    /** The shortest and the longest time it lasts, ms; undefined: it is over as soon as it has happened. */
    lasts?: readonly [number, number]
    args?: Record<string, Range>
    /** How often it is drawn, beside others; default 1. 0: only by hand. */
    weight?: number
    /** @returns what ends it, for one that lasts */
    inject: (scene: Scene, args: Args) => (() => void | Promise<void>) | void
}

/** The arguments of a step, complete. */
export interface Args {
    number(key: string): number
    word(key: string): string
}

export const whole = (from: number, to: number): Range => ({ from, to })
export const oneOf = (...words: [string, ...string[]]): Range => ({ words })

/** The simplest value of a range: what a fault has when its line does not say. */
export function simplest(range: Range): Value {
    return "words" in range ? range.words[0] : range.from
}

/** @throws {Error} naming the argument that is not known or not allowed */
export function complete(kind: Kind, given: Record<string, Value>): Args {
    const ranges = kind.args ?? {}
    for (const [key, value] of Object.entries(given)) {
        const range = ranges[key]
        if (!range) throw new Error(`${kind.name} has no ${key}`)
        const allowed =
            "words" in range
                ? range.words.includes(String(value))
                : typeof value === "number" &&
                  value >= range.from &&
                  value <= range.to
        if (!allowed)
            throw new Error(
                `${kind.name} ${key}=${value}: ${
                    "words" in range
                        ? `must be ${range.words.join(" or ")}`
                        : `must be ${range.from} to ${range.to}`
                }`
            )
    }
    const value = (key: string) => given[key] ?? simplest(ranges[key]!)
    return {
        number: key => Number(value(key)),
        word: key => String(value(key)),
    }
}
