import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterEach, expect, test } from "vitest"
import {
    describeWithMosquitto,
    Mosquitto,
    type MosquittoOptions,
} from "./mosquitto"
import { Observer } from "./observer"

const open: { stop(): Promise<void> }[] = []

async function start(options?: MosquittoOptions): Promise<Mosquitto> {
    const broker = await Mosquitto.start(options)
    open.push(broker)
    return broker
}

async function observe(
    ...args: Parameters<typeof Observer.start>
): Promise<Observer> {
    const observer = await Observer.start(...args)
    open.push(observer)
    return observer
}

afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.stop()
})

const isAlive = (pid: number) => {
    try {
        return process.kill(pid, 0)
    } catch {
        return false
    }
}

describeWithMosquitto("Mosquitto in a test", () => {
    test("hands a published message to a subscriber and logs the client", async () => {
        const broker = await start()
        const observer = await observe(broker.url, "a/#", {
            clientId: "watcher",
        })
        await observer.publish("a/b", "21.5")
        expect((await observer.next(() => true, 2_000)).payload).toBe("21.5")
        await broker.logged(/New client connected .* as watcher/, 2_000)
    })

    test("lets in who knows the password and nobody else", async () => {
        const broker = await start({ users: { node: "s3cret" } })
        await observe(broker.url, "#", { username: "node", password: "s3cret" })
        await expect(
            Observer.start(broker.url, "#", {
                username: "node",
                password: "guess",
            })
        ).rejects.toThrow(/not authorized/i)
        await expect(Observer.start(broker.url)).rejects.toThrow(
            /not authorized/i
        )
    })

    test("keeps a retained message over a restart on the same port when it has persistence", async () => {
        const broker = await start({ persistence: true })
        const { port, pid } = broker
        const before = await observe(broker.url)
        await before.publish("status", "up", true)
        await broker.restart()
        expect(broker.port).toBe(port)
        expect(broker.pid).not.toBe(pid)
        const after = await observe(broker.url)
        expect((await after.next(({ retain }) => retain, 2_000)).payload).toBe(
            "up"
        )
    })

    test("is gone after kill, with its connections, and can be started again", async () => {
        const broker = await start()
        const pid = broker.pid!
        await observe(broker.url)
        await broker.kill()
        expect(isAlive(pid)).toBe(false)
        expect(broker.pid).toBeUndefined()
        await expect(Observer.start(broker.url)).rejects.toThrow("ECONNREFUSED")
        await broker.restart()
        await observe(broker.url)
    })

    test("answers nothing while it is frozen, and all of it when it goes on", async () => {
        const broker = await start()
        const observer = await observe(broker.url)
        broker.pause()
        // "T": stopped by a signal.
        const state = async () =>
            (await readFile(`/proc/${broker.pid}/stat`, "utf8")).split(" ")[2]
        if (process.platform === "linux")
            await expect.poll(state, { timeout: 2_000 }).toBe("T")
        const acknowledged = observer.publish("a", "1")
        broker.resume()
        await acknowledged
        expect((await observer.next(() => true, 2_000)).payload).toBe("1")
    })

    test("ends when it is stopped while frozen", async () => {
        const broker = await start()
        const pid = broker.pid!
        broker.pause()
        await broker.stop()
        expect(isAlive(pid)).toBe(false)
    })

    test("says what is wrong with its configuration", async () => {
        await expect(
            Mosquitto.start({ config: ["no_such_setting true"] })
        ).rejects.toThrow(/no_such_setting/)
    })

    test("speaks TLS with the certificate it is given", async ctx => {
        const folder = mkdtempSync(join(tmpdir(), "certificate-"))
        const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")]
        try {
            const subject = [
                "-subj",
                "/CN=127.0.0.1",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-days",
                "2",
            ]
            const files = ["-keyout", key, "-out", cert]
            const curve = [
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ]
            await promisify(execFile)("openssl", [
                "req",
                "-x509",
                ...curve,
                ...subject,
                ...files,
            ]).catch(() => ctx.skip("needs openssl to make a certificate"))
            const broker = await start({ tls: { cert, key } })
            const observer = await observe(broker.url, "#", {
                ca: await readFile(cert),
            })
            await observer.publish("a", "1")
            expect((await observer.next(() => true, 2_000)).payload).toBe("1")
            await expect(Observer.start(broker.url)).rejects.toThrow(
                /self-signed/
            )
        } finally {
            rmSync(folder, { recursive: true })
        }
    })
})
