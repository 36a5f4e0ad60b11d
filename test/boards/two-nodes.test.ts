// Two boards of one kind, each with settings of its own: one board file, two nodes, one broker.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { AedesBroker } from "../support/aedes-broker"
import { Observer } from "../support/observer"
import { Program } from "../cli/program"

let folder = ""
let broker: AedesBroker
let observer: Observer
const programs: Program[] = []

beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "two-nodes-"))
    broker = await AedesBroker.start()
    observer = await Observer.start(broker.url, "devices/#")
})
afterAll(async () => {
    for (const program of programs) await program.kill()
    await observer.stop()
    await broker.stop()
    rmSync(folder, { recursive: true })
})

function start(name: string, sensors: string): Program {
    const file = join(folder, `simulator.${name}.env`)
    const { hostname, port } = new URL(broker.url)
    writeFileSync(
        file,
        `DEVICE_ID=${name}\nSENSOR_IDS=${sensors}\nMQTT_HOST=${hostname}\nMQTT_PORT=${port}\n`
    )
    const program = new Program(["--settings", file, "--for", "8"])
    programs.push(program)
    return program
}

test("publish to their own topics, with the sensor ids that each was given", async () => {
    const kitchen = start("kitchen", "TC:T-kitchen")
    const cellar = start("cellar", "RH:H-cellar,XX:gone")
    const [one, two] = await Promise.all([kitchen.finished, cellar.finished])
    expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 0])
    const topics = new Set(observer.messages.map(({ topic }) => topic))
    const sensors = (device: string) =>
        [...topics]
            .filter(topic => topic.startsWith(`devices/${device}/sensors/`))
            .map(topic => topic.split("/")[3])
            .sort()
    expect(sensors("kitchen")).toEqual(["BTN", "LUX", "RH", "T-kitchen"])
    expect(sensors("cellar")).toEqual(["BTN", "H-cellar", "LUX", "TC"])
    for (const device of ["kitchen", "cellar"])
        expect(
            observer.messages
                .filter(({ topic }) => topic === `devices/${device}/status`)
                .map(({ payload }) => payload)
        ).toEqual(["up", "down"])
    // what the other was given is in neither
    expect([...topics].some(topic => topic.includes("ESPDEVICE"))).toBe(false)
    expect(two.stdout).toContain(
        "SENSOR_IDS=XX:gone names no sensor of the board file"
    )
})
