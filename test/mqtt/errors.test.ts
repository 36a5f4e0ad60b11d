// The three families of errors: each names what is wrong and can be told from the others.
import { describe, expect, it } from "vitest"
import { ConfigError, PeerError, ResourceError } from "../../src/mqtt/errors"
import { connackName } from "../../src/mqtt/packet"

describe("an error", () => {
    it("names the option, the clause or the bound, and says so in its message", () => {
        const config = new ConfigError("will.qos", "is 3")
        const peer = new PeerError("MQTT-2.2.2-2", "flags 1")
        const resource = new ResourceError("maxPacket", "too long")
        expect([config.key, config.message]).toEqual([
            "will.qos",
            "will.qos: is 3",
        ])
        expect([peer.clause, peer.message]).toEqual([
            "MQTT-2.2.2-2",
            "MQTT-2.2.2-2: flags 1",
        ])
        expect([resource.bound, resource.message]).toEqual([
            "maxPacket",
            "maxPacket: too long",
        ])
        for (const e of [config, peer, resource]) {
            expect(e).toBeInstanceOf(Error)
            const families = [ConfigError, PeerError, ResourceError]
            expect(families.filter(family => e instanceof family).length).toBe(
                1
            )
        }
    })
})

describe("a CONNACK return code", () => {
    it("has a name of its own", () => {
        const names = [0, 1, 2, 3, 4, 5, 6, 255].map(connackName)
        expect(names).toEqual([
            "accepted",
            "unacceptable protocol version",
            "client identifier rejected",
            "server unavailable",
            "bad user name or password",
            "not authorized",
            "reserved code 6",
            "reserved code 255",
        ])
    })
})
