// Home Assistant's discovery, with the very board of docs/home-assistant.md, and the verb that takes away what nodes leave.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { PROJECT_ROOT } from "../../sim/vm"
import { AedesBroker } from "../support/aedes-broker"
import { Observer } from "../support/observer"
import { runVerb } from "../support/verb"
import { board, TestNode } from "./rig"

const TC = "homeassistant/sensor/greenhouse/TC/config"
const RELAY = "homeassistant/switch/greenhouse/RELAY/config"
/** ms for a node to come up and announce itself; after `online` it waits up to 5 s more. */
const ANNOUNCED_MS = 20_000

/** The program on the page, as its reader would have it. */
function documented(): string {
    const page = readFileSync(
        join(PROJECT_ROOT, "docs/home-assistant.md"),
        "utf8"
    )
    return /```ts\n([\s\S]*?)```/.exec(page)![1]!
}

let broker: AedesBroker
let observer: Observer
let node: TestNode | undefined

beforeEach(async () => {
    broker = await AedesBroker.start()
    observer = await Observer.start(broker.url, "#")
})
afterEach(async () => {
    node?.vm.stop()
    node = undefined
    await observer.stop()
    await broker.stop()
})

const start = async (text = documented()) =>
    (node = await TestNode.start({
        port: broker.port,
        program: board("boards/documented.ts", text),
    }))

const configs = (topic: string) =>
    observer
        .on(topic)
        .filter(({ payload }) => payload !== "")
        .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>)

test("a node announces each sensor and actuator, retained, with unit, class, and its status as availability", async () => {
    await start()
    await observer.next(({ topic }) => topic === RELAY, ANNOUNCED_MS)
    const device = {
        ids: "greenhouse",
        name: "Greenhouse",
        sw: expect.stringMatching(/^v\d/),
    }
    const shared = {
        avty_t: "devices/greenhouse/status",
        avty_tpl: "{{ 'up' if value in ['up','sleeping'] else 'down' }}",
        pl_avail: "up",
        pl_not_avail: "down",
        qos: 1,
        dev: device,
        o: { name: "devicescript-mqtt-node" },
    }
    expect(configs(TC)).toEqual([
        {
            ...shared,
            "~": "devices/greenhouse/sensors/TC",
            name: "Temperature",
            uniq_id: "greenhouse_sensors_TC",
            stat_t: "~/value",
            val_tpl: "{{ value_json.value }}",
            unit_of_meas: "°C",
            dev_cla: "temperature",
            stat_cla: "measurement",
        },
    ])
    expect(configs(RELAY)).toEqual([
        {
            ...shared,
            "~": "devices/greenhouse/actuators/RELAY",
            name: "RELAY",
            uniq_id: "greenhouse_actuators_RELAY",
            cmd_t: "~/value",
            stat_t: "~/state",
            val_tpl: "{{ value_json.value | lower }}",
            stat_on: "true",
            stat_off: "false",
            pl_on: '{"value":true}',
            pl_off: '{"value":false}',
        },
    ])
    const late = await Observer.start(broker.url, "homeassistant/#")
    await late.next(({ topic }) => topic === TC, 5_000)
    await late.next(({ topic }) => topic === RELAY, 5_000)
    expect(late.messages.every(({ retain, qos }) => retain && qos === 1)).toBe(
        true
    )
    await late.stop()
})

test("what is announced for a switch works: its on payload moves the relay, and the state topic says what state_on means", async () => {
    await start()
    const { payload } = await observer.next(
        ({ topic }) => topic === RELAY,
        ANNOUNCED_MS
    )
    const config = JSON.parse(payload) as Record<string, string>
    const full = (topic: string) => topic.replace("~", config["~"]!)
    await node!.board.ready("relay")
    await node!.event("status", 1, 10_000)
    await observer.publish(full(config["cmd_t"]!), config["pl_on"]!)
    const state = await observer.next(
        ({ topic }) => topic === full(config["stat_t"]!),
        15_000
    )
    const { value } = JSON.parse(state.payload) as { value: boolean }
    expect(String(value)).toBe(config["stat_on"])
    expect(node!.board.state("relay")).not.toBe(0)
})

test("when Home Assistant says online the node announces itself again, and not at the online that was kept from before", async () => {
    await observer.publish("homeassistant/status", "online", true)
    await start()
    await observer.next(({ topic }) => topic === RELAY, ANNOUNCED_MS)
    await observer.publish("homeassistant/status", "offline")
    await observer.publish("homeassistant/status", "online")
    await observer.next(({ topic }) => topic === RELAY, ANNOUNCED_MS)
    // once at the connection, once at the word; the kept one would have made it three
    expect(configs(TC)).toHaveLength(2)
    expect(configs(RELAY)).toHaveLength(2)
})

test("a broker that has forgotten everything is told again, one that has kept the session is not", async () => {
    await start()
    await observer.next(({ topic }) => topic === RELAY, ANNOUNCED_MS)
    broker.resetConnection("greenhouse")
    await node!.event("status", 2, 15_000)
    // what follows the connection would be there before the reading after it
    await node!.event("acked", node!.all("acked").length + 2, 15_000)
    expect(configs(TC)).toHaveLength(1)
    await observer.stop()
    await broker.restart()
    observer = await Observer.start(broker.url, "#")
    await observer.next(({ topic }) => topic === RELAY, 60_000)
    expect(configs(TC)).toHaveLength(1)
})

test("a sensor that the board has not is refused by name", async () => {
    await start(documented().replace(/id: "TC",(\s+name)/, 'id: "TX",$1'))
    const refused = await node!.event("refused", 1, 10_000)
    expect(refused.text).toMatch(/homeassistant.*TX is no sensor of this board/)
})

test("clean takes away what is left of nodes that are gone, and nothing of those that are up or of others", async () => {
    await start()
    await observer.next(({ topic }) => topic === RELAY, ANNOUNCED_MS)
    await node!.event("status", 1, 10_000)
    const { payload } = observer.on(TC)[0]!
    const gone = payload.replaceAll("greenhouse", "cellar")
    const theirs = '{"name":"x","stat_t":"y"}'
    await observer.publish("homeassistant/sensor/cellar/TC/config", gone, true)
    await observer.publish("homeassistant/sensor/other/X/config", theirs, true)
    await observer.publish("homeassistant/sensor/odd/X/config", "no JSON", true)
    const run = (...args: string[]) =>
        runVerb("homeassistant", [...args, "--broker", broker.url])

    const list = await run("list")
    expect(list.stdout).toMatch(/is there {2}greenhouse {2}up {2}Temperature/)
    expect(list.stdout).toMatch(/is there {2}cellar {2}no status/)
    expect(list.stdout).toMatch(/^3 configurations/m)

    const clean = await run("clean")
    expect(clean).toMatchObject({ code: 0, stderr: "" })
    expect(clean.stdout).toMatch(/^3 configurations .*, 1 removed/m)
    expect(await kept()).toEqual([TC, RELAY, "odd", "other"].map(full).sort())

    expect((await run("clean", "--device", "greenhouse")).stdout).toMatch(
        /, 2 removed/
    )
    expect(await kept()).toEqual(["odd", "other"].map(full))
})

const full = (name: string) =>
    name.includes("/") ? name : `homeassistant/sensor/${name}/X/config`

/** Topics of retained messages under homeassistant/. The broker sends them in the order they came, and that of `odd` came last. */
async function kept(): Promise<string[]> {
    const late = await Observer.start(broker.url, "homeassistant/#")
    await late.next(({ topic }) => topic === full("odd"), 5_000)
    await late.stop()
    return late.messages.map(({ topic }) => topic).sort()
}
