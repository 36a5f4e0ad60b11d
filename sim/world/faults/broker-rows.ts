// Faults of a broker, and of others it serves. Nothing here measures.
import mqttPacket from "mqtt-packet"
import type { WorldBroker } from "../broker"
import { COUNT_TOPIC, COUNTER } from "./boards"
import {
    ACK,
    SEEN,
    GOES_ON,
    LATE,
    NEXT,
    RECONNECT,
    RETRY,
    soonRetry,
    TICK,
    type FaultRow,
} from "./row"

/** Bytes of a packet that no board of ours can hold. */
const OVERSIZED = 20_000

const toNode = (broker: WorldBroker, bytes: Uint8Array) =>
    broker.connection(COUNTER)!.raw(bytes)

/** CONNACK with a code other than 0, to all who connect while it lasts. */
const connack = (
    code: number,
    name: string,
    bounds: typeof LATE
): FaultRow => ({
    name: `CONNACK ${code}, ${name}`,
    lasts: 5_000,
    noticed: SEEN,
    ...bounds,
    inject: ({ broker, node }) => {
        const { connack } = broker.behaviour
        broker.behaviour.connack = () => code
        node.link.reset()
        return () => (broker.behaviour.connack = connack)
    },
})

export const BROKER_FAULTS: readonly FaultRow[] = [
    {
        name: "broker down for 60 s",
        lasts: 60_000,
        noticed: SEEN,
        ...LATE,
        inject: ({ broker }) => {
            broker.stop()
            return () => broker.run()
        },
    },
    ...[true, false].map((memory): FaultRow => ({
        name: `broker restart, ${memory ? "with" : "without"} persistence`,
        lasts: 2_000,
        noticed: SEEN,
        again: soonRetry(2_000) + NEXT,
        status: soonRetry(2_000),
        inject: ({ broker }) => {
            broker.stop({ memory })
            return () => broker.run()
        },
    })),
    connack(1, "protocol", LATE),
    connack(2, "identifier", LATE),
    connack(3, "unavailable", {
        again: soonRetry(5_000) + NEXT,
        status: soonRetry(5_000),
    }),
    connack(4, "user or password", LATE),
    connack(5, "not authorized", LATE),
    {
        name: "CONNACK never",
        lasts: 30_000,
        noticed: SEEN,
        ...LATE,
        inject: ({ broker, node }) => {
            const rule = broker.rules.drop({ way: "out", cmd: "connack" })
            node.link.reset()
            return () => rule.off()
        },
    },
    {
        name: "PUBACK dropped once",
        noticed: ACK + NEXT,
        again: NEXT,
        status: RETRY,
        longer: ACK + NEXT,
        inject: ({ broker }) => {
            broker.rules.drop({ way: "out", cmd: "puback", count: 1 })
        },
    },
    {
        name: "PUBACK dropped always, one message",
        noticed: ACK + NEXT,
        again: NEXT,
        status: RETRY,
        longer: 3 * (ACK + RETRY) + NEXT,
        drops: { parked: 1 },
        inject: ({ broker }) => {
            let poison: number | undefined
            // looks on: the next reading is the one, whenever it comes
            broker.rules.drop({
                way: "in",
                cmd: "publish",
                when: packet => {
                    if (packet.cmd !== "publish") return false
                    if (packet.topic === COUNT_TOPIC)
                        poison ??= packet.messageId
                    return false
                },
            })
            broker.rules.drop({
                way: "out",
                cmd: "puback",
                when: ({ messageId }) => messageId === poison,
            })
        },
    },
    {
        name: "late will, 10 s after a RST",
        lasts: 10_000,
        noticed: SEEN,
        again: NEXT,
        status: 3 * TICK,
        inject: ({ broker, node }) => {
            broker.behaviour.willDelay = 10_000
            node.link.reset()
        },
    },
    {
        name: "takeover by another client",
        noticed: SEEN,
        ...RECONNECT,
        inject: ({ world }) => {
            const socket = world.network.connect("broker", 1883, false)
            socket.on("error", () => {})
            socket.write(
                mqttPacket.generate({
                    cmd: "connect",
                    clientId: COUNTER,
                    clean: true,
                    keepalive: 60,
                })
            )
        },
    },
    {
        name: "oversized inbound packet, 20 kB",
        ...GOES_ON,
        inject: ({ broker }) =>
            toNode(
                broker,
                mqttPacket.generate({
                    cmd: "publish",
                    topic: "a",
                    payload: Buffer.alloc(OVERSIZED),
                    qos: 0,
                    retain: false,
                    dup: false,
                })
            ),
    },
    {
        // PUBLISH of 9 bytes whose topic claims 24,576
        name: "inbound packet with a false length",
        noticed: SEEN,
        ...RECONNECT,
        inject: ({ broker }) =>
            toNode(broker, Buffer.from("3009600061626364656667", "hex")),
    },
]
