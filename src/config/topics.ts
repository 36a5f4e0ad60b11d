// The topic layout of a device, written once. Pure. The shape is Waziup's:
// devices/<device>/sensors/<sensor>/value

/** Where a sensor's readings go. */
export function readingTopic(device: string, sensor: string): string {
    return "devices/" + device + "/sensors/" + sensor + "/value"
}

/** Where the device's presence is kept: retained `up` or `down`. */
export function statusTopic(device: string): string {
    return "devices/" + device + "/status"
}

/** Where the device says what happened to it. */
export function diagnosticsTopic(device: string): string {
    return "devices/" + device + "/diagnostics"
}
