// Faults of a broker, and of others it serves. None is remembered by the broker when it is over, but sessions and retained
// messages that it has lost.
import mqttPacket, { type PacketCmd } from "mqtt-packet"
import { GOOD, type Behaviour } from "../behaviour"
import type { WorldBroker } from "../broker"
import type { Rule } from "../rules"
import {
    COMMAND_TOPIC,
    countOf,
    COUNT_TOPIC,
    DEVICE,
    LAMP_TOPIC,
    STATUS_TOPIC,
    SUBSCRIPTIONS,
} from "./board"
import { oneOf, whole, type Args, type Kind, type Scene } from "./kind"

/** What is wrong with a broker's behaviour now, the latest last. */
const wrongs = new WeakMap<WorldBroker, Partial<Behaviour>[]>()

/** Changes the broker's behaviour while the fault lasts; of two that change the same, the later counts as long as it lasts. */
function behaves({ broker }: Scene, change: Partial<Behaviour>): () => void {
    const now = wrongs.get(broker) ?? []
    wrongs.set(broker, now)
    now.push(change)
    Object.assign(broker.behaviour, change)
    return () => {
        now.splice(now.indexOf(change), 1)
        for (const key of Object.keys(change) as (keyof Behaviour)[]) {
            const left = now.findLast(other => key in other) ?? GOOD
            Object.assign(broker.behaviour, { [key]: left[key] })
        }
    }
}

const cut = ({ node }: Scene, args: Args) => {
    if (args.word("cut") === "yes") node.link.reset()
}
const CUT = oneOf("yes", "no")

const ACKS = oneOf("puback", "suback", "pingresp", "connack", "publish")

/** For packets from the broker to the node. */
const out = (args: Args) => ({
    way: "out" as const,
    cmd: args.word("of") as PacketCmd,
    client: DEVICE,
})

const ends = (rule: Rule) => () => rule.release()

/**
 * One connection of somebody who uses the node's client identifier. Unless `clean` it takes the node's session, and leaves it
 * as it is; one of its own it never leaves behind, which the node would be told is its own, without its subscriptions.
 */
function foreigner({ world, broker }: Scene, wantsClean: boolean): void {
    const clean =
        wantsClean ||
        !broker.behaviour.takeover ||
        broker.session(DEVICE)?.persistent !== true
    const socket = world.network.connect("broker", 1883, false)
    socket.on("error", () => {})
    socket.write(
        mqttPacket.generate({
            cmd: "connect",
            clientId: DEVICE,
            clean,
            keepalive: 5,
        })
    )
}

/** Whether the broker can be asked to publish something. */
function says({ broker }: Scene, topic: string, payload: string, more = {}) {
    if (broker.serving) broker.publish(topic, payload, more)
}

const raw = ({ broker }: Scene, bytes: string | Uint8Array) =>
    broker.connection(DEVICE)?.raw(bytes)

/**
 * The next value of CNT that comes is one that the broker never takes, however often it comes.
 * @param closes the connection is ended for it: with a FIN, or with a reset
 */
function poisoned(
    { broker }: Scene,
    { closes, forever }: { closes?: boolean; forever?: boolean }
): Rule {
    let poison: number | undefined
    const { rules } = broker
    return rules.drop({
        way: "in",
        cmd: "publish",
        client: DEVICE,
        ...(forever === undefined ? {} : { forever }),
        when: packet => {
            if (packet.cmd !== "publish" || packet.topic !== COUNT_TOPIC)
                return false
            // not the whole payload: a late one tells its age, which is another each time
            const value = countOf(packet.payload.toString())
            poison ??= value
            return value === poison
        },
        also: () => {
            if (closes === undefined) return
            const connection = broker.connection(DEVICE)
            if (closes) connection?.close("refused")
            else connection?.cut()
        },
    })
}

/** An identifier that is not near one that is. */
const other = (id: number) => 1 + ((id + 30_000) % 65_535)

