// What a board file imports; nothing else of the firmware is public.

export { Node } from "./node/node"
export { startNode } from "./node/start"
export type { NodePart } from "./node/node"
export type { NodeOptions, SensorOptions, BrokerOptions } from "./node/options"
export { HttpTime } from "./node/http-time"
export type { HttpTimeOptions } from "./node/http-time"
export { Actuators } from "./node/actuators"
export type { ActuatorOptions, Actable } from "./node/actuators"
export { Commands } from "./node/commands"
export type { CommandsOptions } from "./node/commands"
export { Sleep } from "./node/sleep"
export type { SleepOptions } from "./node/sleep"
export { WifiSettings } from "./node/wifi"
export { RestartAfterLoss } from "./node/restart-after-loss"
export { Driver } from "./node/driver"
export { HomeAssistant } from "./node/home-assistant"
export type {
    HomeAssistantActuator,
    HomeAssistantOptions,
    HomeAssistantSensor,
} from "./node/home-assistant"
