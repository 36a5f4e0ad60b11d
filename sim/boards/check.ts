// Looks at a board as far as that can be done without it, and tells one finding after the other. Nothing is written and no
// network is used; what a real broker does is probe.ts.
import { isIP } from "node:net"
import { basename, dirname, join, relative } from "node:path"
import { readdirSync, readFileSync } from "node:fs"
import { idFault } from "../../src/config/ids"
import {
    CompileError,
    compileProgram,
    PROJECT_ROOT,
    type CompiledProgram,
} from "../vm"
import type { BoardFile } from "./board-file"
import { BoardSource } from "./board-source"
import { passed, type Finding } from "./finding"
import { refusal, type Where } from "./refusal"
import { secretFindings } from "./secrets"
import {
    chipProblems,
    readSettingsFile,
    sensorProblems,
    settingsPath,
    storedSettings,
    type SettingProblem,
    type SettingsFile,
} from "./settings-file"
import { sizeReport, type SizeReport } from "./size-report"
import { tryBoard, TRIAL_CHIP, type Trial } from "./trial"
import { typeErrors } from "./types"

/** Findings of one kind shown; after the first few they follow from each other. */
const MAX_SHOWN = 5

/**
 * Bytes of the heap that have to stay free of what was in use at the worst moment of the trial: an inbound packet of 2 KiB is
 * held twice while it is taken apart, and the heap is never in one piece.
 */
const HEAP_RESERVE = 8 * 1_024

/** The heap of the simulator's VM in KiB. */
const VM_HEAP = 64

export interface CheckRequest {
    board: BoardFile
    /** Of `boards/<board>.<name>.env`; without it the kind of board is checked, not one of them. */
    name?: string
}

export interface Checked {
    request: CheckRequest
    findings: Finding[]
    settings?: SettingsFile
    program?: CompiledProgram
    size?: SizeReport
    trial?: Trial
    /** The device id that it will have; undefined when it is the chip's own. */
    device?: string
    /** Ids as they stand in the board file. */
    actuators: string[]
    ok: boolean
}

/** @param tell hears of each finding as soon as there is one */
export async function checkBoard(
    request: CheckRequest,
    tell: (finding: Finding) => void = () => {}
): Promise<Checked> {
    const check = new Check(request, tell)
    return check.run()
}

class Check {
    readonly #request: CheckRequest
    readonly #source: BoardSource
    readonly #settings: SettingsFile | undefined
    readonly #findings: Finding[] = []
    readonly #tell: (finding: Finding) => void

