// `npm start` from the first line to the exit code: the real firmware in the VM, real brokers, a client that watches.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { AedesOptions, AuthenticateError } from "aedes"
import type { IClientOptions } from "mqtt"
import { afterEach, describe, expect, test } from "vitest"
import { PROJECT_ROOT } from "../../sim/vm/compile"
import { AedesBroker } from "../support/aedes-broker"
import { Observer } from "../support/observer"
import { Program, type Finished } from "./program"

/** Start and compile take 3 s on an idle machine and three times that beside other tests; the node runs 5 s; a stop takes up to 10. */
const RUN_MS = 45_000

const opened: (() => unknown)[] = []
afterEach(async () => {
    for (let next = opened.pop(); next; next = opened.pop()) await next()
})

/** Without the page, which has its own tests (test/cloud). */
function start(...args: string[]): Program {
    const program = new Program([...args, "--no-page"])
    opened.push(() => program.kill())
    return program
}

/** Subscribes to devices/# and collects `topic payload` in the order of arrival. */
async function watch(
    url: string,
    options: IClientOptions = {}
): Promise<() => string[]> {
    const observer = await Observer.start(url, "devices/#", options)
    opened.push(() => observer.stop())
    return () =>
        observer.messages.map(({ topic, payload }) => `${topic} ${payload}`)
}

/** A broker of the test's own, which asks for a user and a password where they are given. */
async function broker(user?: string, password?: string): Promise<AedesBroker> {
    const authenticate: AedesOptions["authenticate"] = (
        _client,
        name,
        secret,
        done
    ) => {
        const good =
            user === undefined ||
            (name === user && secret?.toString() === password)
        const refused: AuthenticateError = Object.assign(new Error("no"), {
            returnCode: 4,
        })
        done(good ? null : refused, good)
    }
    const broker = await AedesBroker.start({ authenticate })
    opened.push(() => broker.stop())
    return broker
}

interface Event {
    time: string
    event: string
    [field: string]: unknown
}

/** Standard output of --json: fails on a line that is not an object with time and event. */
function events(stdout: string): Event[] {
    return stdout.split("\n").map(line => {
        const event = JSON.parse(line) as Event
        expect(new Date(event.time).toISOString()).toBe(event.time)
        expect(event.event).toMatch(/^[a-z]+$/)
        return event
    })
}

/** What a whole life looks like to a subscriber: up, diagnostics, readings, down. @returns the readings */
function readingsOf(
    messages: string[],
    device: string
): { sensor: string; value: number }[] {
    const status = `devices/${device}/status`
    expect([messages[0], messages.at(-1)]).toEqual([
        `${status} up`,
        `${status} down`,
    ])
    const diagnostics = `devices/${device}/diagnostics {`
    const readings = messages
        .slice(1, -1)
        .filter(message => !message.startsWith(diagnostics))
    expect(readings).toHaveLength(messages.length - 3)
    return readings.map(message => {
        const parts =
            /^devices\/([^/]+)\/sensors\/([A-Z]+)\/value (\{"value":-?\d+(\.\d+)?\})$/.exec(
                message
            )
        expect(parts?.[1], message).toBe(device)
        return {
            sensor: parts![2]!,
            value: (JSON.parse(parts![3]!) as { value: number }).value,
        }
    })
}

const clean = (finished: Finished) => ({
    code: finished.code,
    stderr: finished.stderr,
})

