// Looks at a board as far as that can be done without it, and tells one finding after the other. Nothing is written and no
// network is used; what a real broker does is probe.ts. Here is only what is looked at, and in which order.
import type { CompiledProgram } from "../vm"
import type { BoardFile } from "./board-file"
import { BoardSource } from "./board-source"
import { checkChip } from "./check-chip"
import { checkIds } from "./check-ids"
import { checkSize, checkTypes, compiled } from "./check-program"
import { checkSecrets } from "./check-secrets"
import { checkSettings } from "./check-settings"
import { checkStart } from "./check-start"
import { Findings, type Finding } from "./finding"
import {
    readSettingsFile,
    settingsPath,
    type SettingsFile,
} from "./settings-file"
import type { SizeReport } from "./size-report"
import { TRIAL_CHIP, type Trial } from "./trial"

/** What is to be checked. */
export interface Target {
    board: BoardFile
    /** Of `boards/<board>.<name>.env`; without it the kind of board is meant, not one of them. */
    name?: string
}

/** What is done with the board after the check. */
export interface Purpose {
    /** A broker is asked: the one it uses, or another. */
    asks?: "its own" | "another"
    /** It is flashed: what a kind of board may leave open, one board has to be given. */
    flashes?: boolean
}

/** A target with what is known of it. */
export interface Subject extends Target {
    purpose: Purpose
    source: BoardSource
    settings?: SettingsFile
    findings: Findings
}

export interface Checked extends Target {
    findings: Finding[]
    /** Nothing is wrong. */
    ok: boolean
    source: BoardSource
    settings?: SettingsFile
    program?: CompiledProgram
    size?: SizeReport
    trial?: Trial
    /** The device id that it will have; undefined when that is the chip's own number. */
    device?: string
}

/**
 * Takes 5 to 10 s.
 * @param tell hears of each finding as soon as there is one
 * @param purpose nothing more than the check unless told
 * @throws {UserError} when the settings file cannot be read
 */
export async function checkBoard(
    target: Target,
    tell?: (finding: Finding) => void,
    purpose: Purpose = {}
): Promise<Checked> {
    const { board, name } = target
    const findings = new Findings(tell)
    const source = new BoardSource(board.path)
    const settings =
        name === undefined
            ? undefined
            : readSettingsFile(settingsPath(board.path, name))
    const subject: Subject = {
        ...target,
        ...{ purpose, source, settings, findings },
    }

    checkChip(subject)
    checkSettings(subject)
    checkSecrets(subject)
    checkIds(subject)
    checkTypes(subject)
    // What runs with a known mistake says nothing new, and takes the most time.
    const known = findings.mistakes > 0
    if (known)
        findings.skip("program", "not compiled and run until that is corrected")
    const program = known ? undefined : compiled(subject)
    const size = program && checkSize(subject, program)
    const trial = program && (await checkStart(subject, program))
    const device = trial?.boot?.device
    return {
        ...target,
        findings: findings.all,
        ok: findings.mistakes === 0,
        source,
        settings,
        program,
        size,
        trial,
        device: device === TRIAL_CHIP ? undefined : device,
    }
}
