// Reads what `new` is told to put on a board: `sht30`, `soil:A0=BED1`. Says what is wrong with it and what there is instead.
import { idFault } from "../../src/config/ids"
import { UserError } from "../cli/errors"
import type { Pins } from "./hardware-pins"
import { KINDS, kindOf, type Kind, type Part } from "./new-board"

/** The form, as it is shown. */
export const FORM = "<kind>[:<pin>][=<id>[,<id>...]]"

/** @throws {UserError} */
export function parsePart(text: string, pins: Pins): Part {
    const wrong = (why: string) =>
        new UserError(`--add ${JSON.stringify(text)}: ${why}`)
    const [, kind = "", pin, ids] =
        /^([^:=]*)(?::([^=]*))?(?:=(.*))?$/.exec(text.trim()) ?? []
    if (!isKind(kind))
        throw wrong(
            `there is no ${JSON.stringify(kind)}; write ${FORM} with one of ${Object.keys(KINDS).join(", ")}`
        )
    const entry = kindOf({ kind, ids: [] })
    const given = ids === undefined ? [...entry.ids] : ids.split(",")
    if (given.length !== entry.ids.length)
        throw wrong(
            `${kind} has ${entry.ids.length} values: give ${entry.ids.length} ids, as in =${entry.ids.join(",")}`
        )
    for (const id of given) {
        const fault = idFault(id)
        if (fault !== undefined)
            throw wrong(`the id ${JSON.stringify(id)} ${fault}`)
    }
    if (entry.bus === "i2c") {
        if (pin !== undefined && pin !== "")
            throw wrong(`${kind} is on the I2C bus: leave the pin out`)
        return { kind, ids: given }
    }
    const free = entry.bus === "analog" ? pins.analog : pins.digital
    if (pin === undefined || !free.includes(pin))
        throw wrong(
            `${pin === undefined || pin === "" ? "a pin is missing" : `${pin} is no ${entry.bus} pin`}; there are ${free.join(", ") || "none"}`
        )
    return { kind, pin, ids: given }
}

/** Whether they make a node. @throws {UserError} */
export function checkParts(parts: Part[]): void {
    if (parts.every(part => kindOf(part).actuator))
        throw new UserError(
            "a node needs a sensor: --add one, for example --add sht30"
        )
    checkApart(parts)
}

/** Whether no pin and no id is used twice. @throws {UserError} */
export function checkApart(parts: Part[]): void {
    const pins = new Set<string>()
    for (const { pin } of parts) {
        if (pin === undefined) continue
        if (pins.has(pin))
            throw new UserError(
                `--add: pin ${pin} is given twice: choose another for one of the two`
            )
        pins.add(pin)
    }
    for (const list of [true, false]) {
        const ids = new Set<string>()
        for (const part of parts)
            for (const id of part.ids) {
                if (kindOf(part).actuator !== list) continue
                if (ids.has(id))
                    throw new UserError(
                        `--add: the id ${id} is there twice: give one of the two another, as in ${part.kind}=...`
                    )
                ids.add(id)
            }
    }
}

function isKind(kind: string): kind is Kind {
    return Object.hasOwn(KINDS, kind)
}
