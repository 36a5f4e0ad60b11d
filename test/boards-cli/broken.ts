// Broken boards, each with one mistake, and where a person has to be sent for it. Each is a board that is right but for
// what `edit` does to its file or `settings` says. Only data.

/** A board file that is right. `IMPORT` and `PINS` say what it is for. */
export const RIGHT = `import * as ds from "@devicescript/core"
import { Actuators, HttpTime, startNode } from "../../src/index"
import { pins } from "@dsboard/adafruit_qt_py_c3"
import { startRelay } from "@devicescript/servers"

const temperature = new ds.Temperature("temperature")
const relay = startRelay({ pin: pins.A1_D1 })

await startNode({
    board: "fixture",
    device: "kitchen",
    broker: { host: "broker.example.com" },
    parts: [
        new Actuators([{ id: "RELAY", act: relay.enabled, type: "boolean" }]),
    ],
    sensors: [
        { id: "TC", read: temperature.reading, interval: 5000 },
        { id: "RH", read: temperature.reading, interval: 5000 },
    ],
})
`

export interface Broken {
    name: string
    /** Replacements in RIGHT, each of which has to be found. */
    edit?: [string, string][]
    /** Text of the board's settings file. */
    settings?: string
    /** Another board's settings file beside it. */
    other?: string
    /** The settings file is in git. */
    tracked?: boolean
    /** What the line of the mistake has to name. */
    says: {
        file: "board" | "settings"
        key: string
        value: string
        fix: RegExp
    }
}

const PICO: [string, string][] = [
    ["adafruit_qt_py_c3", "pico_w"],
    ["pins.A1_D1", "pins.GP15"],
    [
        "Actuators, HttpTime, startNode",
        "Actuators, RestartAfterLoss, startNode",
    ],
    ["parts: [", "parts: [\n        new RestartAfterLoss(),"],
]

const ID_FIX = /1 to 64 letters, digits, _ - or \./

