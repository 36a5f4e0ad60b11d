// What a client and an MQTT 3.1.1 broker say to each other, word for word: scripts that any good broker answers in the same
// way. Knows nothing of which broker it is.
import type { Packet, QoS } from "mqtt-packet"
import type { Open } from "./parties"

export interface Conversation {
    name: string
    /** Gives back all that was heard, in the order the script listens. */
    hold: (open: Open) => Promise<string[]>
    /** What has to be heard. */
    heard: string[]
}

export function publish(
    topic: string,
    payload: string,
    qos: QoS = 0,
    more: { messageId?: number; retain?: boolean; dup?: boolean } = {}
): Packet {
    return {
        cmd: "publish",
        topic,
        payload,
        qos,
        retain: false,
        dup: false,
        ...more,
    }
}

export function subscribe(
    messageId: number,
    ...filters: [string, QoS][]
): Packet {
    const subscriptions = filters.map(([topic, qos]) => ({ topic, qos }))
    return { cmd: "subscribe", messageId, subscriptions }
}

export const ping: Packet = { cmd: "pingreq" }
export const disconnect: Packet = { cmd: "disconnect" }

export const conversations: Conversation[] = [
    {
        name: "each QoS in, acknowledged as it has to be",
        hold: async open => {
            const a = await open("a")
            const heard = await a.connects()
            a.says(publish("t", "0"), publish("t", "1", 1, { messageId: 7 }))
            heard.push(...(await a.hears()))
            a.says(publish("t", "2", 2, { messageId: 8 }))
            heard.push(...(await a.hears()))
            a.says({ cmd: "pubrel", messageId: 8 }, ping)
            return [...heard, ...(await a.hears(2))]
        },
        heard: [
            "a: connack 0",
            "a: puback 7",
            "a: pubrec 8",
            "a: pubcomp 8",
            "a: pingresp",
        ],
    },
    {
        name: "each QoS out, the lower of publish and subscription",
        hold: async open => {
            const [a, b] = [await open("a"), await open("b")]
            const heard = [...(await a.connects()), ...(await b.connects())]
            b.says(subscribe(1, ["q/0", 0], ["q/1", 1], ["q/2", 2]))
            heard.push(...(await b.hears()))
            a.says(publish("q/0", "low", 1, { messageId: 1 }))
            heard.push(...(await b.hears()))
            a.says(publish("q/1", "one", 1, { messageId: 2 }))
            heard.push(...(await b.hears()))
            b.says({ cmd: "puback", messageId: b.id })
            a.says(publish("q/2", "two", 2, { messageId: 3 }))
            // an acknowledgement of each before the release
            await a.hears(3)
            a.says({ cmd: "pubrel", messageId: 3 })
            heard.push(...(await b.hears()))
            b.says({ cmd: "pubrec", messageId: b.id })
            heard.push(...(await b.hears()))
            b.says({ cmd: "pubcomp", messageId: b.id }, ping)
            return [...heard, ...(await b.hears())]
        },
        heard: [
            "a: connack 0",
            "b: connack 0",
            "b: suback 1 0,1,2",
            "b: publish q/0=low qos 0",
            "b: publish q/1=one qos 1",
            "b: publish q/2=two qos 2",
            "b: pubrel",
            "b: pingresp",
        ],
    },
    {
        name: "a QoS 2 message sent twice arrives once",
        hold: async open => {
            const [a, b] = [await open("a"), await open("b")]
            await a.connects()
            await b.connects()
            b.says(subscribe(1, ["t", 0]))
            await b.hears()
            a.says(publish("t", "once", 2, { messageId: 5 }))
            const heard = await a.hears()
            a.says(publish("t", "once", 2, { messageId: 5, dup: true }))
            heard.push(...(await a.hears()))
            a.says({ cmd: "pubrel", messageId: 5 })
            heard.push(...(await a.hears()))
            a.says(publish("t", "after", 1, { messageId: 6 }))
            return [...heard, ...(await b.hears(2))]
        },
        heard: [
            "a: pubrec 5",
            "a: pubrec 5",
            "a: pubcomp 5",
            "b: publish t=once qos 0",
            "b: publish t=after qos 0",
        ],
    },
    {
        name: "a retained message is kept, replaced, removed",
        hold: async open => {
            const a = await open("a")
            const heard = await a.connects()
            const retained = { messageId: 1, retain: true }
            a.says(publish("r", "old", 1, retained))
            a.says(publish("r", "new", 1, { ...retained, messageId: 2 }))
            heard.push(...(await a.hears(2)))
            a.says(subscribe(3, ["r", 0]))
            heard.push(...(await a.hears(2)))
            // those who have subscribed already see it as news
            a.says(publish("r", "live", 0, { retain: true }))
            heard.push(...(await a.hears()))
            a.says(publish("r", "", 0, { retain: true }))
            heard.push(...(await a.hears()))
            a.says(subscribe(4, ["r", 0]), ping)
            return [...heard, ...(await a.hears(2))]
        },
        heard: [
            "a: connack 0",
            "a: puback 1",
            "a: puback 2",
            "a: suback 3 0",
            "a: publish r=new qos 0 retain",
            "a: publish r=live qos 0",
            "a: publish r= qos 0",
            "a: suback 4 0",
            "a: pingresp",
        ],
    },
    {
        name: "wildcards, and what they do not reach",
        hold: async open => {
            const [a, b] = [await open("a"), await open("b")]
            await a.connects()
            await b.connects()
            b.says(subscribe(1, ["x/+/z", 0], ["y/#", 0]))
            const heard = await b.hears()
            for (const topic of ["x/1/z", "x/1/2/z", "x/z", "x//z"])
                a.says(publish(topic, "m"))
            for (const topic of ["y", "y/1/2", "yy"])
                a.says(publish(topic, "m"))
            a.says(publish("y/end", "m"))
            heard.push(...(await b.hears(5)))
            b.says({
                cmd: "unsubscribe",
                messageId: 2,
                unsubscriptions: ["y/#"],
            })
            heard.push(...(await b.hears()))
            a.says(publish("y", "unheard"), publish("x/1/z", "heard"))
            return [...heard, ...(await b.hears())]
        },
        heard: [
            "b: suback 1 0,0",
            "b: publish x/1/z=m qos 0",
            "b: publish x//z=m qos 0",
            "b: publish y=m qos 0",
            "b: publish y/1/2=m qos 0",
            "b: publish y/end=m qos 0",
            "b: unsuback 2",
            "b: publish x/1/z=heard qos 0",
        ],
    },
    {
        name: "topics that begin with $ are for those who name them",
        hold: async open => {
            const [a, b] = [await open("a"), await open("b")]
            await a.connects()
            await b.connects()
            b.says(subscribe(1, ["#", 0]))
            const heard = await b.hears()
            a.says(publish("$other/x", "hidden"), publish("x", "seen"))
            heard.push(...(await b.hears()))
            b.says({ cmd: "unsubscribe", messageId: 2, unsubscriptions: ["#"] })
            await b.hears()
            b.says(subscribe(3, ["$other/#", 0]))
            await b.hears()
            a.says(publish("$other/x", "named"))
            return [...heard, ...(await b.hears())]
        },
        heard: [
            "b: suback 1 0",
            "b: publish x=seen qos 0",
            "b: publish $other/x=named qos 0",
        ],
    },
    {
        name: "a kept session: what was not acknowledged comes again, what came meanwhile is there",
        hold: async open => {
            const a = await open("a")
            await a.connects()
            let b = await open("b")
            const heard = await b.connects({ clean: false })
            b.says(subscribe(1, ["t", 1]))
            await b.hears()
            a.says(publish("t", "unacknowledged", 1, { messageId: 1 }))
            heard.push(...(await b.hears()))
            b.says(disconnect)
            heard.push(...(await b.hears()))
            a.says(publish("t", "meanwhile", 1, { messageId: 2 }))
            await a.hears(2)
            b = await open("b")
            heard.push(...(await b.connects({ clean: false })))
            heard.push(...(await b.hears(2)))
            b.says(disconnect)
            await b.hears()
            b = await open("b")
            heard.push(...(await b.connects({ clean: true })))
            b.says(ping)
            return [...heard, ...(await b.hears())]
        },
        heard: [
            "b: connack 0",
            "b: publish t=unacknowledged qos 1",
            "b: closed",
            "b: connack 0 present",
            "b: publish t=unacknowledged qos 1 dup",
            "b: publish t=meanwhile qos 1",
            "b: connack 0",
            "b: pingresp",
        ],
    },
    {
        name: "QoS 2 out goes on where the connection ended",
        hold: async open => {
            const a = await open("a")
            await a.connects()
            let b = await open("b")
            await b.connects({ clean: false })
            b.says(subscribe(1, ["t", 2]))
            await b.hears()
            a.says(publish("t", "m", 2, { messageId: 1 }))
            await a.hears()
            a.says({ cmd: "pubrel", messageId: 1 })
            const heard = await b.hears()
            const { id } = b
            b.says({ cmd: "pubrec", messageId: id })
            heard.push(...(await b.hears()))
            b.drop()
            await b.hears()
            b = await open("b")
            b.id = id
            heard.push(...(await b.connects({ clean: false })))
            heard.push(...(await b.hears()))
            b.says({ cmd: "pubcomp", messageId: id }, ping)
            return [...heard, ...(await b.hears())]
        },
        heard: [
            "b: publish t=m qos 2",
            "b: pubrel",
            "b: connack 0 present",
            "b: pubrel",
            "b: pingresp",
        ],
    },
    {
        name: "a will comes when its client goes without a word, and not after DISCONNECT",
        hold: async open => {
            const a = await open("a")
            await a.connects()
            a.says(subscribe(1, ["will", 1]))
            await a.hears()
            const will = {
                topic: "will",
                payload: "polite",
                qos: 1,
                retain: true,
            }
            const b = await open("b")
            await b.connects({ will } as Partial<Packet>)
            b.says(disconnect)
            const heard = await b.hears()
            const c = await open("c")
            await c.connects({
                will: { ...will, payload: "gone" },
            } as Partial<Packet>)
            c.drop()
            heard.push(...(await a.hears()))
            a.says({ cmd: "puback", messageId: a.id })
            a.says(subscribe(2, ["will", 0]))
            return [...heard, ...(await a.hears(2))]
        },
        heard: [
            "b: closed",
            "a: publish will=gone qos 1",
            "a: suback 2 0",
            "a: publish will=gone qos 0 retain",
        ],
    },
    {
        name: "a second connection with one client identifier ends the first",
        hold: async open => {
            const first = await open("b")
            const heard = await first.connects()
            const second = await open("b")
            heard.push(...(await second.connects()))
            heard.push(...(await first.hears()))
            second.says(ping)
            return [...heard, ...(await second.hears())]
        },
        heard: ["b: connack 0", "b: connack 0", "b: closed", "b: pingresp"],
    },
    {
        name: "what breaks the protocol ends the connection",
        hold: async open => {
            const heard: string[] = []
            // a publish before CONNECT, a second CONNECT, a packet type that does not exist, PUBREL with wrong flags
            const early = await open("early")
            early.says(publish("t", "m"))
            heard.push(...(await early.hears()))
            const twice = await open("twice")
            heard.push(...(await twice.connects()))
            twice.says({
                cmd: "connect",
                clientId: "twice",
                keepalive: 60,
            })
            heard.push(...(await twice.hears()))
            for (const [name, hex] of [
                ["type", "0000"],
                ["flags", "60020001"],
            ] as const) {
                const bad = await open(name)
                await bad.connects()
                bad.raw(hex)
                heard.push(...(await bad.hears()))
            }
            return heard
        },
        heard: [
            "early: closed",
            "twice: connack 0",
            "twice: closed",
            "type: closed",
            "flags: closed",
        ],
    },
]

