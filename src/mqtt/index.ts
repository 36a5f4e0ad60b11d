// The MQTT library's front door: what a DeviceScript program imports.

export * from "./client"
export { ClientCounters } from "./counters"
export * from "./errors"
export type { MQTTConnectOptions, MQTTConnectOptionsWill } from "./options"
export type { MQTTMessage } from "./receiver"
export { Message, Outcome, outcomeName } from "./session"
export { Parking } from "./parking"