/** Bytes that no broker should send, by name. */
const ODD: Record<string, string> = {
    "stray-puback": "40021234",
    "stray-pubrec": "50021234",
    "stray-suback": "9003123400",
    pingresp: "d000",
    "second-connack": "20020000",
    "false-length": "3009600061626364656667",
    "bad-type": "0000",
    "long-length": "30ffffffff",
}

export const BROKER_KINDS: readonly Kind[] = [
    {
        name: "broker-down",
        lasts: [100, 90_000],
        args: {
            memory: oneOf("kept", "lost"),
            how: oneOf("fin", "reset"),
            wills: oneOf("said", "unsaid"),
        },
        weight: 3,
        inject: ({ broker }, args) => {
            broker.stop({
                memory: args.word("memory") === "kept",
                reset: args.word("how") === "reset",
                wills: args.word("wills") === "said",
            })
            return () => broker.run()
        },
    },
    {
        name: "connack",
        lasts: [1_000, 60_000],
        args: { code: whole(1, 5), cut: CUT },
        inject: (scene, args) => {
            const code = args.number("code")
            const heal = behaves(scene, { connack: () => code })
            cut(scene, args)
            return heal
        },
    },
    {
        name: "no-takeover",
        lasts: [10_000, 120_000],
        inject: scene => behaves(scene, { takeover: false }),
    },
    {
        name: "no-keep-alive",
        lasts: [10_000, 120_000],
        inject: scene => behaves(scene, { keepAlive: false }),
    },
    {
        name: "forgets-sessions",
        lasts: [1_000, 120_000],
        args: { cut: CUT },
        inject: (scene, args) => {
            const heal = behaves(scene, { keepsSessions: false })
            cut(scene, args)
            return heal
        },
    },
    {
        name: "never-present",
        lasts: [1_000, 120_000],
        args: { cut: CUT },
        inject: (scene, args) => {
            const heal = behaves(scene, { saysPresent: false })
            cut(scene, args)
            return heal
        },
    },
    {
        name: "late-will",
        lasts: [10_000, 120_000],
        args: { delay: whole(10, 20_000), cut: CUT },
        inject: (scene, args) => {
            const heal = behaves(scene, { willDelay: args.number("delay") })
            cut(scene, args)
            return heal
        },
    },
    {
        name: "no-will",
        lasts: [1_000, 120_000],
        inject: scene => behaves(scene, { willDelay: "never" }),
    },
    {
        name: "refuses-subscriptions",
        lasts: [3_000, 60_000],
        args: { which: whole(0, SUBSCRIPTIONS.length - 1) },
        weight: 2,
        inject: (scene, args) => {
            const filter = SUBSCRIPTIONS[args.number("which")]![0]
            const heal = behaves(scene, { grants: asked => asked !== filter })
            // it is asked only when the session has it not
            scene.broker.forget(DEVICE)
            return () => {
                heal()
                // a refusal is an answer: it is asked again with the next connection
                scene.node.link.reset()
            }
        },
    },
    {
        name: "lowers-qos",
        lasts: [1_000, 60_000],
        args: { qos: whole(0, 1), cut: CUT },
        inject: (scene, args) => {
            const maxQos = args.number("qos") === 0 ? 0 : 1
            const heal = behaves(scene, { maxQos })
            cut(scene, args)
            return () => {
                heal()
                // what was granted is kept with the session, and no client asks again for what it has
                scene.broker.forget(DEVICE)
            }
        },
    },
    {
        name: "drops",
        lasts: [100, 60_000],
        args: { of: ACKS },
        weight: 2,
        inject: ({ broker }, args) => ends(broker.rules.drop(out(args))),
    },
    {
        name: "drops-one",
        args: { of: ACKS, nth: whole(1, 5) },
        weight: 2,
        inject: ({ broker }, args) => {
            broker.rules.drop({
                ...out(args),
                from: args.number("nth"),
                count: 1,
            })
        },
    },
    {
        // the broker has it not, and says nothing, or acknowledges what it was not sent
        name: "swallows",
        lasts: [100, 60_000],
        args: {
            nth: whole(1, 5),
            count: whole(1, 6),
            says: oneOf("nothing", "other"),
        },
        inject: ({ broker }, args) =>
            ends(
                broker.rules.drop({
                    way: "in",
                    cmd: "publish",
                    client: DEVICE,
                    when: packet =>
                        packet.cmd === "publish" && packet.qos === 1,
                    from: args.number("nth"),
                    count: args.number("count"),
                    also: packet => {
                        if (args.word("says") === "other")
                            broker.connection(DEVICE)?.send({
                                cmd: "puback",
                                messageId: other(packet.messageId ?? 0),
                            })
                    },
                })
            ),
    },
    {
        // one message that it fails on, each time it comes
        name: "chokes",
        lasts: [1_000, 90_000],
        args: { how: oneOf("closes", "cuts") },
        inject: (scene, args) =>
            ends(poisoned(scene, { closes: args.word("how") === "closes" })),
    },
    {
        // one message that it never acknowledges, not even when all else is well; of one only can be said how soon it is given up
        name: "never-acks",
        inject: scene => {
            if (!scene.broker.rules.lasting) poisoned(scene, { forever: true })
        },
    },
    {
        name: "late",
        lasts: [1_000, 60_000],
        args: { of: ACKS, ms: whole(10, 25_000) },
        inject: ({ broker }, args) =>
            ends(broker.rules.delay(out(args), args.number("ms"))),
    },
    {
        name: "twice",
        lasts: [1_000, 60_000],
        args: { of: oneOf("puback", "pingresp"), ms: whole(0, 3_000) },
        inject: ({ broker }, args) =>
            ends(broker.rules.twice(out(args), args.number("ms"))),
    },
    {
        name: "reordered",
        lasts: [1_000, 60_000],
        args: { of: oneOf("puback", "publish"), ms: whole(10, 5_000) },
        inject: ({ broker, random }, args) =>
            ends(broker.rules.shuffle(out(args), args.number("ms"), random)),
    },
    {
        name: "held",
        lasts: [100, 30_000],
        args: { of: ACKS },
        inject: ({ broker }, args) => ends(broker.rules.hold(out(args))),
    },
    {
        name: "stray-down",
        args: {
            retained: oneOf("yes", "no"),
            text: oneOf("down", "sleeping", "x"),
        },
        weight: 2,
        inject: (scene, args) =>
            says(scene, STATUS_TOPIC, args.word("text"), {
                qos: 1,
                retain: args.word("retained") === "yes",
            }),
    },
    {
        name: "takeover",
        lasts: [0, 30_000],
        args: { every: whole(500, 10_000), session: oneOf("kept", "cleaned") },
        inject: (scene, args) => {
            const clean = args.word("session") === "cleaned"
            foreigner(scene, clean)
            const timer = scene.world.clock.setInterval(
                () => foreigner(scene, clean),
                args.number("every")
            )
            return () => scene.world.clock.clearInterval(timer)
        },
    },
    {
        name: "odd-bytes",
        args: { which: { words: Object.keys(ODD) as [string, ...string[]] } },
        inject: (scene, args) => raw(scene, ODD[args.word("which")]!),
    },
    {
        name: "large",
        args: { bytes: whole(100, 30_000), qos: whole(0, 1) },
        inject: (scene, args) =>
            says(scene, LAMP_TOPIC, "x".repeat(args.number("bytes")), {
                qos: args.number("qos"),
            }),
    },
    {
        name: "ask",
        args: {
            count: whole(1, 4),
            qos: whole(0, 2),
            retain: oneOf("no", "yes"),
        },
        weight: 3,
        inject: (scene, args) => {
            for (let i = 0; i < args.number("count"); i++)
                says(scene, LAMP_TOPIC, String(scene.world.now * 10 + i), {
                    qos: args.number("qos"),
                    retain: args.word("retain") === "yes",
                })
        },
    },
    {
        name: "report",
        inject: scene =>
            says(scene, COMMAND_TOPIC, '{"command":"report"}', { qos: 1 }),
    },
    {
        name: "restart",
        inject: scene =>
            says(scene, COMMAND_TOPIC, '{"command":"restart"}', { qos: 1 }),
    },
]
