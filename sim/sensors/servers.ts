// Which simulated server plays a role, by the class of the service it asks for. Knows nothing of buses and clocks.
import { defaultCurve, SERVICE, type Curve } from "./curves"
import type { Jacdac, JDServiceServer } from "./jacdac"

/** How often a sensor streams its reading, ms. */
export const STREAM_MS = 500

export interface SimulatedServer {
    server: JDServiceServer
    /** Of a sensor of one number: how it takes a new value, and what it measures first. */
    measures?: { take(value: number): void; curve: Curve }
}

/** A server for a class of services, or undefined when the library has none that works here. */
export function simulatedServer(
    jacdac: Jacdac,
    serviceClass: number
): SimulatedServer | undefined {
    if (serviceClass === SERVICE.button)
        return { server: new jacdac.ButtonServer() }
    if (serviceClass === SERVICE.switch)
        return { server: new jacdac.SwitchServer() }
    // the library's servers throw when they want a browser, or values that nobody gave them
    for (const make of [measuring, ofLibrary])
        try {
            const made = make(jacdac, serviceClass)
            if (made) return made
        } catch {
            continue
        }
    return undefined
}

/** A sensor of one number. */
function measuring(
    jacdac: Jacdac,
    serviceClass: number
): SimulatedServer | undefined {
    const spec = jacdac.serviceSpecificationFromClassIdentifier(serviceClass)
    const reading = spec?.packets.find(p => p.identifierName === "reading")
    if (!spec || !jacdac.isSensor(spec) || reading?.fields.length !== 1)
        return undefined
    const curve = defaultCurve(serviceClass)
    const server = new jacdac.AnalogSensorServer(serviceClass, {
        readingValues: [curve(0)],
        streamingInterval: STREAM_MS,
    })
    const take = (value: number) => server.reading.setValues([value])
    return { server, measures: { take, curve } }
}

/** Anything else that the library can simulate, as it does by itself. */
function ofLibrary(
    jacdac: Jacdac,
    serviceClass: number
): SimulatedServer | undefined {
    const server = jacdac
        .serviceProviderDefinitionFromServiceClass(serviceClass)
        ?.services()[0]
    return server ? { server } : undefined
}
