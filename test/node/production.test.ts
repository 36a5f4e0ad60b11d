// deploy/mosquitto, as it is in the repository but for its paths and port, run by a real Mosquitto with whole nodes and with clients
// that try what they may not.
import { execFileSync } from "node:child_process"
import {
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { IClientOptions } from "mqtt"
import { afterAll, beforeAll, expect, test } from "vitest"
import { PROJECT_ROOT } from "../../sim/vm"
import { freePort } from "../support/free-port"
import { describeWithMosquitto } from "../support/mosquitto"
import { Observer } from "../support/observer"
import { findServer, ServerProcess } from "../support/server-process"
import { CERTIFICATE, KEY, TLS_HOST } from "../vm/tls"
import { board, TestNode } from "./rig"

const DEPLOY = join(PROJECT_ROOT, "deploy/mosquitto")
const PASSWORDS: Record<string, string> = {
    greenhouse: "green secret",
    cellar: "cellar secret",
    homeassistant: "ha secret",
    store: "store secret",
    admin: "admin secret",
}

describeWithMosquitto("the Mosquitto configuration for production", () => {
    const server = new ServerProcess()
    let folder: string
    let port: number
    const clients: Observer[] = []

    beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), "production-"))
        port = await freePort()
        for (const name of ["certs", "data"]) mkdirSync(join(folder, name))
        writeFileSync(join(folder, "certs/fullchain.pem"), CERTIFICATE)
        writeFileSync(join(folder, "certs/privkey.pem"), KEY)
        const passwords = join(folder, "passwords")
        writeFileSync(passwords, "", { mode: 0o600 })
        // as docs/production.md says
        for (const [user, password] of Object.entries(PASSWORDS))
            execFileSync("mosquitto_passwd", ["-b", passwords, user, password])
        const placed = (name: string) =>
            readFileSync(join(DEPLOY, name), "utf8")
                .replaceAll("/etc/mosquitto", folder)
                .replaceAll("/var/lib/mosquitto", join(folder, "data"))
                .replace("listener 8883", `listener ${port} 127.0.0.1`)
        writeFileSync(join(folder, "acl"), placed("acl"), { mode: 0o600 })
        // Started by root it would change to a user that cannot read the folder.
        const root = process.getuid?.() === 0 ? "user root\n" : ""
        const file = join(folder, "mosquitto.conf")
        writeFileSync(file, placed("mosquitto.conf") + root)
        await server.start({
            name: "mosquitto",
            path: findServer("mosquitto")!,
            args: ["-c", file],
            ready: /mosquitto version .* running/,
            startMs: 5_000,
        })
    })
    afterAll(async () => {
        for (const client of clients) await client.stop()
        await server.end("SIGTERM")
        rmSync(folder, { recursive: true })
    })

    const client = async (
        user: string,
        filter: string,
        more: IClientOptions = {}
    ) => {
        const made = await Observer.start(`mqtts://127.0.0.1:${port}`, filter, {
            username: user,
            password: PASSWORDS[user],
            ca: CERTIFICATE,
            servername: TLS_HOST,
            ...more,
        })
        clients.push(made)
        return made
    }

    const node = (device: string, password: string) =>
        TestNode.start({
            port,
            program: board(
                "boards/production.ts",
                `
import { Actuators, Commands, HomeAssistant, startNode } from "../src/index"
const actuators = [{ id: "RELAY", act: (on: boolean) => {}, type: "boolean" as const }]
await startNode({
    board: "production",
    sensors: [{ id: "TC", read: () => 21.5, interval: 500 }],
    parts: [new Actuators(actuators), new Commands(), new HomeAssistant({ actuators })],
})
`
            ),
            settings: {
                DEVICE_ID: device,
                MQTT_HOST: TLS_HOST,
                MQTT_PROTO: "tls",
                MQTT_USER: device,
                MQTT_PASS: password,
            },
            network: {
                hosts: { [TLS_HOST]: { host: "127.0.0.1" } },
                ca: CERTIFICATE,
            },
        })

    test("a node with its own user does all it does: readings, presence, diagnostics, actuators, commands, Home Assistant", async () => {
        const store = await client("store", "devices/#")
        const home = await client("homeassistant", "homeassistant/#")
        const admin = await client("admin", "#")
        const green = await node("greenhouse", PASSWORDS["greenhouse"]!)
        const on = (topic: string) =>
            store.next(m => m.topic === `devices/greenhouse/${topic}`, 15_000)
        expect((await on("status")).payload).toBe("up")
        expect((await on("sensors/TC/value")).payload).toBe('{"value":21.5}')
        await home.next(
            m => m.topic === "homeassistant/switch/greenhouse/RELAY/config",
            15_000
        )
        await home.publish(
            "devices/greenhouse/actuators/RELAY/value",
            '{"value":true}'
        )
        expect((await on("actuators/RELAY/state")).payload).toBe(
            '{"value":true}'
        )
        await admin.publish(
            "devices/greenhouse/command",
            '{"command":"report","id":7}'
        )
        expect((await on("command/ack")).payload).toBe(
            '{"command":"report","id":7,"ok":true}'
        )
        expect(
            store.messages.some(
                ({ topic }) => topic === "devices/greenhouse/diagnostics"
            )
        ).toBe(true)
        green.cut()
        expect((await on("status")).payload).toBe("down")
        expect(green.all("lost")).toEqual([])
    })

    test("nobody gets in without a name, with a wrong password, or without TLS, and a node with a wrong one says so", async () => {
        for (const more of [
            { username: undefined, password: undefined },
            { password: "wrong" },
        ])
            await expect(client("store", "devices/#", more)).rejects.toThrow(
                /Not authorized|not authorized/
            )
        await expect(
            Observer.start(`mqtt://127.0.0.1:${port}`, "#", {
                username: "store",
                password: PASSWORDS["store"],
            })
        ).rejects.toThrow()
        const wrong = await node("cellar", "guessed")
        const lost = await wrong.event("lost", 1, 10_000)
        expect(lost.text).toMatch(/CONNACK 5/)
        wrong.cut()
    })

    test("a device can neither say nor hear anything of another one", async () => {
        const admin = await client("admin", "#")
        const cellar = await client("cellar", "devices/#")
        const forbidden = [
            "devices/greenhouse/sensors/TC/value",
            "devices/greenhouse/status",
            "devices/greenhouse/actuators/RELAY/value",
            "devices/cellar/actuators/RELAY/value",
            "devices/cellar/command",
            "homeassistant/sensor/greenhouse/TC/config",
            "homeassistant/status",
            "elsewhere",
        ]
        for (const topic of forbidden)
            await cellar.publish(topic, "cellar", true)
        await admin.publish("devices/greenhouse/command", "{}")
        await admin.publish("devices/greenhouse/sensors/TC/value", "{}")
        await admin.publish("devices/cellar/command", "{}")
        // what it may, and behind all of the others
        await cellar.publish("devices/cellar/sensors/TC/value", "cellar")
        await admin.next(({ payload }) => payload === "cellar", 5_000)
        await cellar.next(
            ({ topic }) => topic === "devices/cellar/command",
            5_000
        )
        const from = (payload: string) =>
            admin.messages
                .filter(m => m.payload === payload)
                .map(({ topic }) => topic)
        expect(from("cellar")).toEqual(["devices/cellar/sensors/TC/value"])
        expect(cellar.messages.map(({ topic }) => topic)).toEqual([
            "devices/cellar/command",
        ])
    })

    test("a device that calls itself by another's client id does not end that one's session", async () => {
        const store = await client("store", "devices/greenhouse/#")
        await client("cellar", "devices/cellar/command", { clientId: "store" })
        const admin = await client("admin", "#")
        await admin.publish("devices/greenhouse/command", "{}")
        await store.next(
            ({ topic }) => topic === "devices/greenhouse/command",
            5_000
        )
    })
})
