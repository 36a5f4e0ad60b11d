// What a chip keeps without power: settings that the host wrote, what the program wrote itself, and the program.
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import { MAX_KEY, MAX_SETTING } from "../../sim/vm/flash"
import { compileProgram, Flash, SettingError } from "../../sim/vm/index"
import { Lab, run } from "./lab"

/** ms until a program has read its settings: the settings service of the chip is bound within 600 ms of the start. */
const SETTINGS_MS = 2_000
/** ms until a program that is in the flash has started. */
const STORED_MS = 1_500

let lab: Lab

beforeAll(() => {
    lab = new Lab(
        {
            reads: `
                console.log(await readSetting<string>("text"))
                for (const key of ["number", "yes", "list", "long", "none"])
                    console.log(key, JSON.stringify(await readSetting<any>(key)))`,
            edges: `
                const long = await readSetting<string>("K234567890123")
                console.log(long.length, long.charAt(0), long.charAt(long.length - 1))`,
            counts: `
                const boots = (await readSetting<number>("boots", 0)) + 1
                console.log("boot", boots)
                await writeSetting("boots", boots)
                console.log("written")`,
            reboots: `
                const boots = (await readSetting<number>("boots", 0)) + 1
                await writeSetting("boots", boots)
                console.log("boot", boots)
                if (boots < 3) ds.reboot()`,
        },
        `import { readSetting, writeSetting } from "@devicescript/settings"\n`
    )
})

afterEach(() => lab.stop())

describe("the host reads back what the program wrote", () => {
    test("the value of now, and how often it was written since the host wrote it", async () => {
        const flash = Flash.withSettings({ boots: 4, other: [1, "ž"] })
        await lab.run("counts", { ms: SETTINGS_MS, flash })
        expect([flash.setting("boots"), flash.writes("boots")]).toEqual([5, 2])
        expect(flash.setting("other")).toEqual([1, "ž"])
        expect(flash.setting("boot")).toBeUndefined()
        expect(new Flash().setting("boots")).toBeUndefined()
    })
})

describe("settings written by the host", () => {
    test("reach the program as JSON values of every kind; undefined ones are left out", async () => {
        const lines = await lab.output("reads", {
            ms: SETTINGS_MS,
            flash: Flash.withSettings({
                text: "žluť 😀",
                number: 21.5,
                yes: true,
                list: { a: [1, 2] },
                long: "x".repeat(100),
                none: undefined,
            }),
        })
        expect(lines).toEqual([
            "žluť 😀",
            "number 21.5",
            "yes true",
            'list {"a":[1,2]}',
            `long "${"x".repeat(100)}"`,
            "none undefined",
        ])
    })

    test("of the longest key and the largest value are read back whole", async () => {
        const key = "K234567890123"
        // key, its end, and two quotes around the text
        const text = `<${"-".repeat(MAX_SETTING - MAX_KEY - 1 - 4)}>`
        const lines = await lab.output("edges", {
            ms: SETTINGS_MS,
            flash: Flash.withSettings({ [key]: text }),
        })
        expect(lines).toEqual([`${text.length} < >`])
    })

    test("are refused by name when the program could not read them", () => {
        const refusal = (settings: Record<string, unknown>) => {
            try {
                Flash.withSettings(settings)
            } catch (error) {
                expect(error).toBeInstanceOf(SettingError)
                return (error as Error).message
            }
            return undefined
        }
        expect(refusal({ MQTT_PASSWORDS: "x" })).toBe(
            "setting MQTT_PASSWORDS: a key has 1 to 13 bytes, this one has 14"
        )
        expect(refusal({ "": "x" })).toBe(
            'setting "": a key has 1 to 13 bytes, this one has 0'
        )
        expect(refusal({ OK: "fine", MQTT_PASS: "x".repeat(221) })).toBe(
            "setting MQTT_PASS: its value has 223 bytes, at most 222 can be read back"
        )
        expect(refusal({ MQTT_PASS: "x".repeat(220) })).toBeUndefined()
        expect(refusal({ HANDLER: () => 1 })).toBe(
            "setting HANDLER: its value cannot be written as JSON"
        )
        const many = Object.fromEntries(
            Array.from({ length: 60 }, (_, i) => [`K${i}`, "x".repeat(150)])
        )
        expect(refusal(many)).toMatch(
            /^setting K\d+: the settings do not fit into 8192 bytes of flash$/
        )
    })

    test("that just fit are all there, and the program beside them", async () => {
        const settings: Record<string, unknown> = { number: 7 }
        for (let i = 0; ; i++) {
            const more = { ...settings, [`K${i}`]: "x".repeat(150) }
            try {
                Flash.withSettings(more)
            } catch {
                break
            }
            Object.assign(settings, more)
        }
        const flash = Flash.withSettings(settings)
        expect(Object.keys(settings).length).toBeGreaterThan(30)
        const lines = await lab.output("reads", { ms: SETTINGS_MS, flash })
        expect(lines[1]).toBe("number 7")
    })
})

