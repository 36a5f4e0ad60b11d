// All kinds of faults, by name.
import { BROKER_KINDS } from "./broker-kinds"
import type { Kind } from "./kind"
import { LINK_KINDS } from "./link-kinds"
import { NODE_KINDS } from "./node-kinds"

export const KINDS: readonly Kind[] = [
    ...LINK_KINDS,
    ...BROKER_KINDS,
    ...NODE_KINDS,
]

const byName = new Map(KINDS.map(kind => [kind.name, kind]))

/** @throws {Error} when there is none of that name */
export function kindOf(name: string): Kind {
    const kind = byName.get(name)
    if (!kind) throw new Error(`there is no fault ${name}`)
    return kind
}
