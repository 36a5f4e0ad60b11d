// Whether a board's program starts, connects to where a board can connect to, and leaves enough of the chip's heap: by
// running it for some minutes of virtual time.
import { readFileSync } from "node:fs"
import { isIP } from "node:net"
import { basename, relative } from "node:path"
import { compileProgram, PROJECT_ROOT, type CompiledProgram } from "../vm"
import type { Subject } from "./check"
import { AS_IS } from "./check-settings"
import { bytes, type Finding } from "./finding"
import { refusal } from "./refusal"
import { storedSettings } from "./settings-file"
import { TRIAL_CHIP, tryBoard, type Trial } from "./trial"

/**
 * Bytes of the heap that have to stay free beside what was in use at the worst moment of the trial: an inbound packet of 2 KiB is
 * held twice while it is taken apart, and the free part is never in one piece.
 */
const HEAP_RESERVE = 8 * 1_024

/** The heap of the simulator's VM in KiB. */
const VM_HEAP = 64

/** What is said of the broker's address besides, by which broker is asked after this. */
const NOT_ASKED = {
    "its own": "",
    another: ", not asked: --broker names another",
    none: ", not asked: --broker does",
}

/** The VM's panic when its heap is full. */
const OUT_OF_MEMORY = 60004

export async function checkStart(
    subject: Subject,
    program: CompiledProgram
): Promise<Trial> {
    const { board, settings, findings } = subject
    const { chip, file } = board
    const ballast = (VM_HEAP - chip.heapKiB) * 1_024
    const trial = await tryBoard({
        program: ballast > 0 ? withBallast(board.path, ballast) : program,
        settings: storedSettings(settings?.settings ?? {}),
        heap: true,
    })
    if (trial.refused !== undefined)
        refused(subject, refusal(trial.refused, subject))
    else if (trial.panic === OUT_OF_MEMORY)
        findings.wrong("heap", {
            ...{ file, key: "heap", value: `${chip.heapKiB} KiB` },
            text: "the program runs out of memory",
            fix: "leave out sensors, drivers or parts, or give the node fewer slots",
        })
    else if (trial.panic !== undefined || !trial.boot)
        refused(subject, broken(trial, subject))
    else {
        const drivers = board.drivers
            ? "; its bus drivers do not run there, simulated sensors answer for them"
            : ""
        findings.ok(
            "starts",
            `in the simulator, as ${trial.boot.device === TRIAL_CHIP ? "the chip's number" : (trial.boot.device ?? "?")}${drivers}`
        )
        checkBroker(subject, trial)
        checkHeap(subject, Math.max(0, (trial.heap ?? 0) - ballast))
    }
    return trial
}

/** Not when the ids or the settings have told of it already. */
function refused({ findings }: Subject, finding: Finding): void {
    if (!findings.knows(finding)) findings.push(finding)
    findings.skip("starts", "it refuses to")
}

function checkBroker(subject: Subject, { broker }: Trial): void {
    const { board, name, purpose, settings, findings } = subject
    const { chip, file } = board
    if (!broker) {
        findings.wrong("broker", {
            ...{ file, key: "startNode", value: "(not called)" },
            text: "the node connects to nothing",
            fix: "call startNode and wait for it",
        })
        return
    }
    const { host, port, tls } = broker
    const before = findings.mistakes
    const wrong = (key: "host" | "proto", text: string, fix: string) => {
        const place = brokerPlace(subject, key, key === "host" ? host : "tls")
        if (!findings.knows(place))
            findings.wrong("broker", { ...place, text, fix })
    }
    const itself = /^(127\.|localhost$|::1$)/.test(host)
    if (board.hardware !== undefined && itself) {
        if (name === undefined && purpose.flashes !== true) {
            findings.note("broker", {
                file,
                text: "names no broker: the settings of each board have to give MQTT_HOST",
            })
            return
        }
        wrong(
            "host",
            "on a board that is the board itself",
            settings
                ? `write MQTT_HOST=<name of the broker> into ${settings.file}`
                : `write MQTT_HOST=<name of the broker> into ${file.replace(/\.ts$/, ".<name>.env")} and name it: npm run flash -- ${board.name}.<name>; or ${AS_IS}`
        )
    }
    if (tls && chip.tls === "none")
        wrong(
            "proto",
            `${chip.name} has no TLS`,
            "write tcp, with a broker in your own network"
        )
    if (!itself && isIP(host) !== 0) {
        if (!chip.addresses)
            wrong(
                "host",
                `is an address, and ${chip.name} connects to names only`,
                "give the broker a name in your router, and write that"
            )
        else if (tls && chip.tls === "public")
            wrong(
                "host",
                "is an address, and public authorities certify names",
                "write the name in the broker's certificate"
            )
    }
    if (findings.mistakes === before)
        findings.ok(
            "broker",
            `${tls ? "mqtts" : "mqtt"}://${isIP(host) === 6 ? `[${host}]` : host}:${port}${NOT_ASKED[purpose.asks ?? "none"]}`
        )
}

