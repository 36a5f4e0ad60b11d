// How a broker model behaves: each rule a good broker keeps and a bad one breaks has its switch here. Only names and
// defaults; what they do is in broker.ts and beside it.
import type { IConnectPacket, QoS } from "mqtt-packet"

/** A test may change any of it in `WorldBroker.behaviour` at any time; what comes after follows. */
export interface Behaviour {
    /**
     * A CONNECT ends the connection its client identifier has [MQTT-3.1.4-2]. Without, the old one stays until its keep
     * alive ends, as in a cluster whose members do not know of each other: each has a session of its own.
     */
    takeover: boolean
    /** Whether clients silent for 1.5 times their keep alive are cut off. */
    keepAlive: boolean
    /** ms from the end of a connection to its will, 0 is at once; "never" forgets it. */
    willDelay: number | "never"
    /** Whether a connection that is taken over has its will published. */
    willAtTakeover: boolean
    /** Whether a will that is delayed comes even when its client is connected again meanwhile. */
    willAfterReturn: boolean
    /** Whether sessions outlive their connections, when the client asks for it. */
    keepsSessions: boolean
    /** Whether a CONNACK says so when it is one that was kept; a few brokers never do. */
    saysPresent: boolean
    /** The highest QoS granted to a subscription. */
    maxQos: QoS
    /**
     * What becomes of a QoS 2 PUBLISH: `downgraded` is answered with PUBACK (RabbitMQ), `closed` ends the connection (NATS).
     */
    qos2: "kept" | "downgraded" | "closed"
    /** Whether messages are retained; a WaziGate takes RETAIN off the topics of devices. */
    retains: boolean
    /** Whether a subscription is granted; one that is not is answered with 0x80. */
    grants: (filter: string) => boolean
    /** CONNACK's code for a CONNECT, the `nth` from 1 of those the broker could accept; 0 accepts. */
    connack: (packet: IConnectPacket, nth: number) => number
}

export const GOOD: Behaviour = {
    takeover: true,
    keepAlive: true,
    willDelay: 0,
    willAtTakeover: true,
    willAfterReturn: true,
    keepsSessions: true,
    saysPresent: true,
    maxQos: 2,
    qos2: "kept",
    retains: true,
    grants: () => true,
    connack: () => 0,
}
