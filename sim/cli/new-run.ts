// Carries out `new`: asks for what was not given, writes the board file, checks it.
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline/promises"
import { format, resolveConfig } from "prettier"
import { idFault } from "../../src/config/ids"
import { findBoard, knownHardware, readBoardFile } from "../boards/board-file"
import { checkBoard } from "../boards/check"
import { chipOf } from "../boards/chips"
import { pinsOf, type Pins } from "../boards/hardware-pins"
import { boardText, KINDS, kindOf, type Part } from "../boards/new-board"
import { checkApart, checkParts, FORM, parsePart } from "../boards/new-parts"
import { PROJECT_ROOT } from "../vm"
import { document, ending, printer } from "./check-run"
import { EXIT, UserError } from "./errors"
import type { NewOptions } from "./new"

/** What a board has about which nothing was said. */
const DEFAULT_PART = "sht30"
/** Times that one question is asked again after an answer that will not do. */
const TRIES = 5

/** Asks a question until `take` can do with the answer. */
type Ask = <T>(question: string, take: (answer: string) => T) => Promise<T>

/** @returns the exit code */
export async function runNew(
    name: string,
    options: NewOptions
): Promise<number> {
    const path = boardPath(name)
    const asks =
        options.yes !== true &&
        options.json !== true &&
        process.stdin.isTTY &&
        process.stdout.isTTY
    const hardware = (id: string) => takeHardware(id)
    const chosen = await withQuestions(asks, async ask => {
        const id =
            options.hardware !== undefined
                ? hardware(options.hardware)
                : ask
                  ? await ask(`Hardware (${usable().join(", ")}): `, hardware)
                  : missing("--hardware", usable().join(", "))
        const pins = pinsOf(id)
        const device =
            options.device !== undefined
                ? takeDevice(options.device)
                : ask
                  ? await ask(
                        "Device id (empty: each board its own, or its chip's number): ",
                        takeDevice
                    )
                  : undefined
        const parts =
            options.add !== undefined
                ? options.add.map(text => parsePart(text, pins))
                : ask
                  ? await askParts(ask, pins)
                  : [parsePart(DEFAULT_PART, pins)]
        checkParts(parts)
        const i2c = await bus(parts, pins, options.i2c, ask)
        return { id, device, parts, i2c }
    })
    const { archId, name: hardwareName } = knownHardware().get(chosen.id)!
    const { device, parts, i2c } = chosen
    const text = boardText({
        ...{ name, hardware: chosen.id, hardwareName, parts },
        restarts: chipOf(archId)?.addresses === false,
        ...(device === undefined ? {} : { device }),
        ...(i2c === undefined ? {} : { i2c }),
    })
    const style = await resolveConfig(path)
    writeFileSync(path, await format(text, { ...style, filepath: path }), {
        flag: "wx",
    })
    const target = { board: readBoardFile(findBoard(name, PROJECT_ROOT)) }
    const json = options.json === true
    const checked = await checkBoard(target, json ? undefined : printer(target))
    print(json ? document(checked) : ending(checked.findings))
    if (!json)
        print(
            `written  boards/${name}.ts; copy boards/example.env to boards/${name}.<name>.env for each board, then npm run flash -- ${name}.<name>`
        )
    return checked.ok ? EXIT.ok : EXIT.failed
}

function boardPath(name: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
        throw new UserError(
            `${JSON.stringify(name)} is no name for a board: write 1 to 64 letters, digits, - and _`
        )
    const path = join(PROJECT_ROOT, "boards", `${name}.ts`)
    if (existsSync(path))
        throw new UserError(
            `boards/${name}.ts is there already: choose another name, or change that file`
        )
    return path
}

function usable(): string[] {
    return [...knownHardware()]
        .filter(([, { archId }]) => archId !== "wasm" && chipOf(archId))
        .map(([id]) => id)
        .sort()
}

function takeHardware(id: string): string {
    if (usable().includes(id)) return id
    throw new UserError(
        `--hardware ${JSON.stringify(id)}: there is none of that name with a network; there are ${usable().join(", ")}`
    )
}

