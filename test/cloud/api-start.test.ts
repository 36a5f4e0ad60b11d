// `npm start` with its page: the firmware in the VM, the embedded broker and the cloud stand-in in one process, and a history
// that the next start finds again.
import { createServer, type AddressInfo } from "node:net"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { Program } from "../cli/program"
import { AedesBroker } from "../support/aedes-broker"
import { ask, EventClient } from "./api-rig"

/** Start and compile take 3 s on an idle machine and three times that beside other tests; each test starts it at most twice. */
const RUN_MS = 90_000
/** ms that a slow broker takes between acknowledging and handing on; under what the end waits for. */
const HANDED_ON_MS = 300
const DEVICE = "/api/v2/devices/ESPDEVICE"

const opened: (() => unknown)[] = []
afterEach(async () => {
    for (let next = opened.pop(); next; next = opened.pop()) await next()
})

function start(...args: string[]): Program {
    const program = new Program(["--json", ...args], { PAGE_TOKEN: undefined })
    opened.push(() => program.kill())
    return program
}

async function fieldOf(program: Program, event: string): Promise<string> {
    const line = await program.line(new RegExp(`"event":"${event}"`))
    return (JSON.parse(line) as { url: string }).url
}

const portOf = (url: string) => Number(new URL(url).port)

function folder(): string {
    const path = mkdtempSync(join(tmpdir(), "start-page-"))
    opened.push(() => rmSync(path, { recursive: true }))
    return path
}

/** The node's presence as a page learns it: by what it begins with, or by an event. */
function statuses({ events }: EventClient): unknown[] {
    const begin = events[0]?.data["devices"] as
        { presence: { status: string } }[] | undefined
    const first = begin?.[0]?.presence.status
    return [
        ...(first === undefined || first === "unknown" ? [] : [first]),
        ...events
            .filter(({ event }) => event === "presence")
            .map(({ data }) => data["status"]),
    ]
}

/** The page of a program that has been started, and its events, once the node is up there. */
async function upOnPage(program: ReturnType<typeof start>) {
    const port = portOf(await fieldOf(program, "page"))
    const events = new EventClient(port, "/api/v2/events")
    opened.push(() => events.close())
    await events.until(() => statuses(events).includes("up") || undefined, "up")
    return { port, events }
}

interface Value {
    value: number
    timestamp: string
}

test(
    "the node's readings, its presence and its relay are on the page's API; the next start finds the readings again",
    { timeout: RUN_MS },
    async () => {
        const history = join(folder(), "h.db")
        const options = [
            "--mqtt-port",
            "0",
            "--page-port",
            "0",
            "--page-history",
            history,
        ]
        const first = start(...options)
        const { port, events } = await upOnPage(first)
        const reading = await events.next(
            ({ event, data }) => event === "value" && data["sensor"] === "TC",
            "reading of TC"
        )
        expect(reading.data).toMatchObject({
            device: "ESPDEVICE",
            value: expect.any(Number),
            late: false,
        })

        const act = await ask(port, `${DEVICE}/actuators/RELAY/value`, {
            method: "POST",
            body: { value: true },
        })
        expect(act.status).toBe(204)
        const state = await events.next(
            ({ event, data }) => event === "actuator" && data["state"] !== null,
            "state of the relay"
        )
        expect(state.data).toMatchObject({
            actuator: "RELAY",
            requested: { value: true },
            state: { value: true },
        })

        first.process.kill("SIGINT")
        const { code, stderr, stdout } = await first.finished
        expect([code, stderr]).toEqual([0, ""])
        // The page's own connection is no client to tell of.
        expect(stdout).not.toContain('"event":"client"')
        expect(stdout).not.toContain('"event":"warning"')
        expect(events.closed).toBe(true)
        expect(statuses(events)).toEqual(["up", "down"])

        const second = start(...options, "--device", "other")
        const again = portOf(await fieldOf(second, "page"))
        const values = (
            await ask(again, `${DEVICE}/sensors/TC/values?limit=1`)
        ).json<Value[]>()
        expect(values[0]).toMatchObject({
            value: reading.data["value"],
            timestamp: reading.data["timestamp"],
        })
        const presence = (await ask(again, `${DEVICE}/presence`)).json<
            { status: string }[]
        >()
        expect(presence.map(({ status }) => status)).toEqual(["up", "down"])
        second.process.kill("SIGINT")
        expect((await second.finished).code).toBe(0)
    }
)

