// Visits every state a model can reach, breadth first, and looks at each. Knows nothing of MQTT: the models beside it do.
import { hash } from "node:crypto"

/** Something that must never be, thrown by a model. */
export class Violation extends Error {
    override name = "Violation"
}

/** Throws when what must hold does not. */
export function must(holds: boolean, what: string): asserts holds {
    if (!holds) throw new Violation(what)
}

/** One thing that may happen next; `act` changes the copy of the state it is given, or says false: not now. */
export interface Step<S> {
    name: string
    act: (state: S) => void | false
}

/** A model is its first state, what can happen in a state, and what must hold. */
export interface Model<S> {
    initial(): S
    steps(state: S): Step<S>[]
    /** Throws Violation when the state is one that must not be. */
    check(state: S): void
    /** Makes states equal that differ only in what decides nothing any more; called after `check`. */
    normalise?(state: S): void
    /** The names of the steps taken when nothing goes wrong any more; the first of them that is possible is. */
    fair: string[]
    /** Throws Violation when something is still open where none of them is possible. */
    checkEnd(state: S): void
}

export interface Report {
    states: number
    edges: number
    /** Steps from the first state to the farthest. */
    depth: number
    /** Each kind once, with the steps that lead there. */
    violations: string[]
    /** All states were visited; false when `maxStates` came first. */
    complete: boolean
    ms: number
}

/** Fields that count, or hint at what others say, and decide nothing: states that differ only there are one. */
const ignored = new Set(["more", "strayAcks"])

const constants = new Map<object, string>()

/** Says that an object never changes: copies of a state share it, and it stands for itself in the state's text. */
export function constant<T extends object>(value: T): T {
    constants.set(value, `c${constants.size}`)
    return value
}

/** A deep copy: same classes; objects of a class that occur twice do so in the copy, plain ones must not. */
function copyOf<T>(value: T, seen: Map<object, object>): T {
    if (typeof value !== "object" || value === null) return value
    if (constants.has(value)) return value
    if (Array.isArray(value)) {
        const array = value.slice() as unknown[]
        for (let i = 0; i < array.length; i++)
            if (typeof array[i] === "object") array[i] = copyOf(array[i], seen)
        return array as T
    }
    const known = seen.get(value)
    if (known) return known as T
    const prototype = Object.getPrototypeOf(value) as object
    let copy: Record<string, unknown>
    if (prototype === Object.prototype)
        copy = { ...(value as Record<string, unknown>) }
    else {
        copy = Object.create(prototype) as Record<string, unknown>
        Object.assign(copy, value)
        seen.set(value, copy)
    }
    for (const key of Object.keys(copy)) {
        const field = copy[key]
        if (typeof field === "object") copy[key] = copyOf(field, seen)
    }
    return copy as T
}

/** The state as text: equal for states that behave alike, with a reference where an object occurs again. */
function textOf(value: unknown, seen: Map<object, number>): string {
    if (typeof value === "function") return "f"
    if (typeof value !== "object" || value === null) return String(value)
    const name = constants.get(value)
    if (name !== undefined) return name
    let text = "["
    if (Array.isArray(value)) {
        for (const element of value) text += textOf(element, seen) + ","
        return text + "]"
    }
    const known = seen.get(value)
    if (known !== undefined) return `#${known}`
    seen.set(value, seen.size)
    for (const key of Object.keys(value))
        if (!ignored.has(key))
            text += textOf((value as Record<string, unknown>)[key], seen) + ","
    return text + "]"
}

const fingerprint = (state: unknown) =>
    hash("md5", textOf(state, new Map()), "base64")

/**
 * Visits all states of a model.
 * @param maxStates where to stop if they do not end
 */
export function explore<S>(model: Model<S>, maxStates = 5_000_000): Report {
    const begun = performance.now()
    /** By what is violated: the first steps that lead there, which are the fewest. */
    const found = new Map<string, string>()
    /** By the index of a state: the state it was first reached from, the step, and where the fair step leads. */
    const parents: number[] = [-1]
    const names: string[] = [""]
    const next: number[] = [-1]
    const depths: number[] = [0]
    const first = model.initial()
    const known = new Map<string, number>([[fingerprint(first), 0]])
    let frontier: [S, number][] = [[first, 0]]
    let edges = 0

    const road = (at: number): string[] =>
        at <= 0 ? [] : [...road(parents[at] as number), names[at] as string]
    const report = (at: number, name: string, e: unknown) => {
        if (!(e instanceof Violation)) throw e
        if (!found.has(e.message))
            found.set(e.message, [...road(at), name].join(", "))
    }

    while (frontier.length > 0 && known.size <= maxStates) {
        const reached: [S, number][] = []
        for (const [state, at] of frontier) {
            let rank = model.fair.length
            for (const { name, act } of model.steps(state)) {
                const successor = copyOf(state, new Map())
                try {
                    if (act(successor) === false) continue
                    model.check(successor)
                    model.normalise?.(successor)
                } catch (e) {
                    report(at, name, e)
                    continue
                }
                edges++
                const print = fingerprint(successor)
                let to = known.get(print)
                if (to === undefined) {
                    to = known.size
                    known.set(print, to)
                    parents.push(at)
                    names.push(name)
                    next.push(-1)
                    depths.push((depths[at] as number) + 1)
                    reached.push([successor, to])
                }
                const preferred = model.fair.indexOf(name)
                if (preferred >= 0 && preferred < rank) {
                    rank = preferred
                    next[at] = to
                }
            }
            if (next[at] !== -1) continue
            try {
                model.checkEnd(state)
            } catch (e) {
                report(at, "and nothing more", e)
            }
        }
        frontier = reached
    }
    for (const at of circles(next))
        report(at, "and so on", new Violation("no progress"))
    return {
        states: known.size,
        edges,
        depth: depths[depths.length - 1] as number,
        violations: [...found].map(([what, steps]) => `${what} after ${steps}`),
        complete: frontier.length === 0,
        ms: Math.round(performance.now() - begun),
    }
}

/** States whose fair steps lead in a circle. */
function circles(next: number[]): number[] {
    const OPEN = 1
    const FINE = 2
    const marks = new Uint8Array(next.length)
    const found: number[] = []
    for (let start = 0; start < next.length; start++) {
        const path: number[] = []
        let at = start
        while (at !== -1 && marks[at] === 0) {
            marks[at] = OPEN
            path.push(at)
            at = next[at] as number
        }
        if (at !== -1 && marks[at] === OPEN) found.push(at)
        for (const visited of path) marks[visited] = FINE
    }
    return found
}
