// What a program may say to the client: defaults, bounds, and a line that names the option for every mistake.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ConfigError } from "../../src/mqtt/errors"
import {
    payloadBytes,
    settle,
    type MQTTConnectOptions,
} from "../../src/mqtt/options"
import { fromReceived, installStrictBuffer } from "./strict-buffer"
import { hexOf } from "./wire"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const DEVICE = "12abdd2289421234"
/** What this chip allows to be on its way, bytes; 0 is no limit. */
const CHIP_WINDOW = 3000
const settled = (options: Partial<MQTTConnectOptions> = {}) =>
    settle({ host: "broker", ...options }, DEVICE, CHIP_WINDOW)

/** The key and the line of the error for these options. */
function mistake(options: Partial<MQTTConnectOptions>) {
    try {
        settled(options)
    } catch (e) {
        if (e instanceof ConfigError) return [e.key, e.message]
        throw e
    }
    return undefined
}

/** A value of the wrong type, as a program without type checks would pass it. */
const wrong = (value: unknown) => value as never

describe("the defaults", () => {
    it("are those of the options' comments", () => {
        const { clientId, ...rest } = settled()
        expect(clientId.toString()).toBe("devs_" + DEVICE)
        expect(rest).toEqual({
            host: "broker",
            port: 8883,
            tls: true,
            timeout: 60000,
            cleanSession: true,
            keepAlive: 60,
            ackTimeout: 20000,
            publishTimeout: 0,
            maxUnproven: 4000,
            window: 4,
            queueMessages: 32,
            queueBytes: 4096,
            maxPacket: 2048,
            inboxMessages: 16,
            inboxBytes: 4096,
            subscriptions: 32,
            inboundIds: 64,
            retryFirst: 900,
            retryCap: 60000,
        })
    })

    it("let be on its way what the chip takes, and under TLS what an ESP32 takes then", () => {
        expect(settled({ proto: "tcp" }).maxUnproven).toBe(CHIP_WINDOW)
        expect(settled({ proto: "tls" }).maxUnproven).toBe(4000)
        expect(settled({ proto: "tls", maxUnproven: 0 }).maxUnproven).toBe(0)
    })

    it("stand for null as for what is missing", () => {
        const s = settled({
            port: wrong(null),
            keepAlive: wrong(null),
            cleanSession: wrong(null),
            username: wrong(null),
            password: wrong(null),
            will: wrong(null),
            clientId: wrong(null),
        })
        expect([s.port, s.keepAlive, s.cleanSession]).toEqual([8883, 60, true])
        expect(s.clientId.toString()).toBe("devs_" + DEVICE)
        expect([s.username, s.password, s.will]).toEqual([
            undefined,
            undefined,
            undefined,
        ])
    })

    it("make the client id of the chip's identifier, so that no two devices have the same [MQTT-3.1.3-2]", () => {
        const id = (device: string) =>
            settle({ host: "b" }, device, 0).clientId.toString()
        expect(id("a")).not.toBe(id("b"))
        expect(id(DEVICE).length).toBeLessThanOrEqual(23)
    })

    it("of the port depend on TLS", () => {
        expect(settled({ proto: "tcp" })).toMatchObject({
            port: 1883,
            tls: false,
        })
        expect(settled({ proto: "tls" })).toMatchObject({
            port: 8883,
            tls: true,
        })
        expect(settled({ proto: "tcp", port: 8883 }).port).toBe(8883)
    })
})

describe("a bound", () => {
    const bounds: [keyof MQTTConnectOptions, number, number][] = [
        ["port", 1, 65535],
        ["timeout", 1000, 600000],
        ["keepAlive", 0, 65535],
        ["ackTimeout", 1000, 600000],
        ["publishTimeout", 0, 86400000],
        ["maxUnproven", 0, 65536],
        ["window", 1, 64],
        ["queueMessages", 1, 1000],
        ["queueBytes", 64, 32768],
        ["maxPacket", 128, 16384],
        ["inboxMessages", 1, 256],
        ["inboxBytes", 64, 32768],
        ["subscriptions", 1, 256],
        ["retryFirst", 10, 60000],
        ["retryCap", 10, 3600000],
    ]

    it.each(bounds)("%s is accepted from %i to %i", (key, low, high) => {
        for (const value of [low, high])
            expect(settled({ [key]: value })).toMatchObject({ [key]: value })
    })

    it.each(bounds)(
        "%s is refused beyond %i and %i, with a fraction, and when it is no number",
        (key, low, high) => {
            const line = (value: unknown) =>
                `${key}: must be a whole number from ${low} to ${high}, is ${String(value)}`
            for (const value of [
                low - 1,
                high + 1,
                low + 0.5,
                NaN,
                Infinity,
                -Infinity,
                wrong("x"),
                wrong(String(high)),
            ])
                expect(mistake({ [key]: value })).toEqual([key, line(value)])
        }
    )
})

