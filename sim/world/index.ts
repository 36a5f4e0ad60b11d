// The world around nodes: virtual time, a network that fails on request, a broker that behaves as told.
export type { Behaviour } from "./behaviour"
export { WorldBroker, type Stop, type WorldBrokerOptions } from "./broker"
export type { BrokerConnection } from "./broker-connection"
export {
    Link,
    type Direction,
    type Manner,
    type Port,
    type Reach,
} from "./link"
export type { Ends, Overheard } from "./link-socket"
export { WorldNode, type WorldLine, type WorldNodeOptions } from "./node"
export { worldProgram } from "./programs"
export type {
    ConnectionEnd,
    ConnectionRecord,
    Passed,
    Published,
    RetainedChange,
    Source,
} from "./record"
export { Rule, type Chosen, type Way } from "./rules"
export { Session, type Message } from "./session"
export { World, type NewNode } from "./world"
