// Settings of one physical board: what a file may say, how mistakes are told, and what lies in the flash then.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { CHIPS } from "../../sim/boards/chips"
import {
    chipProblems,
    EXAMPLE,
    parseSettings,
    platformEnv,
    problemLine,
    readSettings,
    sensorProblems,
    settingsNames,
    settingsPath,
    storedSettings,
} from "../../sim/boards/settings-file"
import { UserError } from "../../sim/cli/errors"
import { Flash } from "../../sim/vm"

const read = (text: string) => parseSettings(text, "boards/x.kitchen.env")
const settings = (text: string) => {
    const parsed = read(text)
    expect(parsed.problems).toEqual([])
    return parsed.settings
}
const problems = (text: string) => read(text).problems.map(problemLine)

describe("a settings file", () => {
    test("gives each key its value: text, a port that is a number, ids by ids", () => {
        expect(
            settings(
                "DEVICE_ID=kitchen\r\n\n  MQTT_HOST = broker.local \nMQTT_PORT=1884\nMQTT_PROTO=tls\nSENSOR_IDS=TC:T1, RH:H-1\nWIFI_SSID=my network\nWIFI_PWD=its password\nAPP_NOTE=12"
            )
        ).toEqual({
            DEVICE_ID: "kitchen",
            MQTT_HOST: "broker.local",
            MQTT_PORT: 1884,
            MQTT_PROTO: "tls",
            SENSOR_IDS: { TC: "T1", RH: "H-1" },
            WIFI_SSID: "my network",
            WIFI_PWD: "its password",
            APP_NOTE: "12",
        })
    })

    test.each([
        ["p#ss", "p#ss"],
        ["#", "#"],
        ['"a # b"', "a # b"],
        ["' # '", " # "],
        [`"say \\"no\\" \\u0023"`, 'say "no" #'],
        ["12345678", "12345678"],
        ["true", "true"],
        ["a=b=c", "a=b=c"],
        ["žluť", "žluť"],
    ])("keeps the password %s as it was meant", (written, meant) => {
        expect(settings(`MQTT_USER=u\nMQTT_PASS=${written}`).MQTT_PASS).toBe(
            meant
        )
    })

    test("has comments on lines of their own, and a byte order mark is none of its keys", () => {
        expect(settings("\ufeffDEVICE_ID=a\n# b\n   #c=d\n")).toEqual({
            DEVICE_ID: "a",
        })
    })

    test("that git keeps as an example says each key that there is", () => {
        const text = readFileSync(EXAMPLE, "utf8")
        expect(readSettings(EXAMPLE).problems).toEqual([])
        const all = settings(text.replace(/^#([A-Z_]+=)/gm, "$1"))
        expect(Object.keys(all).sort()).toEqual(
            [
                "APP_NOTE",
                "DEVICE_ID",
                "MQTT_HOST",
                "MQTT_PASS",
                "MQTT_PORT",
                "MQTT_PROTO",
                "MQTT_USER",
                "SENSOR_IDS",
                "WIFI_PWD",
                "WIFI_SSID",
            ].sort()
        )
    })
})

describe("a mistake is told with file, line, key, value and what to do", () => {
    const at = "boards/x.kitchen.env:1: "
    test.each([
        ["DEVICE_ID=a/b", `DEVICE_ID="a/b" has '/'; letters, digits`],
        ["DEVICE_ID=", `DEVICE_ID="" is empty: give a value, or leave`],
        [`DEVICE_ID=${"d".repeat(65)}`, "is longer than 64 characters"],
        ["MQTT_HOST=mqtt://h", `MQTT_HOST="mqtt://h" is a URL: write the host`],
        [
            "MQTT_HOST=h:1883",
            "holds a port: write MQTT_HOST=h and MQTT_PORT=1883",
        ],
        ["MQTT_HOST=a b", `MQTT_HOST="a b" is no host: write a name`],
        ["MQTT_PORT=0", `MQTT_PORT="0" is no port: write a number from 1`],
        ["MQTT_PORT=1e3", "is no port"],
        ["MQTT_PROTO=mqtts", `MQTT_PROTO="mqtts" must be tcp or tls`],
        ["MQTT_PROT=tls", `MQTT_PROT="tls" is no setting: write MQTT_PROTO`],
        ["device_id=a", `device_id="a" is no setting: write DEVICE_ID`],
        ["COLOUR=red", `COLOUR="red" is no setting: there are DEVICE_ID, `],
        [
            "A_KEY_OF_FOURT=1",
            "has a key of 14 characters: at most 13 can be read",
        ],
        ["=1", `has no key: write KEY=value`],
        ["SENSOR_IDS=TC", `SENSOR_IDS="TC" has "TC": write pairs`],
        ["SENSOR_IDS=TC:a+b", "gives TC an id that has '+'"],
        ["SENSOR_IDS=TC:a,TC:b", "has TC twice: leave one out"],
        ["SENSOR_IDS=TC:a,RH:a", "gives two sensors the id a: choose another"],
        [
            `MQTT_USER=${"u".repeat(221)}`,
            "takes 223 bytes, and a board reads at most 222",
        ],
        ["WIFI_SSID=" + "s".repeat(33), "is longer than the 32 bytes"],
        ["MQTT_HOST=h # mine", "has # after a space: put the value in quotes"],
        ['DEVICE_ID="a', `begins with " and does not end with it`],
        ["INTERVAL_0=5", "is written by the node itself: leave it out"],
        ["KEPT_3=[]", "is written by the node itself: leave it out"],
        ["BOOTS=5", "is written by the node itself: leave it out"],
    ])("%s", (line, told) => {
        const [first, ...more] = problems(line)
        expect(more).toEqual([])
        expect(first?.startsWith(at)).toBe(true)
        expect(first).toContain(told)
    })

    test("and all of them, in the order of lines", () => {
        expect(
            problems("DEVICE_ID=a\nDEVICE_ID=b\nX\nMQTT_PORT=x").map(line =>
                line.slice("boards/x.kitchen.env:".length)
            )
        ).toEqual([
            `2: DEVICE_ID="b" is there twice, first in line 1: leave one out`,
            "3: is no setting: write KEY=value, or # before a comment",
            `4: MQTT_PORT="x" is no port: write a number from 1 to 65535, usually 1883`,
        ])
    })

    test.each([
        ["WIFI_SSID=n\nWIFI_PWD=hunter2", "WIFI_PWD=(7 characters) is no WPA2"],
        [
            "MQTT_PASS=hunter2",
            "MQTT_PASS=(7 characters) stands without MQTT_USER",
        ],
        [
            "WIFI_PWD=hunter22",
            "WIFI_PWD=(8 characters) stands without WIFI_SSID",
        ],
        ["MQTT_PASSWORD=hunter2", "MQTT_PASSWORD=(7 characters) is no setting"],
        ["MQTT_PASWD=hunter2", "MQTT_PASWD="],
        ["MQTT_HOST=mqtt://u:hunter2@h", `MQTT_HOST="...@h" is a URL`],
        ["hunter2", "is no setting: write KEY=value"],
        ['MQTT_USER=u\nMQTT_PASS="hunter2', "does not end with it"],
        ['MQTT_USER=u\nMQTT_PASS="hunter2\\', "MQTT_PASS=("],
    ])("and never with a secret: %j", (text, told) => {
        const [first] = problems(text)
        expect(first).toContain(told)
        if (!text.includes("PASWD")) expect(first).not.toContain("hunter2")
    })

    test("once: a password is not without its user when that has a mistake of its own", () => {
        expect(problems("MQTT_USER=\nMQTT_PASS=x")).toHaveLength(1)
    })
})

describe("what a chip cannot do is told", () => {
    const of = (text: string, chip: keyof typeof CHIPS) =>
        chipProblems(read(text), CHIPS[chip]).map(problemLine)

    test("a Pico W takes no TLS and no address", () => {
        const text = "MQTT_HOST=192.168.1.10\nMQTT_PROTO=tls"
        expect(of(text, "rp2040w")).toEqual([
            `boards/x.kitchen.env:2: MQTT_PROTO="tls" is not possible on RP2040 (Pico W), which has no TLS: write tcp, with a broker in your own network`,
            `boards/x.kitchen.env:1: MQTT_HOST="192.168.1.10" is an address, and RP2040 (Pico W) connects to names only: give the broker a name in your router, and write that`,
        ])
        expect(of("MQTT_HOST=broker.lan\nMQTT_PROTO=tcp", "rp2040w")).toEqual(
            []
        )
    })

    test("an ESP32 takes an address, but not with TLS, whose certificate is made out to a name", () => {
        expect(of("MQTT_HOST=192.168.1.10", "esp32")).toEqual([])
        expect(of("MQTT_HOST=h\nMQTT_PROTO=tls", "esp32")).toEqual([])
        expect(of("MQTT_HOST=::1\nMQTT_PROTO=tls", "esp32c3")).toHaveLength(1)
    })

    test("and an id that no sensor of the board has", () => {
        const parsed = read("SENSOR_IDS=TC:a,RX:b")
        expect(sensorProblems(parsed, ["TC", "RH"]).map(problemLine)).toEqual([
            `boards/x.kitchen.env:1: SENSOR_IDS="RX" is the id of no sensor of the board; it has TC, RH`,
        ])
    })
})

describe("what lies in the flash", () => {
    const all = settings(
        `DEVICE_ID=4711\nSENSOR_IDS=TC:T1\nMQTT_PORT=1883\nMQTT_USER=u\nMQTT_PASS='a # "b" \\'\nWIFI_SSID=n#1\nWIFI_PWD=12345678`
    )

    test("is what the firmware reads, Wi-Fi under the names that the platform's tools let pass", () => {
        const flash = Flash.withSettings(storedSettings(all))
        expect(flash.setting("DEVICE_ID")).toBe("4711")
        expect(flash.setting("SENSOR_IDS")).toEqual({ TC: "T1" })
        expect(flash.setting("MQTT_PORT")).toBe(1883)
        expect(flash.setting("MQTT_PASS")).toBe('a # "b" \\')
        expect(flash.setting("NET_SSID")).toBe("n#1")
        expect(flash.setting("NET_PWD")).toBe("12345678")
        expect(flash.setting("WIFI_SSID")).toBeUndefined()
    })

    test("is the same when the platform's tools read it from the file that is made for them", () => {
        expect(asThePlatformReads(platformEnv(all))).toEqual(
            storedSettings(all)
        )
    })

    /** What devicescript 2.16.4 makes of an .env file (compiler/src/dotenv.ts). */
    function asThePlatformReads(source: string): Record<string, unknown> {
        const found: Record<string, unknown> = {}
        for (const line of source.split(/\r?\n/)) {
            if (/\s*#/.test(line)) continue
            const match = /([^=]+)\s*=([^#]*)#?/.exec(line)
            if (!match) continue
            const [, key = "", value = ""] = match
            try {
                found[key] = JSON.parse(value) as unknown
            } catch {
                found[key] = value
            }
        }
        return found
    }
})

describe("files of a board", () => {
    let folder = ""
    beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), "settings-"))
        for (const name of ["x.b.env", "x.a.env", "y.c.env", "x.ts"])
            writeFileSync(join(folder, name), "MQTT_PORT=x\nMQTT_PROTO=x\n")
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test("lie beside it, one a name", () => {
        expect(settingsNames(join(folder, "x.ts"))).toEqual(["a", "b"])
        expect(settingsPath(join(folder, "x.ts"), "a")).toBe(
            join(folder, "x.a.env")
        )
    })

    test("that are wrong or not there end in one line", () => {
        const wrong = () => readSettings(join(folder, "x.a.env"))
        expect(wrong).toThrow(UserError)
        expect(wrong).toThrow(/x\.a\.env:1: MQTT_PORT="x" .*; and 1 more$/)
        expect(() => readSettings(join(folder, "x.c.env"))).toThrow(
            /there is no file .*x\.c\.env: copy boards\/example\.env to it, or choose one of a, b$/
        )
        expect(() => readSettings(folder)).toThrow(/cannot be read: EISDIR$/)
    })
})