describe("a power cut", () => {
    test("leaves the program and what it wrote: the next VM on the flash starts it by itself, in 1.1 s", async () => {
        const flash = new Flash()
        const first = await lab.run("counts", { flash, ms: SETTINGS_MS })
        expect(first.all("line")).toEqual(["boot 1", "written"])
        first.vm.powerCut()

        for (const boot of ["boot 2", "boot 3"]) {
            const next = await run(lab.program, {
                flash,
                deploy: false,
                deviceId: lab.chip("counts"),
                ms: STORED_MS + SETTINGS_MS,
            })
            next.vm.powerCut()
            expect(next.all("line")).toEqual([boot, "written"])
            expect(next.when("line")).toBeGreaterThan(1_000)
        }
    })

    test("before anything was deployed leaves nothing to start", async () => {
        const { vm, told } = await run(lab.program, {
            deploy: false,
            deviceId: lab.chip("counts"),
            ms: STORED_MS,
        })
        vm.stop()
        expect(told.filter(([, event]) => event !== "end")).toEqual([])
    })

    test("does not take along what another chip has in its flash", async () => {
        const one = await lab.run("counts", { ms: SETTINGS_MS })
        const other = await lab.run("counts", { ms: SETTINGS_MS })
        expect(one.all("line")).toEqual(["boot 1", "written"])
        expect(other.all("line")).toEqual(["boot 1", "written"])
    })
})

test("an image can be kept and given to a chip later, as a copy of its flash", async () => {
    const flash = new Flash()
    const first = await lab.run("counts", { flash, ms: SETTINGS_MS })
    first.vm.powerCut()
    const kept = flash.image.slice()
    const runs: string[][] = []
    for (let i = 0; i < 2; i++) {
        const next = await run(lab.program, {
            flash: new Flash(kept.slice()),
            deploy: false,
            deviceId: lab.chip("counts"),
            ms: STORED_MS + SETTINGS_MS,
        })
        next.vm.powerCut()
        runs.push(next.all("line") as string[])
    }
    expect(runs).toEqual([
        ["boot 2", "written"],
        ["boot 2", "written"],
    ])
})

test("a program that ends with the last byte of a page of flash survives a reboot", async () => {
    const file = "test/vm/fills.ts"
    const filled = (length: number) =>
        compileProgram(file, {
            files: {
                [file]: `import * as ds from "@devicescript/core"
                    const bytes = hex\`${"55".repeat(length)}\`
                    console.log(bytes.length, bytes[0])
                    setTimeout(async () => ds.reboot(), 500)`,
            },
        })
    const page = 4096
    // before the image, as the chip stores it
    const header = 128
    const length = 200
    const free = page - ((filled(length).image.length + header) % page)
    const program = filled(length + free)
    expect((program.image.length + header) % page).toBe(0)

    const { vm, all } = await run(program, { ms: 2_000 })
    vm.stop()
    expect(all("restart")).toEqual(["reset"])
    expect(all("line")).toEqual([`${length + free} 85`, `${length + free} 85`])
})
