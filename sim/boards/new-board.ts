// The text of a new board file, from what a person wants it to have. Pure. Which sensors and actuators it can write, with
// what each needs, is one table.

/** What hangs on a board. */
export interface Part {
    kind: Kind
    /** Name of a pin; of an I2C sensor none. */
    pin?: string
    /** Ids, one for each value it has. */
    ids: string[]
}

export interface NewBoard {
    name: string
    hardware: string
    hardwareName: string
    /** Whether its chip connects by name only and has to be restarted after a lost link. */
    restarts: boolean
    /** Without it: the chip's own number. */
    device?: string
    parts: Part[]
    /** Pins of the I2C bus, where the hardware has no connector for it. */
    i2c?: { sda: string; scl: string }
}

export const KINDS = {
    sht30: i2c("startSHT30", "Sensirion SHT30", ["TC", "RH"]),
    shtc3: i2c("startSHTC3", "Sensirion SHTC3", ["TC", "RH"]),
    aht20: i2c("startAHT20", "ASAIR AHT20", ["TC", "RH"]),
    bme680: i2c("startBME680", "Bosch BME680", ["TC", "RH", "HPA", "AQI"]),
    soil: pin("startSoilMoisture", "soil moisture", "SOIL", "analog"),
    light: pin("startLightLevel", "light", "LUX", "analog"),
    water: pin("startWaterLevel", "water level", "WATER", "analog"),
    poti: pin("startPotentiometer", "potentiometer", "POT", "analog"),
    switch: pin("startSwitch", "switch", "SWITCH", "digital"),
    motion: pin("startMotion", "motion", "MOTION", "digital"),
    relay: pin("startRelay", "relay", "RELAY", "digital", true),
} as const

export type Kind = keyof typeof KINDS

export interface KindEntry {
    /** What a person calls it. */
    title: string
    start: string
    bus: "i2c" | "analog" | "digital"
    ids: readonly string[]
    actuator: boolean
}

function i2c(start: string, title: string, ids: string[]): KindEntry {
    return { start, title, bus: "i2c", ids, actuator: false }
}

function pin(
    start: string,
    title: string,
    id: string,
    bus: "analog" | "digital",
    actuator = false
): KindEntry {
    return { start, title, bus, ids: [id], actuator }
}

export function kindOf(part: Part): KindEntry {
    return KINDS[part.kind]
}

/** What a value of an I2C sensor is called in its driver, and how it is published. */
const VALUES: Record<
    string,
    { register: string; interval: number; precision: number }
> = {
    TC: { register: "temperature", interval: 10_000, precision: 1 },
    RH: { register: "humidity", interval: 10_000, precision: 0 },
    HPA: { register: "pressure", interval: 60_000, precision: 1 },
    AQI: { register: "airQualityIndex", interval: 60_000, precision: 0 },
}

/** The file's text, as prettier would write most of it. */
export function boardText(board: NewBoard): string {
    const { parts } = board
    const onBus = parts.filter(part => kindOf(part).bus === "i2c")
    const onPins = parts.filter(part => part.pin !== undefined)
    const actuators = onPins.filter(part => kindOf(part).actuator)
    const names = variables(parts)
    const name = (part: Part) => names.get(part)!
    const servers = onPins.map(part => kindOf(part).start)
    if (board.i2c) servers.push("configureHardware")
    const own = ["startNode", "WifiSettings"]
    if (onBus.length > 0) own.push("Driver")
    if (actuators.length > 0) own.push("Actuators")
    if (board.restarts) own.push("RestartAfterLoss")
    const usesPins = onPins.length > 0 || board.i2c !== undefined
    return lines([
        `// ${board.hardwareName}: ${parts.map(part => kindOf(part).title).join(", ")}.`,
        "",
        usesPins
            ? `import { pins } from "@dsboard/${board.hardware}"`
            : [
                  "// its pins and its I2C connector",
                  `import "@dsboard/${board.hardware}"`,
              ],
        onBus.length > 0
            ? imported(
                  onBus.map(p => kindOf(p).start),
                  "@devicescript/drivers"
              )
            : [],
        servers.length > 0 ? imported(servers, "@devicescript/servers") : [],
        imported(own, "../src/index"),
        "",
        board.i2c
            ? [
                  "configureHardware({",
                  `    i2c: { pinSDA: pins.${board.i2c.sda}, pinSCL: pins.${board.i2c.scl} },`,
                  "})",
              ]
            : [],
        onBus.flatMap(part => [
            `const ${name(part)} = new Driver("${part.kind.toUpperCase()}", async () => await ${kindOf(part).start}())`,
            `await ${name(part)}.start()`,
        ]),
        onPins.map(
            part =>
                `const ${name(part)} = ${kindOf(part).start}({ pin: pins.${part.pin} })`
        ),
        "",
        "await startNode({",
        `    board: ${JSON.stringify(board.name)},`,
        board.device === undefined
            ? []
            : `    device: ${JSON.stringify(board.device)},`,
        "    parts: [",
        "        new WifiSettings(),",
        board.restarts ? "        new RestartAfterLoss()," : [],
        actuators.length === 0
            ? []
            : [
                  "        new Actuators([",
                  ...actuators.map(
                      part =>
                          `            { id: ${JSON.stringify(part.ids[0])}, act: ${name(part)}.enabled, type: "boolean" },`
                  ),
                  "        ]),",
              ],
        "    ],",
        "    sensors: [",
        parts
            .filter(part => !kindOf(part).actuator)
            .flatMap(part => sensors(part, name(part))),
        "    ],",
        "})",
        "",
    ])
}

function sensors(part: Part, variable: string): string[] {
    const { bus, ids } = kindOf(part)
    return part.ids.flatMap((id, at) => {
        const value = VALUES[ids[at]!]
        const options =
            bus === "i2c" && value
                ? [
                      `read: ${variable}.reads(roles => roles.${value.register}.reading),`,
                      `interval: ${value.interval},`,
                      `precision: ${value.precision},`,
                  ]
                : bus === "analog"
                  ? [
                        `read: ${variable}.reading,`,
                        "interval: 30000,",
                        "precision: 3,",
                        "median: 3,",
                    ]
                  : [
                        `read: ${variable}.reading,`,
                        "// at each change, and every 5 min to say that it is still there",
                        "interval: 1000,",
                        "delta: 1,",
                        "maxInterval: 300000,",
                    ]
        return [
            "        {",
            `            id: ${JSON.stringify(id)},`,
            ...options.map(option => `            ${option}`),
            "        },",
        ]
    })
}

/** A name for each part that is no other's. */
function variables(parts: Part[]): Map<Part, string> {
    const names = new Map<Part, string>()
    const used = new Set<string>()
    for (const part of parts) {
        // a word of the language by itself
        const base = part.kind === "switch" ? "contact" : part.kind
        let name: string = base
        for (let n = 2; used.has(name); n++) name = `${base}${n}`
        used.add(name)
        names.set(part, name)
    }
    return names
}

function imported(names: string[], from: string): string {
    const sorted = [...new Set(names)].sort((a, b) => a.localeCompare(b, "en"))
    return `import { ${sorted.join(", ")} } from "${from}"`
}

function lines(parts: (string | string[])[]): string {
    return parts.flat().join("\n")
}
