// What a topic of a device means: devices/<device>/sensors/<sensor>/value and its neighbours. Pure.
// Only ids that a node can have are taken; whatever else is on a broker is nobody's reading.
import { idFault } from "../../src/config/ids"

export type Subject =
    /** One reading, or a batch of late ones (WaziGate's dialect). */
    | { kind: "value" | "values"; device: string; sensor: string }
    | { kind: "status" | "diagnostics"; device: string }
    /** What an actuator is asked for, and what came of it. */
    | { kind: "requested" | "state"; device: string; actuator: string }

/** The meaning of `topic`, or undefined when it has none here. */
export function subjectOf(topic: string): Subject | undefined {
    const [root, device, group, id, leaf, ...rest] = topic.split("/")
    if (root !== "devices" || device === undefined || rest.length > 0)
        return undefined
    if (!isId(device)) return undefined
    if (id === undefined) {
        return group === "status" || group === "diagnostics"
            ? { kind: group, device }
            : undefined
    }
    if (!isId(id)) return undefined
    if (group === "sensors" && (leaf === "value" || leaf === "values"))
        return { kind: leaf, device, sensor: id }
    if (group === "actuators" && leaf === "value")
        return { kind: "requested", device, actuator: id }
    if (group === "actuators" && leaf === "state")
        return { kind: "state", device, actuator: id }
    return undefined
}

/** Why `id` cannot be addressed here, or undefined when it can. A URL's path has no level `.` or `..`: clients resolve them. */
export function addressFault(id: string): string | undefined {
    return id === "." || id === ".." ? "is a step in a path" : idFault(id)
}

export function isId(id: string): boolean {
    return addressFault(id) === undefined
}
