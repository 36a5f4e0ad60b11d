// Packets with known bytes, written out by hand from the standard: the same for the codec on the host and in the VM.
// In the subset of the language that both take.

/** A PUBLISH and its bytes. */
export interface PublishVector {
    name: string
    topic: string
    payload: string
    qos: number
    retain: boolean
    dup: boolean
    id: number
    hex: string
}

export const publishes: PublishVector[] = [
    {
        name: "QoS 0 has no identifier",
        topic: "a/b",
        payload: "hi",
        qos: 0,
        retain: false,
        dup: false,
        id: 0,
        hex: "30070003612f626869",
    },
    {
        name: "QoS 1, retained, repeated",
        topic: "t",
        payload: "",
        qos: 1,
        retain: true,
        dup: true,
        id: 10,
        hex: "3b05000174000a",
    },
    {
        name: "QoS 2 with the largest identifier and a topic of two-byte characters",
        topic: "\u00e9",
        payload: "\u20ac",
        qos: 2,
        retain: false,
        dup: false,
        id: 65535,
        hex: "34090002c3a9ffffe282ac",
    },
]

/** Bytes a broker may not send, and the statement they break. */
export interface HostileVector {
    name: string
    hex: string
    clause: string
}

export const hostile: HostileVector[] = [
    {
        name: "remaining length of five bytes",
        hex: "30ffffffff01",
        clause: "MQTT-2.2.3",
    },
    { name: "packet type 0", hex: "0000", clause: "MQTT-4.8.0-1" },
    { name: "packet type 15", hex: "f000", clause: "MQTT-4.8.0-1" },
    { name: "CONNECT to a client", hex: "1000", clause: "MQTT-4.8.0-1" },
    { name: "DISCONNECT to a client", hex: "e000", clause: "MQTT-4.8.0-1" },
    { name: "PUBACK with flags", hex: "41020001", clause: "MQTT-2.2.2-2" },
    { name: "PUBREL without 0010", hex: "60020001", clause: "MQTT-2.2.2-2" },
    {
        name: "PUBACK of three bytes",
        hex: "4003000100",
        clause: "MQTT-4.8.0-1",
    },
    {
        name: "PUBACK with identifier 0",
        hex: "40020000",
        clause: "MQTT-2.3.1-1",
    },
    { name: "PINGRESP with a body", hex: "d00100", clause: "MQTT-4.8.0-1" },
    { name: "PUBLISH with QoS 3", hex: "3603000161", clause: "MQTT-3.3.1-4" },
    { name: "DUP on QoS 0", hex: "3803000161", clause: "MQTT-3.3.1-2" },
    { name: "empty topic", hex: "3003000061", clause: "MQTT-4.7.3-1" },
    {
        name: "PUBLISH too short for a topic",
        hex: "30020000",
        clause: "MQTT-4.7.3-1",
    },
    {
        name: "topic longer than its packet",
        hex: "30036000610000",
        clause: "MQTT-3.3.2-1",
    },
    { name: "wildcard in a topic", hex: "300300012b", clause: "MQTT-3.3.2-2" },
    { name: "U+0000 in a topic", hex: "3003000100", clause: "MQTT-1.5.3-1" },
    {
        name: "surrogate in a topic",
        hex: "30050003eda080",
        clause: "MQTT-1.5.3-1",
    },
    {
        name: "PUBLISH QoS 1 with identifier 0",
        hex: "32050001610000",
        clause: "MQTT-2.3.1-1",
    },
    {
        name: "CONNACK with reserved flags",
        hex: "20020200",
        clause: "MQTT-2.2.2-1",
    },
    {
        name: "CONNACK that refuses and has a session",
        hex: "20020105",
        clause: "MQTT-3.2.2-4",
    },
    {
        name: "CONNACK with a reserved code",
        hex: "20020006",
        clause: "MQTT-3.2.2.3",
    },
    { name: "SUBACK with code 3", hex: "9003000103", clause: "MQTT-3.9.3-2" },
    { name: "SUBACK without a code", hex: "90020001", clause: "MQTT-4.8.0-1" },
]
