// Carries out `check`: looks at the board, asks its broker when told to, and prints a line for each finding as it comes.
import { randomBytes } from "node:crypto"
import { checkBoard, type Checked, type Target } from "../boards/check"
import { formatFinding, passed, type Finding } from "../boards/finding"
import { probeBroker } from "../boards/probe"
import { findTarget, targetName } from "../boards/target"
import { nodeSockets, realClock } from "../vm"
import { parseBrokerUrl, type BrokerAddress } from "./broker-url"
import type { CheckOptions } from "./check"
import { EXIT } from "./errors"
import { painter } from "./output"

/** @returns the exit code */
export async function runCheck(
    wanted: string,
    options: CheckOptions
): Promise<number> {
    const target = findTarget(wanted, process.env["INIT_CWD"] ?? process.cwd())
    const given =
        typeof options.broker === "string"
            ? parseBrokerUrl(options.broker)
            : undefined
    const tell = options.json === true ? () => {} : printer(target)
    const checked = await checkBoard(target, tell, {
        ...(options.broker === undefined
            ? {}
            : { asks: given ? "another" : "its own" }),
    })
    const asked: Finding[] = []
    const hear = (finding: Finding) => {
        asked.push(finding)
        tell(finding)
    }
    if (options.broker !== undefined) await askBroker(checked, given, hear)
    const findings = [...checked.findings, ...asked]
    const ok = passed(findings)
    if (options.json === true) print(document({ ...checked, findings, ok }))
    else print(ending(findings))
    return ok ? EXIT.ok : EXIT.failed
}

/** The line above, and then one for each finding. */
export function printer(target: Target): (finding: Finding) => void {
    const paint = painter()
    const { board } = target
    print(`${paint("value", targetName(target))}  ${board.file}`)
    return finding => print(formatFinding(finding, paint))
}

export function document(checked: Checked) {
    const { board, name, ok, device, findings } = checked
    return JSON.stringify({
        board: board.name,
        ...(name === undefined ? {} : { name }),
        file: board.file,
        chip: board.chip.id,
        ok,
        ...(device === undefined ? {} : { device }),
        findings,
    })
}

export function ending(findings: Finding[]): string {
    const paint = painter()
    const wrong = findings.filter(({ verdict }) => verdict === "wrong").length
    return wrong === 0
        ? paint("good", "nothing is wrong")
        : paint("bad", wrong === 1 ? "1 mistake" : `${wrong} mistakes`)
}

async function askBroker(
    checked: Checked,
    given: BrokerAddress | undefined,
    tell: (finding: Finding) => void
): Promise<void> {
    const broker = given ?? brokerOf(checked)
    if (!broker) {
        tell({
            check: "reachable",
            verdict: "skipped",
            text: "the board does not start, so its broker is not known",
        })
        return
    }
    await probeBroker(
        {
            broker,
            device: checked.device ?? "board",
            tag: randomBytes(2).toString("hex"),
            sockets: nodeSockets(),
            clock: realClock,
        },
        tell
    )
}

/** The broker that the board connects to, with the credentials of its settings. */
export function brokerOf(checked: Checked): BrokerAddress | undefined {
    const broker = checked.trial?.broker
    if (!broker) return undefined
    const { MQTT_USER: user, MQTT_PASS: password } =
        checked.settings?.settings ?? {}
    return {
        transport: broker.tls ? "tls" : "tcp",
        host: broker.host,
        port: broker.port,
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password }),
    }
}

function print(line: string): void {
    process.stdout.write(`${line}\n`)
}
