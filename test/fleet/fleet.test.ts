// The verb `fleet`, run as a person runs it: a small one with a power cut, against the embedded broker and against Mosquitto.
import { Command } from "commander"
import { connect, type IConnackPacket } from "mqtt"
import { expect, test } from "vitest"
import { addFleet } from "../../sim/cli/fleet"
import type { FleetReport } from "../../sim/cli/fleet-report"
import { freePort } from "../support/free-port"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { Observer } from "../support/observer"
import { runVerb } from "../support/verb"

const NODES = 10

const fleet = (...args: string[]) =>
    runVerb("fleet", ["--json", "--nodes", String(NODES), ...args])

test("ten nodes and a power cut of three: all come up, what they read arrives once, and nothing is lost", async () => {
    const { code, stdout, stderr } = await fleet(
        ...["--for", "16", "--kill", "30%"]
    )
    expect(stderr).toMatch(/power cut of 3 nodes/)
    expect(stderr).toMatch(/nothing lost/)
    expect(code).toBe(0)
    const r = JSON.parse(stdout) as FleetReport
    expect(r).toMatchObject({
        nodes: NODES,
        up: NODES,
        late: 0,
        cuts: 3,
        panics: 0,
        reconnects: 0,
        lost: 0,
        disagree: 0,
        waiting: 0,
        dropped: {},
        troubles: [],
    })
    expect(r.read).toBe(r.acked + r.cut)
    // one a second of each; three are dark for some 7 s of the 16
    expect(r.acked).toBeGreaterThan(110)
    expect(r.share).toBeGreaterThan(0.8)
    expect(r.observer).toMatchObject({ twice: 0, missing: 0 })
    // a reading that the broker had and whose node was cut before it knew
    expect(r.observer!.arrived - r.acked).toBeLessThanOrEqual(r.cut)
    expect(r.p99).toBeGreaterThanOrEqual(r.p50!)
})

describeWithMosquitto("with Mosquitto", () => {
    test("a fleet leaves nothing at somebody else's broker: no retained topic, no session", async () => {
        const broker = await Mosquitto.start({
            users: { fleet: "p@ss", see: "all" },
        })
        const before = broker.log.length
        const { code, stdout } = await fleet(
            ...["--for", "2", "--prefix", "t."],
            ...["--broker", `mqtt://fleet:p%40ss@127.0.0.1:${broker.port}`]
        )
        expect(code).toBe(0)
        expect(stdout).not.toContain("p@ss")
        const r = JSON.parse(stdout) as FleetReport
        expect(r.broker).toBe(`mqtt://127.0.0.1:${broker.port}`)
        expect(r.observer!.arrived).toBe(r.acked)
        expect(r.acked).toBeGreaterThan(0)
        const ids = new Set(
            broker.log
                .slice(before)
                .flatMap(line => /as (t\.\d+) /.exec(line)?.[1] ?? [])
        )
        expect(ids.size).toBe(NODES)
        const login = { username: "see", password: "all" }
        const late = await Observer.start(broker.url, "#", login)
        await late.publish("end", "x")
        await late.next(({ topic }) => topic === "end", 5_000)
        expect(late.messages.map(({ topic }) => topic)).toEqual(["end"])
        await late.stop()
        const back = connect(broker.url, {
            username: "fleet",
            password: "p@ss",
            clientId: "t.01",
            clean: false,
        })
        const connack = await new Promise<IConnackPacket>(resolve =>
            back.once("connect", resolve)
        )
        expect(connack.sessionPresent).toBe(false)
        await back.endAsync()
        await broker.stop()
    })
})

test("an option that cannot be is refused by name, with what would be right", async () => {
    const wrong: [string[], RegExp][] = [
        [["--kill", "5"], /--kill.*share of the nodes.*5%/],
        [["--nodes", "0"], /--nodes.*1 to 10000/],
        [["--rate", "50"], /--rate.*0\.001 to 10/],
        [["--prefix", "a/b"], /--prefix/],
    ]
    for (const [args, message] of wrong) {
        const program = new Command()
            .exitOverride()
            .configureOutput({ writeErr: () => {} })
        addFleet(program)
        // commander hands its own settings on to verbs that are added after them
        await expect(
            program.parseAsync(["fleet", ...args], { from: "user" })
        ).rejects.toThrow(message)
    }
})

test("a broker that is not there is told in one line, before a node is started", async () => {
    const broker = `mqtt://127.0.0.1:${await freePort()}`
    const { code, stdout, stderr } = await runVerb("fleet", [
        "--broker",
        broker,
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(
        /127\.0\.0\.1:\d+ cannot be reached: connection refused/
    )
    expect(stderr.trim().split("\n")).toHaveLength(1)
})
