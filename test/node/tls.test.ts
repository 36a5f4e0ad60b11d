// TLS as the platform gives it: a broker whose certificate is trusted, and one whose is not.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { CERTIFICATE, KEY, TLS_HOST } from "../vm/tls"
import { TestNode } from "./rig"

describeWithMosquitto("with Mosquitto and TLS", () => {
    let folder: string
    let broker: Mosquitto

    beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), "tls-"))
        const cert = join(folder, "cert.pem")
        const key = join(folder, "key.pem")
        writeFileSync(cert, CERTIFICATE)
        writeFileSync(key, KEY)
        broker = await Mosquitto.start({ tls: { cert, key } })
    })
    afterAll(async () => {
        await broker.stop()
        rmSync(folder, { recursive: true })
    })

    const start = (ca?: string) =>
        TestNode.start({
            port: broker.port,
            settings: { MQTT_HOST: TLS_HOST, MQTT_PROTO: "tls" },
            network: {
                hosts: { [TLS_HOST]: { host: "127.0.0.1" } },
                ...(ca === undefined ? {} : { ca }),
            },
        })

    test("a trusted certificate carries the whole session", async () => {
        const node = await start(CERTIFICATE)
        await node.event("status", 1, 10_000)
        await node.event("acked", 3, 10_000)
        await node.stop()
        expect(node.all("lost")).toEqual([])
    })

    test("a certificate nobody trusts is refused by name, and no MQTT byte reaches the broker", async () => {
        const from = broker.log.length
        const node = await start()
        const lost = await node.event("lost", 1, 10_000)
        expect(lost.text).toMatch(/self-signed certificate/)
        node.cut()
        expect(
            broker.log
                .slice(from)
                .filter(line => line.includes("New client connected"))
        ).toEqual([])
    })
})
