// What a look at a broker says of it: of the broker model in virtual time, which breaks one rule at a time, and of aedes over
// this machine's loopback.
import { afterEach, expect, test } from "vitest"
import type { Finding } from "../../sim/boards/finding"
import { probeBroker } from "../../sim/boards/probe"
import {
    MemoryNetwork,
    nodeSockets,
    realClock,
    VirtualClock,
} from "../../sim/vm"
import { WorldBroker, type WorldBrokerOptions } from "../../sim/world"
import { AedesBroker } from "../support/aedes-broker"
import { freePort } from "../support/free-port"

const ALL = [
    ...["reachable", "credentials", "puback", "retain"],
    ...["will", "keepalive", "takeover"],
]
/** ms of virtual time: the longest look waits 15 s for a silent client to be cut off. */
const LIMIT = 60_000

/** A look at the model. `prepare` breaks it. */
async function look(
    options: WorldBrokerOptions,
    prepare: (broker: WorldBroker, network: MemoryNetwork) => void = () => {}
) {
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock)
    const broker = new WorldBroker(clock, network, options)
    prepare(broker, network)
    const findings: Finding[] = []
    let done = false
    const probe = probeBroker(
        {
            broker: { transport: "tcp", host: "broker", port: 1883 },
            ...{ device: "kitchen", tag: "t", sockets: network, clock },
        },
        finding => findings.push(finding)
    ).finally(() => (done = true))
    await clock.until(() => done, LIMIT)
    await probe
    return { broker, findings, verdicts: verdicts(findings) }
}

function verdicts(findings: Finding[]) {
    return Object.fromEntries(
        findings.map(({ check, verdict }) => [check, verdict])
    )
}

const GOOD = Object.fromEntries(ALL.map(check => [check, "ok"]))

test("of a good broker everything is ok, in a fixed order, and nothing stays behind", async () => {
    const { broker, findings } = await look({})
    expect(findings.map(({ check }) => check)).toEqual(ALL)
    expect(verdicts(findings)).toEqual(GOOD)
    for (const topic of ["retain", "will"])
        expect(
            broker.retainedNow(`devices/kitchen/probe/t/${topic}`)
        ).toBeUndefined()
    expect(broker.connections.every(({ closedAt }) => closedAt)).toBe(true)
    // a device that is up is not disturbed
    expect(broker.connections.map(({ client }) => client)).not.toContain(
        "kitchen"
    )
})

test.each<[string, WorldBrokerOptions, string, string, RegExp]>([
    [
        "that does not enforce keep alive",
        { keepAlive: false },
        "keepalive",
        "wrong",
        /maxInterval/,
    ],
    [
        "that forgets wills",
        { willDelay: "never" },
        "will",
        "wrong",
        /set status/,
    ],
    [
        "without takeover",
        { takeover: false },
        "takeover",
        "note",
        /set keepAlive/,
    ],
])("of a broker %s just that is said, with the setting", async (...row) => {
    const [, options, check, verdict, fix] = row
    const { findings } = await look(options)
    expect(verdicts(findings)).toEqual({ ...GOOD, [check]: verdict })
    expect(findings.find(one => one.check === check)?.fix).toMatch(fix)
})

test("of a broker that does not acknowledge QoS 1 just that is said", async () => {
    const { findings } = await look({}, broker =>
        broker.rules.drop({ way: "out", cmd: "puback" })
    )
    const puback = findings.find(({ check }) => check === "puback")
    expect(puback).toMatchObject({ verdict: "wrong" })
    expect(puback?.fix).toContain("qos: 0")
})

test("of a broker that acknowledges what it then drops that is said", async () => {
    const { findings } = await look({}, broker =>
        broker.rules.drop({
            ...{ way: "out", cmd: "publish" },
            when: p => "topic" in p && String(p.topic).endsWith("/puback"),
        })
    )
    expect(findings.find(({ check }) => check === "puback")).toMatchObject({
        verdict: "wrong",
        text: expect.stringContaining("does not get it"),
    })
})

const SKIPPED = Object.fromEntries(
    ALL.slice(2).map(check => [check, "skipped"])
)

test.each([
    [1, /3\.1\.1/],
    [2, /DEVICE_ID/],
    [4, /MQTT_USER and MQTT_PASS/],
    [5, /MQTT_USER and MQTT_PASS/],
])(
    "CONNACK %d is told with the setting, the rest is skipped",
    async (...row) => {
        const [code, fix] = row
        const { findings, verdicts } = await look({ connack: () => code })
        expect(verdicts).toEqual({
            ...{ reachable: "ok", credentials: "wrong" },
            ...SKIPPED,
        })
        expect(findings[1]?.fix).toMatch(fix)
    }
)

test("a server that never answers is not taken for a broker", async () => {
    const { findings } = await look({}, (broker, network) => {
        broker.stop()
        network.listen("broker", 1883, () => {})
    })
    expect(findings[0]).toMatchObject({
        ...{ check: "reachable", verdict: "wrong" },
        text: expect.stringContaining("does not speak MQTT"),
        fix: expect.stringContaining("MQTT_PORT"),
    })
    expect(findings.slice(1).map(({ verdict }) => verdict)).toEqual(
        ALL.slice(2).map(() => "skipped")
    )
})

let aedes: AedesBroker | undefined
afterEach(async () => {
    await aedes?.stop()
    aedes = undefined
})

/** A look over this machine's sockets. */
async function lookAt(port: number, user?: string, password?: string) {
    const findings: Finding[] = []
    const broker = { transport: "tcp" as const, host: "127.0.0.1", port }
    await probeBroker(
        {
            broker: { ...broker, user, password },
            ...{ device: "kitchen", tag: "t" },
            ...{ sockets: nodeSockets(), clock: realClock },
        },
        finding => findings.push(finding)
    )
    return findings
}

test("aedes is a good broker, and its password is told from a wrong one", async () => {
    aedes = await AedesBroker.start({
        authenticate: (_client, user, password, done) =>
            done(null, user === "anna" && String(password) === "p#1"),
    })
    const [good, bad] = await Promise.all([
        lookAt(aedes.port, "anna", "p#1"),
        lookAt(aedes.port, "anna", "SECRET"),
    ])
    expect(verdicts(good)).toEqual(GOOD)
    expect(verdicts(bad)).toEqual({
        ...{ reachable: "ok", credentials: "wrong" },
        ...SKIPPED,
    })
    expect(JSON.stringify(bad)).not.toContain("SECRET")
})

test("a broker that keeps no retained messages is told from aedes", async () => {
    aedes = await AedesBroker.start({
        authorizePublish: (_client, packet, done) => {
            packet.retain = false
            done(null)
        },
    })
    const findings = await lookAt(aedes.port)
    expect(verdicts(findings)).toEqual({ ...GOOD, retain: "wrong" })
    expect(findings.find(({ check }) => check === "retain")?.fix).toContain(
        "status"
    )
})

test("where nothing listens that is said", async () => {
    const [finding] = await lookAt(await freePort())
    expect(finding).toMatchObject({
        ...{ check: "reachable", verdict: "wrong" },
        text: expect.stringContaining("ECONNREFUSED"),
        fix: expect.stringContaining("MQTT_HOST"),
    })
})