function takeDevice(id: string): string | undefined {
    if (id === "") return undefined
    const fault = idFault(id)
    if (fault === undefined) return id
    throw new UserError(`--device ${JSON.stringify(id)} ${fault}`)
}

function missing(option: string, there: string): never {
    throw new UserError(`${option} is missing; there are ${there}`)
}

async function askParts(ask: Ask, pins: Pins): Promise<Part[]> {
    print(
        `Sensors and actuators, one at a time as ${FORM}:\n` +
            Object.entries(KINDS)
                .map(([kind, { title, bus, ids }]) => {
                    const where = bus === "i2c" ? kind : `${kind}:<${bus} pin>`
                    return `  ${where.padEnd(22)} ${title}: ${ids.join(", ")}`
                })
                .join("\n") +
            `\nAnalog pins: ${pins.analog.join(", ") || "none"}\nDigital pins: ${pins.digital.join(", ")}`
    )
    const parts: Part[] = []
    for (;;) {
        const more = await ask(
            parts.length === 0 ? "First: " : "Next (empty: no more): ",
            answer => {
                if (answer === "") {
                    checkParts(parts)
                    return undefined
                }
                const part = parsePart(answer, pins)
                checkApart([...parts, part])
                return part
            }
        )
        if (!more) return parts
        parts.push(more)
    }
}

/** The pins of the I2C bus, where something is on it and the hardware has no connector. */
async function bus(
    parts: Part[],
    pins: Pins,
    given: string | undefined,
    ask: Ask | undefined
): Promise<{ sda: string; scl: string } | undefined> {
    const needed = !pins.i2c && parts.some(part => kindOf(part).bus === "i2c")
    const take = (text: string) => {
        const [sda = "", scl = ""] = text.split(",").map(pin => pin.trim())
        const taken = parts.map(({ pin }) => pin)
        for (const pin of [sda, scl])
            if (!pins.digital.includes(pin) || taken.includes(pin))
                throw new UserError(
                    `--i2c ${JSON.stringify(text)}: ${pin === "" ? "a pin is missing" : `${pin} is not free`}; write <sda>,<scl> with two of ${pins.digital.filter(p => !taken.includes(p)).join(", ")}`
                )
        if (sda === scl)
            throw new UserError(
                `--i2c ${JSON.stringify(text)}: SDA and SCL are two pins`
            )
        return { sda, scl }
    }
    if (!needed) {
        if (given === undefined) return undefined
        throw new UserError(
            pins.i2c
                ? "--i2c: this hardware has an I2C connector: leave it out"
                : "--i2c: nothing is on the I2C bus: leave it out"
        )
    }
    if (given !== undefined) return take(given)
    // pins that are named for it
    const sda = pins.digital.find(pin => pin.startsWith("SDA"))
    const scl = pins.digital.find(pin => pin.startsWith("SCL"))
    if (sda !== undefined && scl !== undefined) return take(`${sda},${scl}`)
    if (ask) return ask("Pins of the I2C bus, <sda>,<scl>: ", take)
    throw new UserError(
        `--i2c is missing: this hardware has no I2C connector; write --i2c <sda>,<scl> with two of ${pins.digital.join(", ")}`
    )
}

async function withQuestions<T>(
    asks: boolean,
    work: (ask: Ask | undefined) => Promise<T>
): Promise<T> {
    if (!asks) return work(undefined)
    const lines = createInterface({
        input: process.stdin,
        output: process.stdout,
    })
    let closed = false
    lines.on("close", () => (closed = true))
    const ask: Ask = async (question, take) => {
        for (let left = TRIES; ; left--) {
            const ended = new AbortController()
            const end = () => ended.abort()
            lines.once("close", end)
            try {
                if (closed) throw new UserError("nothing was written")
                const answer = await lines.question(question, {
                    signal: ended.signal,
                })
                return take(answer.trim())
            } catch (error) {
                if (ended.signal.aborted)
                    throw new UserError("nothing was written")
                if (!(error instanceof UserError) || closed || left <= 1)
                    throw error
                print(error.message)
            } finally {
                lines.off("close", end)
            }
        }
    }
    try {
        return await work(ask)
    } finally {
        lines.close()
    }
}

function print(line: string): void {
    process.stdout.write(`${line}\n`)
}
