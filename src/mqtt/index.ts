// The MQTT library's front door: what a DeviceScript program imports.

export * from "./client"
export * from "./errors"
export type { MQTTConnectOptions, MQTTConnectOptionsWill } from "./options"
export { Message, Outcome, outcomeName } from "./session"