export const BROKEN: Broken[] = [
    {
        name: "a device id with a slash",
        edit: [[`"kitchen"`, `"kitchen/1"`]],
        says: {
            file: "board",
            key: "device",
            value: `"kitchen/1"`,
            fix: ID_FIX,
        },
    },
    {
        name: "an empty sensor id",
        edit: [[`id: "TC"`, `id: ""`]],
        says: { file: "board", key: "sensors.id", value: `""`, fix: ID_FIX },
    },
    {
        name: "a sensor id with a wildcard",
        edit: [[`id: "RH"`, `id: "RH+"`]],
        says: { file: "board", key: "sensors.id", value: `"RH+"`, fix: ID_FIX },
    },
    {
        name: "an actuator id with #",
        edit: [[`id: "RELAY"`, `id: "#1"`]],
        says: {
            file: "board",
            key: "actuators.id",
            value: `"#1"`,
            fix: ID_FIX,
        },
    },
    {
        name: "a sensor id that is too long",
        edit: [[`id: "RH"`, `id: "${"R".repeat(65)}"`]],
        says: {
            file: "board",
            key: "sensors.id",
            value: `"${"R".repeat(65)}"`,
            fix: ID_FIX,
        },
    },
    {
        name: "two sensors of one id",
        edit: [[`id: "RH"`, `id: "TC"`]],
        says: {
            file: "board",
            key: "sensors.id",
            value: `"TC"`,
            fix: /another id/,
        },
    },
    {
        name: "an option that TypeScript knows to be wrong",
        edit: [
            [
                `read: temperature.reading, interval: 5000`,
                `read: temperature.reading, interval: "5 s"`,
            ],
        ],
        says: {
            file: "board",
            key: "interval",
            value: `"5 s"`,
            fix: /editor shows/,
        },
    },
    {
        name: "a program that is no DeviceScript",
        edit: [[`const temperature`, `var count = 1\nconst temperature`]],
        says: {
            file: "board",
            key: "line",
            value: "var count = 1",
            fix: /another way/,
        },
    },
    {
        name: "an interval that is too short",
        edit: [
            [
                `{ id: "RH", read: temperature.reading, interval: 5000`,
                `{ id: "RH", read: temperature.reading, interval: 50`,
            ],
        ],
        says: {
            file: "board",
            key: "sensors.RH.interval",
            value: "50",
            fix: /from 100 to 86400000/,
        },
    },
    {
        name: "a quality of service there is not",
        edit: [[`device: "kitchen",`, `device: "kitchen",\n    qos: 3,`]],
        says: { file: "board", key: "qos", value: "3", fix: /from 0 to 2/ },
    },
    {
        name: "a status topic with a wildcard",
        edit: [
            [`device: "kitchen",`, `device: "kitchen",\n    status: "up/#",`],
        ],
        says: {
            file: "board",
            key: "status",
            value: `"up/#"`,
            fix: /without # and \+/,
        },
    },
    {
        name: "a part that throws before the node starts",
        edit: [
            [
                `device: "kitchen",`,
                `device: "kitchen",\n    time: new HttpTime({ host: "h", port: 0 }),`,
            ],
        ],
        says: {
            file: "board",
            key: "time.port",
            value: "0",
            fix: /from 1 to 65535/,
        },
    },
    {
        name: "more than fits into the heap",
        edit: [
            [
                `const temperature`,
                `const hoard = Buffer.alloc(45000)\nconst temperature`,
            ],
            [
                `id: "TC", read: temperature.reading`,
                `id: "TC", read: () => hoard[0]`,
            ],
        ],
        says: {
            file: "board",
            key: "heap",
            value: "",
            fix: /leave out sensors/,
        },
    },
    {
        name: "a password in the board file",
        edit: [
            [
                `host: "broker.example.com"`,
                `host: "broker.example.com", username: "anna", password: "SECRET"`,
            ],
        ],
        says: {
            file: "board",
            key: "broker.password",
            value: "(not shown)",
            fix: /MQTT_PASS/,
        },
    },
    {
        name: "TLS on a chip without",
        edit: [
            ...PICO,
            [
                `host: "broker.example.com"`,
                `host: "broker.example.com", proto: "tls"`,
            ],
        ],
        says: {
            file: "board",
            key: "broker.proto",
            value: `"tls"`,
            fix: /tcp/,
        },
    },
    {
        name: "an address on a chip that takes names only",
        edit: [...PICO, ["broker.example.com", "192.168.1.10"]],
        says: {
            file: "board",
            key: "broker.host",
            value: `"192.168.1.10"`,
            fix: /name in your router/,
        },
    },
    {
        name: "a Pico W that does not restart after a lost link",
        edit: PICO.slice(0, 2),
        says: {
            file: "board",
            key: "parts",
            value: "",
            fix: /new RestartAfterLoss\(\)/,
        },
    },
    {
        name: "this computer's own address on a board",
        settings: "MQTT_HOST=127.0.0.1\nWIFI_SSID=net\n",
        says: {
            file: "settings",
            key: "MQTT_HOST",
            value: "127.0.0.1",
            fix: /name of the broker/,
        },
    },
    {
        name: "a mistyped setting",
        settings: "MQTT_HOTS=broker.example.com\n",
        says: {
            file: "settings",
            key: "MQTT_HOTS",
            value: `"broker.example.com"`,
            fix: /MQTT_HOST/,
        },
    },
    {
        name: "a port that is none",
        settings: "MQTT_PORT=188O\n",
        says: {
            file: "settings",
            key: "MQTT_PORT",
            value: `"188O"`,
            fix: /1 to 65535/,
        },
    },
    {
        name: "a URL for a host",
        settings: "MQTT_HOST=mqtt://broker.example.com\n",
        says: {
            file: "settings",
            key: "MQTT_HOST",
            value: `"mqtt://broker.example.com"`,
            fix: /host alone/,
        },
    },
    {
        name: "a setting that is longer than a board can read",
        settings: `MQTT_USER=anna\nMQTT_PASS=${"x".repeat(230)}\n`,
        says: {
            file: "settings",
            key: "MQTT_PASS",
            value: "(230 characters)",
            fix: /shorter/,
        },
    },
    {
        name: "other ids for a sensor that is not there",
        settings: "SENSOR_IDS=CO2:C1\n",
        says: {
            file: "settings",
            key: "SENSOR_IDS",
            value: `"CO2"`,
            fix: /TC, RH/,
        },
    },
    {
        name: "the device id of another board",
        settings: "DEVICE_ID=cellar\n",
        other: "DEVICE_ID=cellar\n",
        says: {
            file: "settings",
            key: "DEVICE_ID",
            value: `"cellar"`,
            fix: /another id/,
        },
    },
    {
        name: "settings that are in git",
        settings: "MQTT_USER=anna\nMQTT_PASS=SECRET\n",
        tracked: true,
        says: {
            file: "settings",
            key: "git",
            value: "tracked",
            fix: /git rm --cached/,
        },
    },
]
