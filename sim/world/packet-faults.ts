// What is wrong with a packet of a client by itself, whatever came before: the rules that Mosquitto ends a connection for and
// mqtt-packet does not know. Pure.
import type { IConnectPacket, Packet } from "mqtt-packet"
import { filterFault, topicFault, utf8Fault } from "./topics"

/** Why the connection has to end, or undefined. */
export function packetFault(packet: Packet): string | undefined {
    switch (packet.cmd) {
        case "connect":
            return connectFault(packet)
        case "publish":
            return (
                (packet.qos > 0 ? idFault(packet) : undefined) ??
                topicFault(packet.topic)
            )
        case "subscribe":
            return (
                idFault(packet) ??
                listFault(packet.subscriptions.map(({ topic }) => topic))
            )
        case "unsubscribe":
            return idFault(packet) ?? listFault(packet.unsubscriptions)
        default:
            return undefined
    }
}

function connectFault(packet: IConnectPacket): string | undefined {
    const { will, username, password, clientId } = packet
    if (password !== undefined && username === undefined)
        return "password without user name [MQTT-3.1.2-22]"
    return (
        utf8Fault(clientId) ??
        utf8Fault(username ?? "") ??
        (will ? topicFault(will.topic) : undefined)
    )
}

function idFault({ messageId }: Packet): string | undefined {
    return messageId ? undefined : "packet identifier 0 [MQTT-2.3.1-1]"
}

function listFault(filters: readonly string[]): string | undefined {
    if (filters.length === 0) return "no filter [MQTT-3.8.3-3] [MQTT-3.10.3-2]"
    return filters.map(filterFault).find(fault => fault !== undefined)
}
