// Looks at a real broker the way a node will use it, and says for each thing a node leans on whether it is so, and what to
// set when it is not. Uses topics of its own below devices/<device>/probe and removes what it left there; client ids of its
// own, so that a device that is up is not disturbed. Knows no board, no file and no output.
import type { IPublishPacket, QoS } from "mqtt-packet"
import { brokerName, type BrokerAddress } from "../cli/broker-url"
import type { Clock, Sockets } from "../vm"
import type { Finding, Verdict } from "./finding"
import { ProbeSession } from "./probe-session"

/** ms for an answer: a broker across the world takes one second with TLS. */
export const ANSWER_MS = 5_000
/** ms from the end of a connection to its will at a subscriber; brokers publish it at once. */
export const WILL_MS = 10_000
/** Seconds of the keep alive that is tried: the shortest that brokers take as it is given. */
const KEEP_ALIVE = 2
/** ms in which a silent client has to be gone: 1.5 times 2 s by the standard, 6.5 s measured with Mosquitto. */
export const SILENT_MS = 15_000

export interface ProbeOptions {
    broker: BrokerAddress
    /** Its topics are tried below `devices/<device>/`, where a broker's access list may let this user only. */
    device: string
    /** Makes the client ids of two looks at one time different; letters and digits. */
    tag: string
    sockets: Sockets
    clock: Clock
}

/** Words of CONNACK's codes (section 3.2.2.3). */
const REFUSED: Record<number, { text: string; fix: string }> = {
    1: {
        text: "refuses MQTT 3.1.1 (CONNACK 1)",
        fix: "use a broker that speaks MQTT 3.1.1; a node speaks nothing else",
    },
    2: {
        text: "refuses the client id (CONNACK 2)",
        fix: "give another DEVICE_ID, which is the client id too",
    },
    3: {
        text: "says that it is not available (CONNACK 3)",
        fix: "try again later, or another MQTT_HOST",
    },
    4: {
        text: "refuses user name or password (CONNACK 4)",
        fix: "correct MQTT_USER and MQTT_PASS",
    },
    5: {
        text: "does not let this user in (CONNACK 5)",
        fix: "correct MQTT_USER and MQTT_PASS, or give them: it may not let in who has none",
    },
}

/**
 * Calls `tell` with one finding for each thing looked at, in a fixed order; takes up to 20 s, most brokers 7.
 * What follows from what is wrong already is `skipped`.
 */
export async function probeBroker(
    options: ProbeOptions,
    tell: (finding: Finding) => void
): Promise<void> {
    const probe = new Probe(options)
    const first = await probe.reach()
    for (const finding of first.findings) tell(finding)
    const rest: [string, () => Promise<Finding>][] = [
        ["puback", () => probe.puback()],
        ["retain", () => probe.retain()],
        ["will", () => probe.will()],
        ["keepalive", () => probe.keepAlive()],
        ["takeover", () => probe.takeover()],
    ]
    if (!first.in) {
        for (const [check] of rest)
            tell({ check, verdict: "skipped", text: "no session to try it in" })
        return
    }
    // At the same time, each with clients of its own; told in order.
    const all = rest.map(([, look]) => look())
    for (const look of all) tell(await look)
    await probe.leave()
}

class Probe {
    readonly #options: ProbeOptions
    readonly #base: string
    /** Hears what is published below the probe's topic. */
    #observer!: ProbeSession
    #clients = 0
    #messages = 0

    constructor(options: ProbeOptions) {
        this.#options = options
        this.#base = `devices/${options.device}/probe/${options.tag}`
    }