test(
    "with --broker and a token: neither the broker's password nor the token is printed or served",
    { timeout: RUN_MS },
    async () => {
        const broker = await AedesBroker.start({
            authenticate: (_client, _user, password, done) =>
                done(null, password?.toString() === "s3cret-of-broker"),
        })
        opened.push(() => broker.stop())
        const token = "t0ken-of-the-page-0123456789"
        const program = new Program(
            [
                "--json",
                "--broker",
                `mqtt://anna:s3cret-of-broker@127.0.0.1:${broker.port}`,
                "--page-port",
                "0",
                "--page-history",
                "none",
            ],
            { PAGE_TOKEN: token }
        )
        opened.push(() => program.kill())
        const port = portOf(await fieldOf(program, "page"))
        expect((await ask(port, "/api/v2/overview")).status).toBe(401)
        const headers = { authorization: `Bearer ${token}` }
        const events = new EventClient(port, "/api/v2/events", headers)
        opened.push(() => events.close())
        await events.next(({ event }) => event === "value", "reading")
        const overview = await ask(port, "/api/v2/overview", { headers })
        expect(overview.json()).toMatchObject({
            broker: { url: broker.url, embedded: false, connected: true },
        })
        program.process.kill("SIGTERM")
        const { code, stdout, stderr } = await program.finished
        expect([code, stderr]).toEqual([0, ""])
        const said = stdout + overview.text + JSON.stringify(events.events)
        expect(said).not.toMatch(/s3cret|t0ken|anna/)
    }
)

test(
    "a broker that hands down on late is waited for at the end: the page has it, and leaves in good order",
    { timeout: RUN_MS },
    async () => {
        const broker = await AedesBroker.start()
        opened.push(() => broker.stop())
        const errors: string[] = []
        broker.aedes.on("clientError", (client, { message }) =>
            errors.push(`${client.id} ${message}`)
        )
        const { mq } = broker.aedes as unknown as {
            mq: {
                emit(message: { payload: Buffer }, done: () => void): void
            }
        }
        const emit = mq.emit.bind(mq)
        mq.emit = (message, done) => {
            if (message.payload.toString() !== "down") emit(message, done)
            else setTimeout(() => emit(message, done), HANDED_ON_MS)
        }
        const program = start(
            "--broker",
            broker.url,
            "--page-port",
            "0",
            "--page-history",
            "none"
        )
        const { events } = await upOnPage(program)
        program.process.kill("SIGINT")
        const { code, stdout } = await program.finished
        expect(code).toBe(0)
        expect(stdout).not.toContain('"event":"warning"')
        expect(statuses(events)).toEqual(["up", "down"])
        expect(errors).toEqual([])
    }
)

test(
    "a port that is taken is an error only where it was asked for",
    { timeout: RUN_MS },
    async () => {
        const holder = createServer().listen(0, "127.0.0.1")
        await once(holder, "listening")
        opened.push(() => holder.close())
        const { port } = holder.address() as AddressInfo
        const program = start(
            "--mqtt-port",
            "0",
            "--page-history",
            "none",
            "--page-port",
            `${port}`
        )
        const { code, stderr } = await program.finished
        expect([code, stderr]).toEqual([
            2,
            `error: 127.0.0.1:${port} is in use by another program: choose another port with --page-port N (0 takes any free one), or leave the page out: --no-page\n`,
        ])
    }
)
