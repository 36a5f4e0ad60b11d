// src/mqtt as a library: packed, installed in a scratch project, and in place of @devicescript/net's client.
import { execFileSync } from "node:child_process"
import {
    mkdtempSync,
    mkdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    compileProgram,
    Flash,
    nodeSockets,
    PROJECT_ROOT,
    startVm,
    type Vm,
} from "../../sim/vm"
import { AedesBroker } from "../support/aedes-broker"
import { Observer } from "../support/observer"
import { Watch } from "../support/wait"

const NAME = "devicescript-mqtt-node"
const SAMPLES = join(PROJECT_ROOT, "test/library/samples")

/** The sample with only its import changed. */
function withOurClient(sample: string): string {
    const text = readFileSync(join(SAMPLES, sample), "utf8")
    const changed = text.replace('"@devicescript/net"', `"${NAME}"`)
    expect(changed).not.toBe(text)
    return changed
}

describe("the packed library", () => {
    let scratch: string
    let files: string[]

    beforeAll(() => {
        scratch = mkdtempSync(join(tmpdir(), "library-"))
        const [packed] = JSON.parse(
            execFileSync(
                "npm",
                [
                    "pack",
                    "--json",
                    "--ignore-scripts",
                    "--pack-destination",
                    scratch,
                ],
                {
                    cwd: PROJECT_ROOT,
                    encoding: "utf8",
                    stdio: ["ignore", "pipe", "ignore"],
                }
            )
        ) as [{ filename: string; files: { path: string }[] }]
        files = packed.files.map(f => f.path)
        writeFileSync(
            join(scratch, "package.json"),
            '{"name":"scratch","version":"1.0.0"}'
        )
        writeFileSync(join(scratch, "devsconfig.json"), "{}")
        mkdirSync(join(scratch, "src"))
        execFileSync(
            "npm",
            [
                "install",
                "--offline",
                "--no-audit",
                "--no-fund",
                join(scratch, packed.filename),
            ],
            { cwd: scratch, stdio: "ignore" }
        )
    }, 60_000)
    afterAll(() => rmSync(scratch, { recursive: true, force: true }))

    test("holds the client's sources and nothing of the rest", () => {
        expect(files.filter(f => !f.startsWith("src/mqtt/")).sort()).toEqual([
            "LICENSE",
            "README.md",
            "devsconfig.json",
            "package.json",
        ])
        expect(files).toContain("src/mqtt/index.ts")
    })

    test.each(["thermometer.ts", "lamp.ts"])(
        "the platform's own compiler builds %s with only the import changed",
        sample => {
            writeFileSync(join(scratch, "src", sample), withOurClient(sample))
            const output = execFileSync(
                process.execPath,
                [
                    join(
                        PROJECT_ROOT,
                        "node_modules/@devicescript/cli/devicescript"
                    ),
                    "build",
                    "--stats",
                    `src/${sample}`,
                ],
                { cwd: scratch, encoding: "utf8" }
            )
            expect(output).toMatch(/bytecode: \d/)
        },
        60_000
    )
})

describe("in place of @devicescript/net", () => {
    let broker: AedesBroker
    let observer: Observer
    let vm: Vm
    let lines: string[]
    let watch: Watch

    async function run(sample: string) {
        lines = []
        watch = new Watch()
        const program = compileProgram("test/library/program.ts", {
            files: {
                "test/library/program.ts": withOurClient(sample).replace(
                    `"${NAME}"`,
                    '"../../src/mqtt/index"'
                ),
            },
        })
        vm = await startVm({
            program,
            flash: Flash.withSettings({ HOST: "127.0.0.1", PORT: broker.port }),
            sockets: nodeSockets(),
        })
        vm.on("line", text => {
            lines.push(text)
            watch.changed()
        })
    }
    const line = (wanted: string) =>
        watch.until(
            () => (lines.includes(wanted) ? true : undefined),
            10_000,
            `line ${wanted}`,
            () => lines.join("\n")
        )

    beforeAll(async () => {
        broker = await AedesBroker.start()
        observer = await Observer.start(broker.url, "#")
    })
    afterAll(async () => {
        vm.stop()
        await observer.stop()
        await broker.stop()
    })

    test("the thermometer publishes, hears itself and leaves its will", async () => {
        await run("thermometer.ts")
        await line("got devs/log hello")
        await line("observed 5")
        await line("running true")
        await line("beat true")
        const reading = await observer.next(
            m => m.topic === "house/thermometer",
            5_000
        )
        expect(reading).toMatchObject({ payload: '{"value":21.5}', qos: 1 })
        vm.powerCut()
        await observer.next(
            m => m.topic === "house/thermometer/status" && m.payload === "down",
            5_000
        )
    })

    test("the lamp follows its topic and stops when told", async () => {
        await run("lamp.ts")
        await line("connected 2")
        await line("listening")
        await observer.publish("house/lamp/set", "on")
        await line("lamp true")
        expect(
            (await observer.next(m => m.topic === "house/lamp", 5_000)).payload
        ).toBe("on")
        await observer.publish("house/lamp/set", "off")
        await line("lamp false")
        await line("stopped false")
        await line("closed")
    })
})
