// Which pins of a piece of hardware are free, by the names that a board file imports, and what they can do. From the
// platform's tables.
import { UserError } from "../cli/errors"
import { buildConfig } from "../vm/build-config"
import { PROJECT_ROOT } from "../vm/compile"

export interface Pins {
    /** Names of pins that can be inputs and outputs, in the order of their numbers. */
    digital: string[]
    /** Those that can measure a voltage. */
    analog: string[]
    /** Whether there is an I2C connector with pins of its own. */
    i2c: boolean
}

interface HardwareEntry {
    archId: string
    pins?: Record<string, number | string>
    i2c?: { pinSDA?: string | number; pinSCL?: string | number }
    led?: { pin?: number | string }
    log?: { pinTX?: number | string }
}

interface ArchEntry {
    pins?: Record<string, string>
}

/** @param id DeviceScript's identifier of the hardware, one that `knownHardware` has */
export function pinsOf(id: string): Pins {
    const { boards, archs } = buildConfig(PROJECT_ROOT, {}, problem => {
        throw new UserError(problem)
    })
    const { archId, pins = {}, i2c, led, log } = boards[id] as HardwareEntry
    const analogNumbers = numbers(
        (archs[archId] as ArchEntry).pins?.["analogIn"] ?? ""
    )
    const taken = [i2c?.pinSDA, i2c?.pinSCL, led?.pin, log?.pinTX]
    const free = Object.entries(pins)
        .map(([name, pin]) => ({ name, pin: Number(pin) }))
        .filter(
            ({ name, pin }) => !taken.includes(name) && !taken.includes(pin)
        )
        // USB and the like have names of their own, and no number
        .filter(({ pin }) => Number.isInteger(pin))
        .sort((a, b) => a.pin - b.pin)
    const analog = free.filter(({ pin }) => analogNumbers.has(pin))
    // an ESP32's pins from 34 on are inputs without a pull-up
    const output = ({ pin }: { pin: number }) => archId !== "esp32" || pin < 34
    return {
        digital: free.filter(output).map(({ name }) => name),
        analog: analog.map(({ name }) => name),
        i2c: i2c?.pinSDA !== undefined,
    }
}

/** `0-4,7` as numbers; names among them are passed over. */
function numbers(ranges: string): Set<number> {
    const found = new Set<number>()
    for (const range of ranges.split(",")) {
        const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(range.trim()) ?? []
        if (low === undefined) continue
        for (let n = Number(low); n <= Number(high ?? low); n++) found.add(n)
    }
    return found
}