/** Where a part of the broker's address is set: a setting wins over the board file. */
function brokerPlace(
    { board, settings, source }: Subject,
    key: "host" | "proto",
    value: string
): Pick<Finding, "file" | "line" | "key" | "value"> {
    const setting = key === "host" ? "MQTT_HOST" : "MQTT_PROTO"
    const line = settings?.lines.get(setting)
    if (settings && line !== undefined)
        return { file: settings.file, line, key: setting, value }
    const place = source.find(key) ?? {
        key: `broker.${key}`,
        value: `${value} (default)`,
    }
    return { file: board.file, ...place }
}

function checkHeap({ board, findings }: Subject, live: number): void {
    const { chip, file } = board
    const heap = chip.heapKiB * 1_024
    if (live > heap - HEAP_RESERVE)
        findings.wrong("heap", {
            ...{ file, key: "heap", value: bytes(live) },
            text: `${chip.name} has ${bytes(heap)}, of which ${bytes(HEAP_RESERVE)} have to stay free`,
            fix: "give the node fewer slots, or leave out sensors or parts",
        })
    else
        findings.ok(
            "heap",
            `${bytes(live)} of ${bytes(heap)} in use at most${board.drivers ? ", without what its bus drivers take" : ""}`
        )
}

/** The program with so many bytes of its heap taken: a chip with a smaller heap than the simulator's. */
function withBallast(path: string, size: number): CompiledProgram {
    const text = readFileSync(path, "utf8")
    return compileProgram(path, {
        files: {
            // on the first line, so that all others keep their numbers
            [relative(PROJECT_ROOT, path)]:
                `const ballast_ = Buffer.alloc(${size});${text}`,
        },
    })
}

/** A program that ended, or never began, without a word of the node. */
function broken({ trouble, panic }: Trial, subject: Subject): Finding {
    const { file } = subject.board
    // the report of an exception: its name, its message, its stack
    const first = (pattern: RegExp) =>
        trouble.map(line => pattern.exec(line)?.[1]).find(text => text)
    const message = first(/^\s*message: (.*)$/) ?? first(/^Exception: (.*)$/)
    const at = trouble
        .map(line => /(?:^|\s)([\w./-]+\.ts)[:(](\d+)/.exec(line))
        .find(match => match && basename(match[1]!) === basename(file))
    const finding: Finding =
        message !== undefined && /^[\w.]+: /.test(message)
            ? refusal(message, subject)
            : {
                  ...{ check: "starts", verdict: "wrong", file },
                  ...{
                      key: "program",
                      value: message ?? `code ${panic ?? "?"}`,
                  },
                  text:
                      panic === undefined
                          ? "the node does not start within 15 s"
                          : `ends by itself (code ${panic})`,
                  fix: "call startNode, and catch what may throw before it",
              }
    return finding.line === undefined && at
        ? { ...finding, line: Number(at[2]) }
        : finding
}