    constructor(request: CheckRequest, tell: (finding: Finding) => void) {
        this.#request = request
        this.#tell = tell
        this.#source = new BoardSource(request.board.path)
        if (request.name !== undefined)
            this.#settings = readSettingsFile(
                settingsPath(request.board.path, request.name)
            )
    }

    async run(): Promise<Checked> {
        const { board } = this.#request
        this.#chip()
        this.#setSettings()
        this.#secrets()
        this.#ids()
        const typed = this.#types()
        const program = typed ? this.#compile() : undefined
        if (!typed) this.#skip("compiles", "its types are wrong")
        const size = program && this.#size(program)
        const trial = program && (await this.#try(program))
        const device = trial?.boot?.device
        return {
            request: this.#request,
            findings: this.#findings,
            settings: this.#settings,
            program,
            size,
            trial,
            device: device === TRIAL_CHIP ? undefined : device,
            actuators: this.#source.ids("actuators"),
            ok: passed(this.#findings) && board.path !== "",
        }
    }

    /** What the chip can do, and what is wrong with the board for that. */
    #chip(): void {
        const { board } = this.#request
        const { chip } = board
        const tls =
            chip.tls === "none"
                ? "no TLS"
                : chip.tls === "public"
                  ? "TLS with public authorities"
                  : "TLS"
        this.#ok(
            "chip",
            [
                board.hardware === undefined
                    ? chip.name
                    : `${chip.name} (${board.hardwareName})`,
                `heap ${chip.heapKiB} KiB`,
                `image to ${chip.maxImage.toLocaleString("en")} B`,
                tls,
                chip.sleeps ? "deep sleep" : "no deep sleep",
            ].join(", ")
        )
        for (const { text, source } of chip.notes)
            this.#add("chip", "note", { text: `${text} (${source})` })
        if (this.#source.makes("Sleep") && !chip.sleeps)
            this.#wrong("chip", {
                file: board.file,
                key: "parts",
                value: "new Sleep(...)",
                text: `${chip.name} has no deep sleep`,
                fix: "leave Sleep out, or take another chip",
            })
        if (!chip.addresses && !this.#source.makes("RestartAfterLoss"))
            this.#wrong("chip", {
                file: board.file,
                key: "parts",
                value: this.#source.option("parts") ?? "(none)",
                text: `after a lost link ${chip.name} does not connect again until it is restarted`,
                fix: "add new RestartAfterLoss() to parts",
            })
    }

    #setSettings(): void {
        const settings = this.#settings
        const { board } = this.#request
        if (!settings) {
            this.#skip(
                "settings",
                `no board was named: npm run check -- ${board.name}.<name> looks at ${board.file.replace(/\.ts$/, ".<name>.env")}, too`
            )
            return
        }
        const problems = [
            ...settings.problems,
            ...chipProblems(settings, board.chip),
            ...sensorProblems(settings, this.#source.ids("sensors")),
        ]
        for (const problem of problems) this.#problem(problem)
        this.#sameDevice(settings)
        if (problems.length > 0) return
        const keys = [...settings.lines.keys()]
        this.#ok(
            "settings",
            `${settings.file}: ${keys.length === 0 ? "none" : keys.join(" ")}`
        )
        if (board.hardware !== undefined && !keys.includes("WIFI_SSID"))
            this.#add("settings", "note", {
                file: settings.file,
                key: "WIFI_SSID",
                text: "is missing: the board joins the network it was given before, or none",
            })
    }

    #problem({ file, line, key, value, text }: SettingProblem): void {
        const colon = text.indexOf(": ")
        this.#wrong("settings", {
            file,
            line,
            ...(key === "" ? {} : { key, value }),
            text: colon < 0 ? text : text.slice(0, colon),
            fix:
                colon < 0
                    ? "write 1 to 64 letters, digits, _ - or ."
                    : text.slice(colon + 2),
        })
    }

    /** Two boards with one device id throw each other out of the broker for ever. */
    #sameDevice({ file, settings, lines }: SettingsFile): void {
        const id = settings.DEVICE_ID
        if (id === undefined) return
        const folder = dirname(this.#request.board.path)
        for (const name of readdirSync(folder).sort()) {
            if (!name.endsWith(".env") || name === basename(file)) continue
            if (name === "example.env") continue
            const other = readSettingsFile(join(folder, name))
            if (other.settings.DEVICE_ID !== id) continue
            this.#wrong("settings", {
                file,
                line: lines.get("DEVICE_ID"),
                key: "DEVICE_ID",
                value: JSON.stringify(id),
                text: `is the id of another board, too, in ${other.file}: the two would throw each other out of the broker`,
                fix: "give one of the two another id",
            })
        }
    }

    #secrets(): void {
        const { board, name } = this.#request
        const findings = secretFindings({
            board: board.path,
            boardFile: board.file,
            source: this.#source,
            ...(this.#settings && name !== undefined
                ? {
                      settings: {
                          path: settingsPath(board.path, name),
                          file: this.#settings.file,
                      },
                  }
                : {}),
        })
        for (const finding of findings) this.#push(finding)
        if (findings.length === 0) this.#ok("secrets", "none in git")
    }

    /** All ids at once; the firmware would tell of one at each try. */
    #ids(): void {
        const { board } = this.#request
        const before = this.#findings.length
        const look = (list: "sensors" | "actuators") => {
            const ids = this.#source.ids(list)
            ids.forEach((id, at) => {
                const fault = idFault(id)
                const twice = ids.indexOf(id) < at
                if (fault === undefined && !twice) return
                const place = this.#source.find(`${list}.id`, one => one === id)
                this.#wrong("ids", {
                    file: board.file,
                    ...(twice
                        ? this.#source.find(`${list}.${id}`)
                        : place),
                    key: `${list}.id`,
                    value: JSON.stringify(id),
                    text: fault ?? "is there twice",
                    fix: fault
                        ? "write 1 to 64 letters, digits, _ - or ."
                        : "give one of the two another id",
                })
            })
            return ids
        }
        const sensors = look("sensors")
        look("actuators")
        const { device } = this.#source
        const fault = device === undefined ? undefined : idFault(device)
        if (fault !== undefined)
            this.#wrong("ids", {
                file: board.file,
                ...this.#source.find("device"),
                text: fault,
                fix: "write 1 to 64 letters, digits, _ - or .",
            })
        if (this.#findings.length === before)
            this.#ok(
                "ids",
                `device ${this.#settings?.settings.DEVICE_ID ?? device ?? "by the chip's number"}, sensors ${sensors.join(" ")}`
            )
    }

    #types(): boolean {
        const { board } = this.#request
        const errors = typeErrors(board.path)
        for (const { file, line, text } of errors.slice(0, MAX_SHOWN))
            this.#wrong("types", {
                file,
                line,
                ...keyOf(file, line),
                text,
                fix: "correct it there; an editor shows what is expected",
            })
        if (errors.length === 0) this.#ok("types", board.file)
        return errors.length === 0
    }

    #compile(): CompiledProgram | undefined {
        const { board } = this.#request
        try {
            const program = compileProgram(board.path)
            this.#ok("compiles", `${bytes(program.image.length)} of bytecode`)
            return program
        } catch (error) {
            if (!(error instanceof CompileError)) throw error
            for (const text of error.diagnostics.slice(0, MAX_SHOWN)) {
                const [, file, line, said] =
                    /^(.*?):(\d+)(?::\d+)? ([^]*)$/.exec(text) ?? []
                const at = file ?? board.file
                this.#wrong("compiles", {
                    file: at,
                    ...(line === undefined
                        ? {}
                        : { line: Number(line), ...keyOf(at, Number(line)) }),
                    text: (said ?? text).trim().replace(/\s*\n\s*/g, " "),
                    fix: /64 KiB/.test(text)
                        ? "leave out sensors, drivers or parts; npm run build shows what takes how much"
                        : "write it another way: a board's language is a part of TypeScript",
                })
            }
            return undefined
        }
    }

    #size(program: CompiledProgram): SizeReport {
        const { board } = this.#request
        const { chip } = board
        const size = sizeReport(program)
        const fix = `leave out sensors, drivers or parts; npm run build -- ${board.name} shows what takes how much`
        if (size.bytes > chip.maxImage)
            this.#wrong("size", {
                file: board.file,
                key: "image",
                value: bytes(size.bytes),
                text: `${chip.name} takes at most ${bytes(chip.maxImage)}`,
                fix,
            })
        else if (size.code >= chip.codeBelow)
            this.#wrong("size", {
                file: board.file,
                key: "code",
                value: bytes(size.code),
                text: `has to stay below ${bytes(chip.codeBelow)}`,
                fix,
            })
        else
            this.#ok(
                "size",
                `image ${bytes(size.bytes)} of ${bytes(chip.maxImage)}, code ${bytes(size.code)} of ${bytes(chip.codeBelow)}`
            )
        return size
    }

    async #try(program: CompiledProgram): Promise<Trial | undefined> {
        const { board } = this.#request
        const { chip } = board
        const ballast = (VM_HEAP - chip.heapKiB) * 1_024
        const trial = await tryBoard({
            program: ballast > 0 ? withBallast(board.path, ballast) : program,
            settings: storedSettings(this.#settings?.settings ?? {}),
            heap: true,
        })
        const where: Where = {
            file: board.file,
            source: this.#source,
            settings: this.#settings,
        }
        if (trial.refused !== undefined)
            this.#refused(refusal(trial.refused, where))
        else if (trial.panic === OUT_OF_MEMORY)
            this.#wrong("heap", {
                file: board.file,
                key: "heap",
                value: `${chip.heapKiB} KiB`,
                text: "the program runs out of memory",
                fix: "leave out sensors, drivers or parts, or give the node fewer slots",
            })
        else if (trial.panic !== undefined || !trial.boot)
            this.#refused(broken(trial, where))
        else {
            this.#ok(
                "starts",
                `in the simulator, as ${trial.boot.device ?? "?"}${board.drivers ? "; its bus drivers do not run there, simulated sensors answer for them" : ""}`
            )
            this.#broker(trial)
            this.#heap(trial.heap ?? 0, ballast)
        }
        return trial
    }

    /** Not when the ids have told of it already. */
    #refused(finding: Finding): void {
        const known = this.#findings.some(
            ({ verdict, file, line, text }) =>
                verdict === "wrong" &&
                file === finding.file &&
                (line === finding.line || text === finding.text)
        )
        if (!known) this.#push(finding)
        this.#skip("starts", "it refuses to")
    }

    #broker({ broker }: Trial): void {
        const { board, name } = this.#request
        const { chip } = board
        if (!broker) {
            this.#wrong("broker", {
                file: board.file,
                key: "broker",
                text: "the node connects to nothing",
                fix: "call startNode and wait for it",
            })
            return
        }
        const { host, port, tls } = broker
        const before = this.#findings.length
        const wrong = (key: string, text: string, fix: string) => {
            const place = this.#brokerPlace(key)
            // chipProblems has told of a setting already
            if (place.file !== board.file && place.line !== undefined) {
                if (this.#has("settings", place.key)) return
            }
            this.#wrong("broker", { ...place, text, fix })
        }
        const real = board.hardware !== undefined
        if (real && /^(127\.|localhost$|::1$)/.test(host)) {
            if (name === undefined) {
                this.#add("broker", "note", {
                    text: `none is named in ${board.file}: each board's settings have to give MQTT_HOST`,
                })
                return
            }
            wrong(
                "host",
                "is this computer's own address, which on a board is the board itself",
                `write MQTT_HOST=<name of the broker> into ${this.#settings?.file ?? "the settings file"}`
            )
        }
        if (tls && chip.tls === "none")
            wrong(
                "proto",
                `${chip.name} has no TLS`,
                "write tcp, with a broker in your own network"
            )
        if (!chip.addresses && isIP(host) !== 0 && !/^127\./.test(host))
            wrong(
                "host",
                `is an address, and ${chip.name} connects to names only`,
                "give the broker a name in your router, and write that"
            )
        else if (tls && chip.tls === "public" && isIP(host) !== 0)
            wrong(
                "host",
                "is an address, and a public authority certifies names",
                "write the name in the broker's certificate"
            )
        if (this.#findings.length === before)
            this.#ok(
                "broker",
                `${tls ? "mqtts" : "mqtt"}://${host}:${port} (not asked: --broker does)`
            )
    }

    /** Where a part of the broker's address is set: a setting wins over the board file. */
    #brokerPlace(
        key: "host" | "proto" | string
    ): Pick<Finding, "file" | "line" | "key" | "value"> {
        const { board } = this.#request
        const setting = { host: "MQTT_HOST", proto: "MQTT_PROTO" }[key]!
        const line = this.#settings?.lines.get(setting)
        if (this.#settings && line !== undefined)
            return {
                file: this.#settings.file,
                line,
                key: setting,
                value: JSON.stringify(
                    (this.#settings.settings as Record<string, unknown>)[
                        setting
                    ]
                ),
            }
        return {
            file: board.file,
            ...(this.#source.find(key) ?? {
                key: `broker.${key}`,
                value: "(default)",
            }),
        }
    }

    #heap(used: number, ballast: number): void {
        const { board } = this.#request
        const { chip } = board
        const heap = chip.heapKiB * 1_024
        const live = used - ballast
        const drivers = board.drivers
            ? ", without what its bus drivers take"
            : ""
        if (live > heap - HEAP_RESERVE)
            this.#wrong("heap", {
                file: board.file,
                key: "heap",
                value: bytes(live),
                text: `${chip.name} has ${bytes(heap)}, of which ${bytes(HEAP_RESERVE)} have to stay free`,
                fix: "give the node fewer slots, or leave out sensors or parts",
            })
        else
            this.#ok(
                "heap",
                `${bytes(live)} of ${bytes(heap)} in use at most${drivers}`
            )
    }

    #has(check: string, key: string | undefined): boolean {
        return this.#findings.some(
            one =>
                one.check === check &&
                one.verdict === "wrong" &&
                one.key === key
        )
    }

    #wrong(
        check: string,
        finding: Omit<Finding, "check" | "verdict"> & { fix: string }
    ): void {
        this.#add(check, "wrong", finding)
    }

    #ok(check: string, text: string): void {
        this.#add(check, "ok", { text })
    }

    #skip(check: string, text: string): void {
        this.#add(check, "skipped", { text })
    }

    #add(
        check: string,
        verdict: Finding["verdict"],
        finding: Omit<Finding, "check" | "verdict">
    ): void {
        this.#push({ check, verdict, ...finding })
    }

    #push(finding: Finding): void {
        this.#findings.push(finding)
        this.#tell(finding)
    }
}

