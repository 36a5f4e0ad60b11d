// The three families an MQTT error can belong to. Pure: no socket, timer, clock or console.

/** The user can mend it: an option is out of range or does not make sense. */
export class ConfigError extends Error {
    constructor(
        /** The option that is wrong, as the user wrote it, e.g. `will.qos`. */
        public key: string,
        message: string
    ) {
        super(key + ": " + message)
    }
}

/** The broker or the network broke a rule, or refused. The connection it happened on is closed. */
export class PeerError extends Error {
    constructor(
        /** The normative statement that was broken, e.g. `MQTT-2.2.2-2`, or a short name where there is none. */
        public clause: string,
        message: string
    ) {
        super(clause + ": " + message)
    }
}

/** A bound of ours was met: a queue, a buffer, a time limit. */
export class ResourceError extends Error {
    constructor(
        /** The option that sets the bound, e.g. `maxPacket`. */
        public bound: string,
        message: string
    ) {
        super(bound + ": " + message)
    }
}
