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

/** What the topics of a device's actuators begin with. */
export function actuatorsTopic(device: string): string {
    return "devices/" + device + "/actuators/"
}

/** The last level of a topic that says what an actuator shall be; before it stand `actuatorsTopic` and its id. */
export const ACTUATOR_VALUE = "/value"

/** Where an actuator's state is said. */
export function actuatorStateTopic(device: string, actuator: string): string {
    return actuatorsTopic(device) + actuator + "/state"
}

/** Where commands to the device itself come from. */
export function commandTopic(device: string): string {
    return "devices/" + device + "/command"
}

/** Where the device says what became of a command. */
export function commandAckTopic(device: string): string {
    return commandTopic(device) + "/ack"
}