/** The VM's panic when its heap is full. */
const OUT_OF_MEMORY = 60004

/** The program with so many bytes of its heap taken: a chip with a smaller heap than the simulator's. */
function withBallast(path: string, size: number): CompiledProgram {
    const text = readFileSync(path, "utf8")
    return compileProgram(path, {
        files: {
            [relative(PROJECT_ROOT, path)]: `const ballast_ = Buffer.alloc(${size});${text}`,
        },
    })
}

/** A program that ended, or never began, without a word of the node. */
function broken(trial: Trial, where: Where): Finding {
    const { trouble, panic } = trial
    const thrown = trouble.findLast(line => /exception|error/i.test(line))
    const message = /(?:exception|error)[^:]*: *(.*)$/i.exec(thrown ?? "")?.[1]
    const at = trouble
        .map(line => /(?:^|\s)([\w./-]+\.ts)[:(](\d+)/.exec(line))
        .find(match => match && where.file.endsWith(basename(match[1]!)))
    const known = message !== undefined && /^[\w.]+: /.test(message)
    const finding = known
        ? refusal(message, where)
        : {
              check: "starts",
              verdict: "wrong" as const,
              file: where.file,
              text:
                  panic === undefined
                      ? "the node does not start within 15 s"
                      : `the program ends by itself (code ${panic})${message === undefined ? "" : `: ${message}`}`,
              fix: "call startNode, and catch what may throw before it",
          }
    return finding.line === undefined && at
        ? { ...finding, line: Number(at[2]) }
        : finding
}

/** What stands in a line as `key: value`, to be shown. */
function keyOf(file: string, line: number) {
    let text: string | undefined
    try {
        text = readFileSync(join(PROJECT_ROOT, file), "utf8").split("\n")[
            line - 1
        ]
    } catch {
        return {}
    }
    const match = /(?:^|[{,\s])(\w+):\s*(.+?),?\s*}?,?\s*$/.exec(text ?? "")
    return match
        ? { key: match[1]!, value: match[2]! }
        : text === undefined
          ? {}
          : { value: text.trim() }
}

function bytes(count: number): string {
    return `${count.toLocaleString("en")} B`
}
