// The options of `start`: their values, bounds and conflicts.
import { describe, expect, test } from "vitest"
import { UserError } from "../../sim/cli/errors"
import {
    parseStartOptions,
    type RawStartOptions,
} from "../../sim/cli/start-options"

const TOKEN = "0123456789abcdef"

test("without options it is the simulator board on port 1883 and the page on 8088 or another, until Ctrl-C, for a person", () => {
    expect(parseStartOptions({})).toEqual({
        board: "simulator",
        mqttPort: 1883,
        ownBroker: false,
        page: {
            port: 8088,
            otherPort: true,
            host: "127.0.0.1",
            topics: "devices/#",
        },
        json: false,
    })
})

describe("an option has the value that was typed", () => {
    test.each<[RawStartOptions, object]>([
        [{ board: "./x.ts" }, { board: "./x.ts" }],
        [
            { broker: "mqtt://h" },
            { broker: { transport: "tcp", host: "h", port: 1883 } },
        ],
        [{ mqttPort: "0" }, { mqttPort: 0 }],
        [{ mqttPort: "65535" }, { mqttPort: 65535 }],
        [{ mqttPort: "1883" }, { ownBroker: true }],
        [{ name: "Kitchen_2-b" }, { name: "Kitchen_2-b" }],
        [{ settings: "./x.env" }, { settings: "./x.env" }],
        [{ httpPort: "8080" }, { httpPort: 8080 }],
        [
            { mqttPort: "0", httpPort: "0" },
            { mqttPort: 0, httpPort: 0 },
        ],
        [{ broker: "mqtt://h", httpPort: "1883" }, { httpPort: 1883 }],
        [{ device: "Ab_1.-" }, { device: "Ab_1.-" }],
        [{ device: "d".repeat(64) }, { device: "d".repeat(64) }],
        [{ for: "20" }, { forMs: 20_000 }],
        [{ for: "0.25" }, { forMs: 250 }],
        [{ for: ".001" }, { forMs: 1 }],
        [{ for: "2147483" }, { forMs: 2_147_483_000 }],
        [{ json: true }, { json: true }],
        [{ page: false }, { page: undefined }],
        [
            { page: true, pagePort: "0" },
            { page: { port: 0, otherPort: false } },
        ],
        [{ pagePort: "8088" }, { page: { port: 8088, otherPort: false } }],
        [{ mqttPort: "8088" }, { page: { port: 8088, otherPort: true } }],
        [{ pageHost: "localhost" }, { page: { host: "127.0.0.1" } }],
        [{ pageHost: "::1" }, { page: { host: "::1", token: undefined } }],
        [
            { pageHost: "0.0.0.0", pageToken: TOKEN },
            { page: { host: "0.0.0.0", token: TOKEN } },
        ],
        [{ pageToken: TOKEN }, { page: { token: TOKEN } }],
        [{ pageToken: "" }, { page: { token: undefined } }],
        [{ pageTopics: "#" }, { page: { topics: "#" } }],
        [{ pageHistory: "x.db" }, { page: { history: "x.db" } }],
        [{ pageHistory: "none" }, { page: { history: null } }],
    ])("%j", (raw, values) => {
        expect(parseStartOptions(raw)).toMatchObject(values)
    })
})

describe("a wrong option is named with its value", () => {
    test.each<[RawStartOptions, string]>([
        [{ pagePort: "99999" }, `--page-port "99999" is not a port`],
        [
            { pagePort: "1883" },
            "--page-port 1883 is the port of the embedded broker",
        ],
        [
            { pagePort: "81", httpPort: "81" },
            "--page-port 81 is the port of --http-port",
        ],
        [{ pageHost: "mine.example" }, `"mine.example" is not an IP address`],
        [{ pageHost: "0.0.0.0" }, "set PAGE_TOKEN to 16 or more characters"],
        [{ pageHost: "::" }, "set PAGE_TOKEN to 16 or more characters"],
        [{ pageTopics: "a/#/b" }, `--page-topics "a/#/b" has a #`],
        [{ pageTopics: "" }, `--page-topics "" is empty`],
        [{ pageHistory: "" }, "--page-history needs a file"],
        [
            { page: false, pagePort: "80" },
            "--no-page and --page-port exclude each other",
        ],
        [{ board: "" }, "--board needs a name or a file"],
        [
            { name: "a", settings: "b" },
            "--name and --settings exclude each other",
        ],
        [{ name: "../x" }, `--name "../x" is not a name`],
        [{ name: "" }, `--name "" is not a name`],
        [{ settings: "" }, "--settings needs a file"],
        [{ mqttPort: "65536" }, `--mqtt-port "65536" is not a port`],
        [{ mqttPort: "-1" }, `--mqtt-port "-1" is not a port`],
        [{ mqttPort: "18 83" }, `--mqtt-port "18 83" is not a port`],
        [{ mqttPort: "" }, `--mqtt-port "" is not a port`],
        [{ httpPort: "http" }, `--http-port "http" is not a port`],
        [
            { httpPort: "1883" },
            "--http-port 1883 is the port of the embedded broker",
        ],
        [
            { mqttPort: "99", httpPort: "99" },
            "--http-port 99 is the port of the embedded broker",
        ],
        [{ device: "" }, `--device "" is not a device id`],
        [{ device: "a/b" }, `--device "a/b"`],
        [{ device: "a b" }, `--device "a b"`],
        [{ device: "+" }, `--device "+"`],
        [{ device: "a#" }, `--device "a#"`],
        [{ device: "ž" }, `--device "ž"`],
        [{ device: "d".repeat(65) }, "1 to 64 of the characters"],
        [{ device: "x".repeat(100_000) }, `xxx..."`],
        [{ for: "0" }, `--for "0" is not a time`],
        [{ for: "0.0001" }, `--for "0.0001" is not a time`],
        [{ for: "-5" }, `--for "-5" is not a time`],
        [{ for: "1e3" }, `--for "1e3" is not a time`],
        [{ for: "Infinity" }, `--for "Infinity" is not a time`],
        [{ for: "2147484" }, "at most 2147483"],
        [{ for: "" }, `--for "" is not a time`],
        [
            { broker: "mqtt://h", mqttPort: "1884" },
            "--broker and --mqtt-port exclude each other",
        ],
        [{ broker: "h" }, "--broker: it does not begin with mqtt://"],
    ])("%j", (raw, text) => {
        expect(() => parseStartOptions(raw)).toThrow(UserError)
        expect(() => parseStartOptions(raw)).toThrow(text)
    })
})

test("a token that is none is refused without being repeated", () => {
    for (const pageToken of [
        "sh0rt",
        "with a space in it",
        "žžžžžžžžžžžžžžžžž",
    ])
        expect(() => parseStartOptions({ pageToken })).toThrow(
            expect.objectContaining({
                name: "UserError",
                message: expect.not.stringContaining(pageToken) as string,
            }) as Error
        )
})
