// Whether the ids that stand in a board file can be levels of a topic, and each is there once: all of them at once, where
// the firmware would refuse one at each try.
import { idFault } from "../../src/config/ids"
import type { Subject } from "./check"

const FIX = "write 1 to 64 letters, digits, _ - or ."

export function checkIds(subject: Subject): void {
    const { board, source, settings, findings } = subject
    const { file } = board
    const before = findings.mistakes
    for (const list of ["sensors", "actuators"] as const) {
        const seen = new Set<string>()
        for (const { id, ...place } of source.idPlaces(list)) {
            const fault = idFault(id)
            const key = `${list}.id`
            if (fault !== undefined)
                findings.wrong("ids", {
                    ...{ file, ...place, key, text: fault },
                    fix: FIX,
                })
            else if (seen.has(id))
                findings.wrong("ids", {
                    ...{ file, ...place, key, text: "is there twice" },
                    fix: "give one of the two another id",
                })
            seen.add(id)
        }
    }
    const { device } = source
    const fault = device === undefined ? undefined : idFault(device)
    if (fault !== undefined)
        findings.wrong("ids", {
            ...{ file, ...source.find("device"), text: fault },
            fix: FIX,
        })
    if (findings.mistakes > before) return
    const name =
        settings?.settings.DEVICE_ID ?? device ?? "by the chip's number"
    findings.ok(
        "ids",
        `device ${name}, sensors ${source.ids("sensors").join(" ")}`
    )
}