describe("the host", () => {
    it("is needed", () => {
        expect(mistake({ host: "" })).toEqual(["host", "host: is missing"])
        expect(mistake({ host: wrong(undefined) })).toEqual([
            "host",
            "host: is missing",
        ])
    })
})

describe("the client id", () => {
    it("may be empty only with a clean session [MQTT-3.1.3-7]", () => {
        expect(settled({ clientId: "" }).clientId.length).toBe(0)
        expect(mistake({ clientId: "", cleanSession: false })).toEqual([
            "clientId",
            "clientId: is empty, which needs cleanSession [MQTT-3.1.3-7]",
        ])
    })

    it("is UTF-8 without U+0000 [MQTT-3.1.3-4] [MQTT-1.5.3-2]", () => {
        expect(hexOf(settled({ clientId: "ž" }).clientId)).toBe("c5be")
        expect(mistake({ clientId: "a\0" })).toEqual([
            "clientId",
            "clientId: is not UTF-8 without U+0000",
        ])
    })

    it("is at most 1,024 bytes", () => {
        expect(settled({ clientId: "x".repeat(1024) }).clientId.length).toBe(
            1024
        )
        expect(mistake({ clientId: "x".repeat(1025) })).toEqual([
            "clientId",
            "clientId: is longer than 1024 bytes",
        ])
    })
})

describe("credentials", () => {
    it("are bytes; the empty ones are some", () => {
        const s = settled({ username: "", password: "" })
        expect([s.username?.length, s.password?.length]).toEqual([0, 0])
    })

    it("have no password without a user name [MQTT-3.1.2-22]", () => {
        expect(mistake({ password: "p" })).toEqual([
            "password",
            "password: needs a username [MQTT-3.1.2-22]",
        ])
    })

    it("have a user name of UTF-8 without U+0000 [MQTT-3.1.3-11] [MQTT-1.5.3-2]", () => {
        expect(mistake({ username: "a\0" })).toEqual([
            "username",
            "username: is not UTF-8 without U+0000",
        ])
        expect(mistake({ username: "x".repeat(1025) })).toEqual([
            "username",
            "username: is longer than 1024 bytes",
        ])
    })

    it("may have any bytes as password, at most 65,535", () => {
        const s = settled({ username: "u", password: "\0" })
        expect(s.password && hexOf(s.password)).toBe("00")
        expect(mistake({ username: "u", password: "x".repeat(65536) })).toEqual(
            ["password", "password: is longer than 65535 bytes"]
        )
    })
})

describe("the will", () => {
    it("has its own QoS and retain, 0 and false if not said", () => {
        const s = settled({ will: { topic: "t", message: "m" } })
        expect(s.will).toMatchObject({ qos: 0, retain: false })
        const r = settled({
            will: { topic: "t", message: "m", qos: 2, retain: true },
        })
        expect(r.will).toMatchObject({ qos: 2, retain: true })
    })

    it("may carry bytes, and be empty", () => {
        const message = fromReceived([0, 255])
        const s = settled({ will: { topic: "t", message } })
        expect(s.will && hexOf(s.will.payload)).toBe("00ff")
        const e = settled({ will: { topic: "t", message: "" } })
        expect(e.will?.payload.length).toBe(0)
    })

    it.each([-1, 3, 0.5])("has QoS 0, 1 or 2, not %s [MQTT-3.1.2-14]", qos => {
        expect(mistake({ will: { topic: "t", message: "m", qos } })).toEqual([
            "will.qos",
            `will.qos: must be a whole number from 0 to 2, is ${qos}`,
        ])
    })

    it.each([
        ["", "is empty"],
        ["a/+", "contains a wildcard, + or #"],
        ["a\0", "is not UTF-8 without U+0000"],
    ])(
        "has a topic that may be published to, not %j [MQTT-3.1.3-10]",
        (topic, why) => {
            expect(mistake({ will: { topic, message: "m" } })).toEqual([
                "will.topic",
                "will.topic: " + why,
            ])
        }
    )

    it("has a message of at most 65,535 bytes", () => {
        expect(
            mistake({ will: { topic: "t", message: "x".repeat(65536) } })
        ).toEqual(["will.message", "will.message: is longer than 65535 bytes"])
    })
})

describe("a message's bytes", () => {
    it.each([
        ["text as UTF-8", "ž", "c5be"],
        ["an object as JSON", { a: 1 }, "7b2261223a317d"],
        ["a number as JSON", 21.5, "32312e35"],
        ["no text as nothing", "", ""],
        ["nothing as nothing", undefined, ""],
        ["null as nothing", null, ""],
    ])("are %s", (_name, message, bytes) => {
        expect(hexOf(payloadBytes(wrong(message)))).toBe(bytes)
    })

    it("are a Buffer as it is, without a copy", () => {
        const b = fromReceived([1, 2])
        expect(payloadBytes(b) === b).toBe(true)
    })
})