/** Bytes that Mosquitto ends a connection for, and aedes does not; without CONNECT before them where they are one. */
const FORBIDDEN: Record<string, string> = {
    "publish-id-0": "32050001740000",
    "subscribe-id-0": "8206000000017400",
    "topic-not-utf8": "30040002c328",
    "topic-surrogate": "30050003eda080",
    "subscribe-nothing": "82020001",
    "unsubscribe-nothing": "a2020001",
    "unsubscribe-wildcard": "a20700010003612b62",
}
const FORBIDDEN_CONNECT: Record<string, string> = {
    // "MQTT", level 4, flags, keep alive 60 s, client "c", and what the flags ask for
    "password-alone": "101000044d5154540442003c000163000170",
    "will-wildcard": "101300044d5154540406003c000163000123000178",
    "client-not-utf8": "100e00044d5154540402003c0002c328",
}

/** What a strict broker, as Mosquitto is one, does not let pass. */
export const strict: Conversation = {
    name: "what the standard forbids ends the connection",
    hold: async open => {
        const heard: string[] = []
        for (const [name, hex] of Object.entries(FORBIDDEN)) {
            const bad = await open(name)
            await bad.connects()
            bad.raw(hex)
            heard.push(...(await bad.hears()))
        }
        for (const [name, hex] of Object.entries(FORBIDDEN_CONNECT)) {
            const bad = await open(name)
            bad.raw(hex)
            heard.push(...(await bad.hears()))
        }
        return heard
    },
    heard: [...Object.keys(FORBIDDEN), ...Object.keys(FORBIDDEN_CONNECT)].map(
        name => `${name}: closed`
    ),
}
