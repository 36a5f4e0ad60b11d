// From a board to the flashing program: the image holds what was checked and what the board was given, and the program is
// called with it. The runtime is a stand-in, and so is the program, which writes down how it was called.
import {
    chmodSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { findBoard, readBoardFile } from "../../sim/boards/board-file"
import { runtimeOf } from "../../sim/boards/bundle"
import { ImageStore } from "../../sim/boards/image-store"
import {
    explain,
    TOOL_PORTS,
    type Failure,
} from "../../sim/boards/platform-cli"
import { runFlash } from "../../sim/cli/flash-run"
import { parseNodeLine } from "../../sim/cli/node-events"
import {
    compileProgram,
    Flash,
    MemoryNetwork,
    PROJECT_ROOT,
    startVm,
    VirtualClock,
} from "../../sim/vm"
import { describeIf } from "../support/skip"

const taken = await Promise.all(
    TOOL_PORTS.map(
        port =>
            new Promise<boolean>(resolve => {
                const socket = connect({ host: "127.0.0.1", port })
                socket.once("connect", () => resolve(true))
                socket.once("error", () => resolve(false))
                socket.unref()
            })
    )
)

let folder = ""
const written: string[] = []
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "flash-"))))
afterAll(() => {
    rmSync(folder, { recursive: true })
    for (const file of written) rmSync(file, { force: true })
})

/** A settings file of a ready board, which git ignores. */
function give(board: string, text: string): string {
    const name = `test${process.pid}`
    const file = join(PROJECT_ROOT, "boards", `${board}.${name}.env`)
    writeFileSync(file, text)
    written.push(file)
    return `${board}.${name}`
}

function program(name: string, script: string) {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
}

interface Outcome {
    code: number | undefined
    json: {
        ok: boolean
        image?: string
        written: boolean
        error?: string
        findings: { verdict: string; text: string }[]
    }
}

async function flash(wanted: string, options: object): Promise<Outcome> {
    let out = ""
    const stdout = vi
        .spyOn(process.stdout, "write")
        .mockImplementation(text => {
            out += String(text)
            return true
        })
    let code: number | undefined
    try {
        code = await runFlash(wanted, { json: true, ...options })
    } catch {
        code = undefined
    } finally {
        stdout.mockRestore()
    }
    const json = JSON.parse(out) as Outcome["json"]
    if (json.image !== undefined) written.push(json.image)
    return { code, json }
}

/** One block of a .uf2, of a flash otherwise empty: what the CLI takes for a runtime of an RP2040. */
function uf2Runtime(): Buffer {
    const block = Buffer.alloc(512)
    const words = [0x0a324655, 0x9e5d5157, 0x2000, 0x10000000, 256, 0, 1]
    ;[...words, 0xe48bff56].forEach((word, i) =>
        block.writeUInt32LE(word, 4 * i)
    )
    block.writeUInt32LE(0x0ab16f30, 508)
    return block
}

/** ms: two compiles, a run of the CLI and one of the program, 15 s on a machine with nothing else to do. */
const IMAGE_MS = 300_000