    /** Connection, credentials, subscription. @returns `in`: whether there is a session */
    async reach(): Promise<{ findings: Finding[]; in: boolean }> {
        const { broker } = this.#options
        const name = brokerName(broker)
        const observer = (this.#observer = this.#session())
        const findings: Finding[] = []
        const wrong = (check: string, text: string, fix: string) => {
            findings.push({ check, verdict: "wrong", text, fix })
            observer.cut()
            return { findings, in: false }
        }
        if (!(await observer.opened(ANSWER_MS)))
            return wrong(
                "reachable",
                `${name} cannot be reached: ${observer.end ?? `no answer in ${ANSWER_MS / 1_000} s`}`,
                "correct MQTT_HOST and MQTT_PORT, or start the broker; a firewall in between swallows connections, too"
            )
        const code = await observer.connect(this.#hello(), ANSWER_MS)
        if (code === undefined)
            return broker.transport === "tls"
                ? wrong(
                      "reachable",
                      `${name} answers, but there is no MQTT over TLS: ${observer.end ?? "no CONNACK"}`,
                      "correct MQTT_PORT (8883 for TLS), give the name that is in the broker's certificate as MQTT_HOST, or set MQTT_PROTO=tcp"
                  )
                : wrong(
                      "reachable",
                      `${name} answers, but does not speak MQTT: ${observer.end ?? "no CONNACK"}`,
                      "correct MQTT_PORT (1883 without TLS), or set MQTT_PROTO=tls if it wants TLS"
                  )
        findings.push({ check: "reachable", verdict: "ok", text: name })
        const { user } = broker
        if (code !== 0) {
            const { text, fix } = REFUSED[code] ?? {
                text: `refuses the connection (CONNACK ${code})`,
                fix: "look into the broker's log",
            }
            return wrong("credentials", text, fix)
        }
        const subscribed = await this.#subscribe(observer, `${this.#base}/#`)
        if (subscribed === undefined || subscribed > 2)
            return wrong(
                "credentials",
                subscribed === undefined
                    ? "lets the user in, but does not answer a subscription"
                    : `lets the user in, but refuses a subscription to ${this.#base}/#`,
                `allow this user to read and write devices/${this.#options.device}/# at the broker: a node listens to its own status and to commands there`
            )
        findings.push({
            check: "credentials",
            verdict: "ok",
            text:
                user === undefined
                    ? "lets anybody in, no user name needed"
                    : "user name and password are right",
        })
        return { findings, in: true }
    }

    async puback(): Promise<Finding> {
        const topic = `${this.#base}/puback`
        const acked = await this.#publish(this.#observer, topic, "1", false)
        if (!acked)
            return finding(
                "puback",
                "wrong",
                "a QoS 1 message is not acknowledged",
                "allow this user to write devices/<device>/# at the broker; one that never acknowledges can have qos: 0 in the board file, which loses readings when the link breaks"
            )
        if ((await this.#heard(topic, "1", ANSWER_MS)) === undefined)
            return finding(
                "puback",
                "wrong",
                `a QoS 1 message is acknowledged, but a subscriber to ${topic} does not get it`,
                "allow this user to write devices/<device>/# at the broker: some acknowledge what their access list then drops"
            )
        return finding("puback", "ok", "QoS 1 is acknowledged and delivered")
    }

    async retain(): Promise<Finding> {
        const topic = `${this.#base}/retain`
        await this.#publish(this.#observer, topic, "1", true)
        const late = this.#session()
        try {
            const code = await late.connect(this.#hello(), ANSWER_MS)
            if (code === 0) {
                await this.#subscribe(late, topic)
                const kept = await late.next(
                    p => publishOn(p, topic),
                    ANSWER_MS
                )
                if (kept?.retain === true)
                    return finding("retain", "ok", "retained messages are kept")
            }
            return finding(
                "retain",
                "wrong",
                "a retained message is not kept: who subscribes later does not learn whether the node is up",
                "switch retained messages on at the broker, or set status in the board file to a topic where it keeps them (WaziGate: one that does not begin with devices/)"
            )
        } finally {
            late.disconnect()
        }
    }

    async will(): Promise<Finding> {
        const topic = `${this.#base}/will`
        const dying = this.#session()
        const code = await dying.connect(
            {
                ...this.#hello(),
                will: {
                    topic,
                    payload: Buffer.from("down"),
                    qos: 1,
                    retain: true,
                },
            },
            ANSWER_MS
        )
        dying.cut()
        if (code === 0)
            if ((await this.#heard(topic, "down", WILL_MS)) !== undefined)
                return finding(
                    "will",
                    "ok",
                    "the will of a client that is cut off is delivered"
                )
        return finding(
            "will",
            "wrong",
            code === 0
                ? `the will of a client that is cut off is not delivered within ${WILL_MS / 1_000} s: a node that loses its power stays up`
                : `a client with a will is not let in (${dying.end ?? "no CONNACK"})`,
            "set status in the board file to a topic for which the broker delivers wills (WaziGate: one that does not begin with devices/), or take a node for down that sends nothing for twice its longest interval"
        )
    }

    async keepAlive(): Promise<Finding> {
        const silent = this.#session()
        const { clock } = this.#options
        const code = await silent.connect(
            { ...this.#hello(), keepalive: KEEP_ALIVE },
            ANSWER_MS
        )
        const begun = clock.now()
        if (code === 0 && (await silent.closed(SILENT_MS))) {
            const seconds = ((clock.now() - begun) / 1_000).toFixed(1)
            return finding(
                "keepalive",
                "ok",
                `a client with keep alive ${KEEP_ALIVE} s that is silent is cut off after ${seconds} s`
            )
        }
        silent.disconnect()
        return finding(
            "keepalive",
            "wrong",
            code === 0
                ? `a client with keep alive ${KEEP_ALIVE} s that is silent is still connected after ${SILENT_MS / 1_000} s: a node whose power fails stays up`
                : "no session to try it in",
            "switch keep alive on at the broker [MQTT-3.1.2-24], or set maxInterval for a sensor in the board file and take a node for down that sends nothing for twice as long"
        )
    }

    async takeover(): Promise<Finding> {
        const hello = this.#hello()
        const [old, young] = [this.#session(), this.#session()]
        try {
            const first = await old.connect(hello, ANSWER_MS)
            const second = await young.connect(hello, ANSWER_MS)
            if (first !== 0 || second !== 0)
                return finding(
                    "takeover",
                    "wrong",
                    "a second connection with the same client id is not let in: a node whose power was cut cannot come back while the broker holds its old one",
                    "allow it at the broker [MQTT-3.1.4-2], or set keepAlive in the board file to a few seconds so that the old one ends soon"
                )
            if (await old.closed(ANSWER_MS))
                return finding(
                    "takeover",
                    "ok",
                    "a new connection ends the old one of the same client id"
                )
            return finding(
                "takeover",
                "note",
                "a new connection does not end the old one of the same client id [MQTT-3.1.4-2]: the old one's will may say down after the new up, and the node then says up again",
                "set keepAlive in the board file to a few seconds, so that the old one ends soon"
            )
        } finally {
            old.disconnect()
            young.disconnect()
        }
    }

    /** Removes what was retained. */
    async leave(): Promise<void> {
        for (const topic of ["retain", "will"])
            await this.#publish(
                this.#observer,
                `${this.#base}/${topic}`,
                "",
                true
            )
        this.#observer.disconnect()
    }

    #session(): ProbeSession {
        const { sockets, clock, broker } = this.#options
        return new ProbeSession(sockets, clock, {
            host: broker.host,
            port: broker.port,
            tls: broker.transport === "tls",
        })
    }

    #hello() {
        const { broker, device, tag } = this.#options
        return {
            clientId: `${device}_probe_${tag}${++this.#clients}`,
            clean: true,
            keepalive: 60,
            ...(broker.user === undefined ? {} : { username: broker.user }),
            ...(broker.password === undefined
                ? {}
                : { password: Buffer.from(broker.password) }),
        }
    }

    /** @returns the code of SUBACK, undefined when none came */
    #subscribe(
        session: ProbeSession,
        topic: string
    ): Promise<number | undefined> {
        const messageId = ++this.#messages
        session.send({
            cmd: "subscribe",
            messageId,
            subscriptions: [{ topic, qos: 0 }],
        })
        return session.next(
            p =>
                p.cmd === "suback" && p.messageId === messageId
                    ? Number(p.granted[0])
                    : undefined,
            ANSWER_MS
        )
    }

    /** @returns whether PUBACK came */
    async #publish(
        session: ProbeSession,
        topic: string,
        payload: string,
        retain: boolean
    ): Promise<boolean> {
        const messageId = ++this.#messages
        const qos: QoS = 1
        session.send({
            cmd: "publish",
            topic,
            payload,
            qos,
            retain,
            dup: false,
            messageId,
        })
        const acked = await session.next(
            p =>
                p.cmd === "puback" && p.messageId === messageId
                    ? true
                    : undefined,
            ANSWER_MS
        )
        return acked === true
    }

    #heard(topic: string, payload: string, ms: number) {
        return this.#observer.next(p => {
            const message = publishOn(p, topic)
            return message && String(message.payload) === payload
                ? message
                : undefined
        }, ms)
    }
}

function publishOn(
    packet: { cmd?: string },
    topic: string
): IPublishPacket | undefined {
    if (packet.cmd !== "publish") return undefined
    const message = packet as IPublishPacket
    return message.topic === topic ? message : undefined
}

function finding(
    check: string,
    verdict: Verdict,
    text: string,
    fix?: string
): Finding {
    return { check, verdict, text, ...(fix === undefined ? {} : { fix }) }
}