describe("npm start", { timeout: RUN_MS }, () => {
    test("--for 5 --json: a subscriber sees up, each reading once, down; every line is JSON; exit code 0", async () => {
        const program = start(
            "--for",
            "5",
            "--json",
            "--mqtt-port",
            "0",
            "--http-port",
            "0",
            "--device",
            "kitchen.1"
        )
        const urlOf = async (event: string) =>
            (
                JSON.parse(
                    await program.line(new RegExp(`"event":"${event}"`))
                ) as { url: string }
            ).url
        const messages = await watch(await urlOf("broker"))
        const stateUrl = await urlOf("state")

        await program.line(/"event":"acked"/)
        const state = (await (await fetch(stateUrl)).json()) as Record<
            string,
            unknown
        >
        expect(state).toMatchObject({
            board: "simulator",
            device: "kitchen.1",
            session: "connected",
            status: "up",
        })

        const finished = await program.finished
        expect(clean(finished)).toEqual({ code: 0, stderr: "" })
        const seen = events(finished.stdout)
        expect(seen.at(-1)).toMatchObject({ event: "end", code: 0 })
        expect(seen.slice(0, 4)).toMatchObject([
            { event: "start", board: "simulator", file: "boards/simulator.ts" },
            { event: "built" },
            { event: "broker", embedded: true },
            { event: "state", url: stateUrl },
        ])
        expect(
            seen
                .filter(({ event }) => event === "status")
                .map(({ value }) => value)
        ).toEqual(["up", "down"])

        const readings = readingsOf(messages(), "kitchen.1")
        expect(
            new Set(readings.map(({ sensor }) => sensor)).size
        ).toBeGreaterThanOrEqual(3)
        const acked = seen
            .filter(({ event }) => event === "acked")
            .map(({ topic, value }) => ({
                sensor: String(topic).split("/")[3],
                value,
            }))
        expect(acked).toEqual(readings)
        await expect(fetch(stateUrl)).rejects.toThrow()
    })

    test("Ctrl-C stops the node cleanly: down, exit code 0, in lines for a person without colours", async () => {
        const program = start("--mqtt-port", "0")
        const line = await program.line(/ broker /)
        const messages = await watch(/mqtt:\/\/127\.0\.0\.1:\d+/.exec(line)![0])
        await program.line(/ reading +devices\/ESPDEVICE\/sensors\/TC\/value /)
        program.process.kill("SIGINT")
        const finished = await program.finished
        expect(clean(finished)).toEqual({ code: 0, stderr: "" })
        expect(readingsOf(messages(), "ESPDEVICE").length).toBeGreaterThan(0)
        for (const text of program.lines)
            expect(text).toMatch(/^\d\d:\d\d:\d\d {2}[a-z]+( +\S.*)?$/)
        const words = program.lines.map(text => text.split(/ +/)[1])
        expect([...new Set(words)]).toEqual(
            expect.arrayContaining([
                "start",
                "built",
                "boot",
                "connecting",
                "connected",
                "status",
                "reading",
                "stop",
                "stopping",
                "stopped",
                "end",
            ])
        )
        expect(program.lines.at(-1)).toMatch(
            / end +stopped cleanly, \d+ readings? acknowledged$/
        )
    })

    test("--broker uses the broker that is there with its credentials, which are never printed; SIGTERM stops cleanly too", async () => {
        const own = await broker("an:na", "p@ss/word")
        const messages = await watch(own.url, {
            username: "an:na",
            password: "p@ss/word",
        })
        const program = start(
            "--broker",
            `mqtt://an%3Ana:p%40ss%2Fword@127.0.0.1:${own.port}`,
            "--http-port",
            "0",
            "--json"
        )
        const { url } = JSON.parse(await program.line(/"event":"state"/)) as {
            url: string
        }
        await program.line(/"event":"acked"/)
        const state = await (await fetch(url)).text()
        program.process.kill("SIGTERM")
        const finished = await program.finished
        expect(clean(finished)).toEqual({ code: 0, stderr: "" })
        expect(events(finished.stdout)).toContainEqual({
            time: expect.any(String) as string,
            event: "broker",
            url: own.url,
            embedded: false,
        })
        expect(readingsOf(messages(), "ESPDEVICE").length).toBeGreaterThan(0)
        expect(finished.stdout + state).not.toMatch(/p@ss|p%40ss|an:na|an%3Ana/)
    })

    test("a second Ctrl-C cuts a node that cannot stop at once, with exit code 130", async () => {
        // Answers CONNECT with CONNACK and then nothing, so that `down` is never acknowledged.
        const mute = createServer(socket => {
            socket.once("data", () =>
                socket.write(Buffer.from([0x20, 2, 0, 0]))
            )
            socket.on("error", () => {})
        }).listen(0, "127.0.0.1")
        opened.push(() => mute.close())
        await once(mute, "listening")
        const program = start(
            "--broker",
            `mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`,
            "--json"
        )
        await program.line(/"event":"connected"/)
        program.process.kill("SIGINT")
        await program.line(/"event":"stopping"/)
        // A second signal within 400 ms counts as the same key press.
        const again = setInterval(() => program.process.kill("SIGINT"), 300)
        opened.push(() => clearInterval(again))
        const began = performance.now()
        const { code, stdout } = await program.finished
        expect(code).toBe(130)
        expect(performance.now() - began).toBeLessThan(5_000)
        expect(events(stdout).at(-1)).toMatchObject({ event: "end", code: 130 })
    })

    test("a node that never had a session when --for is over ends with 1", async () => {
        const own = await broker("anna", "right")
        const finished = await start(
            "--broker",
            `mqtt://anna:wrong@127.0.0.1:${own.port}`,
            "--for",
            "2",
            "--json"
        ).finished
        expect(clean(finished)).toEqual({ code: 1, stderr: "" })
        expect(events(finished.stdout).at(-1)).toMatchObject({
            event: "end",
            code: 1,
        })
    })

    test("a node stops cleanly when nobody reads its output any more", async () => {
        const own = await broker()
        const messages = await watch(own.url)
        const program = start("--broker", `mqtt://127.0.0.1:${own.port}`)
        await program.line(/ reading /)
        program.process.stdout!.destroy()
        expect(clean(await program.finished)).toEqual({ code: 0, stderr: "" })
        expect(readingsOf(messages(), "ESPDEVICE").length).toBeGreaterThan(0)
    })
})