describeIf(
    !taken.includes(true),
    `one of the ports ${TOOL_PORTS.join(", ")} is taken: end what uses it`
)("an image", () => {
    test(
        "of an ESP32 goes to esptool, with the program that was checked, its settings, and Wi-Fi as the runtime keeps it",
        { timeout: IMAGE_MS },
        async () => {
            const runtime = join(folder, "runtime.bin")
            writeFileSync(runtime, Buffer.alloc(4096, 1))
            program(
                "udevadm",
                "printf 'P: /x\\nN: ttyACM0\\nE: DEVNAME=/dev/ttyACM0\\nE: ID_VENDOR_ID=303a\\nE: ID_MODEL_ID=1001\\n'"
            )
            program(
                "esptool.py",
                `printf '%s\\n' "$@" > ${folder}/called; echo 'Writing at 0x00010000... (50 %)'; echo 'Hash of data verified.'`
            )
            vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`)
            const wanted = give(
                "climate-c3",
                "DEVICE_ID=kitchen\nMQTT_HOST=broker.example.com\nMQTT_USER=anna\nMQTT_PASS=a#b\nWIFI_SSID=my net\nWIFI_PWD=12345678\n"
            )
            const { code, json } = await flash(wanted, {
                file: runtime,
                port: "/dev/ttyACM0",
                baud: "460800",
            })
            vi.unstubAllEnvs()
            expect(json.error).toBeUndefined()
            expect(json).toMatchObject({ ok: true, written: true })
            expect(code).toBe(0)
            expect(readFileSync(join(folder, "called"), "utf8")).toBe(
                [
                    ...["--port", "/dev/ttyACM0", "--baud", "460800"],
                    ...["write_flash", "0x0", json.image, ""],
                ].join("\n")
            )
            const board = readBoardFile(findBoard("climate-c3", PROJECT_ROOT))
            const store = new ImageStore(
                readFileSync(json.image!),
                runtimeOf(board).place
            )
            expect(
                Buffer.from(store.program()!).equals(
                    compileProgram(board.path).image
                )
            ).toBe(true)
            const value = (key: string) => store.get(key)?.toString()
            expect(value(":DEVICE_ID")).toBe(`"kitchen"`)
            expect(value(":MQTT_PASS")).toBe(`"a#b"`)
            expect(value("wifi_ssid")).toBe("my net")
            expect(value("wifi_psk")).toBe("12345678")
        }
    )

    test(
        "of a Pico W starts in the VM from its own store, as the device that its settings say",
        { timeout: IMAGE_MS },
        async () => {
            const runtime = join(folder, "runtime.uf2")
            writeFileSync(runtime, uf2Runtime())
            const wanted = give(
                "door-picow",
                "DEVICE_ID=front-door\nMQTT_HOST=broker.example.com\nWIFI_SSID=net\n"
            )
            const { code, json } = await flash(wanted, {
                file: runtime,
                imageOnly: true,
            })
            expect(json.error).toBeUndefined()
            expect(json).toMatchObject({ ok: true, written: false })
            expect(code).toBe(0)
            const board = readBoardFile(findBoard("door-picow", PROJECT_ROOT))
            const { place } = runtimeOf(board)
            const image = new ImageStore(readFileSync(json.image!), place)
            // an open network
            expect(image.keys()).toContain("wifi_ssid")
            const chip = new Flash()
            chip.write(image.store())
            const clock = new VirtualClock()
            const vm = await startVm({
                program: compileProgram(board.path),
                ...{ clock, flash: chip, deploy: false },
                sockets: new MemoryNetwork(clock),
            })
            const said: unknown[] = []
            vm.on("line", text => said.push(parseNodeLine(text)))
            await clock.advance(10_000)
            vm.stop()
            expect(said).toContainEqual(
                expect.objectContaining({ event: "boot", device: "front-door" })
            )
            expect(said).toContainEqual(
                expect.objectContaining({
                    ...{ event: "connecting", host: "broker.example.com" },
                })
            )
        }
    )
})

test("nothing is made of a board that fails the check", async () => {
    const wanted = give("door-picow", "MQTT_HOST=192.168.1.10\n")
    const { code, json } = await flash(wanted, { file: "/nowhere" })
    expect(code).toBe(1)
    expect(json).toMatchObject({ ok: false, written: false })
    expect(json.image).toBeUndefined()
    expect(json.findings.map(({ verdict }) => verdict)).toContain("wrong")
})

test.each([
    ["a kind of board", undefined, /no board of this kind was named/],
    [
        "a board",
        "DEVICE_ID=x\nMQTT_HOST=broker.example.com\n",
        /would join no network/,
    ],
])(
    "of %s without a network nothing is made, in one line that says how to give it one",
    async (_, settings, says) => {
        const wanted =
            settings === undefined ? "climate-c3" : give("climate-c3", settings)
        const { code, json } = await flash(wanted, { file: "/nowhere" })
        expect(code).toBe(1)
        expect(json.image).toBeUndefined()
        const wrong = json.findings.filter(({ verdict }) => verdict === "wrong")
        expect(wrong).toHaveLength(1)
        expect(wrong[0]).toMatchObject({
            key: "WIFI_SSID",
            text: expect.stringMatching(says) as string,
            fix: expect.stringContaining("--as-is") as string,
        })
    }
)

test("a kind of board without a network is flashed as it is when that is asked for", async () => {
    const { code, json } = await flash("climate-c3", {
        ...{ file: "/nowhere", asIs: true },
    })
    // further than the check
    expect(json.error).toMatch(/\/nowhere/)
    expect(code).toBeUndefined()
    expect(json.findings.map(({ verdict }) => verdict)).not.toContain("wrong")
})

const FAILURE: Failure = {
    runtimeUrl: "https://example.com/runtime-0x0.bin",
    runtimeFile: "runtime-0x0.bin",
}

test.each([
    [
        1,
        "TypeError: fetch failed\n    at node:internal",
        /download runtime-0x0\.bin from there .* --file/,
    ],
    [1, "fatal error: can't fetch: 404 Not Found", /answers 404.*--file/],
    [100, "", /8081, 8082, 8083.*DeviceTools/],
    [
        1,
        "Error: spawn udevadm ENOENT\n    at ChildProcess",
        /udevadm.*apt-get install udev/,
    ],
    [1, `failed to require package "serialport"\nError: x\n    at y`, /npm ci/],
    [1, "esptool.py not found; please install it", /pip install 'esptool/],
    [
        1,
        "All serial ports:\n\nfatal error: port /dev/ttyUSB9 not found",
        /no serial port \/dev\/ttyUSB9/,
    ],
    [
        1,
        "fatal error: no serial ports found; try plugging",
        /plug it in while you hold BOOT/,
    ],
    [
        1,
        "fatal error: more than one port viable; use '--port /dev/ttyUSB0' or similar",
        /--port \/dev\/ttyUSB0/,
    ],
    [1, "fatal error: no drives found; please plug", /BOOTSEL/],
    [1, "Can't start flashing; plug in the board", /BOOT/],
    [
        1,
        "Chip mismatch: connected device has 'esp32' chip; X uses 'esp32c3' chip",
        /another chip.*'esp32'/,
    ],
    [1, "PermissionError: Permission denied: '/dev/ttyACM0'", /dialout/],
    [
        3,
        "fatal error: something new\n    at a (b.js:1:2)",
        /code 3: fatal error: something new$/,
    ],
    [undefined, "", /did not end in time/],
])("the CLI's end %s %j is one line", (code, text, line) => {
    const said = explain({ code, lines: text.split("\n") }, FAILURE)
    expect(said).toMatch(line)
    expect(said).not.toMatch(/\n|\bat /)
})
