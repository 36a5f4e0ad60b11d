// The --broker option: what it may be, and that what is wrong with it is said without repeating a password.
import fc from "../support/property"
import { describe, expect, test } from "vitest"
import { brokerName, hostPort, parseBrokerUrl } from "../../sim/cli/broker-url"
import { UserError } from "../../sim/cli/errors"

describe("a broker's URL is read", () => {
    test.each([
        [
            "mqtt://localhost",
            { transport: "tcp", host: "localhost", port: 1883 },
        ],
        [
            "mqtts://broker.example.com",
            { transport: "tls", host: "broker.example.com", port: 8883 },
        ],
        ["MQTT://Host:1", { transport: "tcp", host: "Host", port: 1 }],
        [
            "mqtt://10.0.0.7:65535/",
            { transport: "tcp", host: "10.0.0.7", port: 65535 },
        ],
        ["mqtt://[::1]:1884", { transport: "tcp", host: "::1", port: 1884 }],
        [
            "mqtt://anna@host",
            { transport: "tcp", host: "host", port: 1883, user: "anna" },
        ],
        [
            "mqtt://anna:@host",
            {
                transport: "tcp",
                host: "host",
                port: 1883,
                user: "anna",
                password: "",
            },
        ],
        [
            "mqtt://a:b:c@host",
            {
                transport: "tcp",
                host: "host",
                port: 1883,
                user: "a",
                password: "b:c",
            },
        ],
        [
            "mqtt://a:b@c@host",
            {
                transport: "tcp",
                host: "host",
                port: 1883,
                user: "a",
                password: "b@c",
            },
        ],
        [
            "mqtts://%C5%BElu%C5%A5:p%40s%3As%2F%25@h:8884",
            {
                transport: "tls",
                host: "h",
                port: 8884,
                user: "žluť",
                password: "p@s:s/%",
            },
        ],
    ])("%s", (text, address) => {
        expect(parseBrokerUrl(text)).toEqual(address)
    })
})

describe("a broker's URL is refused, and the line says why", () => {
    const long = "x".repeat(201)
    test.each([
        ["localhost:1883", "does not begin with mqtt://"],
        ["", "does not begin with mqtt://"],
        ["http://SECRET", "http:// is not a broker's protocol"],
        ["mqtt://", "host is missing"],
        ["mqtt://:1883", "host is missing"],
        ["mqtt://u:SECRET@", "host is missing"],
        ["mqtt://:SECRET@host", "no user before it"],
        ["mqtt://user:SECRET", "port is not a number from 1 to 65535"],
        ["mqtt://host:0", "port is not a number"],
        ["mqtt://host:65536", "port is not a number"],
        ["mqtt://host:", "port is not a number"],
        ["mqtt://host:1e3", "port is not a number"],
        ["mqtt://host/SECRET", "nothing may follow the port"],
        ["mqtt://u:SEC/RET@host?x", "nothing may follow the port"],
        [
            "mqtt://u:SECRET%zz@host",
            "password has a % that begins no percent code",
        ],
        ["mqtt://u:SECRET%00@host", "U+0000"],
        ["mqtt://ho st", "no host name has"],
        ["mqtt://::1", "too many colons (an IPv6 address goes in brackets"],
        ["mqtt://[host]", "not an IPv6 address"],
        ["mqtt://[::1", "too many colons"],
        ["mqtt://[1:2]", "not an IPv6 address"],
        [`mqtt://${long}`, "longer than 200"],
        [`mqtt://u:SECRET${long}@host`, "password is longer than 198 bytes"],
    ])("%s", (text, reason) => {
        let message = ""
        try {
            parseBrokerUrl(text)
        } catch (error) {
            expect(error).toBeInstanceOf(UserError)
            message = (error as UserError).message
        }
        expect(message).toContain(reason)
        expect(message).toMatch(
            /^--broker: [^\n]*mqtt:\/\/\[user:password@\]host\[:port\]/
        )
        expect(message).not.toMatch(/SEC|RET|xxx/)
    })
})

test("any user and password come back from their percent-encoded form", () => {
    const secret = fc
        .string({ maxLength: 30 })
        .filter(text => !text.includes("\0"))
    fc.assert(
        fc.property(
            secret.filter(text => text !== ""),
            secret,
            (user, password) => {
                const url = `mqtt://${encodeURIComponent(user)}:${encodeURIComponent(password)}@host`
                expect(parseBrokerUrl(url)).toMatchObject({
                    user,
                    password,
                    host: "host",
                })
            }
        )
    )
})

test("a broker is named without its credentials, an IPv6 address in brackets", () => {
    expect(brokerName(parseBrokerUrl("mqtts://u:p@h"))).toBe("mqtts://h:8883")
    expect(brokerName(parseBrokerUrl("mqtt://[::1]"))).toBe("mqtt://[::1]:1883")
    expect(hostPort({ host: "127.0.0.1", port: 5 })).toBe("127.0.0.1:5")
})
