// Names and bounds of MQTT 3.1.1 control packets, shared by encoder and reader. Pure.

/** Control packet types (section 2.2.1), the upper four bits of a packet's first byte. */
export const enum PacketType {
    /** Not a packet: more bytes are needed. */
    None = 0,
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
}

/** Return codes of CONNACK (section 3.2.2.3). */
export const enum ConnackCode {
    Accepted = 0,
    UnacceptableProtocol = 1,
    IdentifierRejected = 2,
    ServerUnavailable = 3,
    BadCredentials = 4,
    NotAuthorized = 5,
}

/** The code of a SUBACK that grants nothing (section 3.9.3). */
export const SUBACK_FAILURE = 0x80

/** Largest packet identifier: 16 bits, never 0 [MQTT-2.3.1-1]. */
export const MAX_ID = 65535

/**
 * Longest topic name or filter in bytes; the standard's own bound is 65,535 [MQTT-4.7.3-3]. Each is checked in one
 * go at 20 opcodes a byte, and the VM ends a program that runs 131,072 opcodes without a pause: this is a third.
 */
export const MAX_TOPIC = 2048

/** Name of a CONNACK return code, for messages. Codes above 5 are reserved. */
export function connackName(code: number): string {
    switch (code) {
        case ConnackCode.Accepted:
            return "accepted"
        case ConnackCode.UnacceptableProtocol:
            return "unacceptable protocol version"
        case ConnackCode.IdentifierRejected:
            return "client identifier rejected"
        case ConnackCode.ServerUnavailable:
            return "server unavailable"
        case ConnackCode.BadCredentials:
            return "bad user name or password"
        case ConnackCode.NotAuthorized:
            return "not authorized"
        default:
            return "reserved code " + code
    }
}