describe(
    "a program that is not the simulator board",
    { timeout: RUN_MS },
    () => {
        function boardFile(text: string): string {
            const folder = mkdtempSync(join(tmpdir(), "board-"))
            opened.push(() => rmSync(folder, { recursive: true }))
            const file = join(folder, "odd.ts")
            writeFileSync(
                file,
                'import * as ds from "@devicescript/core"\n' + text
            )
            return file
        }

        test("that panics is said to, with the exception, and starts again after 5 s", async () => {
            const file = boardFile(
                'console.log("hello \\x1b[31m")\nconst stop = new ds.Switch("stop")\nstop.on.subscribe(() => console.log("node: stopped"))\n' +
                    'setTimeout(() => { throw new Error("out of coffee") }, 100)\n'
            )
            const program = start("--board", file, "--mqtt-port", "0", "--json")
            await program.line(/"event":"panic"/)
            const seen = () => events(program.lines.join("\n"))
            const panicked = seen().find(({ event }) => event === "panic")!
            expect(panicked["code"]).toBe(60005)
            while (
                seen().filter(({ text }) => String(text).startsWith("hello"))
                    .length < 2
            ) {
                await once(program.process.stdout!, "data")
            }
            const again = seen().findLast(({ text }) =>
                String(text).startsWith("hello")
            )!
            const pause = Date.parse(again.time) - Date.parse(panicked.time)
            expect(pause).toBeGreaterThan(4_000)
            expect(pause).toBeLessThan(9_000)
            expect(
                seen().some(
                    ({ event, text }) =>
                        event === "trouble" &&
                        String(text).includes("out of coffee")
                )
            ).toBe(true)
            program.process.kill("SIGINT")
            await program.finished
        })

        test("without a stop switch and a session ends with 1 and says so, without a word of a will", async () => {
            const file = boardFile(
                'setInterval(() => console.log("tick"), 100)\n'
            )
            const { code, stdout } = await start(
                "--board",
                file,
                "--mqtt-port",
                "0",
                "--for",
                "1"
            ).finished
            expect(code).toBe(1)
            expect(stdout).toMatch(/ console +tick\n/)
            expect(stdout).toMatch(
                / end +this board has no switch named stop, so its power was cut, and the node never had a session with the broker$/
            )
        })

        test("as the README shows one: its power is cut at the end, its will says down, and that is exit code 0; its broker is passed over, which is said", async () => {
            const [, text] = /## Your own board\n[^]*?```ts\n([^]*?)```/.exec(
                readFileSync(join(PROJECT_ROOT, "README.md"), "utf8")
            )!
            const file = boardFile("")
            writeFileSync(
                file,
                text!.replace("../src/index", join(PROJECT_ROOT, "src/index"))
            )
            const program = start(
                ...["--board", file, "--mqtt-port", "0", "--for", "4"]
            )
            const line = await program.line(/ broker /)
            const messages = await watch(
                /mqtt:\/\/127\.0\.0\.1:\d+/.exec(line)![0]
            )
            const finished = await program.finished
            expect(clean(finished)).toEqual({ code: 0, stderr: "" })
            expect(finished.stdout).toMatch(
                / end +this board has no switch named stop, .*its will, down; .* boards\/simulator\.ts$/
            )
            expect(readingsOf(messages(), "greenhouse")).not.toEqual([])
            const warnings = program.lines.filter(text =>
                / warning /.test(text)
            )
            expect(warnings).toEqual([
                expect.stringMatching(
                    / warning +the embedded broker is used, not the one of .*odd\.ts: --broker mqtt:\/\/192\.168\.1\.10:1883 takes that$/
                ),
            ])
        })

        test("whose configuration is wrong ends with 2 and one line that names the file and the reason", async () => {
            const file = boardFile(
                'console.log("node: refused text=sensors are missing: a node needs one")\nthrow new Error("x")\n'
            )
            const { code, stderr } = await start(
                "--board",
                file,
                "--mqtt-port",
                "0"
            ).finished
            expect([code, stderr]).toEqual([
                2,
                `error: ${file}: the node does not start: sensors are missing: a node needs one\n`,
            ])
        })
    }
)
